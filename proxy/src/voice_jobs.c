/*
 * voice_jobs.c
 *	  Claims notes, has them fetched and heard, and tells the database; see voice_jobs.h.
 *
 * A note is the database's until whatsapp_heard() has taken what was heard, in the
 * transaction that queues the answer: a proxy that dies in between leaves a lease that
 * runs out, and the note is claimed again, three times at most.
 *
 *		claimed --> fetching --> waiting --> being heard --> telling --> gone
 *		               |                          |             ^
 *		               +--- fault ----------------+-- (pause) --+
 */
#include "voice_jobs.h"

#include <stdio.h>
#include <stdlib.h>

#include "buffer.h"
#include "curl_loop.h"
#include "log.h"
#include "media_fetch.h"
#include "pg.h"
#include "settings.h"
#include "speech_process.h"

#define JOBS_MOST 4        /* notes in memory */
#define LOOK_MS 100        /* at the counter of new notes */
#define CLAIM_EACH_LOOK 10 /* of these, at the database: for notes of other proxies, and ended leases */
#define LEASE_MORE_S 30
#define PAUSE_MS 1000 /* before a note that failed is handed back, to be tried again */

typedef enum JobState
{
	JOB_FETCHING,
	JOB_WAITING,
	JOB_HEARD, /* by the process */
	JOB_TELLING
} JobState;

/* In the list of its voice until the database has answered. */
typedef struct Job
{
	struct Job *next;
	TpVoice *voice;
	JobState state;
	char *account;
	char *message;
	char *url;
	char *language;
	char *markets;
	TpBuffer note;
	const char *fault; /* constant */
	TpBuffer transcript;
	double confidence;
	uv_timer_t pause;
} Job;

struct TpVoice
{
	TpEdge *edge;
	TpCurlLoop *curl;
	TpSpeech *speech;
	uv_timer_t timer;
	Job *jobs; /* oldest first */
	int count;
	int looks;
	int64_t seen; /* of the counter */
	bool claiming;
	bool closing;
	int open; /* what still calls back, and the timer */
};

static const TpStatement claim_statement = {
	.sql = "SELECT account_sid, message_sid, media_url, coalesce(lang, ''), markets"
		   " FROM tradepost_edge.whatsapp_voice_claim($1::integer, $2::integer)",
	.parameters = 2
};
static const TpStatement heard_statement = { .sql = "SELECT tradepost_edge.whatsapp_heard($1, $2, $3, $4::numeric, $5)",
											 .parameters = 5,
											 .idempotent = true };

static void
release(TpVoice *voice)
{
	if (--voice->open == 0)
		free(voice);
}

static void
on_pause_closed(uv_handle_t *handle)
{
	Job *job = handle->data;
	TpVoice *voice = job->voice;

	free(job->account);
	free(job->message);
	free(job->url);
	free(job->language);
	free(job->markets);
	tp_buffer_free(&job->note);
	tp_buffer_free(&job->transcript);
	free(job);
	release(voice);
}

static void
end_job(Job *job)
{
	Job **at = &job->voice->jobs;

	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	job->voice->count--;
	uv_close((uv_handle_t *) &job->pause, on_pause_closed);
}

static void
told(void *context, const PGresult *result, const TpPgError *error)
{
	Job *job = context;

	(void) result;
	/* Then the lease runs out, and the note is heard again. */
	if (error != NULL)
		tp_log(TP_LOG_WARN, "what was heard could not be told", "message", job->message, "why", error->message, NULL);
	else
		job->voice->seen--; /* there may be more */
	end_job(job);
}

static void
tell(Job *job)
{
	char confidence[32];
	bool fine = job->fault == NULL;

	job->state = JOB_TELLING;
	snprintf(confidence, sizeof(confidence), "%.3f", job->confidence);
	tp_buffer_add(&job->transcript, "", 1);
	tp_pg_call(job->voice->edge->pg, &heard_statement,
			   (const char *const[]){ job->account, job->message, fine ? job->transcript.data : NULL,
									  fine && job->confidence >= 0 ? confidence : NULL, job->fault },
			   told, job);
}

static void
on_pause(uv_timer_t *timer)
{
	tell(timer->data);
}

/* fault: a word for the database; NULL: it was heard. */
static void
conclude(Job *job, const char *fault, const char *why)
{
	/* Those that the database hands out again. */
	static const char *const passing[] = { "fetch", "timeout", "crash", "unavailable" };

	if (job->voice->closing)
	{
		end_job(job);
		return;
	}
	job->fault = fault;
	tp_buffer_free(&job->note);
	tp_log(fault == NULL ? TP_LOG_INFO : TP_LOG_WARN,
		   fault == NULL ? "a voice note was heard" : "a voice note was not heard", "message", job->message, "fault",
		   fault, "why", why, NULL);
	for (size_t i = 0; fault != NULL && i < sizeof(passing) / sizeof(passing[0]); i++)
		if (strcmp(fault, passing[i]) == 0)
		{
			job->state = JOB_TELLING;
			uv_timer_start(&job->pause, on_pause, PAUSE_MS, 0);
			return;
		}
	tell(job);
}

static void next(void *context);

static void
heard(void *context, const TpHeard *heard)
{
	Job *job = context;

	if (heard->fault == NULL)
		tp_buffer_slice(&job->transcript, heard->transcript);
	job->confidence = heard->confidence;
	conclude(job, heard->fault, heard->why);
}

