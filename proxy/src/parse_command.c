/*
 * parse_command.c
 *	  The sentence: which of the actions a message asks for; see parse_command.h.
 *
 * The message becomes a row of items (numbers, contracts, assets, words with their senses,
 * marks), and the rules below look at which items there are and what stands beside them.
 * An order comes out only if every item has been understood; whatever denies, doubts,
 * reports or asks makes it none.
 */
#include "parse_command.h"

#include <stdio.h>

#include "spoken_sentence.h"

const char *const tp_spoken_actions[TP_SPOKEN_ACTIONS] = { "none",      "order",   "cancel",  "cancel_all",
														   "amend",     "market",  "orders",  "trades",
														   "positions", "balance", "help",    "confirm",
														   "reject",    "stop",    "clarify", "error" };
const char *const tp_language_codes[4] = { "en", "en", "es", "pt" };

/* Languages ------------------------------------------------------------------ */

static int
bits(unsigned x)
{
	return (int) (x & 1) + (int) (x >> 1 & 1) + (int) (x >> 2 & 1);
}

/* rival: the language that the same words speak for as much */
static TpLanguage
detect(const TpTokens *tokens, TpLanguage *rival)
{
	int score[3] = { 0, 0, 0 };
	int best = 0;

	for (int i = 0; i < tokens->count; i++)
	{
		const TpToken *token = &tokens->token[i];
		unsigned known = tp_word_languages(token->text) | tp_spoken_asset_languages(token->text);
		int weight = bits(known) == 1 ? 4 : 3;

		if (token->kind != TP_TOKEN_WORD || known == 0 || bits(known) == 3)
			continue;
		/* a contract's month and an asset's name go by symbols, too */
		if (tp_spoken_asset_languages(token->text) == TP_IN_ENGLISH ||
			((tp_word_senses(token->text, known) & TP_BIT(TP_SENSE_MONTH)) != 0 && known == TP_IN_ENGLISH))
			weight = 1;
		if (strlen(token->text) == 1)
			weight = 1;
		/* what Portuguese says to order a sale, and Spanish to ask for one politely */
		if (strcmp(token->text, "venda") == 0)
			score[2]++;
		for (int n = 0; n < 3; n++)
			if ((known & (1U << n)) != 0)
				score[n] += weight;
	}
	if (tokens->spanish_mark)
		score[1] += 6;
	if (tokens->portuguese_mark)
		score[2] += 6;
	for (int n = 1; n < 3; n++)
		if (score[n] > score[best])
			best = n;
	if (score[best] == 0) /* a slip in the only word: canclar 88 */
		*rival = TP_SPANISH;
	else
		*rival = best == 1 && score[2] == score[1] ? TP_PORTUGUESE : (TpLanguage) (best + 1);
	return (TpLanguage) (best + 1);
}

/* Everything else ---------------------------------------------------------------- */

/* yes 4821, no: with a code of 4 to 8 digits or none. */
static bool
read_answer(TpSentence *s)
{
	unsigned long long around = TP_BIT(TP_SENSE_FILL) | TP_BIT(TP_SENSE_ORDER) | TP_BIT(TP_SENSE_WANT);
	int yes = tp_sense_at(s, TP_SENSE_YES);
	int no = tp_sense_at(s, TP_SENSE_NO);
	const TpItem *code = tp_first_number(s);
	bool refuses = no >= 0;
	const TpToken *token;

	/* both: neither */
	if (s->tokens.quoted || (yes < 0) == (no < 0))
		return false;
	if (!tp_items_only(s, around | TP_BIT(refuses ? TP_SENSE_NO : TP_SENSE_YES), true, false) ||
		tp_item_count(s, TP_ITEM_NUMBER) > 1 || s->tokens.question)
		return false;
	/* "order" alone with a yes is no answer to anything, "y" in the middle neither; 4821 yes is one */
	if ((refuses ? no : yes) != 0 && !tp_item_has(&s->item[0], TP_SENSE_FILL) && s->item[0].kind != TP_ITEM_NUMBER)
		return false;
	if (code != NULL)
	{
		token = &s->tokens.token[code->token];
		if (code->number.digits[0] != '\0')
			snprintf(s->out->code, sizeof(s->out->code), "%s", code->number.digits);
		else if (token->kind != TP_TOKEN_NUMERAL || strlen(token->text) < 3 || strlen(token->text) > 8 ||
				 strspn(token->text, "0123456789") != strlen(token->text))
			return false;
		else
			snprintf(s->out->code, sizeof(s->out->code), "%.8s", token->text);
	}
	s->out->action = refuses ? TP_SPOKEN_REJECT : TP_SPOKEN_CONFIRM;
	s->out->confidence = 100;
	return true;
}

