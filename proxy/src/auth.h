/*
 * auth.h
 *	  Handlers of POST auth/...: registration, login, refresh, logout, passwords.
 */
#ifndef TRADEPOST_PROXY_AUTH_H
#define TRADEPOST_PROXY_AUTH_H

#include "call.h"

extern void tp_auth_register(TpCall *call);
extern void tp_auth_login(TpCall *call);
extern void tp_auth_refresh(TpCall *call);
extern void tp_auth_logout(TpCall *call);
extern void tp_auth_change_password(TpCall *call);

#endif
