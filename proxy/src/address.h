/*
 * address.h
 *	  IP addresses as text, ranges of them, and whose X-Forwarded-For counts.  Pure.
 */
#ifndef TRADEPOST_PROXY_ADDRESS_H
#define TRADEPOST_PROXY_ADDRESS_H

#include "slice.h"

#define TP_ADDRESS_TEXT 48

typedef struct TpAddress
{
	unsigned char bytes[16]; /* IPv4 as ::ffff:a.b.c.d */
} TpAddress;

/* "1.2.3.4", "::1", "[::1]"; a port behind is not taken. */
extern bool tp_address_parse(TpSlice text, TpAddress *address);

/* Canonical: IPv4 as such. */
extern void tp_address_print(const TpAddress *address, char text[TP_ADDRESS_TEXT]);

/* Whether a comma or blank separated list of addresses and CIDR ranges has it. */
extern bool tp_address_listed(const TpAddress *address, const char *list);

/* Whether the list can be understood; else its first bad entry. */
extern bool tp_address_list_valid(const char *list, TpSlice *bad);

/* The client behind trusted proxies: the last entry of X-Forwarded-For that is none of them. */
extern TpAddress tp_address_client(TpAddress peer, TpSlice forwarded_for, const char *trusted);

#endif