static bool
read_question(TpSentence *s)
{
	static const struct
	{
		TpSense sense;
		TpSpokenAction action;
	} topics[] = {
		{ TP_SENSE_BOOK, TP_SPOKEN_MARKET },     { TP_SENSE_ORDERS, TP_SPOKEN_ORDERS },
		{ TP_SENSE_TRADES, TP_SPOKEN_TRADES },   { TP_SENSE_POSITIONS, TP_SPOKEN_POSITIONS },
		{ TP_SENSE_BALANCE, TP_SPOKEN_BALANCE }, { TP_SENSE_HELP, TP_SPOKEN_HELP },
		{ TP_SENSE_MARKET, TP_SPOKEN_MARKET },
	};
	unsigned long long around = TP_BIT(TP_SENSE_SHOW) | TP_BIT(TP_SENSE_FILL) | TP_BIT(TP_SENSE_ALL) |
								TP_BIT(TP_SENSE_ORDER) | TP_BIT(TP_SENSE_WANT) | TP_BIT(TP_SENSE_TO) |
								TP_BIT(TP_SENSE_PRICE) | TP_BIT(TP_SENSE_AND);

	for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++)
	{
		bool market = topics[i].action == TP_SPOKEN_MARKET;
		unsigned long long topic = TP_BIT(topics[i].sense) |
								   (market ? TP_BIT(TP_SENSE_BOOK) | TP_BIT(TP_SENSE_MARKET) | TP_BIT(TP_SENSE_ORDERS)
										   : 0);

		if (tp_sense_at(s, topics[i].sense) < 0 || !tp_items_only(s, around | topic, false, true))
			continue;
		if (!tp_set_places(s))
			return true;
		s->out->action = topics[i].action;
		s->out->confidence = 100 - 10 * s->typos;
		return true;
	}
	return false;
}

static bool
is_word(const TpSentence *s, int i, const char *const *words)
{
	if (i < 0 || i >= s->count || s->item[i].kind != TP_ITEM_WORD)
		return false;
	while (*words != NULL)
		if (strcmp(tp_item_word(s, &s->item[i]), *words++) == 0)
			return true;
	return false;
}

/* What asks or refuses in several words: nothing else in the message is meant as an order. */
static bool
phrase_denies(const TpItem *item)
{
	return item->phrase != NULL &&
		   tp_item_has_any(item, TP_BIT(TP_SENSE_HELP) | TP_BIT(TP_SENSE_BALANCE) | TP_BIT(TP_SENSE_POSITIONS) |
									 TP_BIT(TP_SENSE_ORDERS) | TP_BIT(TP_SENSE_TRADES) | TP_BIT(TP_SENSE_BOOK) |
									 TP_BIT(TP_SENSE_NO) | TP_BIT(TP_SENSE_STOP) | TP_BIT(TP_SENSE_NEVER));
}

