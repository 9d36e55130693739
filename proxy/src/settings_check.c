/*
 * settings_check.c
 *	  What depends on several settings: the database's URL, the secrets, and whether
 *	  they may be used in production.
 *
 * Called by settings.c alone.  Sentences name the setting, never its value.
 */
#include <libpq-fe.h>
#include <netdb.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "address.h"
#include "keyring.h"
#include "settings_table.h"

#define SECRET_LEAST 32
#define PASSWORD_LEAST 8

/* Lower case: what examples and defaults are made of. */
static const char *const common[] = {
	"0123456789", "changeme",    "change",     "your",      "super",    "secret",   "jwt",     "token",
	"key",        "refresh",     "random",     "replace",   "please",   "password", "default", "example",
	"sample",     "development", "production", "tradepost", "postgres", "redis",    "admin",   "letmein",
	"qwerty",     "123456",      "abcdef",     "test",      "insecure", "here",
};

/* How long a common word the text begins with; what only parts words is common too. */
static size_t
common_at(const char *text)
{
	size_t longest = strchr("-_. ", *text) == NULL ? 0 : 1;

	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
	{
		size_t length = strlen(common[i]);

		if (length > longest && strncasecmp(text, common[i], length) == 0)
			longest = length;
	}
	return longest;
}

/* Bytes that stand in no common word; all of them if there is no such word. */
static size_t
uncommon_bytes(const char *text)
{
	size_t all = strlen(text);
	size_t uncommon = 0;
	bool words = false;

	while (*text != '\0')
	{
		size_t length = common_at(text);

		words = words || length > 1;
		uncommon += length == 0;
		text += length == 0 ? 1 : length;
	}
	return words ? uncommon : all;
}

static int
different_bytes(const char *text)
{
	bool seen[256] = { false };
	int count = 0;

	for (; *text != '\0'; text++)
		if (!seen[(unsigned char) *text])
		{
			seen[(unsigned char) *text] = true;
			count++;
		}
	return count;
}

/* NULL, or what is weak about it. */
static const char *
weakness(const char *secret, size_t least)
{
	if (strlen(secret) < least)
		return "is too short";
	if (different_bytes(secret) < (int) least / 4 + 2)
		return "repeats itself";
	/* A random one may hold a short word by chance: what is left must be enough for all but that. */
	if (uncommon_bytes(secret) < least - least / 4)
		return "looks like a default";
	return NULL;
}

bool
tp_settings_strong(const char *name, const char *secret, size_t least, TpBuffer *problem)
{
	const char *why = weakness(secret, least);

	if (why == NULL)
		return true;
	tp_buffer_format(problem,
					 "%s %s: production wants at least %zu bytes that nobody can guess, such as the output of"
					 " openssl rand -hex 32",
					 name, why, least);
	return false;
}

/* value as libpq's keyword = 'value' wants it. */
static void
add_word(TpBuffer *out, const char *keyword, const char *value)
{
	if (*value == '\0')
		return;
	tp_buffer_format(out, "%s%s='", out->length > 0 ? " " : "", keyword);
	for (; *value != '\0'; value++)
	{
		if (*value == '\'' || *value == '\\')
			tp_buffer_add(out, "\\", 1);
		tp_buffer_add(out, value, 1);
	}
	tp_buffer_add(out, "'", 1);
}

static void
make_database_url(TpSettings *settings)
{
	TpBuffer url = { 0 };
	char port[16];

	if (*settings->database_url != '\0')
		return;
	snprintf(port, sizeof(port), "%d", settings->postgres_port);
	add_word(&url, "host", settings->postgres_host);
	add_word(&url, "port", port);
	add_word(&url, "user", settings->postgres_user);
	add_word(&url, "password", settings->postgres_password);
	add_word(&url, "dbname", settings->postgres_db);
	settings->database_url = tp_settings_keep((TpSlice){ url.data, url.length });
	tp_buffer_free(&url);
}

/* The password in DATABASE_URL, if it has one. */
static bool
check_database_url(const TpSettings *settings, TpBuffer *problem)
{
	char *message = NULL;
	PQconninfoOption *options = PQconninfoParse(settings->database_url, &message);
	bool fine = true;

	if (options == NULL)
	{
		/* libpq's words may quote the URL */
		tp_buffer_text(problem, "DATABASE_URL is neither a URL nor a connection string that libpq understands");
		PQfreemem(message);
		return false;
	}
	for (PQconninfoOption *option = options; fine && option->keyword != NULL; option++)
		if (settings->production && strcmp(option->keyword, "password") == 0 && option->val != NULL)
			fine = tp_settings_strong(*settings->postgres_password != '\0' ? "POSTGRES_PASSWORD" : "DATABASE_URL",
									  option->val, PASSWORD_LEAST, problem);
	PQconninfoFree(options);
	return fine;
}

