/*
 * spoken_text.c
 *	  Bytes to tokens; see spoken_text.h.
 *
 * Folding knows the letters of the three languages, composed or with combining marks,
 * and full-width forms and typographic quotes that phones make.  Bytes that are not UTF-8
 * end a token and are nothing else.
 */
#include "spoken_text.h"

#include "utf8.h"

/* The base letter of what is written with a mark; 0: not a letter of these languages. */
static char
base_letter(unsigned c)
{
	static const char latin[] = "aaaaaaaceeeeiiiidnooooo\0ouuuuy\0s"
								"aaaaaaaceeeeiiiidnooooo\0ouuuuy\0y";

	if (c >= 0xC0 && c <= 0xFF)
		return latin[c - 0xC0];
	return 0;
}

static unsigned
decode(const char *data, size_t width)
{
	const unsigned char *u = (const unsigned char *) data;

	switch (width)
	{
		case 1:
			return u[0];
		case 2:
			return ((u[0] & 0x1FU) << 6) | (u[1] & 0x3FU);
		case 3:
			return ((u[0] & 0x0FU) << 12) | ((u[1] & 0x3FU) << 6) | (u[2] & 0x3FU);
		default:
			return ((u[0] & 0x07U) << 18) | ((u[1] & 0x3FU) << 12) | ((u[2] & 0x3FU) << 6) | (u[3] & 0x3FU);
	}
}