static bool
denied(const TpSentence *s)
{
	static const char *const fond[] = { "like", "love", NULL };
	static const char *const would[] = { "would", "d", "id", "to", NULL };
	int want = tp_sense_at(s, TP_SENSE_WANT);

	for (int i = 0; i < s->count; i++)
	{
		/* I would like to, gostaria de: courtesy */
		bool polite = want >= 0 && strcmp(tp_item_word(s, &s->item[i]), "would") == 0 && is_word(s, i + 1, fond);

		/* I like to: not I would like to, I'd like to */
		if (is_word(s, i, fond) && !is_word(s, i - 1, would))
			return true;
		if ((tp_item_has(&s->item[i], TP_SENSE_NEVER) && !polite) || phrase_denies(&s->item[i]))
			return true;
		if (tp_item_has(&s->item[i], TP_SENSE_ASKS) && !tp_item_has(&s->item[i], TP_SENSE_WANT) && !polite)
			return true;
		/* sure, claro: an order after them is meant otherwise */
		if (tp_item_has(&s->item[i], TP_SENSE_YES) && s->item[i].kind == TP_ITEM_WORD &&
			tp_word_value(tp_item_word(s, &s->item[i]), TP_SENSE_YES, tp_language_bit(s->language)) == 1)
			return true;
	}
	return s->tokens.question || s->tokens.jest || s->tokens.quoted;
}

/*
 * la compra de 100, my order to buy, para comprar: an order that is talked about.  Nothing of
 * it if somebody wants it or says place it.
 */
static bool
talked_about(const TpSentence *s, int side)
{
	static const char *const leads[3][12] = { { "the", "my", "it", "for", NULL },
											  { "la", "el", "mi", "su", "las", "los", "al", "del", NULL },
											  { "a", "o", "as", "os", "minha", "meu", "ao", "da", "do", "na", "no",
												NULL } };
	static const char *const beside[] = { "to", "de", "para", "por", "em", "en", "con", "com", "una", "uma", NULL };
	static const char *const that[] = { "que", NULL };
	static const char *const limit[] = { "limite", "limitada", NULL };
	static const char *const no_wish[] = { "to", "i", "we", "eu", "yo", NULL };
	const char *const *lead = leads[s->language == TP_SPANISH ? 1 : s->language == TP_PORTUGUESE ? 2 : 0];
	bool led = false;

	for (int i = side - 1; i >= 0 && (s->item[i].kind == TP_ITEM_WORD || s->item[i].kind == TP_ITEM_MARK); i--)
	{
		if (s->item[i].kind == TP_ITEM_MARK)
			continue;
		/* quiero que el compre */
		if (led && is_word(s, i, that))
			return true;
		if ((tp_item_has(&s->item[i], TP_SENSE_WANT) && !is_word(s, i, no_wish)) ||
			(tp_item_has(&s->item[i], TP_SENSE_FILL) &&
			 tp_word_value(tp_item_word(s, &s->item[i]), TP_SENSE_FILL, tp_language_bit(s->language)) == 2))
			return false;
		/* ordem a mercado: no article */
		if (i + 1 < side && tp_item_has(&s->item[i + 1], TP_SENSE_MARKET) && tp_item_has(&s->item[i], TP_SENSE_PRICE))
			continue;
		led |= is_word(s, i, lead) ||
			   (i == side - 1 && is_word(s, i, beside) && !(i > 0 && tp_item_has(&s->item[i - 1], TP_SENSE_ORDER)) &&
				!(i > 1 && tp_item_has(&s->item[i - 2], TP_SENSE_ORDER) && is_word(s, i - 1, limit)));
	}
	return led;
}

/* A no that is not the number of an order. */
static bool
refused(const TpSentence *s)
{
	for (int i = 0; i < s->count; i++)
	{
		int next = tp_item_is_mark(s, i + 1, '.') ? i + 2 : i + 1;

		if (tp_item_has(&s->item[i], TP_SENSE_NO) && !(next < s->count && s->item[next].kind == TP_ITEM_NUMBER))
			return true;
	}
	return false;
}

