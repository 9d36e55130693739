/*
 * hub_outside.h
 *	  What a hub has around it in the unit tests: a stream, pushes, tiers and a database that
 *	  do what the test says. Included by one file of a program, once: it defines their
 *	  functions, so that the linker takes none from the library. The books, and what a page
 *	  of the database holds, are the tests' own.
 */
#ifndef TRADEPOST_TEST_HUB_OUTSIDE_H
#define TRADEPOST_TEST_HUB_OUTSIDE_H

#include <stdlib.h>

#include "books.h"
#include "edge.h"
#include "hub.h"
#include "pushes.h"
#include "revoked.h"
#include "stream.h"
#include "tap.h"

#define S(text) ((TpSlice){ text, sizeof(text) - 1 })

/* The stream ------------------------------------------------------------------ */

static const TpInstrumentInfo instruments[2]; /* ids 1 and 2, defined by the test */
static TpStreamEvent hub_event;
static void *hub_context;
static int64_t stream_seq = 1000;
static bool stream_live = true;

void
tp_stream_subscribe(TpStream *stream, TpStreamEvent on_event, void *context)
{
	(void) stream;
	hub_event = on_event;
	hub_context = context;
}

int64_t
tp_stream_seq(const TpStream *stream)
{
	(void) stream;
	return stream_seq;
}

bool
tp_stream_live(const TpStream *stream)
{
	(void) stream;
	return stream_live;
}

const TpInstrumentInfo *
tp_stream_instrument(const TpStream *stream, int id)
{
	(void) stream;
	return id == 1 || id == 2 ? &instruments[id - 1] : NULL;
}

const TpInstrumentInfo *
tp_stream_instrument_by_symbol(const TpStream *stream, int64_t tenant, TpSlice symbol)
{
	(void) stream;
	for (int i = 0; i < 2; i++)
	{
		if (instruments[i].tenant == tenant && tp_slice_is(symbol, instruments[i].symbol))
			return &instruments[i];
	}
	return NULL;
}

/* The pushes, and who has which tier now ---------------------------------------- */

static int64_t push_number = 100;
static TpTier tier_now = TP_TIER_FREE;

int64_t
tp_pushes_number(const TpPushes *pushes)
{
	(void) pushes;
	return push_number;
}

bool
tp_pushes_live(const TpPushes *pushes)
{
	(void) pushes;
	return true;
}

void
tp_session_refresh(const TpSessions *sessions, TpIdentity *identity)
{
	(void) sessions;
	identity->tier = tier_now;
}

/* The database: a page is answered when the test says so ------------------------ */

static TpPgDone page_done;
static void *page_context;
static char page_values[3][64];
static int pages_asked;

void
tp_pg_call(TpPg *pg, const TpStatement *statement, const char *const *values, TpPgDone done, void *context)
{
	(void) pg;
	for (int i = 0; i < statement->parameters; i++)
		snprintf(page_values[i], sizeof(page_values[i]), "%s", values[i]);
	page_done = done;
	page_context = context;
	pages_asked++;
}

#endif
