/*
 * media_fetch.h
 *	  A voice note's bytes, from where Twilio keeps them.
 *
 * Every hop must be in TWILIO_MEDIA_HOSTS; only the first one learns the account's token.
 */
#ifndef TRADEPOST_PROXY_MEDIA_FETCH_H
#define TRADEPOST_PROXY_MEDIA_FETCH_H

#include "curl_loop.h"
#include "settings.h"
#include "slice.h"

/*
 * fault NULL: bytes are the note, gone after the callback. Else a word for whatsapp_heard(): "fetch" (worth another
 * try), "too_big", "not_allowed"; why: for the log.
 */
typedef void (*TpMediaFetched)(void *context, const char *fault, const char *why, TpSlice bytes);

/* Once; at once if the place is not allowed. */
extern void
tp_media_fetch(TpCurlLoop *curl, const TpSettings *settings, const char *url, TpMediaFetched done, void *context);

#endif
