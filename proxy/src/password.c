/*
 * password.c
 *	  Hashing on libuv's thread pool; see password.h.
 *
 * A hash takes tens of milliseconds and some 19 MiB, so the number under way is
 * bounded, and neither the loop nor a backend ever makes one.
 */
#include "password.h"

#include <sodium.h>
#include <stdlib.h>

#include "buffer.h"
#include "edge.h"
#include "settings.h"

#define MAX_WAITING 128

typedef struct Job
{
	uv_work_t work;
	TpEdge *edge;
	char password[TP_PASSWORD_MAX];
	size_t length;
	char hash[crypto_pwhash_STRBYTES];
	bool known; /* verify: there is a hash to compare with */
	bool ok;
	TpPasswordHashed hashed;
	TpPasswordVerified verified;
	void *context;
} Job;

static int waiting = 0;

const char *
tp_password_fault(TpSlice password)
{
	bool upper = false;
	bool lower = false;
	bool digit = false;
	bool symbol = false;

	if (password.length < 8)
		return "have at least 8 characters";
	if (password.length > TP_PASSWORD_MAX)
		return "have at most 256 bytes";
	for (size_t i = 0; i < password.length; i++)
	{
		unsigned char c = (unsigned char) password.data[i];

		if (c >= 'A' && c <= 'Z')
			upper = true;
		else if (c >= 'a' && c <= 'z')
			lower = true;
		else if (c >= '0' && c <= '9')
			digit = true;
		else if (c < 0x20 || c == 0x7f)
			return "have no control characters";
		else
			symbol = true;
	}
	if (!upper)
		return "have an upper-case letter";
	if (!lower)
		return "have a lower-case letter";
	if (!digit)
		return "have a digit";
	return symbol ? NULL : "have a symbol: a character that is neither letter nor digit";
}

static Job *
new_job(TpEdge *edge, TpSlice password, void *context)
{
	Job *job;

	if (waiting >= MAX_WAITING || password.length > TP_PASSWORD_MAX)
		return NULL;
	job = tp_alloc(sizeof(*job));
	job->work.data = job;
	job->edge = edge;
	memcpy(job->password, password.data, password.length);
	job->length = password.length;
	job->context = context;
	return job;
}

static void
free_job(Job *job)
{
	waiting--;
	sodium_memzero(job, sizeof(*job));
	free(job);
}

static bool
make_hash(Job *job)
{
	const TpSettings *settings = job->edge->settings;

	return crypto_pwhash_str_alg(job->hash, job->password, job->length, (unsigned long long) settings->argon2_passes,
								 (size_t) settings->argon2_memory_kib * 1024, crypto_pwhash_ALG_ARGON2ID13) == 0;
}

static void
hash_work(uv_work_t *work)
{
	Job *job = work->data;

	job->ok = make_hash(job);
}

static void
hash_done(uv_work_t *work, int status)
{
	Job *job = work->data;

	job->hashed(job->context, status == 0 && job->ok ? job->hash : NULL);
	free_job(job);
}

void
tp_password_hash(TpEdge *edge, TpSlice password, TpPasswordHashed done, void *context)
{
	Job *job = new_job(edge, password, context);

	if (job == NULL)
	{
		done(context, NULL);
		return;
	}
	job->hashed = done;
	waiting++;
	uv_queue_work(&edge->loop, &job->work, hash_work, hash_done);
}

static void
verify_work(uv_work_t *work)
{
	Job *job = work->data;

	if (job->known)
		job->ok = crypto_pwhash_str_verify(job->hash, job->password, job->length) == 0;
	else
		(void) make_hash(job); /* nobody: as long as somebody */
}

static void
verify_done(uv_work_t *work, int status)
{
	Job *job = work->data;

	job->verified(job->context, status == 0 && job->ok, status != 0);
	free_job(job);
}

void
tp_password_verify(TpEdge *edge, TpSlice password, const char *hash, TpPasswordVerified done, void *context)
{
	Job *job = new_job(edge, password, context);

	if (job == NULL)
	{
		done(context, false, true);
		return;
	}
	if (hash != NULL && strlen(hash) < sizeof(job->hash))
	{
		memcpy(job->hash, hash, strlen(hash) + 1);
		job->known = true;
	}
	job->verified = done;
	waiting++;
	uv_queue_work(&edge->loop, &job->work, verify_work, verify_done);
}
