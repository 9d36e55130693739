/*
 * fresh_venue.h
 *	  A new instrument, its assets and two funded accounts, on the server.
 *
 * Used by replay.c.  All through the public API, under names of their own, so
 * that it can be done on a market that is in use, any number of times.
 */
#ifndef TRADEPOST_FRESH_VENUE_H
#define TRADEPOST_FRESH_VENUE_H

#include <stdint.h>

#include <libpq-fe.h>

#include "command_stream.h"

typedef struct TpVenue
{
	char symbol[64];
	int64_t buyer;     /* all bids are its, all asks the seller's: */
	int64_t seller;    /* nobody meets himself */
	int64_t first_seq; /* everything later is after the set-up */
} TpVenue;

extern void tradepost_venue_open(TpVenue *venue, PGconn *conn, const TpStream *stream);

#endif