/* The password in redis://user:password@host, if it has one. */
static bool
check_redis(const TpSettings *settings, TpBuffer *problem)
{
	const char *scheme = strstr(settings->redis_url, "://");
	const char *at = scheme == NULL ? NULL : strrchr(scheme, '@');
	const char *colon = at == NULL ? NULL : memchr(scheme + 3, ':', (size_t) (at - scheme - 3));
	char *password;
	bool fine;

	if (*settings->redis_url != '\0' && strncmp(settings->redis_url, "redis://", 8) != 0 &&
		strncmp(settings->redis_url, "unix:///", 8) != 0)
	{
		tp_buffer_text(problem, "REDIS_URL must be redis://host:port or unix:///path");
		return false;
	}
	if (!settings->production)
		return true;
	if (*settings->redis_password != '\0')
		return tp_settings_strong("REDIS_PASSWORD", settings->redis_password, PASSWORD_LEAST, problem);
	if (colon == NULL)
		return true;
	password = tp_slice_dup((TpSlice){ colon + 1, (size_t) (at - colon - 1) });
	fine = tp_settings_strong("REDIS_URL", password, PASSWORD_LEAST, problem);
	free(password);
	return fine;
}

static const char *
random_secret(void)
{
	unsigned char bytes[32];
	char text[2 * sizeof(bytes) + 1];

	randombytes_buf(bytes, sizeof(bytes));
	sodium_bin2hex(text, sizeof(text), bytes, sizeof(bytes));
	return tp_settings_keep(tp_slice(text));
}

static bool
finish_secrets(TpSettings *settings, TpBuffer *problem)
{
	const char *access_name = "JWT_SECRET";
	const char *refresh_name = "JWT_REFRESH_SECRET";

	if (*settings->jwt_secret == '\0' && *settings->secret_key != '\0')
	{
		settings->jwt_secret = settings->secret_key;
		access_name = "SECRET_KEY";
	}
	if (*settings->jwt_refresh_secret == '\0' && *settings->secret_key != '\0')
	{
		settings->jwt_refresh_secret = settings->secret_key;
		refresh_name = "SECRET_KEY";
	}
	if (settings->production)
		return tp_settings_strong(access_name, settings->jwt_secret, SECRET_LEAST, problem) &&
			   tp_settings_strong(refresh_name, settings->jwt_refresh_secret, SECRET_LEAST, problem);
	if (*settings->jwt_secret == '\0')
	{
		settings->jwt_secret = random_secret();
		settings->secrets_made = true;
	}
	if (*settings->jwt_refresh_secret == '\0')
	{
		settings->jwt_refresh_secret = random_secret();
		settings->secrets_made = true;
	}
	return true;
}

/* A secret that two programs share: where one is needed it is never short, in production never weak. */
static bool
check_shared_secret(const TpSettings *settings, const char *name, const char *secret, TpBuffer *problem)
{
	if (settings->production)
		return tp_settings_strong(name, secret, SECRET_LEAST, problem);
	if (strlen(secret) >= SECRET_LEAST)
		return true;
	tp_buffer_format(problem, "%s must have at least %d bytes, such as the output of openssl rand -hex 32", name,
					 SECRET_LEAST);
	return false;
}

static bool
check_delivery(const TpSettings *settings, TpBuffer *problem)
{
	const char *url = settings->delivery_webhook;
	bool https = strncasecmp(url, "https://", 8) == 0;

	if (*url != '\0' && *settings->delivery_command != '\0')
	{
		tp_buffer_text(problem, "DELIVERY_COMMAND and DELIVERY_WEBHOOK exclude each other");
		return false;
	}
	if (*settings->delivery_command != '\0' && *settings->delivery_command != '/')
	{
		tp_buffer_text(problem, "DELIVERY_COMMAND must begin with the program's whole path: no shell looks for it");
		return false;
	}
	if (*url == '\0')
		return true;
	if (!https && strncasecmp(url, "http://", 7) != 0)
	{
		tp_buffer_text(problem, "DELIVERY_WEBHOOK must be a URL: https://host/path");
		return false;
	}
	if (settings->production && !https)
	{
		tp_buffer_text(problem, "DELIVERY_WEBHOOK must be https in production: what is delivered are codes");
		return false;
	}
	return check_shared_secret(settings, "DELIVERY_WEBHOOK_SECRET", settings->delivery_secret, problem);
}

