/*
 * status.h
 *	  HTTP's status codes: their phrases, and dense numbers for counting.
 */
#ifndef TRADEPOST_PROXY_STATUS_H
#define TRADEPOST_PROXY_STATUS_H

typedef struct TpStatus
{
	int code;
	const char *phrase;
} TpStatus;

#define TP_STATUS_COUNT 36
extern const TpStatus tp_statuses[TP_STATUS_COUNT];

/* Index in tp_statuses; of an unknown one, that of 500. */
extern int tp_status_index(int code);

#endif
