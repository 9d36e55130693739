/*
 * address.c
 *	  IP addresses as text, ranges of them, and whose X-Forwarded-For counts.
 *
 * Pure.  Called by http.c for each connection that comes through a trusted proxy.
 */
#include <arpa/inet.h>
#include <stdlib.h>

#include "address.h"

static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF };

bool
tp_address_parse(TpSlice text, TpAddress *address)
{
	char copy[TP_ADDRESS_TEXT];

	if (text.length >= 2 && text.data[0] == '[' && text.data[text.length - 1] == ']')
		text = (TpSlice){ text.data + 1, text.length - 2 };
	if (text.length == 0 || text.length >= sizeof(copy) || memchr(text.data, '\0', text.length) != NULL)
		return false;
	memcpy(copy, text.data, text.length);
	copy[text.length] = '\0';
	memcpy(address->bytes, mapped, sizeof(mapped));
	return inet_pton(AF_INET, copy, address->bytes + 12) == 1 || inet_pton(AF_INET6, copy, address->bytes) == 1;
}

void
tp_address_print(const TpAddress *address, char text[TP_ADDRESS_TEXT])
{
	bool v4 = memcmp(address->bytes, mapped, sizeof(mapped)) == 0;

	text[0] = '\0';
	(void) inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? address->bytes + 12 : address->bytes, text, TP_ADDRESS_TEXT);
}

static bool
same_prefix(const TpAddress *a, const TpAddress *b, int bits)
{
	int whole = bits / 8;
	int rest = bits % 8;

	if (memcmp(a->bytes, b->bytes, (size_t) whole) != 0)
		return false;
	return rest == 0 || ((a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest)) == 0;
}

/* "10.0.0.0/8" or one address. */
static bool
parse_range(TpSlice text, TpAddress *start, int *bits)
{
	const char *slash = memchr(text.data, '/', text.length);
	TpSlice address = text;
	bool v4;
	int most;

	if (slash != NULL)
		address.length = (size_t) (slash - text.data);
	if (!tp_address_parse(address, start))
		return false;
	v4 = memchr(address.data, ':', address.length) == NULL;
	most = v4 ? 32 : 128;
	*bits = most;
	if (slash != NULL)
	{
		size_t length = text.length - address.length - 1;

		if (length == 0 || length > 3)
			return false;
		*bits = 0;
		for (size_t i = 0; i < length; i++)
		{
			if (slash[1 + i] < '0' || slash[1 + i] > '9')
				return false;
			*bits = *bits * 10 + (slash[1 + i] - '0');
		}
		if (*bits > most)
			return false;
	}
	*bits += v4 ? 96 : 0;
	return true;
}

static bool
next_entry(const char **list, TpSlice *entry)
{
	*list += strspn(*list, ", \t");
	*entry = (TpSlice){ *list, strcspn(*list, ", \t") };
	*list += entry->length;
	return entry->length > 0;
}

bool
tp_address_listed(const TpAddress *address, const char *list)
{
	TpSlice entry;
	TpAddress start;
	int bits;

	while (next_entry(&list, &entry))
		if (parse_range(entry, &start, &bits) && same_prefix(address, &start, bits))
			return true;
	return false;
}

bool
tp_address_list_valid(const char *list, TpSlice *bad)
{
	TpAddress start;
	int bits;

	while (next_entry(&list, bad))
		if (!parse_range(*bad, &start, &bits))
			return false;
	return true;
}

TpAddress
tp_address_client(TpAddress peer, TpSlice forwarded_for, const char *trusted)
{
	TpAddress client = peer;

	while (forwarded_for.length > 0 && tp_address_listed(&client, trusted))
	{
		const char *comma = memrchr(forwarded_for.data, ',', forwarded_for.length);
		size_t start = comma == NULL ? 0 : (size_t) (comma + 1 - forwarded_for.data);
		TpSlice hop = { forwarded_for.data + start, forwarded_for.length - start };

		while (hop.length > 0 && (hop.data[0] == ' ' || hop.data[0] == '\t'))
			hop = (TpSlice){ hop.data + 1, hop.length - 1 };
		while (hop.length > 0 && (hop.data[hop.length - 1] == ' ' || hop.data[hop.length - 1] == '\t'))
			hop.length--;
		/* what is no address ends what can be known */
		if (!tp_address_parse(hop, &client))
			break;
		peer = client;
		forwarded_for.length = comma == NULL ? 0 : (size_t) (comma - forwarded_for.data);
	}
	return peer;
}