static bool
check_credentials(const TpSettings *settings, TpBuffer *problem)
{
	TpBuffer why = { 0 };
	TpKeyring *keyring;

	if (*settings->billing_secret != '\0' &&
		!check_shared_secret(settings, "BILLING_WEBHOOK_SECRET", settings->billing_secret, problem))
		return false;
	if (!check_delivery(settings, problem))
		return false;
	if (*settings->secrets_key_file == '\0')
		return true;
	keyring = tp_keyring_open(settings->secrets_key_file, &why);
	if (keyring == NULL)
		tp_buffer_format(problem, "SECRETS_KEY_FILE %s cannot be used: %.*s", settings->secrets_key_file,
						 (int) why.length, why.data);
	tp_buffer_free(&why);
	tp_keyring_close(keyring);
	return keyring != NULL;
}

static bool
check_prices(const TpSettings *settings, TpBuffer *problem)
{
	static const char *const names[] = { NULL, "BASIC_TIER_PRICE", "PRO_TIER_PRICE", "ENTERPRISE_TIER_PRICE" };

	for (int tier = TP_TIER_BASIC; tier < TP_TIER_COUNT; tier++)
	{
		const char *price = settings->tier_prices[tier];
		size_t whole = strspn(price, "0123456789");
		size_t fraction = price[whole] == '.' ? strspn(price + whole + 1, "0123456789") : 0;

		if (whole == 0 || whole > 9 || fraction > 2 || price[whole + (fraction > 0 ? fraction + 1 : 0)] != '\0')
		{
			tp_buffer_format(problem, "%s must be a decimal number with at most two decimal places, such as 49.99",
							 names[tier]);
			return false;
		}
	}
	return true;
}

static bool
check_addresses(const TpSettings *settings, TpBuffer *problem)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	struct addrinfo *found = NULL;
	int error = getaddrinfo(settings->host, NULL, &hints, &found);
	TpSlice bad;

	if (error != 0)
	{
		tp_buffer_format(problem, "HOST must be an address or a name that has one: %s", gai_strerror(error));
		return false;
	}
	freeaddrinfo(found);
	if (!tp_address_list_valid(settings->trusted_proxies, &bad))
	{
		tp_buffer_format(problem, "TRUSTED_PROXIES has an entry that is no address and no CIDR range: %.*s",
						 (int) bad.length, bad.data);
		return false;
	}
	return true;
}

const char *
tp_settings_beside(const char *const *candidates, int mode)
{
	char program[4096];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	char *slash;

	if (length < 0)
		return "";
	program[length] = '\0';
	slash = strrchr(program, '/');
	if (slash != NULL)
		*slash = '\0';
	for (; *candidates != NULL; candidates++)
	{
		char path[sizeof(program) + 64];

		snprintf(path, sizeof(path), "%s/%s", program, *candidates);
		if (access(path, mode) == 0)
			return tp_settings_keep(tp_slice(path));
	}
	return "";
}

bool
tp_settings_finish(TpSettings *settings, TpBuffer *problem)
{
	static const char *const www[] = { "../proxy/www", "../../proxy/www", "../share/tradepost/www", NULL };
	static const char *const openapi[] = { "../proxy/openapi.yaml", "../../proxy/openapi.yaml",
										   "../share/tradepost/openapi.yaml", NULL };

	if (sodium_init() < 0)
	{
		tp_buffer_text(problem, "libsodium does not start");
		return false;
	}
	if ((*settings->tls_certificate == '\0') != (*settings->tls_key == '\0'))
	{
		tp_buffer_text(problem, "TLS_CERT and TLS_KEY must be given together");
		return false;
	}
	if (settings->production && strcmp(settings->frontend_url, "*") == 0)
	{
		tp_buffer_text(problem, "FRONTEND_URL must name origins: * is not allowed in production");
		return false;
	}
	make_database_url(settings);
	if (*settings->web_root == '\0')
		settings->web_root = tp_settings_beside(www, R_OK);
	if (*settings->openapi_path == '\0')
		settings->openapi_path = tp_settings_beside(openapi, R_OK);
	return check_addresses(settings, problem) && finish_secrets(settings, problem) &&
		   check_database_url(settings, problem) && check_redis(settings, problem) && check_prices(settings, problem) &&
		   check_credentials(settings, problem) && tp_settings_outgoing(settings, problem);
}
