/*
 * spoken_question.c
 *	  What is asked back, and what is wrong, in the three languages; see parse_command.h.
 *
 * The texts are the catalogue's (texts.h).  A fault without a text does not compile: they
 * are counted.
 */
#include "parse_command.h"
#include "texts.h"

#define FAULTS           \
	FAULT(SIDE)          \
	FAULT(QUANTITY)      \
	FAULT(PRICE)         \
	FAULT(CONTRACT)      \
	FAULT(ASSET)         \
	FAULT(ID)            \
	FAULT(NUMBER)        \
	FAULT(NUMBERS)       \
	FAULT(TWO_ORDERS)    \
	FAULT(WORDS)         \
	FAULT(AMENDMENT)     \
	FAULT(ASSET_UNKNOWN) \
	FAULT(CONTRACT_PAST) \
	FAULT(ZERO)          \
	FAULT(NEGATIVE)      \
	FAULT(OVERFLOW)      \
	FAULT(PART_OF_LOT)   \
	FAULT(TOO_LONG)

#define FAULT(name) [TP_FAULT_##name] = TP_TEXT_SPOKEN_##name,
static const TpTextKey keys[TP_FAULTS] = { FAULTS };
#undef FAULT

#define FAULT(name) +1
_Static_assert(FAULTS == TP_FAULTS - 1, "a fault has no text");
#undef FAULT

void
tp_spoken_question(const TpSpoken *spoken, char *text, size_t size)
{
	TpTextPlace about = { tp_slice("about"), tp_slice(spoken->about[0] != '\0' ? spoken->about : NULL) };

	if (size > 0)
		text[0] = '\0';
	if (spoken->fault != TP_FAULT_NONE)
		tp_text(keys[spoken->fault], (int) spoken->language, &about, 1, text, size, NULL);
}
