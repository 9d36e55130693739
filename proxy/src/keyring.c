/*
 * keyring.c
 *	  Reading and holding the keys of SECRETS_KEY_FILE; see keyring.h.
 *
 * They lie in memory that is neither swapped nor dumped, and only to be read once they
 * are there. Called at the start by settings_check.c, which throws them away, and by
 * each worker.
 */
#include "keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_LIMIT 16384
#define KEYS_MOST 64
#define DIFFERENT_LEAST 8

struct TpKeyring
{
	int count;
	TpKey *keys; /* sodium_malloc */
};

static bool
is_id(TpSlice id)
{
	if (id.length == 0 || id.length > TP_KEY_ID_MOST)
		return false;
	for (size_t i = 0; i < id.length; i++)
	{
		char c = id.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
			  c == '.'))
			return false;
	}
	return true;
}

/* 32 random bytes have some 30 different ones; a hundred years of keys show none with so few. */
static bool
is_random(const unsigned char *bytes)
{
	bool seen[256] = { false };
	int different = 0;

	for (size_t i = 0; i < TP_KEY_BYTES; i++)
	{
		different += !seen[bytes[i]];
		seen[bytes[i]] = true;
	}
	return different >= DIFFERENT_LEAST;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static TpSlice
next_word(TpSlice *line)
{
	TpSlice word;

	while (line->length > 0 && is_blank(*line->data))
	{
		line->data++;
		line->length--;
	}
	word = (TpSlice){ line->data, 0 };
	while (word.length < line->length && !is_blank(line->data[word.length]))
		word.length++;
	line->data += word.length;
	line->length -= word.length;
	return word;
}

static bool
parse_line(TpKeyring *keyring, TpSlice line, int number, TpBuffer *problem)
{
	TpSlice id = next_word(&line);
	TpSlice hex = next_word(&line);
	TpSlice rest = next_word(&line);
	TpKey *key = &keyring->keys[keyring->count];
	size_t length;

	if (id.length == 0 || *id.data == '#')
		return true;
	if (!is_id(id) || rest.length > 0)
		tp_buffer_format(problem, "line %d is not an id of at most %d letters and digits, a blank, and a key", number,
						 TP_KEY_ID_MOST);
	else if (keyring->count == KEYS_MOST)
		tp_buffer_format(problem, "there are more than %d keys", KEYS_MOST);
	else if (tp_keyring_find(keyring, id) != NULL)
		tp_buffer_format(problem, "line %d has the id of a line above", number);
	else if (hex.length != 2 * TP_KEY_BYTES ||
			 sodium_hex2bin(key->bytes, TP_KEY_BYTES, hex.data, hex.length, NULL, &length, NULL) != 0 ||
			 length != TP_KEY_BYTES)
		tp_buffer_format(problem,
						 "the key in line %d must have %d hexadecimal digits, such as openssl rand -hex 32"
						 " makes",
						 number, (int) (2 * TP_KEY_BYTES));
	else if (!is_random(key->bytes))
		tp_buffer_format(problem, "the key in line %d repeats itself", number);
	else
	{
		memcpy(key->id, id.data, id.length);
		key->id[id.length] = '\0';
		keyring->count++;
		return true;
	}
	return false;
}

TpKeyring *
tp_keyring_parse(TpSlice text, TpBuffer *problem)
{
	TpKeyring *keyring = tp_alloc(sizeof(*keyring));
	bool fine = true;

	keyring->keys = sodium_allocarray(KEYS_MOST + 1, sizeof(TpKey));
	if (keyring->keys == NULL)
		abort();
	sodium_memzero(keyring->keys, (KEYS_MOST + 1) * sizeof(TpKey));
	for (int number = 1; fine && text.length > 0; number++)
	{
		const char *end = memchr(text.data, '\n', text.length);
		size_t length = end == NULL ? text.length : (size_t) (end - text.data);

		fine = parse_line(keyring, (TpSlice){ text.data, length }, number, problem);
		length += end != NULL;
		text.data += length;
		text.length -= length;
	}
	if (fine && keyring->count == 0)
	{
		tp_buffer_text(problem, "it holds no key");
		fine = false;
	}
	if (!fine)
	{
		tp_keyring_close(keyring);
		return NULL;
	}
	(void) sodium_mprotect_readonly(keyring->keys);
	return keyring;
}

/* Whether nobody else reads it. */
static bool
check_file(int file, TpBuffer *problem)
{
	struct stat status;

	if (fstat(file, &status) != 0)
		tp_buffer_format(problem, "it cannot be looked at: %s", strerror(errno));
	else if (!S_ISREG(status.st_mode))
		tp_buffer_text(problem, "it is no plain file");
	else if (status.st_uid != geteuid() && status.st_uid != 0)
		tp_buffer_text(problem, "it is another user's");
	else if ((status.st_mode & 077) != 0)
		tp_buffer_format(problem, "its mode is %o, so that others may use it: chmod 600",
						 (unsigned) (status.st_mode & 07777));
	else if (status.st_size > FILE_LIMIT)
		tp_buffer_format(problem, "it has more than %d bytes", FILE_LIMIT);
	else
		return true;
	return false;
}

TpKeyring *
tp_keyring_open(const char *path, TpBuffer *problem)
{
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	TpKeyring *keyring = NULL;
	char text[FILE_LIMIT];
	ssize_t length;

	if (file < 0)
	{
		tp_buffer_format(problem, "it cannot be opened: %s", strerror(errno));
		return NULL;
	}
	if (check_file(file, problem))
	{
		length = read(file, text, sizeof(text));
		if (length < 0)
			tp_buffer_format(problem, "it cannot be read: %s", strerror(errno));
		else
			keyring = tp_keyring_parse((TpSlice){ text, (size_t) length }, problem);
		sodium_memzero(text, sizeof(text));
	}
	close(file);
	return keyring;
}

void
tp_keyring_close(TpKeyring *keyring)
{
	if (keyring == NULL)
		return;
	sodium_free(keyring->keys);
	free(keyring);
}

const TpKey *
tp_keyring_first(const TpKeyring *keyring)
{
	return &keyring->keys[0];
}

const TpKey *
tp_keyring_find(const TpKeyring *keyring, TpSlice id)
{
	for (int i = 0; i < keyring->count; i++)
		if (tp_slice_is(id, keyring->keys[i].id))
			return &keyring->keys[i];
	return NULL;
}
