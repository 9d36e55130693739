/*
 * routes.c
 *	  The table of routes: method and path, limit, who may, what an API key needs, which
 *	  SQL function or handler answers.
 *
 * openapi.yaml describes the same routes, and a test compares the two.
 */
#include "auth.h"
#include "books.h"
#include "credentials.h"
#include "edge_cache.h"
#include "edge_orders.h"
#include "health.h"
#include "metrics.h"
#include "route.h"
#include "signal_execute.h"
#include "static_files.h"
#include "system_metrics.h"
#include "whatsapp_status.h"
#include "whatsapp_webhook.h"

/* BODY_LIMIT bounds every body before. */
#define SMALL 65536
#define ORDER (64 * 1024 * 1024)
#define SIGNALS (8 * 1024 * 1024) /* 500 with their reasoning */

#define OPEN(method, path, handler)                                                       \
	{                                                                                     \
		method, path, TP_LIMIT_NONE, TP_ACCESS_OPEN, TP_SCOPE_READ, NULL, 200, handler, 0 \
	}

/* clang-format off */
const TpRoute tp_routes[] = {
	/* Orders first: they are looked for most often. */
	{ TP_POST, "orders", TP_LIMIT_ORDERS, TP_ACCESS_USER, TP_SCOPE_TRADE, NULL, 201, tp_orders_post, ORDER },
	{ TP_GET, "orders/:id", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_READ, "order_get", 200, tp_answer_from_database, 0 },
	{ TP_GET, "orderbook/:asset", TP_LIMIT_API, TP_ACCESS_OPTIONAL, TP_SCOPE_READ, NULL, 200, tp_book_get, 0 },
	{ TP_GET, "orders", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_READ, "orders_list", 200, tp_answer_from_database, 0 },
	{ TP_PATCH, "orders/:id", TP_LIMIT_ORDERS, TP_ACCESS_USER, TP_SCOPE_TRADE, "order_amend", 200, tp_orders_patch, SMALL },
	{ TP_DELETE, "orders/:id", TP_LIMIT_ORDERS, TP_ACCESS_USER, TP_SCOPE_TRADE, "order_cancel", 200, tp_orders_delete, SMALL },
	{ TP_DELETE, "orders", TP_LIMIT_ORDERS, TP_ACCESS_USER, TP_SCOPE_TRADE, "orders_cancel_all", 200, tp_orders_delete_all, SMALL },
	{ TP_POST, "orders/batch", TP_LIMIT_ORDERS, TP_ACCESS_USER, TP_SCOPE_TRADE, NULL, 200, tp_orders_batch, ORDER },
	{ TP_GET, "market", TP_LIMIT_API, TP_ACCESS_OPTIONAL, TP_SCOPE_READ, "market", 200, tp_cached_read, 0 },
	{ TP_GET, "instruments", TP_LIMIT_API, TP_ACCESS_OPTIONAL, TP_SCOPE_READ, "instruments", 200, tp_cached_read, 0 },
	{ TP_GET, "trades", TP_LIMIT_API, TP_ACCESS_OPTIONAL, TP_SCOPE_READ, "trades", 200, tp_cached_read, 0 },
	{ TP_GET, "candles/:symbol", TP_LIMIT_API, TP_ACCESS_OPTIONAL, TP_SCOPE_READ, "candles", 200, tp_cached_read, 0 },
	{ TP_GET, "account/summary", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_READ, "account_summary", 200, tp_cached_read, 0 },
	{ TP_POST, "auth/register", TP_LIMIT_AUTH, TP_ACCESS_OPEN, TP_SCOPE_LOGIN, NULL, 201, tp_auth_register, SMALL },
	{ TP_POST, "auth/login", TP_LIMIT_AUTH, TP_ACCESS_OPEN, TP_SCOPE_LOGIN, NULL, 200, tp_auth_login, SMALL },
	{ TP_POST, "auth/refresh", TP_LIMIT_AUTH, TP_ACCESS_OPEN, TP_SCOPE_LOGIN, NULL, 200, tp_auth_refresh, SMALL },
	{ TP_POST, "auth/logout", TP_LIMIT_AUTH, TP_ACCESS_USER, TP_SCOPE_LOGIN, "logout", 200, tp_auth_logout, SMALL },
	{ TP_POST, "auth/change-password", TP_LIMIT_AUTH, TP_ACCESS_USER, TP_SCOPE_LOGIN, NULL, 200, tp_auth_change_password, SMALL },
	{ TP_PATCH, "auth/profile", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_LOGIN, "profile_update", 200, tp_answer_from_database, SMALL },
	{ TP_GET, "mfa", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_LOGIN, "mfa_status", 200, tp_answer_from_database, 0 },
	{ TP_DELETE, "mfa", TP_LIMIT_AUTH, TP_ACCESS_USER, TP_SCOPE_LOGIN, NULL, 204, tp_mfa_remove, SMALL },
	{ TP_POST, "mfa/enroll", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_LOGIN, NULL, 201, tp_mfa_enroll, 0 },
	{ TP_POST, "mfa/verify", TP_LIMIT_AUTH, TP_ACCESS_USER, TP_SCOPE_LOGIN, NULL, 200, tp_mfa_verify, SMALL },
	{ TP_POST, "mfa/recovery-codes", TP_LIMIT_AUTH, TP_ACCESS_USER, TP_SCOPE_LOGIN, "recovery_codes_renew", 200, tp_mfa_recovery_codes, SMALL },
	{ TP_POST, "auth/mfa/enroll", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_LOGIN, NULL, 201, tp_mfa_enroll, 0 },
	{ TP_POST, "auth/mfa/verify", TP_LIMIT_AUTH, TP_ACCESS_USER, TP_SCOPE_LOGIN, NULL, 200, tp_mfa_verify, SMALL },
	{ TP_GET, "users/api-keys", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_LOGIN, "api_keys_list", 200, tp_answer_from_database, 0 },
	{ TP_POST, "users/api-keys", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_LOGIN, NULL, 201, tp_api_keys_post, SMALL },
	{ TP_DELETE, "users/api-keys/:id", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_LOGIN, "api_key_remove", 204, tp_answer_from_database, 0 },
	{ TP_GET, "users/sessions", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_LOGIN, "sessions_list", 200, tp_answer_from_database, 0 },
	{ TP_DELETE, "users/sessions/:id", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_LOGIN, "session_end", 204, tp_answer_from_database, 0 },
	{ TP_POST, "account/withdrawals", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_WITHDRAW, NULL, 201, tp_withdrawals_post, SMALL },
	{ TP_POST, "trading/mt5-accounts", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_LOGIN, NULL, 201, tp_mt5_accounts_post, SMALL },
	{ TP_POST, "trading/mt5-accounts/:id/credentials", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_LOGIN, "mt5_credentials", 200, tp_mt5_credentials_post, SMALL },
	{ TP_POST, "webhooks/twilio/status", TP_LIMIT_NONE, TP_ACCESS_OPEN, TP_SCOPE_READ, NULL, 204, tp_whatsapp_status_post, SMALL, .form = true },
	{ TP_POST, "webhooks/billing", TP_LIMIT_WEBHOOKS, TP_ACCESS_OPEN, TP_SCOPE_LOGIN, NULL, 200, tp_billing_post, SMALL },
	{ TP_GET, "users/whatsapp", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_LOGIN, "whatsapp_link_get", 200, tp_answer_from_database, 0 },
	{ TP_POST, "users/whatsapp", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_LOGIN, "whatsapp_link_begin", 201, tp_answer_from_database, SMALL },
	{ TP_PATCH, "users/whatsapp", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_LOGIN, "whatsapp_link_change", 200, tp_answer_from_database, SMALL },
	{ TP_DELETE, "users/whatsapp", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_LOGIN, "whatsapp_link_remove", 204, tp_answer_from_database, 0 },
	{ TP_POST, "webhooks/twilio/whatsapp", TP_LIMIT_NONE, TP_ACCESS_OPEN, TP_SCOPE_LOGIN, NULL, 200, tp_whatsapp_post, SMALL, .form = true },
	{ TP_GET, "webhooks/twilio/whatsapp", TP_LIMIT_WEBHOOKS, TP_ACCESS_OPEN, TP_SCOPE_LOGIN, NULL, 200, tp_whatsapp_verify, 0 },
	{ TP_POST, "users/email/verify", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_LOGIN, NULL, 202, tp_email_verify, 0 },
	{ TP_POST, "users/email/confirm", TP_LIMIT_AUTH, TP_ACCESS_USER, TP_SCOPE_LOGIN, NULL, 200, tp_email_confirm, SMALL },
	{ TP_POST, "users/phone", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_LOGIN, NULL, 202, tp_phone_post, SMALL },
	{ TP_POST, "users/phone/confirm", TP_LIMIT_AUTH, TP_ACCESS_USER, TP_SCOPE_LOGIN, NULL, 200, tp_phone_confirm, SMALL },
	{ TP_GET, "auth/profile", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_LOGIN, "profile", 200, tp_answer_from_database, 0 },
	{ TP_GET, "trading/signals", TP_LIMIT_SIGNALS, TP_ACCESS_USER, TP_SCOPE_READ, "signals_list", 200, tp_answer_from_database, 0 },
	{ TP_POST, "trading/signals", TP_LIMIT_SIGNALS, TP_ACCESS_USER, TP_SCOPE_TRADE, "signals_post", 201, tp_answer_from_database, SIGNALS },
	{ TP_POST, "trading/signals/execute", TP_LIMIT_SIGNALS, TP_ACCESS_USER, TP_SCOPE_TRADE, "signal_execute", 201, tp_signal_execute, SMALL },
	{ TP_GET, "trading/signals/:id", TP_LIMIT_SIGNALS, TP_ACCESS_USER, TP_SCOPE_READ, "signal_get", 200, tp_answer_from_database, 0 },
	{ TP_DELETE, "trading/signals/:id", TP_LIMIT_SIGNALS, TP_ACCESS_USER, TP_SCOPE_TRADE, "signal_cancel", 200, tp_answer_from_database, 0 },
	{ TP_GET, "trading/executions", TP_LIMIT_SIGNALS, TP_ACCESS_USER, TP_SCOPE_READ, "executions_list", 200, tp_answer_from_database, 0 },
	{ TP_GET, "trading/executions/:id", TP_LIMIT_SIGNALS, TP_ACCESS_USER, TP_SCOPE_READ, "execution_get", 200, tp_answer_from_database, 0 },
	{ TP_GET, "trading/performance", TP_LIMIT_SIGNALS, TP_ACCESS_USER, TP_SCOPE_READ, "performance", 200, tp_answer_from_database, 0 },
	{ TP_GET, "trading/mt5-accounts", TP_LIMIT_SIGNALS, TP_ACCESS_USER, TP_SCOPE_READ, "mt5_accounts_list", 200, tp_answer_from_database, 0 },
	{ TP_DELETE, "trading/mt5-accounts/:id", TP_LIMIT_SIGNALS, TP_ACCESS_USER, TP_SCOPE_LOGIN, "mt5_account_remove", 204, tp_answer_from_database, 0 },
	{ TP_GET, "notifications", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_READ, "notifications_list", 200, tp_answer_from_database, 0 },
	{ TP_POST, "notifications/read", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_LOGIN, "notifications_read", 200, tp_answer_from_database, SMALL },
	{ TP_GET, "notifications/preferences", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_READ, "notification_preferences_get", 200, tp_answer_from_database, 0 },
	{ TP_PATCH, "notifications/preferences", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_LOGIN, "notification_preferences_set", 200, tp_answer_from_database, SMALL },
	{ TP_PATCH, "notifications/:id", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_LOGIN, "notification_read", 200, tp_answer_from_database, SMALL },
	{ TP_GET, "tiers", TP_LIMIT_API, TP_ACCESS_OPTIONAL, TP_SCOPE_READ, "tiers_list", 200, tp_answer_from_database, 0 },
	{ TP_GET, "users/subscription", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_READ, "subscription_get", 200, tp_answer_from_database, 0 },
	{ TP_POST, "users/subscription", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_LOGIN, "subscription_change", 200, tp_answer_from_database, SMALL },
	{ TP_POST, "users/subscription/cancel", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_LOGIN, "subscription_cancel", 200, tp_answer_from_database, SMALL },
	{ TP_POST, "users/subscription/resume", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_LOGIN, "subscription_resume", 200, tp_answer_from_database, SMALL },
	{ TP_GET, "system/metrics", TP_LIMIT_API, TP_ACCESS_USER, TP_SCOPE_READ, "system_metrics", 200, tp_system_metrics_get, 0 },
	OPEN(TP_GET, "/health", tp_health_get),
	OPEN(TP_GET, "/health/detailed", tp_health_detailed_get),
	OPEN(TP_GET, "/metrics", tp_metrics_get),
	OPEN(TP_GET, "/openapi.yaml", tp_static_openapi),
};
/* clang-format on */

const int tp_route_count = sizeof(tp_routes) / sizeof(tp_routes[0]);
_Static_assert(sizeof(tp_routes) / sizeof(tp_routes[0]) < TP_ROUTES_MOST, "metrics.h has room for every route");
