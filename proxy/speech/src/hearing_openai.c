/*
 * hearing_openai.c
 *	  Any service with OpenAI's POST /v1/audio/transcriptions, one's own or another's.
 *
 * Called by speech_server.c and speech_main.c.  It blocks: this process hears one note at a
 * time, and whoever started it ends it when it takes too long.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

#include "hearing.h"
#include "utf8.h"
#include "wav.h"

#define ANSWER_MOST 65536
#define PROMPT_MOST 400 /* bytes: services take about 200 tokens */
#define PATH "/audio/transcriptions"

static CURL *easy;
static char url[2048];

static bool
loopback(const char *text)
{
	CURLU *parts = curl_url();
	char *host = NULL;
	bool local = false;

	if (parts != NULL && curl_url_set(parts, CURLUPART_URL, text, 0) == CURLUE_OK &&
		curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK)
		local = strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 || strcmp(host, "[::1]") == 0;
	curl_free(host);
	curl_url_cleanup(parts);
	return local;
}

/* SPEECH_URL may be the service's root, end in /v1, or be the whole of it. */
static void
make_url(const char *base)
{
	size_t length = strlen(base);
	const char *path;

	while (length > 0 && base[length - 1] == '/')
		length--;
	path = memchr(base + 8, '/', length < 8 ? 0 : length - 8);
	if (path == NULL)
		snprintf(url, sizeof(url), "%.*s/v1" PATH, (int) length, base);
	else
		snprintf(url, sizeof(url), "%.*s%s", (int) length, base, strncmp(base + length - 3, "/v1", 3) == 0 ? PATH : "");
}

static const char *
openai_open(const TpSpeechSettings *settings)
{
	if (*settings->url == '\0')
		return "SPEECH_URL is not set";
	if (strlen(settings->url) > sizeof(url) - 64)
		return "SPEECH_URL is too long";
	if (strncmp(settings->url, "https://", 8) != 0 && strncmp(settings->url, "http://", 7) != 0)
		return "SPEECH_URL is no URL of http or https";
	if (settings->url[4] == ':' && *settings->key != '\0' && !loopback(settings->url))
		return "SPEECH_URL must be https, for SPEECH_API_KEY is set";
	make_url(settings->url);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || (easy = curl_easy_init()) == NULL)
		return "libcurl does not start";
	return NULL;
}

static void
openai_close(void)
{
	if (easy != NULL)
		curl_easy_cleanup(easy);
	easy = NULL;
	curl_global_cleanup();
}

static size_t
on_answer(char *data, size_t size, size_t count, void *context)
{
	TpBuffer *answer = context;

	if (answer->length + size * count > ANSWER_MOST)
		return 0;
	tp_buffer_add(answer, data, size * count);
	return size * count;
}

/* The listed names, so that the service spells them so; each once. */
static void
add_prompt(const json_t *markets, TpBuffer *prompt)
{
	const json_t *each;
	size_t i;

	json_array_foreach(markets, i, each)
	{
		static const char *const names[] = { "asset", "contract" };

		for (int n = 0; n < 2; n++)
		{
			const json_t *value = json_object_get(each, names[n]);
			TpSlice name = { json_string_value(value), json_string_length(value) };
			TpBuffer quoted = { 0 };

			if (name.length == 0 || prompt->length + name.length + 3 > PROMPT_MOST)
				continue;
			tp_buffer_format(&quoted, " %.*s,", (int) name.length, name.data);
			if (prompt->length == 0 || memmem(prompt->data, prompt->length, quoted.data, quoted.length) == NULL)
				tp_buffer_slice(prompt, (TpSlice){ quoted.data, quoted.length });
			tp_buffer_free(&quoted);
		}
	}
}

static void
add_field(curl_mime *form, const char *name, const char *data, size_t length)
{
	curl_mimepart *part = curl_mime_addpart(form);

	if (curl_mime_name(part, name) != CURLE_OK || curl_mime_data(part, data, length) != CURLE_OK)
		abort();
}

