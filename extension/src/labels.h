/*
 * labels.h
 *	  Between the API's enum values and the engine's codes.
 *
 * A label's code is its position in the list that both the type's SQL definition
 * and command.h follow.
 */
#ifndef TRADEPOST_LABELS_H
#define TRADEPOST_LABELS_H

typedef enum TpLabels
{
	TP_LABELS_SIDE,
	TP_LABELS_ORDER_TYPE,
	TP_LABELS_TIME_IN_FORCE,
	TP_LABELS_STP
} TpLabels;

#define TP_LABELS_COUNT 4

/* Code of an enum value; raises if it is not of that type. */
extern int tradepost_label_code(TpLabels list, Oid value);

/* Code of a label's text (any case), or -1. */
extern int tradepost_label_find(TpLabels list, const char *text, int length);

extern const char *tradepost_label_text(TpLabels list, int code);
extern const char *tradepost_labels_all(TpLabels list); /* "buy, sell", for hints */

/* The enum value of a code, for results. */
extern Oid tradepost_label_value(TpLabels list, int code);

/* Text of a TpReason, as users see it. */
extern const char *tradepost_reason_text(int reason);

#endif
