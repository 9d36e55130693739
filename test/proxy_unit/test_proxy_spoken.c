/*
 * test_proxy_spoken.c
 *	  The corpus of messages, test/spoken/<language>.tsv: each line has the one parse that is right.
 *
 * A line is: language given or -, tab, message, tab, JSON with the keys of the parse in their
 * fixed order.  The parse is printed the same way and compared as text, so that nothing may be
 * there that is not expected.  {"never": "trades"} takes every answer that does not trade.
 * Named files on its command line are read instead.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "parse_command.h"
#include "tap.h"

static const char *const fault_names[TP_FAULTS] = {
	[TP_FAULT_NONE] = "none",
	[TP_FAULT_SIDE] = "side",
	[TP_FAULT_QUANTITY] = "quantity",
	[TP_FAULT_PRICE] = "price",
	[TP_FAULT_CONTRACT] = "contract",
	[TP_FAULT_ASSET] = "asset",
	[TP_FAULT_ID] = "id",
	[TP_FAULT_NUMBER] = "number",
	[TP_FAULT_NUMBERS] = "numbers",
	[TP_FAULT_TWO_ORDERS] = "two_orders",
	[TP_FAULT_WORDS] = "words",
	[TP_FAULT_AMENDMENT] = "amendment",
	[TP_FAULT_ASSET_UNKNOWN] = "asset_unknown",
	[TP_FAULT_CONTRACT_PAST] = "contract_past",
	[TP_FAULT_ZERO] = "zero",
	[TP_FAULT_NEGATIVE] = "negative",
	[TP_FAULT_OVERFLOW] = "overflow",
	[TP_FAULT_PART_OF_LOT] = "part_of_lot",
	[TP_FAULT_TOO_LONG] = "too_long",
};

/* What the headers of the files say; the parser's own sources know nothing of it. */
static const TpSlice assets[] = { { "Wheat", 5 }, { "Gold", 4 },   { "Oil", 3 },   { "Silver", 6 },
								  { "Corn", 4 },  { "Coffee", 6 }, { "EURUSD", 6 } };
static const TpSpokenLast lasts[] = {
	{ { "Dec25-Wheat", 11 }, { "150", 3 } }, { { "Jan26-Gold", 10 }, { "2000", 4 } },
	{ { "Dec25-Oil", 9 }, { "10", 2 } },     { { "Dec25-Silver", 12 }, { "25", 2 } },
	{ { "Mar26-Corn", 10 }, { "450", 3 } },  { { "EURUSD", 6 }, { "1.185", 5 } },
};
static const TpSpokenReference reference = { .assets = assets,
											 .n_assets = sizeof(assets) / sizeof(assets[0]),
											 .last = lasts,
											 .n_last = sizeof(lasts) / sizeof(lasts[0]),
											 .today = { 2025, 11, 3 } };

typedef struct Text
{
	char data[1024];
	size_t length;
} Text;