/* To the ASCII that the rest of the parser knows; ' ' for what separates, 0 for what is nothing. */
static char
fold(unsigned c)
{
	if (c >= 0xFF01 && c <= 0xFF5E) /* full width */
		c -= 0xFEE0;
	if (c >= 'A' && c <= 'Z')
		return (char) (c + ('a' - 'A'));
	if (c < 0x80)
		return c < ' ' ? ' ' : (char) c;
	if ((c >= 0x300 && c <= 0x36F) || c == 0x200B || c == 0x200D || c == 0xFEFF || (c >= 0xFE00 && c <= 0xFE0F))
		return 0; /* combining, zero width */
	if (c == 0xAA || c == 0xBA)
		return 0; /* ordinals' small letters */
	if (base_letter(c) != 0)
		return base_letter(c);
	if (c == 0x2019 || c == 0x2018 || c == 0xB4 || c == 0x2BC)
		return '\'';
	if ((c >= 0x2010 && c <= 0x2015) || c == 0x2212)
		return '-';
	if ((c >= 0x20A0 && c <= 0x20CF) || c == 0xA3 || c == 0xA5)
		return '$';
	if (c == 0xBF)
		return '?';
	if (c == 0xA1)
		return '!';
	return ' ';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

typedef struct Folded
{
	char text[TP_SPOKEN_BYTES + 1];
	unsigned short at[TP_SPOKEN_BYTES + 1]; /* where in the message */
	bool acute[TP_SPOKEN_BYTES + 1];
	size_t length;
} Folded;

static bool
begins(const Folded *folded)
{
	for (size_t i = 0; i < folded->length; i++)
		if (folded->text[i] != ' ')
			return false;
	return true;
}

static void
fold_all(TpSlice text, Folded *folded, TpTokens *tokens)
{
	size_t i = 0;

	folded->length = 0;
	tokens->quoted = false;
	while (i < text.length && folded->length < TP_SPOKEN_BYTES)
	{
		size_t width = tp_utf8_width(text.data + i, text.length - i);
		unsigned c = width == 0 ? ' ' : decode(text.data + i, width);
		char f = fold(c);

		tokens->spanish_mark |= c == 0xBF || c == 0xA1 || c == 0xF1 || c == 0xD1;
		tokens->portuguese_mark |= c == 0xE3 || c == 0xF5 || c == 0xC3 || c == 0xD5 || c == 0xE7 || c == 0xC7 ||
								   c == 0xEA || c == 0xE2 || c == 0xF4;
		tokens->question |= f == '?';
		/* where a message or a line of it begins */
		if ((c == '>' || c == '"' || c == 0xAB || c == 0x201C || c == 0x201E || c == 0x300C || c == '\'' ||
			 c == 0x2018) &&
			(begins(folded) || (i > 0 && text.data[i - 1] == '\n')))
			tokens->quoted = true;
		tokens->jest |= c == 0x1F602 || c == 0x1F923 || c == 0x1F606 || c == 0x1F605 || c == 0x1F644 || c == 0x1F643 ||
						c == 0x1F61C || c == 0x1F61D || c == 0x1F921 || c == 0x1F60F || c == 0x1F609;
		if (c == 0x301 && folded->length > 0)
			folded->acute[folded->length - 1] = true;
		/* nº 78 is nro 78, since a mere n is no */
		if (c == 0xBA && folded->length > 0 && folded->text[folded->length - 1] == 'n' &&
			folded->length + 2 < TP_SPOKEN_BYTES)
		{
			for (const char *rest = "ro"; *rest != '\0'; rest++)
			{
				folded->acute[folded->length] = false;
				folded->at[folded->length] = (unsigned short) i;
				folded->text[folded->length++] = *rest;
			}
		}
		if (f != 0)
		{
			folded->acute[folded->length] = c == 0xE1 || c == 0xE9 || c == 0xED || c == 0xF3 || c == 0xFA ||
											c == 0xC1 || c == 0xC9 || c == 0xCD || c == 0xD3 || c == 0xDA;
			folded->at[folded->length] = (unsigned short) i;
			folded->text[folded->length++] = f;
		}
		i += width == 0 ? 1 : width;
	}
	folded->text[folded->length] = '\0';
	folded->at[folded->length] = (unsigned short) i;
}

/* Digits, and marks that stand between digits: 1,200.50  1'000 */
static size_t
numeral_end(const char *t, size_t i)
{
	while (is_digit(t[i]) || ((t[i] == '.' || t[i] == ',' || t[i] == '\'') && is_digit(t[i + 1])))
		i++;
	return i;
}

void
tp_spoken_tokens(TpSlice text, TpTokens *tokens)
{
	static const char marks[] = "@#?!-+/$.,;:&%'";
	Folded folded;
	const char *t = folded.text;
	size_t end = 0;
	size_t i = 0;

	tokens->count = 0;
	tokens->too_many = tokens->question = tokens->spanish_mark = tokens->portuguese_mark = tokens->jest = false;
	fold_all(text, &folded, tokens);
	while (i < folded.length)
	{
		size_t start = i;
		TpToken *token;

		if (!is_letter(t[i]) && !is_digit(t[i]) && strchr(marks, t[i]) == NULL && !(t[i] == '.' && is_digit(t[i + 1])))
		{
			i++;
			continue;
		}
		if (tokens->count == TP_TOKENS)
		{
			tokens->too_many = true;
			return;
		}
		token = &tokens->token[tokens->count];
		if (is_letter(t[i]))
		{
			while (is_letter(t[i]))
				i++;
			token->kind = TP_TOKEN_WORD;
		}
		else if (is_digit(t[i]) || (t[i] == '.' && is_digit(t[i + 1]) && (i == 0 || !is_digit(t[i - 1])) &&
									(i == 0 || !is_letter(t[i - 1]))))
		{
			i = numeral_end(t, t[i] == '.' ? i + 1 : i);
			token->kind = TP_TOKEN_NUMERAL;
		}
		else
		{
			i++;
			token->kind = TP_TOKEN_MARK;
		}
		token->joined = tokens->count > 0 && start == end;
		token->accented = token->kind == TP_TOKEN_WORD && folded.acute[i - 1];
		token->long_word = i - start >= sizeof(token->text);
		token->start = folded.at[start];
		token->end = folded.at[i];
		memcpy(token->text, t + start, token->long_word ? sizeof(token->text) - 1 : i - start);
		token->text[token->long_word ? sizeof(token->text) - 1 : i - start] = '\0';
		end = i;
		tokens->count++;
	}
}

void
tp_spoken_fold(TpSlice name, char *text, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < name.length && used + 1 < size;)
	{
		size_t width = tp_utf8_width(name.data + i, name.length - i);
		char c = width == 0 ? ' ' : fold(decode(name.data + i, width));

		if (is_letter(c) || is_digit(c))
			text[used++] = c;
		i += width == 0 ? 1 : width;
	}
	text[used] = '\0';
}
