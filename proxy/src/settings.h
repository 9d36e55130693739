/*
 * settings.h
 *	  What the proxy runs by: a file, environment variables, flags, in rising order.
 */
#ifndef TRADEPOST_PROXY_SETTINGS_H
#define TRADEPOST_PROXY_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "buffer.h"
#include "call.h"
#include "log.h"
#include "route.h"

/* So many in a window of so many seconds. 0: no limit. */
typedef struct TpRate
{
	int count;
	int window_s;
} TpRate;

/* Strings are never NULL: "" is not given. */
typedef struct TpSettings
{
	bool production;                /* NODE_ENV or TRADEPOST_ENV is "production" */
	const char *host;               /* HOST, 127.0.0.1 */
	int port;                       /* PORT, 8000 */
	int workers;                    /* WORKERS, --workers; 1 */
	const char *database_url;       /* DATABASE_URL, or made of POSTGRES_HOST, _PORT, _USER, _PASSWORD, _DB */
	int database_pool;              /* DATABASE_POOL: connections of all workers together; 20 */
	int database_timeout_ms;        /* DATABASE_TIMEOUT_MS: for a call to get its turn and its answer; 5000 */
	const char *jwt_secret;         /* JWT_SECRET, or SECRET_KEY */
	const char *jwt_refresh_secret; /* JWT_REFRESH_SECRET, or SECRET_KEY: keys the hash of refresh tokens */
	const char *secrets_key_file;   /* SECRETS_KEY_FILE: keyring.h; "": nothing can be sealed */
	const char *billing_secret;     /* BILLING_WEBHOOK_SECRET; "": no billing */
	const char *jwt_issuer;         /* JWT_ISSUER, tradepost */
	const char *jwt_audience;       /* JWT_AUDIENCE, tradepost */
	int access_ttl_s;               /* ACCESS_TOKEN_TTL, 900 */
	const char *redis_url;          /* REDIS_URL */
	const char *redis_password;
	const char *frontend_url;    /* FRONTEND_URL: allowed origins, comma separated; * for any (not in production) */
	const char *trusted_proxies; /* TRUSTED_PROXIES: addresses and CIDR ranges whose X-Forwarded-For counts */
	const char *tls_certificate; /* TLS_CERT, TLS_KEY: files; reloaded on SIGHUP and when they change */
	const char *tls_key;
	bool rate_limit; /* RATE_LIMIT: on, off */
	TpRate rates[TP_LIMIT_CLASSES]
				[TP_TIER_COUNT +
				 1];         /* by class and tier; the last: anonymous. RATE_LIMIT_<CLASS>[_<TIER>]=count/seconds */
	int decision_timeout_ms; /* ORDER_DECISION_TIMEOUT_MS, 1000 */
	int batch_limit; /* ORDER_BATCH_LIMIT: orders in one POST orders/batch, and in one call to the database; 1000 */
	int body_limit;  /* BODY_LIMIT: bytes, 1 MiB */
	int connection_limit;         /* CONNECTION_LIMIT: connections a worker takes, 10000 */
	int request_timeout_s;        /* REQUEST_TIMEOUT: to send a whole request, 10 */
	int keep_alive_s;             /* KEEP_ALIVE_TIMEOUT, 65 */
	int socket_queue;             /* SOCKET_QUEUE: bytes waiting for a socket before it is closed, 4 MiB */
	int sockets_per_address;      /* SOCKETS_PER_ADDRESS: of one address at one worker; 1000 */
	int socket_ping_s;            /* SOCKET_PING, 25 */
	int drain_s;                  /* DRAIN_TIMEOUT: for requests to end at shutdown, 10 */
	int argon2_memory_kib;        /* ARGON2_MEMORY_KIB, 19456 */
	int argon2_passes;            /* ARGON2_PASSES, 2 */
	int cache_mb;                 /* CACHE_MB: of a worker's own cache, 64 */
	const char *delivery_command; /* DELIVERY_COMMAND: program and arguments; or */
	const char *delivery_webhook; /* DELIVERY_WEBHOOK, DELIVERY_WEBHOOK_SECRET */
	const char *delivery_secret;
	int delivery_timeout_s;         /* DELIVERY_TIMEOUT, 10 */
	const char *public_url;         /* PUBLIC_URL: without a slash at its end; "": by what requests say */
	const char *twilio_account_sid; /* TWILIO_ACCOUNT_SID; "": no WhatsApp, else the next two are given as well */
	const char *twilio_auth_token;
	const char *twilio_whatsapp_number; /* +digits */
	const char *whatsapp_verify_token;
	const char *twilio_api_url;      /* TWILIO_API_URL, without a slash at its end */
	const char *twilio_media_hosts;  /* TWILIO_MEDIA_HOSTS: "host", "*.host", "host:port", with or without "/path" */
	const char *twilio_templates[3]; /* TWILIO_TEMPLATE_EN, _ES, _PT: content SIDs; "": none */
	int twilio_timeout_s;            /* TWILIO_TIMEOUT, 10 */
	const char *outgoing_ca_file;    /* OUTGOING_CA_FILE; "": the system's */
	const char *speech_provider;     /* SPEECH_PROVIDER: none, pocketsphinx, openai_http */
	const char *speech_url;          /* SPEECH_URL: the whole endpoint of openai_http */
	const char *speech_api_key;
	const char *speech_model;
	int speech_timeout_s;                   /* SPEECH_TIMEOUT, 30 */
	int speech_max_seconds;                 /* SPEECH_MAX_SECONDS, 60 */
	int speech_max_bytes;                   /* SPEECH_MAX_BYTES, 16 MiB */
	const char *speech_command;             /* SPEECH_COMMAND: the program's whole path; "" if it is not there */
	const char *tier_prices[TP_TIER_COUNT]; /* BASIC_TIER_PRICE, PRO_TIER_PRICE, ENTERPRISE_TIER_PRICE; decimal text */
	const char *web_root;     /* WEB_ROOT: directory of the files that are served at /; "" is beside the program */
	const char *openapi_path; /* OPENAPI_FILE */
	TpLogLevel log_level;     /* LOG_LEVEL: debug, info, warn, error */
	bool access_log;          /* ACCESS_LOG: a line for each request; on */
	const char *pid_file;     /* PID_FILE, "" */
	const char *file;         /* --config or TRADEPOST_CONFIG: the file that was read, or "" */
	/* What database_url and the secrets are made of when they are not given themselves. */
	const char *secret_key;
	const char *postgres_host;
	int postgres_port;
	const char *postgres_user;
	const char *postgres_password;
	const char *postgres_db;
	bool secrets_made; /* no secret was given, so these die with the process; not in production */
} TpSettings;

/*
 * Reads everything; on a fault writes a sentence that names setting and limit into
 * `problem`, and returns false. Secrets never appear in it. Strings live as long as the process.
 */
extern bool tp_settings_read(TpSettings *settings, int argc, char **argv, TpBuffer *problem);

/*
 * Reads file and environment again (flags stay) and takes over what can change while it runs; `kept`: names of others
 * that differ, which want a restart. False as above, and then nothing has changed.
 */
extern bool tp_settings_reload(TpSettings *settings, TpBuffer *kept, TpBuffer *problem);

/* Whether somebody has set it, even to its default. */
extern bool tp_setting_given(const char *name);

/* What is in force and where from, one NAME=value a line, secrets masked: --check-config. */
extern void tp_settings_print(const TpSettings *settings, TpBuffer *out);

/* The text of --help. */
extern void tp_settings_help(TpBuffer *out);

#endif
