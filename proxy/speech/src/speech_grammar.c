/*
 * speech_grammar.c
 *	  Writes the grammar; see speech_grammar.h.
 *
 * Called where a recognizer is made for a list of markets.  Every sentence of it must be
 * one that tp_parse_command() reads: test_speech_grammar.c says a lot of them to it.
 */
#include "speech_grammar.h"

/*
 * Numbers as they are said: a whole one up to 999,999; a price also with decimals digit by
 * digit, and "one fifty".
 */
static const char numbers[] =
	"<digit> = one | two | three | four | five | six | seven | eight | nine;\n"
	"<any_digit> = zero | oh | <digit>;\n"
	"<teen> = eleven | twelve | thirteen | fourteen | fifteen | sixteen | seventeen | eighteen | nineteen;\n"
	"<tens> = twenty | thirty | forty | fifty | sixty | seventy | eighty | ninety;\n"
	"<below_hundred> = <digit> | ten | <teen> | <tens> [<digit>];\n"
	"<below_thousand> = <below_hundred> | (<digit> | a) hundred [[and] <below_hundred>];\n"
	"<whole> = <below_thousand> | <teen> hundred [<below_hundred>] | (<below_thousand> | a) thousand [[and] "
	"<below_thousand>];\n"
	"<decimals> = <any_digit> [<any_digit> [<any_digit> [<any_digit>]]];\n"
	"<price> = (<whole> [point <decimals> | and a half] | zero point <decimals> | <digit> <tens> [<digit>]) "
	"[dollars];\n"
	/* At least three digits said one by one: fewer are said as a number. */
	"<order_number> = <whole> | <digit> <any_digit> <any_digit> [<any_digit> [<any_digit> [<any_digit> "
	"[<any_digit>]]]];\n";

static const char questions[] =
	"<question> = [show] [me] [my] [open] orders | [show] [me] [my] trades | [show] [me] [my] positions\n"
	" | [show] [me] [my] [account] balance | help | [show] [me] [the] market;\n"
	"<cancel> = cancel [order] [number] <order_number>;\n";

/* What turns a sentence into none, or is for writing alone: heard only to be told from what is like it. */
static const char asides[] =
	"<aside> = do not | don't | never | should i | did i | if i | i | yes | no | stop | confirm;\n";

bool
tp_speech_aside(const char *heard)
{
	static const char *const words[] = { "do", "don't", "never", "i", "yes", "no", "stop", "confirm" };
	size_t length = strcspn(heard, " ");

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i]) == length && memcmp(heard, words[i], length) == 0)
			return true;
	/* The others begin with a word of their own and "i". */
	return strncmp(heard + length, " i", 2) == 0 && (heard[length + 2] == ' ' || heard[length + 2] == '\0');
}

static const char orders[] =
	"<side> = buy | sell;\n"
	"<lots> = lots [of] | contracts [of];\n"
	"<order> = <side> <whole> [<lots>] <market> (at | for) <price> | <side> <whole> [<lots>] <market> at [the] market\n"
	" | (bid | offer) <price> <market> <whole>;\n"
	"<look> = [show] [me] [the] market (for | in) <market>;\n";

static void
add_ways(const TpSpokenName *name, TpBuffer *jsgf)
{
	for (int way = 0; way < name->ways; way++)
		tp_buffer_format(jsgf, "%s%s", way == 0 ? "" : " | ", name->said[way]);
	tp_buffer_text(jsgf, ";\n");
}

/* An asset in the contracts in which it is listed. */
static void
add_market(const TpSpeechMarkets *markets, int asset, TpBuffer *jsgf)
{
	bool bare = false;
	int count = 0;

	for (int i = 0; i < markets->n_markets; i++)
	{
		const TpSpokenMarket *market = &markets->markets[i];

		if (market->asset != asset)
			continue;
		if (market->contract < 0)
		{
			bare = true;
			continue;
		}
		if (count++ == 0)
			tp_buffer_format(jsgf, "<dates_%d> = ", asset);
		tp_buffer_format(jsgf, "%s<contract_%d>", count == 1 ? "" : " | ", market->contract);
	}
	if (count > 0)
		tp_buffer_text(jsgf, ";\n");
	tp_buffer_format(jsgf, "<market_%d> = ", asset);
	if (bare)
		tp_buffer_format(jsgf, "<asset_%d>%s", asset, count > 0 ? " | " : "");
	if (count > 0)
		tp_buffer_format(jsgf, "<dates_%d> <asset_%d> | <asset_%d> <dates_%d>", asset, asset, asset, asset);
	tp_buffer_text(jsgf, ";\n");
}

void
tp_speech_grammar(const TpSpeechMarkets *markets, TpBuffer *jsgf)
{
	bool any = markets->n_markets > 0;

	tp_buffer_text(jsgf, "#JSGF V1.0;\ngrammar tradepost;\n");
	tp_buffer_format(jsgf,
					 "public <command> = [<aside>] [please] (%s<question> | <cancel>) [please] | <aside> [<digit>+];\n",
					 any ? "<order> | <look> | " : "");
	tp_buffer_text(jsgf, asides);
	tp_buffer_text(jsgf, questions);
	tp_buffer_text(jsgf, numbers);
	if (!any)
		return;
	tp_buffer_text(jsgf, orders);
	for (int i = 0; i < markets->n_contracts; i++)
	{
		tp_buffer_format(jsgf, "<contract_%d> = ", i);
		add_ways(&markets->contracts[i], jsgf);
	}
	for (int i = 0; i < markets->n_assets; i++)
	{
		tp_buffer_format(jsgf, "<asset_%d> = ", i);
		add_ways(&markets->assets[i], jsgf);
		add_market(markets, i, jsgf);
	}
	tp_buffer_text(jsgf, "<market> = ");
	for (int i = 0; i < markets->n_assets; i++)
		tp_buffer_format(jsgf, "%s<market_%d>", i == 0 ? "" : " | ", i);
	tp_buffer_text(jsgf, ";\n");
}
