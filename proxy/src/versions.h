/*
 * versions.h
 *	  Which event was the last to touch what.  Pure.
 *
 * A version is the seq of that event; 0: none since the worker began.
 */
#ifndef TRADEPOST_PROXY_VERSIONS_H
#define TRADEPOST_PROXY_VERSIONS_H

#include "event.h"

#define TP_VERSION_ACCOUNTS 65536

typedef struct TpVersions
{
	int64_t market;      /* any price, book or mark */
	int64_t trade;       /* any trade */
	int64_t mark;        /* any mark */
	int64_t definitions; /* what instruments there are, their states and marks */
	int64_t *trades;     /* of an instrument */
	int instruments;
	int64_t accounts[TP_VERSION_ACCOUNTS]; /* several share one: too new is no harm */
} TpVersions;

extern void tp_versions_touch(TpVersions *versions, const TpEvent *event);
extern int64_t tp_versions_trades(const TpVersions *versions, int instrument);
extern int64_t tp_versions_account(const TpVersions *versions, int64_t account);
extern void tp_versions_free(TpVersions *versions);

#endif
