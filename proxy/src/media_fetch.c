/*
 * media_fetch.c
 *	  Follows Twilio's redirects one by one; see media_fetch.h.
 *
 * Called by voice_jobs.c.  libcurl never follows a redirect by itself here: each place is
 * judged before anything is sent to it, and the request to the second has no Authorization.
 */
#include "media_fetch.h"

#include <stdio.h>
#include <stdlib.h>

#include "buffer.h"
#include "media_hosts.h"
#include "outgoing.h"

#define HOPS_MOST 4

typedef struct Fetch
{
	TpCurlLoop *curl;
	const TpSettings *settings;
	TpMediaFetched done;
	void *context;
	char *url;
	int hops;
} Fetch;

static void
end(Fetch *fetch, const char *fault, const char *why, TpSlice bytes)
{
	TpMediaFetched done = fetch->done;
	void *context = fetch->context;

	free(fetch->url);
	free(fetch);
	done(context, fault, why, bytes);
}

static void ask(Fetch *fetch);

static bool
fine_place(const TpSettings *settings, const char *url)
{
	/* A stand-in for Twilio on this machine may do without TLS. */
	bool plain = strncmp(settings->twilio_api_url, "http://", 7) == 0;

	return tp_media_host_fine(settings->twilio_media_hosts, url, plain);
}

static void
answered(void *context, const TpOutgoingAnswer *answer)
{
	Fetch *fetch = context;
	TpSlice nothing = { NULL, 0 };
	char text[64];

	if (answer->too_long)
		end(fetch, "too_big", "the note is longer than SPEECH_MAX_BYTES", nothing);
	else if (answer->fault != NULL)
		end(fetch, "fetch", answer->fault, nothing);
	else if (answer->status >= 300 && answer->status < 400 && answer->redirect != NULL)
	{
		if (++fetch->hops >= HOPS_MOST)
			end(fetch, "fetch", "too many redirects", nothing);
		else if (!fine_place(fetch->settings, answer->redirect))
			end(fetch, "not_allowed", "a redirect to a host that is not in TWILIO_MEDIA_HOSTS", nothing);
		else
		{
			free(fetch->url);
			fetch->url = tp_strdup(answer->redirect);
			ask(fetch);
		}
	}
	else if (answer->status != 200)
	{
		snprintf(text, sizeof(text), "the note's host answered %ld", answer->status);
		end(fetch, "fetch", text, nothing);
	}
	else
		end(fetch, NULL, NULL, answer->body);
}

static void
ask(Fetch *fetch)
{
	const TpSettings *settings = fetch->settings;
	bool first = fetch->hops == 0;

	tp_outgoing(fetch->curl,
				&(TpOutgoingRequest){
					.url = fetch->url,
					.user = first ? settings->twilio_account_sid : NULL,
					.password = first ? settings->twilio_auth_token : NULL,
					.ca_file = settings->outgoing_ca_file,
					.timeout_ms = settings->twilio_timeout_s * 1000,
					.most = (size_t) settings->speech_max_bytes,
					.https_only = strncmp(fetch->url, "http://", 7) != 0,
				},
				answered, fetch);
}

void
tp_media_fetch(TpCurlLoop *curl, const TpSettings *settings, const char *url, TpMediaFetched done, void *context)
{
	Fetch *fetch = tp_alloc(sizeof(*fetch));
	bool fine = fine_place(settings, url);

	*fetch = (Fetch){ curl, settings, done, context, tp_strdup(url), 0 };
	if (fine)
		ask(fetch);
	else
		end(fetch, "not_allowed", "the note's host is not in TWILIO_MEDIA_HOSTS", (TpSlice){ NULL, 0 });
}
