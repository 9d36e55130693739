/*
 * credentials.h
 *	  Handlers of mfa, users/api-keys, users/email, users/phone, account/withdrawals,
 *	  trading/mt5-accounts and webhooks/billing: what seals, hashes, signs or proves.
 */
#ifndef TRADEPOST_PROXY_CREDENTIALS_H
#define TRADEPOST_PROXY_CREDENTIALS_H

#include "call.h"

/* mfa.c */
extern void tp_mfa_enroll(TpCall *call);
extern void tp_mfa_verify(TpCall *call);
extern void tp_mfa_recovery_codes(TpCall *call);
extern void tp_mfa_remove(TpCall *call);

/* api_key_make.c */
extern void tp_api_keys_post(TpCall *call);

/* verification.c */
extern void tp_email_verify(TpCall *call);
extern void tp_email_confirm(TpCall *call);
extern void tp_phone_post(TpCall *call);
extern void tp_phone_confirm(TpCall *call);

/* withdrawal.c */
extern void tp_withdrawals_post(TpCall *call);

/* mt5_account.c */
extern void tp_mt5_accounts_post(TpCall *call);
extern void tp_mt5_credentials_post(TpCall *call);

/* billing.c */
extern void tp_billing_post(TpCall *call);

#endif
