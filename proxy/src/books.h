/*
 * books.h
 *	  The order books as the proxy has them: read when an event touched one and somebody
 *	  asks, else from memory.
 */
#ifndef TRADEPOST_PROXY_BOOKS_H
#define TRADEPOST_PROXY_BOOKS_H

#include "book_text.h"
#include "call.h"
#include "pg.h"

typedef struct TpBooks TpBooks;
struct TpEdge;

/* Levels a side: what most ask for, and all that the matcher publishes. */
#define TP_BOOK_SHALLOW 25
#define TP_BOOK_DEEP 1000

extern TpBooks *tp_books_open(struct TpEdge *edge);
extern void tp_books_close(TpBooks *books); /* after pg has ended its calls */

/*
 * The book with every event that the stream had handed out when it was asked for, with at least `depth` levels a side if
 * there are so many. Who asks while a query is under way shares the next one. book NULL: it cannot be read now, and error
 * says why. May come before this returns.
 */
typedef void (*TpBookDone)(void *context, const TpBook *book, const TpPgError *error);
extern void tp_books_get(TpBooks *books, const TpInstrumentInfo *instrument, int depth, TpBookDone done, void *context);

/* tp_book_json() of a book that was got, prepared where it has not changed. */
extern void tp_books_put_json(TpBooks *books, const TpInstrumentInfo *instrument, int depth, TpBuffer *out);

/* Handler, in book_get.c: GET orderbook/:asset, by asset or symbol; ?contract=, ?depth=. */
extern void tp_book_get(TpCall *call);

#endif
