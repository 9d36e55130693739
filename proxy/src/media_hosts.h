/*
 * media_hosts.h
 *	  May a voice note be fetched from there: TWILIO_MEDIA_HOSTS.  Pure.
 */
#ifndef TRADEPOST_PROXY_MEDIA_HOSTS_H
#define TRADEPOST_PROXY_MEDIA_HOSTS_H

#include <stdbool.h>

/*
 * list: "host", "*.host" (at least one label before it), each with or without ":port" and the "/path" that the URL's
 * path must begin with. The URL must be https, or http within this machine if plain says so; it has no user.
 */
extern bool tp_media_host_fine(const char *list, const char *url, bool plain);

#endif
