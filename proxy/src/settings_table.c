/*
 * settings_table.c
 *	  Every setting: its name, kind, default, limits, and what it is for.
 */
#include "settings_table.h"

#define AT(field) offsetof(TpSettings, field)
#define RATE(class, tier) offsetof(TpSettings, rates[TP_LIMIT_##class][tier])
#define ANONYMOUS TP_TIER_COUNT
#define SECRET TP_SETTING_SECRET
#define RELOADS TP_SETTING_RELOADS

/* clang-format off */
const TpSetting tp_settings_table[] = {
	{ "NODE_ENV", TP_SETTING_ENVIRONMENT, AT(production), "development", 0, 0, 0, "production refuses weak secrets" },
	{ "TRADEPOST_ENV", TP_SETTING_ENVIRONMENT, AT(production), "", 0, 0, 0, "the same; either makes it production" },
	{ "HOST", TP_SETTING_TEXT, AT(host), "127.0.0.1", 0, 0, 0, "address to listen on; 0.0.0.0 or :: for all" },
	{ "PORT", TP_SETTING_INTEGER, AT(port), "8000", 1, 65535, 0, "port to listen on" },
	{ "WORKERS", TP_SETTING_INTEGER, AT(workers), "1", 1, 64, 0, "processes, each with a loop and a listener of its own" },
	{ "DATABASE_URL", TP_SETTING_TEXT, AT(database_url), "", 0, 0, SECRET, "libpq URL or string; several hosts: target_session_attrs=read-write" },
	{ "POSTGRES_HOST", TP_SETTING_TEXT, AT(postgres_host), "", 0, 0, 0, "without DATABASE_URL: host, or directory of the socket" },
	{ "POSTGRES_PORT", TP_SETTING_INTEGER, AT(postgres_port), "5432", 1, 65535, 0, "port" },
	{ "POSTGRES_USER", TP_SETTING_TEXT, AT(postgres_user), "tradepost_gateway", 0, 0, 0, "role, a member of tradepost_proxy" },
	{ "POSTGRES_PASSWORD", TP_SETTING_TEXT, AT(postgres_password), "", 0, 0, SECRET, "its password" },
	{ "POSTGRES_DB", TP_SETTING_TEXT, AT(postgres_db), "tradepost", 0, 0, 0, "database" },
	{ "DATABASE_POOL", TP_SETTING_INTEGER, AT(database_pool), "20", 1, 1000, 0, "connections of all workers together" },
	{ "DATABASE_TIMEOUT_MS", TP_SETTING_INTEGER, AT(database_timeout_ms), "5000", 100, 600000, RELOADS, "for a call to get its turn and its answer" },
	{ "SECRET_KEY", TP_SETTING_TEXT, AT(secret_key), "", 0, 0, SECRET, "stands for JWT_SECRET and JWT_REFRESH_SECRET" },
	{ "JWT_SECRET", TP_SETTING_TEXT, AT(jwt_secret), "", 0, 0, SECRET, "signs access tokens; 32 bytes or more" },
	{ "JWT_REFRESH_SECRET", TP_SETTING_TEXT, AT(jwt_refresh_secret), "", 0, 0, SECRET, "keys the hashes of refresh tokens; 32 bytes or more" },
	{ "SECRETS_KEY_FILE", TP_SETTING_TEXT, AT(secrets_key_file), "", 0, 0, 0, "file of the keys that second factors and MT5 passwords are sealed under; mode 600; its content reloads" },
	{ "BILLING_WEBHOOK_SECRET", TP_SETTING_TEXT, AT(billing_secret), "", 0, 0, SECRET, "signs what POST webhooks/billing takes; 32 bytes or more" },
	{ "JWT_ISSUER", TP_SETTING_TEXT, AT(jwt_issuer), "tradepost", 0, 0, 0, "iss of tokens" },
	{ "JWT_AUDIENCE", TP_SETTING_TEXT, AT(jwt_audience), "tradepost", 0, 0, 0, "aud of tokens" },
	{ "ACCESS_TOKEN_TTL", TP_SETTING_INTEGER, AT(access_ttl_s), "900", 10, 1140, 0, "seconds; revocations are remembered for 20 minutes" },
	{ "REDIS_URL", TP_SETTING_TEXT, AT(redis_url), "", 0, 0, SECRET, "redis://[user:password@]host:port/db or unix:///path; none: without Redis" },
	{ "REDIS_PASSWORD", TP_SETTING_TEXT, AT(redis_password), "", 0, 0, SECRET, "if it is not in the URL" },
	{ "FRONTEND_URL", TP_SETTING_TEXT, AT(frontend_url), "", 0, 0, RELOADS, "origins that browsers may call from, comma separated; * for any (not in production)" },
	{ "TRUSTED_PROXIES", TP_SETTING_TEXT, AT(trusted_proxies), "", 0, 0, RELOADS, "addresses and CIDR ranges whose X-Forwarded-For counts" },
	{ "TLS_CERT", TP_SETTING_TEXT, AT(tls_certificate), "", 0, 0, 0, "file with the certificate chain; its content reloads" },
	{ "TLS_KEY", TP_SETTING_TEXT, AT(tls_key), "", 0, 0, 0, "file with its key" },
	{ "RATE_LIMIT", TP_SETTING_SWITCH, AT(rate_limit), "on", 0, 0, RELOADS, "on or off" },
	{ "RATE_LIMIT_AUTH", TP_SETTING_RATE, RATE(AUTH, ANONYMOUS), "5/900", 0, 0, RELOADS, "count/seconds; off: no limit" },
	{ "RATE_LIMIT_API_ANONYMOUS", TP_SETTING_RATE, RATE(API, ANONYMOUS), "100/900", 0, 0, RELOADS, "" },
	{ "RATE_LIMIT_API_FREE", TP_SETTING_RATE, RATE(API, TP_TIER_FREE), "100/900", 0, 0, RELOADS, "" },
	{ "RATE_LIMIT_API_BASIC", TP_SETTING_RATE, RATE(API, TP_TIER_BASIC), "100/60", 0, 0, RELOADS, "" },
	{ "RATE_LIMIT_API_PRO", TP_SETTING_RATE, RATE(API, TP_TIER_PRO), "300/60", 0, 0, RELOADS, "" },
	{ "RATE_LIMIT_API_ENTERPRISE", TP_SETTING_RATE, RATE(API, TP_TIER_ENTERPRISE), "1000/60", 0, 0, RELOADS, "" },
	{ "RATE_LIMIT_ORDERS_FREE", TP_SETTING_RATE, RATE(ORDERS, TP_TIER_FREE), "10/60", 0, 0, RELOADS, "" },
	{ "RATE_LIMIT_ORDERS_BASIC", TP_SETTING_RATE, RATE(ORDERS, TP_TIER_BASIC), "60/60", 0, 0, RELOADS, "" },
	{ "RATE_LIMIT_ORDERS_PRO", TP_SETTING_RATE, RATE(ORDERS, TP_TIER_PRO), "300/60", 0, 0, RELOADS, "" },
	{ "RATE_LIMIT_ORDERS_ENTERPRISE", TP_SETTING_RATE, RATE(ORDERS, TP_TIER_ENTERPRISE), "3000/60", 0, 0, RELOADS, "" },
	{ "RATE_LIMIT_SIGNALS", TP_SETTING_RATE, RATE(SIGNALS, ANONYMOUS), "30/60", 0, 0, RELOADS, "every tier" },
	{ "RATE_LIMIT_WEBHOOKS", TP_SETTING_RATE, RATE(WEBHOOKS, ANONYMOUS), "30/60", 0, 0, RELOADS, "" },
	{ "ORDER_DECISION_TIMEOUT_MS", TP_SETTING_INTEGER, AT(decision_timeout_ms), "1000", 0, 60000, RELOADS, "how long an answer waits for the decision about an order" },
	{ "ORDER_BATCH_LIMIT", TP_SETTING_INTEGER, AT(batch_limit), "1000", 1, 10000, RELOADS, "orders in one POST orders/batch, and in one call to the database" },
	{ "BODY_LIMIT", TP_SETTING_INTEGER, AT(body_limit), "1048576", 1024, 67108864, RELOADS, "bytes of a request's body" },
	{ "CONNECTION_LIMIT", TP_SETTING_INTEGER, AT(connection_limit), "10000", 10, 1000000, RELOADS, "connections that a worker takes" },
	{ "REQUEST_TIMEOUT", TP_SETTING_INTEGER, AT(request_timeout_s), "10", 1, 3600, RELOADS, "seconds to send a whole request, and to take its answer" },
	{ "KEEP_ALIVE_TIMEOUT", TP_SETTING_INTEGER, AT(keep_alive_s), "65", 1, 3600, RELOADS, "seconds between requests" },
	{ "SOCKET_QUEUE", TP_SETTING_INTEGER, AT(socket_queue), "4194304", 4096, 1073741824, RELOADS, "bytes waiting for a WebSocket before it is closed" },
	{ "SOCKETS_PER_ADDRESS", TP_SETTING_INTEGER, AT(sockets_per_address), "1000", 1, 1000000, RELOADS, "WebSockets of one address at one worker, while RATE_LIMIT is on" },
	{ "SOCKET_PING", TP_SETTING_INTEGER, AT(socket_ping_s), "25", 1, 3600, RELOADS, "seconds between pings of a WebSocket" },
	{ "DRAIN_TIMEOUT", TP_SETTING_INTEGER, AT(drain_s), "10", 0, 3600, RELOADS, "seconds that requests under way have at shutdown" },
	{ "ARGON2_MEMORY_KIB", TP_SETTING_INTEGER, AT(argon2_memory_kib), "19456", 8, 4194304, 0, "memory to hash a password" },
	{ "ARGON2_PASSES", TP_SETTING_INTEGER, AT(argon2_passes), "2", 1, 100, 0, "passes over it" },
	{ "CACHE_MB", TP_SETTING_INTEGER, AT(cache_mb), "64", 0, 65536, 0, "of a worker's own cache; 0: none" },
	{ "DELIVERY_COMMAND", TP_SETTING_TEXT, AT(delivery_command), "", 0, 0, 0, "program, by its whole path, and arguments: gets each message as JSON on stdin" },
	{ "DELIVERY_WEBHOOK", TP_SETTING_TEXT, AT(delivery_webhook), "", 0, 0, SECRET, "or URL that each message is POSTed to" },
	{ "DELIVERY_WEBHOOK_SECRET", TP_SETTING_TEXT, AT(delivery_secret), "", 0, 0, SECRET, "signs what is POSTed there; 32 bytes or more" },
	{ "DELIVERY_TIMEOUT", TP_SETTING_INTEGER, AT(delivery_timeout_s), "10", 1, 60, RELOADS, "seconds that either may take for a message" },
	{ "TWILIO_ACCOUNT_SID", TP_SETTING_TEXT, AT(twilio_account_sid), "", 0, 0, 0, "WhatsApp messages" },
	{ "TWILIO_AUTH_TOKEN", TP_SETTING_TEXT, AT(twilio_auth_token), "", 0, 0, SECRET, "" },
	{ "TWILIO_WHATSAPP_NUMBER", TP_SETTING_TEXT, AT(twilio_whatsapp_number), "", 0, 0, 0, "" },
	{ "WHATSAPP_VERIFY_TOKEN", TP_SETTING_TEXT, AT(whatsapp_verify_token), "", 0, 0, SECRET, "" },
	{ "BASIC_TIER_PRICE", TP_SETTING_TEXT, AT(tier_prices[TP_TIER_BASIC]), "49", 0, 0, 0, "a month; if it is set, the database's price becomes this at start" },
	{ "PRO_TIER_PRICE", TP_SETTING_TEXT, AT(tier_prices[TP_TIER_PRO]), "199", 0, 0, 0, "a month; if it is set, the database's price becomes this at start" },
	{ "ENTERPRISE_TIER_PRICE", TP_SETTING_TEXT, AT(tier_prices[TP_TIER_ENTERPRISE]), "999", 0, 0, 0, "a month; if it is set, the database's price becomes this at start" },
	{ "WEB_ROOT", TP_SETTING_TEXT, AT(web_root), "", 0, 0, 0, "directory of the files served at /; else www beside the program" },
	{ "OPENAPI_FILE", TP_SETTING_TEXT, AT(openapi_path), "", 0, 0, 0, "served as /openapi.yaml; else beside the program" },
	{ "LOG_LEVEL", TP_SETTING_LEVEL, AT(log_level), "info", 0, 0, RELOADS, "debug, info, warn or error" },
	{ "ACCESS_LOG", TP_SETTING_SWITCH, AT(access_log), "on", 0, 0, RELOADS, "a line for each request; those that end in 5xx are logged anyway" },
	{ "PID_FILE", TP_SETTING_TEXT, AT(pid_file), "", 0, 0, 0, "holds the supervisor's pid while it runs" },
};
/* clang-format on */

const int tp_settings_count = sizeof(tp_settings_table) / sizeof(tp_settings_table[0]);
