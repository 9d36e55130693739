/*
 * settings_outgoing.c
 *	  What depends on several settings of WhatsApp and speech: URLs by which others are
 *	  reached, names that they gave us, and what one of them needs of the others.
 *
 * Called by settings_check.c alone.  Sentences name the setting; of secrets never the value.
 */
#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "settings_table.h"

#define PASSWORD_LEAST 8
#define SID_DIGITS 32

/* Parts of a URL; those that are not there are NULL. free_parts() whatever came of it. */
typedef struct Parts
{
	char *scheme;
	char *user;
	char *host;
	char *query;
	char *fragment;
} Parts;

static void
free_parts(Parts *parts)
{
	curl_free(parts->scheme);
	curl_free(parts->user);
	curl_free(parts->host);
	curl_free(parts->query);
	curl_free(parts->fragment);
}

/* False: it is no URL of http or https, or holds what no URL here may. */
static bool
split(const char *url, Parts *parts)
{
	CURLU *handle = curl_url();
	bool fine = handle != NULL && curl_url_set(handle, CURLUPART_URL, url, 0) == CURLUE_OK &&
				curl_url_get(handle, CURLUPART_SCHEME, &parts->scheme, 0) == CURLUE_OK &&
				curl_url_get(handle, CURLUPART_HOST, &parts->host, 0) == CURLUE_OK;

	if (fine)
	{
		(void) curl_url_get(handle, CURLUPART_USER, &parts->user, 0);
		(void) curl_url_get(handle, CURLUPART_QUERY, &parts->query, 0);
		(void) curl_url_get(handle, CURLUPART_FRAGMENT, &parts->fragment, 0);
	}
	curl_url_cleanup(handle);
	for (; fine && *url != '\0'; url++)
		fine = *url > 0x20 && *url < 0x7F;
	return fine && parts->user == NULL && parts->fragment == NULL &&
		   (strcmp(parts->scheme, "https") == 0 || strcmp(parts->scheme, "http") == 0);
}

static bool
is_loopback(const char *host)
{
	return strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
		   (strncmp(host, "127.", 4) == 0 && host[strspn(host, "0123456789.")] == '\0');
}

typedef enum Plain
{
	PLAIN_LOOPBACK, /* http only within this machine */
	PLAIN_TRYING    /* elsewhere too, but not in production */
} Plain;

/* query: whether it may have one. */
static bool
check_url(const TpSettings *settings, const char *name, const char *url, Plain plain, bool query, TpBuffer *problem)
{
	Parts parts = { 0 };
	bool fine = split(url, &parts) && (query || parts.query == NULL) && strchr(url, '#') == NULL;

	if (!fine)
		tp_buffer_format(problem, "%s must be a URL, https://host[:port][/path], without user%s", name,
						 query ? " and fragment" : ", query and fragment");
	else if (strcmp(parts.scheme, "http") == 0 && !is_loopback(parts.host) &&
			 (plain == PLAIN_LOOPBACK || settings->production))
	{
		fine = false;
		tp_buffer_format(problem, "%s must be https%s: http is for a loopback address", name,
						 plain == PLAIN_LOOPBACK ? "" : " in production");
	}
	free_parts(&parts);
	return fine;
}

static const char *
without_slash(const char *url)
{
	size_t length = strlen(url);

	while (length > 0 && url[length - 1] == '/')
		length--;
	return url[length] == '\0' ? url : tp_settings_keep((TpSlice){ url, length });
}

/* "AC", "HX" and the like with 32 hexadecimal digits. */
static bool
check_sid(const char *name, const char *sid, const char *prefix, TpBuffer *problem)
{
	if (strncmp(sid, prefix, 2) == 0 && strlen(sid) == 2 + SID_DIGITS &&
		strspn(sid + 2, "0123456789abcdefABCDEF") == SID_DIGITS)
		return true;
	tp_buffer_format(problem, "%s must be %s and %d hexadecimal digits", name, prefix, SID_DIGITS);
	return false;
}

/* "whatsapp:" before it is forgiven. */
static bool
finish_number(TpSettings *settings, TpBuffer *problem)
{
	const char *number = settings->twilio_whatsapp_number;

	if (strncasecmp(number, "whatsapp:", 9) == 0)
		number += 9;
	settings->twilio_whatsapp_number = number;
	if (*number == '\0' || (*number == '+' && number[1] >= '1' && number[1] <= '9' && strlen(number) >= 8 &&
							strlen(number) <= 16 && number[1 + strspn(number + 1, "0123456789")] == '\0'))
		return true;
	tp_buffer_text(problem, "TWILIO_WHATSAPP_NUMBER must be + and 7 to 15 digits, such as +14155238886");
	return false;
}

