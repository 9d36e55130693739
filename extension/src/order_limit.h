/*
 * order_limit.h
 *	  How many orders the user of an account may have open.
 */
#ifndef TRADEPOST_ORDER_LIMIT_H
#define TRADEPOST_ORDER_LIMIT_H

/* The tier of a row u of table users that holds now, as SQL. */
#define TP_TIER_NOW \
	"CASE WHEN u.tier_until OPERATOR(pg_catalog.>) pg_catalog.clock_timestamp() THEN u.tier ELSE 'free' END"

/* Untriggered ones included; 0: no limit, which accounts without a user have. */
extern int32 tradepost_account_order_limit(int64 account);

#endif
