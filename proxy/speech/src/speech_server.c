/*
 * speech_server.c
 *	  Reads frames, hears notes, writes frames; see speech_frame.h.
 *
 * Called by speech_main.c.  Everything blocks: the proxy gives it one note at a time, and
 * ends it when that takes too long.
 */
#include "speech_server.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "speech_frame.h"

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static json_t *
string_of(const TpBuffer *text)
{
	json_t *string = text->length == 0 ? NULL : json_stringn(text->data, text->length);

	return string != NULL ? string : json_null();
}

json_t *
tp_speech_hear(const TpSpeechSettings *settings, const TpProvider *provider, TpSlice file, const char *language,
			   const json_t *markets)
{
	int64_t start = now_ms();
	TpHearing hearing = { .confidence = -1 };
	TpNote note = { 0 };
	TpNoteFault fault = tp_note_decode(file, &settings->caps, &note);
	json_t *answer;

	if (fault != TP_NOTE_FINE)
		hearing.fault = tp_note_faults[fault];
	else if (provider == NULL)
		hearing.fault = "provider";
	else
		provider->hear(settings, &(TpHearingOf){ &note, language, markets }, &hearing);
	/* What was not understood is nobody's transcript: it goes to the log's words alone. */
	answer = json_pack("{so so so sf sI ss? so}", "transcript",
					   hearing.fault == NULL ? string_of(&hearing.transcript) : json_null(), "confidence",
					   hearing.confidence < 0 ? json_null() : json_real(hearing.confidence), "guess",
					   hearing.fault == NULL ? json_null() : string_of(&hearing.transcript), "seconds",
					   (double) note.count / TP_NOTE_RATE, "ms", (json_int_t) (now_ms() - start), "fault",
					   hearing.fault, "why", string_of(&hearing.why));
	tp_note_free(&note);
	tp_buffer_free(&hearing.transcript);
	tp_buffer_free(&hearing.why);
	return answer;
}

static bool
read_all(void *data, size_t length)
{
	char *at = data;

	while (length > 0)
	{
		ssize_t got = read(STDIN_FILENO, at, length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += got;
		length -= (size_t) got;
	}
	return true;
}

static bool
write_all(const void *data, size_t length)
{
	const char *at = data;

	while (length > 0)
	{
		ssize_t done = write(STDOUT_FILENO, at, length);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		at += done;
		length -= (size_t) done;
	}
	return true;
}

/* Takes the answer. */
static bool
answer_frame(json_t *answer)
{
	char *text = json_dumps(answer, JSON_COMPACT);
	unsigned char head[TP_FRAME_HEAD];
	bool sent;

	json_decref(answer);
	if (text == NULL)
		abort();
	tp_frame_head(strlen(text), 0, head);
	sent = write_all(head, sizeof(head)) && write_all(text, strlen(text));
	free(text);
	return sent;
}

static json_t *
hear_frame(const TpSpeechSettings *settings, const TpProvider *provider, const char *data, size_t json, size_t bytes)
{
	json_t *request = json_loadb(data, json, 0, NULL);
	const char *language = json_string_value(json_object_get(request, "language"));
	json_t *answer = tp_speech_hear(settings, provider, (TpSlice){ data + json, bytes },
									language == NULL ? "" : language, json_object_get(request, "markets"));

	json_decref(request);
	return answer;
}

int
tp_speech_refuse(const char *why)
{
	(void) answer_frame(json_pack("{sb ss}", "ready", 0, "why", why));
	return 3;
}

int
tp_speech_serve(const TpSpeechSettings *settings, const TpProvider *provider)
{
	unsigned char head[TP_FRAME_HEAD];

	if (!answer_frame(json_pack("{sb ss}", "ready", 1, "provider", settings->provider)))
		return 1;
	while (read_all(head, sizeof(head)))
	{
		size_t json;
		size_t bytes;
		char *data;
		bool sent;

		if (!tp_frame_read_head(head, settings->caps.bytes, &json, &bytes))
			return 1;
		data = tp_alloc(json + bytes + 1);
		if (!read_all(data, json + bytes))
		{
			free(data);
			return 1;
		}
		sent = answer_frame(hear_frame(settings, provider, data, json, bytes));
		free(data);
		if (!sent)
			return 1;
	}
	return 0;
}