/* "host", "*.host", each with a port and the beginning of a path, or without. */
static bool
check_media_hosts(const char *list, TpBuffer *problem)
{
	while (*(list += strspn(list, ", \t")) != '\0')
	{
		size_t length = strcspn(list, ", \t");
		const char *host = strncmp(list, "*.", 2) == 0 ? list + 2 : list;
		size_t letters = strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.");
		const char *rest = host + letters;

		if (letters > 0 && *rest == ':' && rest[1] >= '0' && rest[1] <= '9')
			rest += 1 + strspn(rest + 1, "0123456789");
		if (letters == 0 || (rest != list + length && *rest != '/'))
		{
			tp_buffer_format(problem,
							 "TWILIO_MEDIA_HOSTS has an entry that is no host, *.host or host:port, with or without"
							 " a /path: %.*s",
							 (int) length, list);
			return false;
		}
		list += length;
	}
	return true;
}

static bool
finish_twilio(TpSettings *settings, TpBuffer *problem)
{
	static const char *const templates[] = { "TWILIO_TEMPLATE_EN", "TWILIO_TEMPLATE_ES", "TWILIO_TEMPLATE_PT" };

	if (settings->production && *settings->twilio_auth_token != '\0' &&
		!tp_settings_strong("TWILIO_AUTH_TOKEN", settings->twilio_auth_token, PASSWORD_LEAST, problem))
		return false;
	if (settings->production && *settings->whatsapp_verify_token != '\0' &&
		!tp_settings_strong("WHATSAPP_VERIFY_TOKEN", settings->whatsapp_verify_token, PASSWORD_LEAST, problem))
		return false;
	if (*settings->public_url != '\0' &&
		!check_url(settings, "PUBLIC_URL", settings->public_url, PLAIN_TRYING, false, problem))
		return false;
	if (!check_url(settings, "TWILIO_API_URL", settings->twilio_api_url, PLAIN_LOOPBACK, false, problem))
		return false;
	settings->public_url = without_slash(settings->public_url);
	settings->twilio_api_url = without_slash(settings->twilio_api_url);
	for (int i = 0; i < 3; i++)
		if (*settings->twilio_templates[i] != '\0' &&
			!check_sid(templates[i], settings->twilio_templates[i], "HX", problem))
			return false;
	if (!finish_number(settings, problem) || !check_media_hosts(settings->twilio_media_hosts, problem))
		return false;
	if (*settings->twilio_account_sid == '\0')
		return true;
	if (!check_sid("TWILIO_ACCOUNT_SID", settings->twilio_account_sid, "AC", problem))
		return false;
	if (*settings->twilio_auth_token != '\0' && *settings->twilio_whatsapp_number != '\0')
		return true;
	tp_buffer_text(problem, "TWILIO_ACCOUNT_SID needs TWILIO_AUTH_TOKEN and TWILIO_WHATSAPP_NUMBER beside it");
	return false;
}

static bool
finish_speech(TpSettings *settings, TpBuffer *problem)
{
	static const char *const programs[] = { "tradepost-speech", "../tradepost-speech", NULL };
	const char *provider = settings->speech_provider;
	bool http = strcmp(provider, "openai_http") == 0;

	if (!http && strcmp(provider, "none") != 0 && strcmp(provider, "pocketsphinx") != 0)
	{
		tp_buffer_text(problem, "SPEECH_PROVIDER must be none, pocketsphinx or openai_http");
		return false;
	}
	if (http && *settings->speech_url == '\0')
	{
		tp_buffer_text(problem, "SPEECH_PROVIDER=openai_http needs SPEECH_URL");
		return false;
	}
	if (*settings->speech_url != '\0' &&
		!check_url(settings, "SPEECH_URL", settings->speech_url, PLAIN_TRYING, true, problem))
		return false;
	if (settings->production && *settings->speech_api_key != '\0' &&
		!tp_settings_strong("SPEECH_API_KEY", settings->speech_api_key, PASSWORD_LEAST, problem))
		return false;
	if (*settings->speech_command == '\0')
		settings->speech_command = tp_settings_beside(programs, X_OK);
	else if (*settings->speech_command != '/')
	{
		tp_buffer_text(problem, "SPEECH_COMMAND must be the program's whole path: no shell looks for it");
		return false;
	}
	if (strcmp(provider, "none") == 0 || access(settings->speech_command, X_OK) == 0)
		return true;
	tp_buffer_format(problem,
					 "SPEECH_PROVIDER=%s needs the program tradepost-speech beside this one, or SPEECH_COMMAND",
					 provider);
	return false;
}

bool
tp_settings_outgoing(TpSettings *settings, TpBuffer *problem)
{
	if (!finish_twilio(settings, problem) || !finish_speech(settings, problem))
		return false;
	if (*settings->outgoing_ca_file == '\0' || access(settings->outgoing_ca_file, R_OK) == 0)
		return true;
	tp_buffer_format(problem, "OUTGOING_CA_FILE %s cannot be read: %s", settings->outgoing_ca_file, strerror(errno));
	return false;
}