/* The process is idle, or a note has come: the oldest that waits is next. */
static void
next(void *context)
{
	TpVoice *voice = context;

	if (voice->closing || voice->speech == NULL || !tp_speech_idle(voice->speech))
		return;
	for (Job *job = voice->jobs; job != NULL; job = job->next)
	{
		if (job->state != JOB_WAITING)
			continue;
		job->state = JOB_HEARD;
		tp_speech_hear(voice->speech, job->language, job->markets, (TpSlice){ job->note.data, job->note.length }, heard,
					   job);
		return;
	}
}

static void
fetched(void *context, const char *fault, const char *why, TpSlice bytes)
{
	Job *job = context;

	if (fault != NULL || job->voice->closing)
	{
		conclude(job, fault, why);
		return;
	}
	tp_buffer_slice(&job->note, bytes);
	job->state = JOB_WAITING;
	next(job->voice);
}

static void
begin_job(TpVoice *voice, const PGresult *result, int row)
{
	Job *job = tp_alloc(sizeof(*job));
	Job **at = &voice->jobs;

	job->voice = voice;
	job->account = tp_strdup(PQgetvalue(result, row, 0));
	job->message = tp_strdup(PQgetvalue(result, row, 1));
	job->url = tp_strdup(PQgetvalue(result, row, 2));
	job->language = tp_strdup(PQgetvalue(result, row, 3));
	job->markets = tp_strdup(PQgetvalue(result, row, 4));
	job->confidence = -1;
	uv_timer_init(&voice->edge->loop, &job->pause);
	job->pause.data = job;
	while (*at != NULL)
		at = &(*at)->next;
	*at = job;
	voice->count++;
	voice->open++;
	tp_media_fetch(voice->curl, voice->edge->settings, job->url, fetched, job);
}

static void
claimed(void *context, const PGresult *result, const TpPgError *error)
{
	TpVoice *voice = context;

	voice->claiming = false;
	if (error != NULL && error->failure != TP_PG_UNAVAILABLE)
		tp_log(TP_LOG_WARN, "voice notes could not be claimed", "why", error->message, NULL);
	for (int row = 0; error == NULL && !voice->closing && row < PQntuples(result); row++)
		begin_job(voice, result, row);
	release(voice);
}

/* Nobody will hear what waits. */
static void
give_up(TpVoice *voice)
{
	for (Job *job = voice->jobs; job != NULL; job = job->next)
		if (job->state == JOB_WAITING)
			conclude(job, "unavailable", "tradepost-speech does not start");
}

static void
claim(TpVoice *voice)
{
	const TpSettings *settings = voice->edge->settings;
	char most[16];
	char lease[16];

	snprintf(most, sizeof(most), "%d", JOBS_MOST - voice->count);
	/* Every hop may take its time, and so may the notes before it. */
	snprintf(lease, sizeof(lease), "%d",
			 settings->twilio_timeout_s * 4 + settings->speech_timeout_s * JOBS_MOST + LEASE_MORE_S);
	voice->claiming = true;
	voice->open++;
	tp_pg_call(voice->edge->pg, &claim_statement, (const char *const[]){ most, lease }, claimed, voice);
}

static void
look(uv_timer_t *timer)
{
	TpVoice *voice = timer->data;
	int64_t notes = voice->edge->shared->voice_notes;

	voice->looks++;
	if (tp_speech_hopeless(voice->speech))
		give_up(voice);
	if (voice->claiming || voice->count >= JOBS_MOST || !tp_pg_usable(voice->edge->pg))
		return;
	if (notes == voice->seen && voice->looks < CLAIM_EACH_LOOK)
		return;
	/* While the process starts they wait where another proxy can take them. */
	if (!voice->edge->shared->voice_ready && !tp_speech_hopeless(voice->speech))
		return;
	voice->looks = 0;
	voice->seen = notes;
	claim(voice);
}

void
tp_voice_wake(TpShared *shared)
{
	shared->voice_notes++;
}

TpVoice *
tp_voice_open(TpEdge *edge)
{
	const TpSettings *settings = edge->settings;
	TpVoice *voice;

	if (edge->worker != 0 || strcmp(settings->speech_provider, "none") == 0 || *settings->twilio_account_sid == '\0')
		return NULL;
	voice = tp_alloc(sizeof(*voice));
	voice->edge = edge;
	voice->open = 1;
	voice->curl = tp_curl_loop_open(&edge->loop);
	voice->speech = tp_speech_open(edge, next, voice);
	uv_timer_init(&edge->loop, &voice->timer);
	voice->timer.data = voice;
	uv_timer_start(&voice->timer, look, LOOK_MS, LOOK_MS);
	return voice;
}

static void
on_timer_closed(uv_handle_t *handle)
{
	release(handle->data);
}

void
tp_voice_close(TpVoice *voice)
{
	Job *next_job;

	if (voice == NULL)
		return;
	voice->closing = true;
	/* Fetches end as faults; what waits or is being heard has nobody left to end it; the rest ends by its call. */
	for (Job *job = voice->jobs; job != NULL; job = next_job)
	{
		next_job = job->next;
		if (job->state == JOB_WAITING || job->state == JOB_HEARD ||
			(job->state == JOB_TELLING && uv_is_active((uv_handle_t *) &job->pause)))
			end_job(job);
	}
	tp_curl_loop_close(voice->curl);
	tp_speech_close(voice->speech);
	uv_close((uv_handle_t *) &voice->timer, on_timer_closed);
}
