/*
 * command.h
 *	  What goes into the engine (commands) and what comes out (events).
 *
 * Pure C11: no PostgreSQL header.  Shared by the engine, the second model in
 * the test tree, and the PostgreSQL side.  The codes below are stored in
 * tables (commands.kind, events.kind, orders.status, ...): never renumber,
 * only append.
 *
 * Units: prices, quantities and amounts are int64 in 1e-8 of their unit
 * (TRADEPOST_ONE is 1.0); account totals are 128 bits of the same unit.  Times
 * are microseconds since 2000-01-01 UTC, as in PostgreSQL's timestamptz.
 */
#ifndef TRADEPOST_COMMAND_H
#define TRADEPOST_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#define TRADEPOST_ONE INT64_C(100000000)
#define TRADEPOST_TIME_NEVER INT64_MAX

/* Aligned as PostgreSQL's allocator aligns, which is less than the type's own. */
__extension__ typedef __int128 tp_int128 __attribute__((aligned(8)));

/* Quantities of one position or one side of one account stay below this. */
#define TRADEPOST_MAX_EXPOSURE (INT64_C(1) << 62)

typedef enum TpSide
{
	TP_BUY = 0,
	TP_SELL = 1
} TpSide;

typedef enum TpOrderType
{
	TP_LIMIT = 0,
	TP_MARKET = 1,
	/* The triggered kinds: they wait outside the book until the last trade reaches stop_price. */
	TP_STOP = 2,       /* then a market order: buy when last >= stop_price, sell when last <= */
	TP_STOP_LIMIT = 3, /* the same, then a limit order at `price` */
	TP_TAKE_PROFIT = 4 /* then a market order: buy when last <= stop_price, sell when last >= */
} TpOrderType;

typedef enum TpTimeInForce
{
	TP_DAY = 0, /* lives `lifetime` from acceptance */
	TP_GTC = 1,
	TP_GTD = 2, /* until expires_at */
	TP_IOC = 3,
	TP_FOK = 4
} TpTimeInForce;

/* Self-trade prevention, by the taker's mode. */
typedef enum TpStp
{
	TP_STP_CANCEL_TAKER = 0,
	TP_STP_CANCEL_MAKER = 1,
	TP_STP_CANCEL_BOTH = 2,
	TP_STP_DECREMENT = 3,
	TP_STP_NONE = 4
} TpStp;

typedef enum TpInstrumentKind
{
	TP_SPOT = 0,
	TP_FUTURE = 1
} TpInstrumentKind;

typedef enum TpInstrumentStatus
{
	TP_INSTRUMENT_OPEN = 0,
	TP_INSTRUMENT_HALTED = 1,
	TP_INSTRUMENT_EXPIRED = 2
} TpInstrumentStatus;

typedef enum TpOrderStatus
{
	TP_ORDER_OPEN = 0,
	TP_ORDER_PARTIALLY_FILLED = 1,
	TP_ORDER_FILLED = 2,
	TP_ORDER_CANCELLED = 3,
	TP_ORDER_EXPIRED = 4,
	TP_ORDER_REJECTED = 5,
	/* 6 is SQL's 'pending', which is never stored */
	TP_ORDER_UNTRIGGERED = 7
} TpOrderStatus;

typedef enum TpCommandKind
{
	TP_CMD_PLACE = 1,
	TP_CMD_CANCEL = 2,     /* order_id */
	TP_CMD_AMEND = 3,      /* order_id; TP_CMD_HAS_PRICE / _QUANTITY / _STOP_PRICE say what changes */
	TP_CMD_CANCEL_ALL = 4, /* account; instrument or 0 for all */
	TP_CMD_DEPOSIT = 5,    /* account, asset, quantity = amount, counter_account */
	TP_CMD_WITHDRAW = 6,   /* same */
	TP_CMD_MARK = 7,       /* instrument, price */
	TP_CMD_HALT = 8,       /* instrument */
	TP_CMD_RESUME = 9,     /* instrument */
	TP_CMD_LIST = 10,      /* instrument: the host adds it before applying */
	TP_CMD_SETTLE = 11,    /* instrument, price = final mark: contract expiry by hand */
	TP_CMD_SWEEP = 12      /* time passes: nothing but expiry */
} TpCommandKind;

#define TP_CMD_POST_ONLY 0x01
#define TP_CMD_HAS_PRICE 0x02
#define TP_CMD_HAS_QUANTITY 0x04
#define TP_CMD_HAS_STOP_PRICE 0x08

/*
 * One command, decided exactly once.  Fixed size and without pointers: it
 * is also the entry of the shared ring.
 */
