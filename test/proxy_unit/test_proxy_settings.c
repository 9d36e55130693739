/*
 * test_proxy_settings.c
 *	  Settings: file, environment and flags in rising order; faults that name what is wrong;
 *	  secrets that never show.
 */
#include <stdlib.h>
#include <unistd.h>

#include "settings_table.h"
#include "tap.h"

#define STRONG "4f1c9a7be2d05836a1b7c4d9e0f25368"
#define STRONGER "9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f40"

static char *const no_flags[] = { "tradepost-proxy", NULL };
static TpSettings settings;

/* Only what a test sets is set. */
static void
clear_environment(void)
{
	for (int i = 0; i < tp_settings_count; i++)
		unsetenv(tp_settings_table[i].name);
	unsetenv("TRADEPOST_CONFIG");
}

static bool
read_with(char *const *flags, TpBuffer *problem)
{
	int count = 0;
	bool fine;

	while (flags[count] != NULL)
		count++;
	tp_buffer_clear(problem);
	fine = tp_settings_read(&settings, count, (char **) (uintptr_t) flags, problem);
	tp_buffer_add(problem, "", 1);
	return fine;
}

static void
refused(TpTap *tap, const char *name, const char *value, const char *expected)
{
	TpBuffer problem = { 0 };
	char what[120];
	bool fine;

	setenv(name, value, 1);
	fine = read_with(no_flags, &problem);
	unsetenv(name);
	snprintf(what, sizeof(what), "%s: %s", name, expected);
	if (!tradepost_tap_ok(tap, !fine && strstr(problem.data, name) != NULL && strstr(problem.data, expected) != NULL,
						  what))
		printf("# got %s\n", problem.data);
	tp_buffer_free(&problem);
}

static void
order_of_sources(TpTap *tap)
{
	char path[] = "/tmp/tradepost-settings-XXXXXX";
	char *flags[] = { "tradepost-proxy", "--config", path, "--port", "9003", "--log-level=error", NULL };
	static const char text[] =
		"# a comment\nPORT=9001\nexport WORKERS=3\nJWT_ISSUER=\"quoted\"\n\n  POSTGRES_DB = other \nSTRANGE=1\n";
	TpBuffer problem = { 0 };
	TpBuffer shown = { 0 };
	int file = mkstemp(path);

	if (file < 0 || write(file, text, sizeof(text) - 1) < 0)
		exit(1);
	close(file);
	setenv("PORT", "9002", 1);
	setenv("WORKERS", "2", 1);
	tradepost_tap_ok(tap, read_with(flags, &problem), problem.data);
	tradepost_tap_ok(tap, settings.port == 9003, "a flag beats the environment");
	tradepost_tap_ok(tap, settings.workers == 2, "which beats the file");
	tradepost_tap_ok(tap, strcmp(settings.jwt_issuer, "quoted") == 0, "which beats the default; quotes are taken off");
	tradepost_tap_ok(tap, strstr(settings.database_url, "dbname='other'") != NULL, "POSTGRES_DB makes the URL");
	tradepost_tap_ok(tap, settings.log_level == TP_LOG_ERROR, "a flag with =");
	tradepost_tap_ok(tap, settings.secrets_made && strlen(settings.jwt_secret) == 64,
					 "a secret is made outside production");
	tp_settings_print(&settings, &shown);
	tp_buffer_add(&shown, "", 1);
	tradepost_tap_ok(tap, strstr(shown.data, "PORT=9003  # flag\n") != NULL, "--check-config says where from");
	tradepost_tap_ok(tap, strstr(shown.data, "STRANGE") != NULL, "and what it does not know");
	unlink(path);
	clear_environment();
	tp_buffer_free(&problem);
	tp_buffer_free(&shown);
}

static void
faults(TpTap *tap)
{
	refused(tap, "PORT", "x", "from 1 to 65535");
	refused(tap, "PORT", "70000", "from 1 to 65535");
	refused(tap, "WORKERS", "0", "from 1 to 64");
	refused(tap, "RATE_LIMIT", "maybe", "on or off");
	refused(tap, "RATE_LIMIT_AUTH", "5", "count/seconds");
	refused(tap, "RATE_LIMIT_AUTH", "5/60/1", "count/seconds");
	refused(tap, "LOG_LEVEL", "loud", "debug, info, warn or error");
	refused(tap, "TRUSTED_PROXIES", "10.0.0.0/8, 300.1.1.1", "300.1.1.1");
	refused(tap, "HOST", "no such host!", "HOST");
	refused(tap, "TLS_CERT", "cert.pem", "together");
	refused(tap, "DATABASE_URL", "nonsense=1 x", "DATABASE_URL");
	refused(tap, "REDIS_URL", "localhost", "redis://");
	refused(tap, "PRO_TIER_PRICE", "ten", "decimal");
	refused(tap, "TRADEPOST_CONFIG", "/nonexistent/file", "/nonexistent/file");
	refused(tap, "SECRETS_KEY_FILE", "/nonexistent/keys", "cannot be opened");
	refused(tap, "BILLING_WEBHOOK_SECRET", "short", "at least 32 bytes");
	refused(tap, "DELIVERY_COMMAND", "mail", "whole path");
	refused(tap, "DELIVERY_WEBHOOK", "ftp://host/", "https://");
	setenv("DELIVERY_WEBHOOK", "http://host/", 1);
	refused(tap, "DELIVERY_WEBHOOK_SECRET", "short", "at least 32 bytes");
	refused(tap, "DELIVERY_COMMAND", "/bin/mail", "exclude each other");
	unsetenv("DELIVERY_WEBHOOK");
}

