/*
 * form.h
 *	  The fields of a request's body: application/x-www-form-urlencoded, or an object of
 *	  JSON.  Pure.
 *
 * Nothing is trimmed, nothing is dropped, and the order stays: a signature is over what
 * was sent. Bytes that are not UTF-8, and NUL, stay as well: tp_form_text() is for those who
 * cannot take them.
 */
#ifndef TRADEPOST_PROXY_FORM_H
#define TRADEPOST_PROXY_FORM_H

#include "buffer.h"
#include "slice.h"

#define TP_FORM_FIELDS 256

typedef struct TpFormField
{
	TpSlice name;
	TpSlice value;
} TpFormField;

/* All zero is an empty form. */
typedef struct TpForm
{
	TpFormField *fields;
	int count;
	char *memory; /* what the slices point into */
} TpForm;

typedef enum TpFormFault
{
	TP_FORM_FINE,
	TP_FORM_ESCAPE, /* a % without two hexadecimal digits behind it */
	TP_FORM_MANY    /* more than TP_FORM_FIELDS */
} TpFormFault;

/* Whatever comes of it, tp_form_free() is for the caller. */
extern TpFormFault tp_form_parse(TpSlice body, TpForm *form);

/* The same of an object that tp_json_check() found fine: strings, numbers and words are fields; the rest is not looked
 * at. */
extern TpFormFault tp_form_json(TpSlice object, TpForm *form);

extern void tp_form_free(TpForm *form);

/* The first value of that name; data NULL: there is none. An empty one has data. */
extern TpSlice tp_form_get(const TpForm *form, const char *name);

/* Onto the end of out, with U+FFFD for each byte that is not UTF-8's, and for NUL: what PostgreSQL takes as text. */
extern void tp_form_text(TpSlice value, TpBuffer *out);

#endif