static void add(Text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
add(Text *text, const char *format, ...)
{
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vsnprintf(text->data + text->length, sizeof(text->data) - text->length, format, arguments);
	va_end(arguments);
	if (n > 0)
		text->length += (size_t) n;
	if (text->length >= sizeof(text->data))
		text->length = sizeof(text->data) - 1;
}

static void
add_string(Text *text, const char *key, const char *value)
{
	if (value[0] != '\0')
		add(text, ", \"%s\": \"%s\"", key, value);
}

static void
describe(const TpSpoken *spoken, Text *text)
{
	bool faulty = spoken->action == TP_SPOKEN_CLARIFY || spoken->action == TP_SPOKEN_ERROR;
	bool order = spoken->action == TP_SPOKEN_ORDER;

	text->length = 0;
	add(text, "{\"action\": \"%s\"", tp_spoken_actions[spoken->action]);
	if (spoken->action != TP_SPOKEN_NONE)
		add_string(text, "lang", tp_language_codes[spoken->language]);
	if (faulty)
		add_string(text, "fault", fault_names[spoken->fault]);
	else
	{
		if (order)
		{
			add_string(text, "side", spoken->side == 'b' ? "buy" : "sell");
			add_string(text, "type", spoken->market ? "market" : "limit");
		}
		if (!order)
			add_string(text, "id", spoken->id);
		if (!order && spoken->action != TP_SPOKEN_AMEND && spoken->needs_confirmation)
			add(text, ", \"needs_confirmation\": true");
		add_string(text, "quantity", spoken->quantity);
		add_string(text, "price", spoken->price);
		if (order && spoken->market)
			add(text, ", \"price\": null");
		add_string(text, "contract", spoken->contract);
		add_string(text, "asset", spoken->asset);
		add_string(text, "symbol", spoken->symbol);
		if (order)
			add(text, ", \"needs_confirmation\": %s", spoken->needs_confirmation ? "true" : "false");
		add_string(text, "code", spoken->code);
		for (int i = 0; i < spoken->alternatives; i++)
			add(text, "%s{\"quantity\": \"%s\", \"price\": \"%s\"}", i == 0 ? ", \"alternatives\": [" : ", ",
				spoken->alternative[i].quantity, spoken->alternative[i].price);
		if (spoken->alternatives > 0)
			add(text, "]");
	}
	add(text, "}");
}

static TpLanguage
language_of(const char *code)
{
	return strcmp(code, "en") == 0   ? TP_ENGLISH
		   : strcmp(code, "es") == 0 ? TP_SPANISH
		   : strcmp(code, "pt") == 0 ? TP_PORTUGUESE
									 : TP_LANGUAGE_NONE;
}

static bool
trades(const TpSpoken *spoken)
{
	return spoken->action == TP_SPOKEN_ORDER || spoken->action == TP_SPOKEN_CANCEL ||
		   spoken->action == TP_SPOKEN_CANCEL_ALL || spoken->action == TP_SPOKEN_AMEND ||
		   spoken->action == TP_SPOKEN_CONFIRM;
}

/* Every line of the file; what differs is said. */
static void
run(TpTap *tap, const char *path)
{
	FILE *file = fopen(path, "r");
	char line[TP_SPOKEN_BYTES + 1200];
	char what[600];
	int lines = 0;
	int wrong = 0;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
	{
		char *utterance = strchr(line, '\t');
		char *expected = utterance == NULL ? NULL : strchr(utterance + 1, '\t');
		TpSpoken spoken;
		Text text;

		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || expected == NULL)
			continue;
		*utterance++ = '\0';
		*expected++ = '\0';
		tp_parse_command(tp_slice(utterance), language_of(line), &reference, &spoken);
		describe(&spoken, &text);
		lines++;
		if (strcmp(text.data, expected) == 0 || (strcmp(expected, "{\"never\": \"trades\"}") == 0 && !trades(&spoken)))
			continue;
		wrong++;
		printf("# %s\n#   expected %s\n#   got      %s\n", utterance, expected, text.data);
	}
	if (file != NULL)
		fclose(file);
	snprintf(what, sizeof(what), "%s: %d of %d", path, lines - wrong, lines);
	tradepost_tap_ok(tap, lines > 0 && wrong == 0, what);
}

int
main(int argc, char **argv)
{
	static const char *const files[] = { "en", "es", "pt", "never" };
	const char *root = getenv("TRADEPOST_ROOT");
	char path[512];
	TpTap tap = { 0 };

	tradepost_tap_plan(argc > 1 ? argc - 1 : 4);
	for (int i = 1; i < argc; i++)
		run(&tap, argv[i]);
	for (int i = 0; argc == 1 && i < 4; i++)
	{
		snprintf(path, sizeof(path), "%s/test/spoken/%s.tsv", root == NULL ? "." : root, files[i]);
		run(&tap, path);
	}
	return tap.failed > 0;
}
