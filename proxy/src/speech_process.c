/*
 * speech_process.c
 *	  Starts, feeds, times and ends tradepost-speech; see speech_process.h.
 *
 * Called by voice_jobs.c in worker 0.  What comes out of the process is as little believed
 * as what went in: frames have caps, and one that is malformed ends the process.
 */
#include "speech_process.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "speech_frame.h"
#include "buffer.h"
#include "log.h"
#include "settings.h"
#include "shared.h"

#define DELAY_FIRST_MS 200
#define DELAY_MOST_MS 60000
#define START_MS 30000 /* to read its model */
#define SPARE_MS 2000  /* more than SPEECH_TIMEOUT: the service's own fault is better told */
#define VARIABLES_MOST 12

typedef enum State
{
	STATE_DOWN,
	STATE_STARTING,
	STATE_IDLE,
	STATE_BUSY
} State;

/* One life of the process; freed when its handles are closed. */
typedef struct Life
{
	TpSpeech *speech; /* NULL: the speech has gone on without it */
	uv_process_t process;
	uv_pipe_t input;
	uv_pipe_t output;
	int open; /* handles */
	TpBuffer got;
} Life;

struct TpSpeech
{
	TpEdge *edge;
	void (*on_idle)(void *context);
	void *context;
	State state;
	Life *life;       /* NULL: down */
	uv_timer_t timer; /* to start, or to be late */
	int delay_ms;
	TpHeardDone done; /* while busy */
	void *done_context;
};

typedef struct Write
{
	uv_write_t write;
	char *data;
} Write;

static void down(TpSpeech *speech, const char *fault, const char *why);

/* The one place that changes the state. */
static void
change(TpSpeech *speech, State state)
{
	speech->state = state;
	speech->edge->shared->voice_ready = state == STATE_IDLE || state == STATE_BUSY;
}

static void
on_life_closed(uv_handle_t *handle)
{
	Life *life = handle->data;

	if (--life->open > 0)
		return;
	tp_buffer_free(&life->got);
	free(life);
}

/* It is killed if it lives; its exit status is waited for by the process' handle. */
static void
leave(Life *life)
{
	uv_handle_t *handles[] = { (uv_handle_t *) &life->input, (uv_handle_t *) &life->output };

	life->speech = NULL;
	if (life->process.pid > 0 && uv_is_active((uv_handle_t *) &life->process))
		(void) kill(life->process.pid, SIGKILL);
	else if (!uv_is_closing((uv_handle_t *) &life->process))
		uv_close((uv_handle_t *) &life->process, on_life_closed);
	for (int i = 0; i < 2; i++)
		if (!uv_is_closing(handles[i]))
			uv_close(handles[i], on_life_closed);
}

static void
on_exit_status(uv_process_t *process, int64_t status, int number)
{
	Life *life = process->data;
	char text[64];

	uv_close((uv_handle_t *) process, on_life_closed);
	if (life->speech == NULL)
		return;
	if (number != 0)
		snprintf(text, sizeof(text), "ended by signal %d", number);
	else
		snprintf(text, sizeof(text), "ended with status %d", (int) status);
	down(life->speech, "crash", text);
}

static void start(TpSpeech *speech);

static void
on_time(uv_timer_t *timer)
{
	TpSpeech *speech = timer->data;

	if (speech->state == STATE_DOWN)
		start(speech);
	else
		down(speech, "timeout", speech->state == STATE_BUSY ? "longer than SPEECH_TIMEOUT" : "no start in time");
}

/* Whatever it was doing: tells who waits, and starts another one later. */
static void
down(TpSpeech *speech, const char *fault, const char *why)
{
	TpHeardDone done = speech->state == STATE_BUSY ? speech->done : NULL;

	if (speech->life != NULL)
		leave(speech->life);
	speech->life = NULL;
	change(speech, STATE_DOWN);
	tp_log(TP_LOG_WARN, "the speech process is started again", "why", why, "#delay_ms", (int64_t) speech->delay_ms,
		   NULL);
	uv_timer_start(&speech->timer, on_time, (uint64_t) speech->delay_ms, 0);
	speech->delay_ms = speech->delay_ms * 2 > DELAY_MOST_MS ? DELAY_MOST_MS : speech->delay_ms * 2;
	if (done != NULL)
		done(speech->done_context, &(TpHeard){ .fault = fault, .why = why, .confidence = -1 });
}

static void
become_idle(TpSpeech *speech)
{
	uv_timer_stop(&speech->timer);
	change(speech, STATE_IDLE);
	speech->on_idle(speech->context);
}