#define ACCOUNT "AC0123456789abcdef0123456789abcdef"

static void
whatsapp(TpTap *tap)
{
	static const char *const bad_urls[] = {
		"example.com",           "ftp://example.com",      "https://example.com?a=b",
		"https://u@example.com", "https://example.com/#x", "https://",
		"https://exa mple.com"
	};
	TpBuffer problem = { 0 };

	for (size_t i = 0; i < sizeof(bad_urls) / sizeof(bad_urls[0]); i++)
	{
		refused(tap, "PUBLIC_URL", bad_urls[i], "https://host");
		refused(tap, "TWILIO_API_URL", bad_urls[i], "https://host");
	}
	refused(tap, "TWILIO_API_URL", "http://example.com", "loopback");
	refused(tap, "TWILIO_API_URL", "http://127.0.0.1.example.com", "loopback");
	refused(tap, "TWILIO_ACCOUNT_SID", "AC12", "32 hexadecimal digits");
	refused(tap, "TWILIO_ACCOUNT_SID", ACCOUNT, "TWILIO_AUTH_TOKEN");
	refused(tap, "TWILIO_WHATSAPP_NUMBER", "4155238886", "+14155238886");
	refused(tap, "TWILIO_WHATSAPP_NUMBER", "+1415523888a", "+14155238886");
	refused(tap, "TWILIO_TEMPLATE_PT", ACCOUNT, "HX");
	refused(tap, "TWILIO_MEDIA_HOSTS", "api.twilio.com, https://x", "https://x");
	refused(tap, "TWILIO_TIMEOUT", "0", "from 1 to 60");
	refused(tap, "OUTGOING_CA_FILE", "/nonexistent/ca", "cannot be read");
	refused(tap, "SPEECH_PROVIDER", "ears", "pocketsphinx");
	refused(tap, "SPEECH_PROVIDER", "openai_http", "SPEECH_URL");
	refused(tap, "SPEECH_URL", "file:///etc/passwd", "https://host");
	refused(tap, "SPEECH_COMMAND", "ears", "whole path");
	setenv("SPEECH_COMMAND", "/nonexistent/ears", 1);
	refused(tap, "SPEECH_PROVIDER", "pocketsphinx", "tradepost-speech");
	unsetenv("SPEECH_COMMAND");
	setenv("PUBLIC_URL", "http://example.com:8080/exchange/", 1);
	setenv("TWILIO_API_URL", "http://127.0.0.1:4010/", 1);
	setenv("TWILIO_ACCOUNT_SID", ACCOUNT, 1);
	setenv("TWILIO_AUTH_TOKEN", "12345", 1);
	setenv("TWILIO_WHATSAPP_NUMBER", "whatsapp:+14155238886", 1);
	setenv("TWILIO_MEDIA_HOSTS", "127.0.0.1:4010, *.example.com/media", 1);
	setenv("SPEECH_PROVIDER", "openai_http", 1);
	setenv("SPEECH_URL", "http://whisper:9000/v1/audio/transcriptions?a=b", 1);
	setenv("SPEECH_COMMAND", "/bin/sh", 1);
	tradepost_tap_ok(tap, read_with(no_flags, &problem), problem.data);
	tradepost_tap_ok(tap,
					 strcmp(settings.public_url, "http://example.com:8080/exchange") == 0 &&
						 strcmp(settings.twilio_api_url, "http://127.0.0.1:4010") == 0,
					 "slashes at the end of URLs are taken off");
	tradepost_tap_ok(tap, strcmp(settings.twilio_whatsapp_number, "+14155238886") == 0, "and whatsapp: of the number");
	tradepost_tap_ok(tap, settings.twilio_timeout_s == 10 && settings.speech_max_bytes == 16 * 1024 * 1024,
					 "defaults of the rest");
	clear_environment();
	tp_buffer_free(&problem);
}