typedef struct TpCommand
{
	int64_t id; /* from one sequence; an order's id is its place command's */
	int64_t account;
	int64_t counter_account; /* deposit, withdraw: the other side of the posting */
	int64_t order_id;        /* cancel, amend */
	int64_t quantity;
	int64_t price;
	int64_t expires_at; /* GTD: the time; DAY: the lifetime in microseconds */
	int64_t stop_price; /* place and amend of a triggered kind, else 0 */
	int64_t link_id;    /* place: the other order of an OCO pair, 0: none */
	int64_t parent_id;  /* place: the later order that this one protects, 0: none */
	int32_t instrument;
	int32_t asset;
	int32_t maker_rate; /* of 1e8; may not be negative; at most 1e8 */
	int32_t taker_rate;
	int32_t
		max_open; /* place: orders that the account may have open or untriggered, this one included; 0: any number */
	uint8_t kind;
	uint8_t side;
	uint8_t type;
	uint8_t time_in_force;
	uint8_t stp;
	uint8_t flags;
	uint8_t poisoned; /* set by the host: decide it rejected (engine_error), touch nothing else */
	uint8_t children; /* place: how many orders that it is the parent of must wait when it is decided; 0: none need */
	uint8_t reserved[4];
} TpCommand;

typedef enum TpEventKind
{
	TP_EV_ACCEPTED = 1,
	TP_EV_REJECTED = 2,
	TP_EV_TRADE = 3,
	TP_EV_CANCELLED = 4,
	TP_EV_EXPIRED = 5,
	TP_EV_AMENDED = 6,
	TP_EV_DECREMENTED = 7, /* self-trade prevention took quantity from an order that lives on */
	TP_EV_CANCELLED_ALL = 8,
	TP_EV_DEPOSITED = 9,
	TP_EV_WITHDRAWN = 10,
	TP_EV_MARKED = 11,
	TP_EV_HALTED = 12,
	TP_EV_RESUMED = 13,
	TP_EV_LISTED = 14,
	TP_EV_INSTRUMENT_EXPIRED = 15, /* price = final mark */
	TP_EV_SETTLED = 16,            /* a position went to zero at the final mark */
	TP_EV_SWEPT = 17,
	TP_EV_CLOSED_OUT = 18, /* a trade forced on `account` against a maker */
	TP_EV_TAKEN_OVER = 19, /* the insurance account took a position at the mark */
	TP_EV_COVERED = 20,    /* the insurance account paid a deficit */
	TP_EV_TRIGGERED = 21   /* price = the last trade's, which reached the order's stop_price */
} TpEventKind;

typedef enum TpReason
{
	TP_REASON_NONE = 0,
	/* rejections */
	TP_REASON_INSUFFICIENT_FUNDS = 1,
	TP_REASON_OUTSIDE_BAND = 2,
	TP_REASON_WOULD_CROSS = 3,  /* post-only */
	TP_REASON_CANNOT_FILL = 4,  /* FOK */
	TP_REASON_NO_LIQUIDITY = 5, /* market order and nothing to trade with inside the band */
	TP_REASON_INSTRUMENT_HALTED = 6,
	TP_REASON_INSTRUMENT_EXPIRED = 7,
	TP_REASON_ORDER_UNKNOWN = 8,
	TP_REASON_ORDER_FILLED = 9,
	TP_REASON_ORDER_CANCELLED = 10,
	TP_REASON_ORDER_EXPIRED = 11, /* also: GTD whose time was past when decided */
	TP_REASON_ORDER_REJECTED = 12,
	TP_REASON_MARK_STEP = 13,
	TP_REASON_EXPOSURE = 14, /* position or open quantity would pass TRADEPOST_MAX_EXPOSURE */
	TP_REASON_ENGINE_ERROR = 15,
	TP_REASON_INSTRUMENT_UNKNOWN = 16,
	TP_REASON_OUT_OF_RANGE = 17, /* off tick or lot, beyond the instrument's limits */
	/* cancellations */
	TP_REASON_REQUESTED = 20,
	TP_REASON_IOC = 21,      /* rest of an IOC order */
	TP_REASON_UNFILLED = 22, /* rest of a market order */
	TP_REASON_SELF_TRADE = 23,
	TP_REASON_AMENDED_BELOW_FILLED = 24,
	TP_REASON_LIQUIDATION = 25,
	TP_REASON_CANCEL_ALL = 26,
	TP_REASON_SETTLEMENT = 27, /* its contract expired */
	/* expiry */
	TP_REASON_TIME = 28,
	/* rejections and cancellations */
	TP_REASON_LINKED = 29,         /* by what became of its OCO partner or its parent */
	TP_REASON_TOO_MANY_ORDERS = 30 /* the account has max_open already */
} TpReason;

/*
 * One fact.  Fields that do not apply are zero.  How the host must read it
 * per kind is written in engine.h.
 */
typedef struct TpEvent
{
	int64_t seq;
	int64_t command_id;
	int64_t time;
	int64_t order_id; /* the order it is about; in a trade the taker's */
	int64_t maker_order_id;
	int64_t account;         /* in a trade the taker's */
	int64_t counter_account; /* in a trade the maker's */
	int64_t quantity;
	int64_t price;
	int64_t commission;         /* taker's, or the subject's */
	int64_t counter_commission; /* maker's */
	int32_t instrument;
	int32_t asset;
	uint8_t kind;
	uint8_t decision; /* 1: this event is the command's one decision */
	uint8_t side;     /* the order's; in a trade the taker's */
	uint8_t reason;
	uint8_t fields; /* TP_EVF_*: which of price, quantity are meaningful */
	uint8_t pad[3];
} TpEvent;

#define TP_EVF_PRICE 0x01
#define TP_EVF_QUANTITY 0x02
#define TP_EVF_SIDE 0x04

#endif