static curl_mime *
make_form(const TpSpeechSettings *settings, const TpHearingOf *what)
{
	curl_mime *form = curl_mime_init(easy);
	TpBuffer sound = { 0 };
	TpBuffer prompt = { 0 };
	curl_mimepart *part = curl_mime_addpart(form);

	tp_wav_write(what->note, &sound);
	if (curl_mime_name(part, "file") != CURLE_OK || curl_mime_filename(part, "note.wav") != CURLE_OK ||
		curl_mime_type(part, "audio/wav") != CURLE_OK || curl_mime_data(part, sound.data, sound.length) != CURLE_OK)
		abort();
	tp_buffer_free(&sound);
	add_field(form, "model", *settings->model == '\0' ? "whisper-1" : settings->model, CURL_ZERO_TERMINATED);
	add_field(form, "response_format", "json", CURL_ZERO_TERMINATED);
	add_field(form, "temperature", "0", CURL_ZERO_TERMINATED);
	if (*what->language != '\0')
		add_field(form, "language", what->language, CURL_ZERO_TERMINATED);
	add_prompt(what->markets, &prompt);
	if (prompt.length > 0)
		add_field(form, "prompt", prompt.data + 1, prompt.length - 2);
	tp_buffer_free(&prompt);
	return form;
}

static struct curl_slist *
make_headers(const TpSpeechSettings *settings)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
	TpBuffer header = { 0 };

	if (*settings->key == '\0')
		return headers;
	tp_buffer_text(&header, "Authorization: Bearer ");
	tp_buffer_text(&header, settings->key);
	tp_buffer_add(&header, "", 1);
	headers = curl_slist_append(headers, header.data);
	explicit_bzero(header.data, header.length);
	tp_buffer_free(&header);
	return headers;
}

/* Text of the answer, without what no command has: control characters. */
static bool
take_text(const TpBuffer *answer, TpBuffer *text)
{
	json_t *tree = json_loadb(answer->data == NULL ? "" : answer->data, answer->length, 0, NULL);
	const json_t *value = json_object_get(tree, "text");
	size_t length = json_string_length(value);
	const char *data = json_string_value(value);
	bool fine = data != NULL && length <= TP_TRANSCRIPT_BYTES && memchr(data, '\0', length) == NULL;

	for (size_t i = 0; fine && i < length; i++)
		tp_buffer_add(text, (unsigned char) data[i] < 0x20 || data[i] == 0x7F ? " " : data + i, 1);
	while (text->length > 0 && text->data[text->length - 1] == ' ')
		text->length--;
	while (text->length > 0 && text->data[0] == ' ')
		memmove(text->data, text->data + 1, --text->length);
	json_decref(tree);
	return fine;
}

static void
openai_hear(const TpSpeechSettings *settings, const TpHearingOf *what, TpHearing *hearing)
{
	struct curl_slist *headers = make_headers(settings);
	curl_mime *form = make_form(settings, what);
	TpBuffer answer = { 0 };
	long status = 0;
	CURLcode result;

	hearing->fault = "provider";
	hearing->confidence = -1;
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_MIMEPOST, form);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "tradepost-speech/" TP_PROXY_VERSION);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long) settings->timeout_s);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L); /* the key goes to nobody else */
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_answer);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer);
	if (*settings->ca_file != '\0')
		curl_easy_setopt(easy, CURLOPT_CAINFO, settings->ca_file);
	result = curl_easy_perform(easy);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	if (result != CURLE_OK)
		tp_buffer_format(&hearing->why, "SPEECH_URL: %s", curl_easy_strerror(result));
	else if (status != 200)
		tp_buffer_format(&hearing->why, "SPEECH_URL answered %ld", status);
	else if (!take_text(&answer, &hearing->transcript))
		tp_buffer_text(&hearing->why, "SPEECH_URL answered no {\"text\"}, or one too long");
	else
		hearing->fault = hearing->transcript.length > 0 ? NULL : "silence";
	curl_easy_reset(easy);
	curl_mime_free(form);
	curl_slist_free_all(headers);
	tp_buffer_free(&answer);
}

const TpProvider tp_openai_provider = { openai_hear, openai_open, openai_close, true };