static void
production(TpTap *tap)
{
	TpBuffer problem = { 0 };
	TpBuffer shown = { 0 };

	setenv("NODE_ENV", "production", 1);
	tradepost_tap_ok(tap, !read_with(no_flags, &problem) && strstr(problem.data, "JWT_SECRET") != NULL,
					 "production wants a secret");
	setenv("JWT_SECRET", STRONG, 1);
	refused(tap, "JWT_REFRESH_SECRET", "short", "too short");
	setenv("JWT_REFRESH_SECRET", STRONGER, 1);
	refused(tap, "JWT_SECRET", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "repeats");
	setenv("JWT_SECRET", STRONG, 1);
	refused(tap, "JWT_SECRET", "your-256-bit-secret-goes-here-please", "default");
	setenv("JWT_SECRET", STRONG, 1);
	refused(tap, "POSTGRES_PASSWORD", "postgres", "at least 8");
	refused(tap, "DATABASE_URL", "postgresql://u:secret@h/d", "at least 8");
	refused(tap, "REDIS_URL", "redis://:redis@h", "at least 8");
	refused(tap, "FRONTEND_URL", "*", "origins");
	refused(tap, "BILLING_WEBHOOK_SECRET", "billing-webhook-secret-change-me-please", "default");
	refused(tap, "DELIVERY_WEBHOOK", "http://host/", "must be https");
	refused(tap, "TWILIO_AUTH_TOKEN", "token", "too short");
	refused(tap, "WHATSAPP_VERIFY_TOKEN", "changeme-token", "default");
	refused(tap, "SPEECH_API_KEY", "secret-key", "default");
	refused(tap, "PUBLIC_URL", "http://host", "must be https in production");
	refused(tap, "SPEECH_URL", "http://host/", "must be https in production");
	setenv("DATABASE_URL", "postgresql://u:k3yb0ard-Tx9@h/d", 1);
	setenv("TRADEPOST_ENV", "development", 1);
	tradepost_tap_ok(tap, read_with(no_flags, &problem) && settings.production,
					 "good secrets are taken; either name makes it production");
	tp_settings_print(&settings, &shown);
	tp_buffer_add(&shown, "", 1);
	tradepost_tap_ok(tap,
					 strstr(shown.data, STRONG) == NULL && strstr(shown.data, STRONGER) == NULL &&
						 strstr(shown.data, "k3yb0ard") == NULL,
					 "none is shown");
	tradepost_tap_ok(tap, strstr(shown.data, "DATABASE_URL=postgresql://********@h/d") != NULL,
					 "but the rest of the URL is");
	clear_environment();
	setenv("NODE_ENV", "production", 1);
	setenv("SECRET_KEY", STRONG, 1);
	tradepost_tap_ok(tap,
					 read_with(no_flags, &problem) && strcmp(settings.jwt_secret, STRONG) == 0 &&
						 strcmp(settings.jwt_refresh_secret, STRONG) == 0,
					 "SECRET_KEY stands for both");
	clear_environment();
	tp_buffer_free(&problem);
	tp_buffer_free(&shown);
}

static void
reload(TpTap *tap)
{
	TpBuffer problem = { 0 };
	TpBuffer kept = { 0 };

	tradepost_tap_ok(tap, read_with(no_flags, &problem), "defaults are taken");
	tradepost_tap_ok(tap,
					 settings.rates[TP_LIMIT_AUTH][TP_TIER_PRO].count == 5 &&
						 settings.rates[TP_LIMIT_AUTH][TP_TIER_PRO].window_s == 900,
					 "a rate without tiers is every tier's");
	setenv("RATE_LIMIT_AUTH", "7/60", 1);
	setenv("FRONTEND_URL", "https://new.example.com", 1);
	setenv("PORT", "9999", 1);
	tp_buffer_clear(&problem);
	tradepost_tap_ok(tap, tp_settings_reload(&settings, &kept, &problem), "reloads");
	tp_buffer_add(&kept, "", 1);
	tradepost_tap_ok(tap,
					 settings.rates[TP_LIMIT_AUTH][TP_TIER_PRO].count == 7 &&
						 strcmp(settings.frontend_url, "https://new.example.com") == 0,
					 "what can change has changed");
	tradepost_tap_ok(tap, settings.port == 8000 && strcmp(kept.data, "PORT") == 0, "what cannot is named");
	setenv("BODY_LIMIT", "x", 1);
	tradepost_tap_ok(tap,
					 !tp_settings_reload(&settings, &kept, &problem) &&
						 settings.rates[TP_LIMIT_AUTH][TP_TIER_PRO].count == 7,
					 "a fault changes nothing");
	clear_environment();
	tp_buffer_free(&problem);
	tp_buffer_free(&kept);
}

int
main(void)
{
	TpTap tap = { 0 };

	clear_environment();
	order_of_sources(&tap);
	faults(&tap);
	whatsapp(&tap);
	production(&tap);
	reload(&tap);
	tradepost_tap_plan(tap.number);
	return tap.failed > 0;
}