/* Something that is not understood, in front of the side: people and papers that tell of orders. */
static bool
told(const TpSentence *s, int side)
{
	bool asset = tp_item_count(s, TP_ITEM_ASSET) > 0;
	int unknown;

	return tp_item_unknown(s, &unknown) && unknown < side && (asset || tp_item_count(s, TP_ITEM_CONTRACT) == 0);
}

/* no more messages, no quiero mas mensajes: as good as stop. */
static bool
wants_no_messages(const TpSentence *s)
{
	static const char *const no[] = { "no",     "nao", "not",       "don",       "dont", "don t",
									  "do not", "sem", "no quiero", "nao quero", NULL };
	static const char *const around[] = { "t",   "more", "manden", "mandem", "envien", "enviem", "any",
										  "mas", "mais", "send",   "me",     "want",   NULL };
	bool refuses = false;

	if (tp_sense_at(s, TP_SENSE_MESSAGES) < 0 || s->tokens.question)
		return false;
	for (int i = 0; i < s->count; i++)
	{
		if (s->item[i].kind != TP_ITEM_WORD && s->item[i].kind != TP_ITEM_MARK)
			return false;
		refuses |= is_word(s, i, no);
		if (s->item[i].kind == TP_ITEM_WORD && !is_word(s, i, no) && !is_word(s, i, around) &&
			!tp_item_has_any(&s->item[i], TP_BIT(TP_SENSE_MESSAGES) | TP_BIT(TP_SENSE_FILL) | TP_BIT(TP_SENSE_WANT)))
			return false;
	}
	return refuses;
}

static void
read_sentence(TpSentence *s)
{
	TpSpoken *out = s->out;
	int at = -1;
	int n_sides;

	if (s->count == 0 || read_answer(s))
		return;
	/* a lone question mark */
	if (s->tokens.question && tp_items_only(s, 0, false, false))
	{
		out->action = TP_SPOKEN_HELP;
		out->confidence = 100;
		return;
	}
	if (wants_no_messages(s))
	{
		out->action = TP_SPOKEN_STOP;
		out->confidence = 100;
		return;
	}
	tp_merge_sides(s);
	n_sides = tp_count_sides(s, &at);
	if (n_sides == 0 && tp_sense_at(s, TP_SENSE_STOP) >= 0 && tp_item_count(s, TP_ITEM_NUMBER) == 0 &&
		tp_sense_at(s, TP_SENSE_CANCEL) < 0 && tp_sense_at(s, TP_SENSE_ORDERS) < 0 &&
		tp_sense_at(s, TP_SENSE_NEVER) < 0 && !s->tokens.question &&
		tp_items_only(s,
					  TP_BIT(TP_SENSE_STOP) | TP_BIT(TP_SENSE_FILL) | TP_BIT(TP_SENSE_MESSAGES) | TP_BIT(TP_SENSE_ALL) |
						  TP_BIT(TP_SENSE_SHOW) | TP_BIT(TP_SENSE_WANT) | TP_BIT(TP_SENSE_TO),
					  false, false))
	{
		out->action = TP_SPOKEN_STOP;
		out->confidence = 100;
		return;
	}
	if (n_sides == 0 && tp_sense_at(s, TP_SENSE_CANCEL) < 0 && tp_sense_at(s, TP_SENSE_AMEND) < 0 && read_question(s))
		return;
	if (denied(s))
		return;
	if (tp_sense_at(s, TP_SENSE_CANCEL) >= 0 && (n_sides == 0 || tp_sense_at(s, TP_SENSE_CANCEL) < at))
		tp_read_cancel(s);
	else if (tp_sense_at(s, TP_SENSE_AMEND) >= 0 && (n_sides == 0 || tp_sense_at(s, TP_SENSE_AMEND) < at))
		tp_read_amend(s);
	else if (n_sides > 0 && (told(s, at) || refused(s) || talked_about(s, at)))
		return;
	else if (n_sides == 1 && (tp_item_count(s, TP_ITEM_NUMBER) > 0 || tp_item_count(s, TP_ITEM_ASSET) > 0 ||
							  tp_item_count(s, TP_ITEM_CONTRACT) > 0))
		tp_read_order(s, at);
	else if (n_sides > 1 && tp_item_count(s, TP_ITEM_NUMBER) > 0)
		tp_spoken_fail(out, TP_FAULT_TWO_ORDERS, NULL);
	else if (n_sides == 1 && s->count <= 2)
		tp_spoken_fail(out, TP_FAULT_QUANTITY, NULL);
	else if (n_sides == 0 && tp_item_count(s, TP_ITEM_NUMBER) > 0 && tp_item_count(s, TP_ITEM_ASSET) > 0 &&
			 (tp_item_count(s, TP_ITEM_CONTRACT) > 0 || !tp_item_unknown(s, &at)) && tp_set_places(s))
		tp_spoken_fail(out, TP_FAULT_SIDE, NULL);
}