/* Its own words for a fault, as whatsapp_heard() has them. */
static const char *
fault_of(const char *word)
{
	static const char *const pairs[][2] = {
		{ "too_large", "too_big" },  { "too_long", "too_long" },
		{ "not_opus", "not_audio" }, { "channels", "not_audio" },
		{ "damaged", "not_audio" },  { "empty", "empty" },
		{ "silence", "empty" },      { "not_understood", "not_understood" },
		{ "language", "language" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (strcmp(word, pairs[i][0]) == 0)
			return pairs[i][1];
	return "unavailable";
}

static void
on_answer(TpSpeech *speech, const json_t *answer)
{
	const char *fault = json_string_value(json_object_get(answer, "fault"));
	const json_t *transcript = json_object_get(answer, "transcript");
	const json_t *confidence = json_object_get(answer, "confidence");
	TpHeard heard = {
		.fault = fault != NULL                                       ? fault_of(fault)
				 : transcript == NULL || !json_is_string(transcript) ? "empty"
																	 : NULL,
		.transcript = { json_string_value(transcript), json_string_length(transcript) },
		.confidence = json_is_number(confidence) ? json_number_value(confidence) : -1,
		.seconds = json_number_value(json_object_get(answer, "seconds")),
		.ms = (long) json_integer_value(json_object_get(answer, "ms")),
		.why = json_string_value(json_object_get(answer, "why")),
	};

	speech->delay_ms = DELAY_FIRST_MS;
	/* First who waits, then whoever is next. */
	speech->done(speech->done_context, &heard);
	become_idle(speech);
}

static void
on_ready(TpSpeech *speech, const json_t *answer)
{
	if (json_is_true(json_object_get(answer, "ready")))
	{
		become_idle(speech);
		return;
	}
	speech->delay_ms = DELAY_MOST_MS;
	down(speech, "unavailable", json_string_value(json_object_get(answer, "why")));
}

static void
on_frame(TpSpeech *speech, TpSlice text)
{
	json_t *answer = json_loadb(text.data, text.length, 0, NULL);

	if (!json_is_object(answer) || speech->state == STATE_IDLE)
		down(speech, "crash", "it says what is no answer");
	else if (speech->state == STATE_STARTING)
		on_ready(speech, answer);
	else
		on_answer(speech, answer);
	json_decref(answer);
}

static void
on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *room)
{
	Life *life = handle->data;

	(void) wanted;
	tp_buffer_reserve(&life->got, 4096);
	*room = uv_buf_init(life->got.data + life->got.length, 4096);
}

static void
on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *room)
{
	Life *life = stream->data;
	unsigned char head[TP_FRAME_HEAD];
	size_t json;
	size_t bytes;

	(void) room;
	/* The end of the output comes with the exit status, which says more. */
	if (count < 0)
		(void) uv_read_stop(stream);
	if (count <= 0 || life->speech == NULL)
		return;
	life->got.length += (size_t) count;
	if (life->got.length < TP_FRAME_HEAD)
		return;
	memcpy(head, life->got.data, sizeof(head));
	if (!tp_frame_read_head(head, 0, &json, &bytes) || life->got.length > TP_FRAME_HEAD + json)
		down(life->speech, "crash", "it says what is no frame");
	else if (life->got.length == TP_FRAME_HEAD + json)
	{
		TpBuffer frame = life->got;

		life->got = (TpBuffer){ 0 };
		on_frame(life->speech, (TpSlice){ frame.data + TP_FRAME_HEAD, json });
		tp_buffer_free(&frame);
	}
}

static void
add_variable(char **list, int *count, const char *name, const char *value)
{
	TpBuffer text = { 0 };

	tp_buffer_format(&text, "%s=%s", name, value);
	list[(*count)++] = tp_slice_dup((TpSlice){ text.data, text.length });
	tp_buffer_free(&text);
}

/* What it needs to know and nothing else: none of our other secrets. */
static void
make_environment(const TpSettings *settings, char **list)
{
	char number[24];
	int count = 0;

	add_variable(list, &count, "LANG", "C.UTF-8");
	add_variable(list, &count, "SPEECH_PROVIDER", settings->speech_provider);
	add_variable(list, &count, "SPEECH_URL", settings->speech_url);
	add_variable(list, &count, "SPEECH_API_KEY", settings->speech_api_key);
	add_variable(list, &count, "SPEECH_MODEL", settings->speech_model);
	add_variable(list, &count, "OUTGOING_CA_FILE", settings->outgoing_ca_file);
	snprintf(number, sizeof(number), "%d", settings->speech_timeout_s);
	add_variable(list, &count, "SPEECH_TIMEOUT", number);
	snprintf(number, sizeof(number), "%d", settings->speech_max_seconds);
	add_variable(list, &count, "SPEECH_MAX_SECONDS", number);
	snprintf(number, sizeof(number), "%d", settings->speech_max_bytes);
	add_variable(list, &count, "SPEECH_MAX_BYTES", number);
	list[count] = NULL;
}

