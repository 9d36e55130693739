/*
 * routes.c
 *	  The table of routes: method and path, limit, who may, which SQL function or handler
 *	  answers.
 *
 * openapi.yaml describes the same routes, and a test compares the two.
 */
#include "auth.h"
#include "health.h"
#include "metrics.h"
#include "route.h"
#include "static_files.h"

#define SMALL 4096
#define ORDER 16384
#define BATCH (64 * 1024 * 1024) /* BODY_LIMIT bounds it before */

#define OPEN(method, path, handler)                                                      \
	{                                                                                    \
		method, path, TP_LIMIT_NONE, TP_ACCESS_OPEN, TP_TIER_FREE, NULL, 200, handler, 0 \
	}

/* clang-format off */
const TpRoute tp_routes[] = {
	/* The ones that are asked most often are found first. */
	{ TP_POST, "auth/register", TP_LIMIT_AUTH, TP_ACCESS_OPEN, TP_TIER_FREE, NULL, 201, tp_auth_register, SMALL },
	{ TP_POST, "auth/login", TP_LIMIT_AUTH, TP_ACCESS_OPEN, TP_TIER_FREE, NULL, 200, tp_auth_login, SMALL },
	{ TP_POST, "auth/refresh", TP_LIMIT_AUTH, TP_ACCESS_OPEN, TP_TIER_FREE, NULL, 200, tp_auth_refresh, SMALL },
	{ TP_POST, "auth/logout", TP_LIMIT_AUTH, TP_ACCESS_USER, TP_TIER_FREE, "logout", 200, tp_auth_logout, SMALL },
	{ TP_POST, "auth/change-password", TP_LIMIT_AUTH, TP_ACCESS_USER, TP_TIER_FREE, NULL, 200, tp_auth_change_password, SMALL },
	{ TP_GET, "auth/profile", TP_LIMIT_API, TP_ACCESS_USER, TP_TIER_FREE, "profile", 200, tp_answer_from_database, 0 },
	OPEN(TP_GET, "/health", tp_health_get),
	OPEN(TP_GET, "/health/detailed", tp_health_detailed_get),
	OPEN(TP_GET, "/metrics", tp_metrics_get),
	OPEN(TP_GET, "/openapi.yaml", tp_static_openapi),
};
/* clang-format on */

const int tp_route_count = sizeof(tp_routes) / sizeof(tp_routes[0]);
_Static_assert(sizeof(tp_routes) / sizeof(tp_routes[0]) < TP_ROUTES_MOST, "metrics.h has room for every route");