/* Fields that an answer of another kind has set on its way are taken back. */
static void
tidy(TpSpoken *out)
{
	bool trades = out->action == TP_SPOKEN_ORDER;
	bool about = trades || out->action == TP_SPOKEN_MARKET || out->action == TP_SPOKEN_CANCEL_ALL ||
				 out->action == TP_SPOKEN_CLARIFY || out->action == TP_SPOKEN_ERROR ||
				 out->action == TP_SPOKEN_ORDERS || out->action == TP_SPOKEN_TRADES ||
				 out->action == TP_SPOKEN_POSITIONS;

	if (!trades && out->action != TP_SPOKEN_CLARIFY && out->action != TP_SPOKEN_ERROR)
	{
		out->side = 0;
		out->market = false;
	}
	if (!about)
		out->asset[0] = out->contract[0] = out->symbol[0] = '\0';
	if (out->action == TP_SPOKEN_NONE)
		out->needs_confirmation = false;
	if (out->confidence < 10 && out->action != TP_SPOKEN_NONE)
		out->confidence = 10;
}

/* One reading of the message; whether something in it denies. */
static bool
read_in(TpSentence *s, const TpTokens *tokens, int typos, TpLanguage language, TpSpoken *out)
{
	memset(out, 0, sizeof(*out));
	s->tokens = *tokens;
	s->out = out;
	s->language = out->language = language;
	s->typos = typos;
	tp_mend_tokens(s, language);
	tp_spoken_items(s);
	read_sentence(s);
	tidy(out);
	return denied(s);
}

void
tp_parse_command(TpSlice text, TpLanguage language, const TpSpokenReference *reference, TpSpoken *out)
{
	TpSentence s = { .reference = reference, .out = out };
	TpTokens tokens;
	TpLanguage found;
	TpLanguage rival;
	int typos;

	memset(out, 0, sizeof(*out));
	if (text.length > TP_SPOKEN_BYTES)
		text.length = TP_SPOKEN_BYTES + 1;
	tp_spoken_tokens(text, &s.tokens);
	tp_mend_tokens(&s, TP_LANGUAGE_NONE);
	tokens = s.tokens;
	typos = s.typos;
	found = detect(&tokens, &rival);
	out->language = language != TP_LANGUAGE_NONE ? language : found;
	if (out->language == found)
		found = rival;
	if (tokens.too_many || text.length > TP_SPOKEN_BYTES)
		return; /* nobody orders in a letter */
	/* who has set Spanish may still write English; what his own language denies stays denied */
	if (!read_in(&s, &tokens, typos, out->language, out) && found != out->language &&
		(out->action == TP_SPOKEN_NONE || out->fault == TP_FAULT_WORDS || out->fault == TP_FAULT_SIDE ||
		 out->fault == TP_FAULT_ASSET_UNKNOWN))
	{
		TpSpoken other;

		read_in(&s, &tokens, typos, found, &other);
		if (other.action != TP_SPOKEN_NONE)
			*out = other;
	}
	/* the answer is in his own all the same */
	if (language != TP_LANGUAGE_NONE)
		out->language = language;
}