static int
spawn(TpSpeech *speech, Life *life)
{
	const TpSettings *settings = speech->edge->settings;
	char *program = tp_strdup(settings->speech_command);
	char serve[] = "--serve";
	char *arguments[] = { program, serve, NULL };
	char *environment[VARIABLES_MOST];
	uv_stdio_container_t streams[3] = {
		{ .flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *) &life->input },
		{ .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *) &life->output },
		{ .flags = UV_IGNORE }
	};
	uv_process_options_t options = { .exit_cb = on_exit_status,
									 .file = program,
									 .args = arguments,
									 .env = environment,
									 .cwd = "/",
									 .stdio_count = 3,
									 .stdio = streams };
	int error;

	make_environment(settings, environment);
	error = uv_spawn(&speech->edge->loop, &life->process, &options);
	for (char **variable = environment; *variable != NULL; variable++)
		free(*variable);
	free(program);
	return error;
}

static void
start(TpSpeech *speech)
{
	Life *life = tp_alloc(sizeof(*life));
	int error;

	life->speech = speech;
	life->open = 3;
	uv_pipe_init(&speech->edge->loop, &life->input, 0);
	uv_pipe_init(&speech->edge->loop, &life->output, 0);
	life->process.data = life->input.data = life->output.data = life;
	speech->life = life;
	change(speech, STATE_STARTING);
	error = spawn(speech, life);
	if (error == 0)
		error = uv_read_start((uv_stream_t *) &life->output, on_room, on_read);
	if (error != 0)
		down(speech, "unavailable", uv_strerror(error));
	else
		uv_timer_start(&speech->timer, on_time, START_MS, 0);
}

static void
on_written(uv_write_t *write, int status)
{
	Write *whole = (Write *) write;

	/* A process that does not read has ended, which its exit status will say. */
	(void) status;
	free(whole->data);
	free(whole);
}

void
tp_speech_hear(TpSpeech *speech, const char *language, const char *markets, TpSlice note, TpHeardDone done,
			   void *context)
{
	Write *write = tp_alloc(sizeof(*write));
	TpBuffer frame = { 0 };
	unsigned char head[TP_FRAME_HEAD];
	uv_buf_t bytes;

	speech->done = done;
	speech->done_context = context;
	change(speech, STATE_BUSY);
	tp_buffer_add(&frame, head, sizeof(head));
	tp_buffer_text(&frame, "{\"language\":");
	tp_buffer_json(&frame, tp_slice(language));
	tp_buffer_format(&frame, ",\"markets\":%s}", markets);
	tp_frame_head(frame.length - TP_FRAME_HEAD, note.length, head);
	memcpy(frame.data, head, sizeof(head));
	tp_buffer_slice(&frame, note);
	write->data = frame.data;
	bytes = uv_buf_init(frame.data, (unsigned) frame.length);
	uv_timer_start(&speech->timer, on_time, (uint64_t) speech->edge->settings->speech_timeout_s * 1000 + SPARE_MS, 0);
	if (uv_write(&write->write, (uv_stream_t *) &speech->life->input, &bytes, 1, on_written) != 0)
		on_written(&write->write, 0);
}

bool
tp_speech_idle(const TpSpeech *speech)
{
	return speech->state == STATE_IDLE;
}

bool
tp_speech_hopeless(const TpSpeech *speech)
{
	return speech->state == STATE_DOWN && speech->delay_ms >= DELAY_MOST_MS;
}

TpSpeech *
tp_speech_open(TpEdge *edge, void (*on_idle)(void *context), void *context)
{
	TpSpeech *speech = tp_alloc(sizeof(*speech));

	speech->edge = edge;
	speech->on_idle = on_idle;
	speech->context = context;
	speech->delay_ms = DELAY_FIRST_MS;
	uv_timer_init(&edge->loop, &speech->timer);
	speech->timer.data = speech;
	start(speech);
	return speech;
}

static void
on_timer_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void
tp_speech_close(TpSpeech *speech)
{
	if (speech->life != NULL)
		leave(speech->life);
	speech->edge->shared->voice_ready = 0;
	uv_close((uv_handle_t *) &speech->timer, on_timer_closed);
}
