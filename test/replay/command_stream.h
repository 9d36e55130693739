/*
 * command_stream.h
 *	  A command stream with its known answers, as read from the files whose
 *	  format test/replay/README.md gives: commands, fills, checks, book.
 *
 * Used by replay.c and its parts.  Everything is in memory and checked:
 * numbers in range, lines in order, references resolved.
 */
#ifndef TRADEPOST_COMMAND_STREAM_H
#define TRADEPOST_COMMAND_STREAM_H

#include <stdint.h>

/* Prices of the files are whole numbers of 1/10000. */
#define TRADEPOST_STREAM_PRICE_DECIMALS 4

/* What the book file says of a level that is not there. */
#define TRADEPOST_STREAM_NO_ASK INT64_C(9999999999)
#define TRADEPOST_STREAM_NO_BID INT64_C(-9999999999)

typedef enum TpStreamKind
{
	TP_STREAM_NEW,
	TP_STREAM_IOC,
	TP_STREAM_REDUCE,
	TP_STREAM_CANCEL
} TpStreamKind;

typedef struct TpStreamCommand
{
	int64_t seq; /* the file's own number */
	int64_t id;  /* the file's own order id */
	int64_t price;
	int64_t quantity; /* NEW, IOC: the order's; REDUCE: its new total */
	int32_t order;    /* index of the command that places the order: itself for NEW, IOC */
	uint8_t kind;     /* TpStreamKind */
	char side;        /* B or S */
} TpStreamCommand;

typedef struct TpStreamFill
{
	int32_t command;  /* index of the taker's command */
	int64_t maker_id; /* the file's own id */
	int64_t price;
	int64_t quantity;
} TpStreamFill;

typedef struct TpStreamCheck
{
	int32_t command; /* index of the command after which the row holds */
	int32_t row;     /* of the book file, from 0 */
} TpStreamCheck;

typedef struct TpStream
{
	const char *commands_path;
	const char *book_path;
	TpStreamCommand *commands;
	int32_t command_count;
	int32_t order_count; /* NEW and IOC */
	TpStreamFill *fills;
	int32_t fill_count;
	TpStreamCheck *checks;
	int32_t check_count;
	int64_t *book; /* rows of depth x (ask price, ask size, bid price, bid size) */
	int32_t book_rows;
	int depth; /* levels a side in a book row */

	/* What an instrument needs to take all of it. */
	int64_t min_price;
	int64_t max_price;
	int64_t max_quantity;
	int64_t price_step; /* largest number that divides all prices */
	int64_t quantity_step;
	long double bid_value; /* sum of price x quantity of all bids, in 1/10000 */
	long double bid_quantity;
	long double ask_quantity;
} TpStream;

/* checks and book may be NULL, together. */
extern TpStream *tradepost_stream_read(const char *commands, const char *fills, const char *checks, const char *book);
extern void tradepost_stream_free(TpStream *stream);

#endif
