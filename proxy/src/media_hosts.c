/*
 * media_hosts.c
 *	  URLs against the list of hosts that voice notes come from; see media_hosts.h.
 *
 * Called by media_fetch.c before each request.  The URL is taken apart by libcurl, which
 * will take it apart again to fetch it: two readers could differ about the host.
 */
#include "media_hosts.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#include "slice.h"

typedef struct Parts
{
	char *scheme;
	char *user;
	char *host;
	char *port;
	char *path;
} Parts;

static bool
loopback(const char *host)
{
	return strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
		   (strncmp(host, "127.", 4) == 0 && host[strspn(host, "0123456789.")] == '\0');
}

static bool
host_fits(TpSlice wanted, const char *host)
{
	size_t length = strlen(host);

	if (wanted.length > 2 && wanted.data[0] == '*' && wanted.data[1] == '.')
	{
		size_t tail = wanted.length - 1; /* with its point */

		return length > tail && strncasecmp(host + length - tail, wanted.data + 1, tail) == 0;
	}
	return length == wanted.length && strncasecmp(host, wanted.data, length) == 0;
}

/* A path that begins with /a/b, but not /a/bc; none of its steps may lead up again. */
static bool
path_fits(TpSlice wanted, const char *path)
{
	while (wanted.length > 0 && wanted.data[wanted.length - 1] == '/')
		wanted.length--;
	if (wanted.length == 0)
		return true;
	if (strncmp(path, wanted.data, wanted.length) != 0 || strstr(path, "..") != NULL || strcasestr(path, "%2e") != NULL)
		return false;
	return path[wanted.length] == '\0' || path[wanted.length] == '/';
}

static bool
entry_fits(TpSlice entry, const Parts *parts)
{
	const char *slash = memchr(entry.data, '/', entry.length);
	TpSlice path = { slash, slash == NULL ? 0 : entry.length - (size_t) (slash - entry.data) };
	TpSlice host = { entry.data, entry.length - path.length };
	const char *colon = memchr(host.data, ':', host.length);

	if (colon != NULL)
	{
		TpSlice port = { colon + 1, host.length - (size_t) (colon + 1 - host.data) };

		if (!tp_slice_is(port, parts->port))
			return false;
		host.length = (size_t) (colon - host.data);
	}
	return host_fits(host, parts->host) && path_fits(path, parts->path);
}

static bool
listed(const char *list, const Parts *parts)
{
	while (*(list += strspn(list, ", \t")) != '\0')
	{
		size_t length = strcspn(list, ", \t");

		if (entry_fits((TpSlice){ list, length }, parts))
			return true;
		list += length;
	}
	return false;
}

bool
tp_media_host_fine(const char *list, const char *url, bool plain)
{
	CURLU *handle = curl_url();
	Parts parts = { 0 };
	bool fine = handle != NULL && curl_url_set(handle, CURLUPART_URL, url, 0) == CURLUE_OK &&
				curl_url_get(handle, CURLUPART_SCHEME, &parts.scheme, 0) == CURLUE_OK &&
				curl_url_get(handle, CURLUPART_HOST, &parts.host, 0) == CURLUE_OK &&
				curl_url_get(handle, CURLUPART_PORT, &parts.port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
				curl_url_get(handle, CURLUPART_PATH, &parts.path, 0) == CURLUE_OK;

	if (fine)
		(void) curl_url_get(handle, CURLUPART_USER, &parts.user, 0);
	fine = fine && parts.user == NULL &&
		   (strcmp(parts.scheme, "https") == 0 ||
			(plain && strcmp(parts.scheme, "http") == 0 && loopback(parts.host))) &&
		   listed(list, &parts);
	curl_free(parts.scheme);
	curl_free(parts.user);
	curl_free(parts.host);
	curl_free(parts.port);
	curl_free(parts.path);
	curl_url_cleanup(handle);
	return fine;
}
