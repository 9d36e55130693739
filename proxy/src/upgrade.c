/*
 * upgrade.c
 *	  From an HTTP connection to a WebSocket: the handshake is checked here, then
 *	  libwebsockets has the descriptor.
 *
 * Called by http_connection.c and edge.c.  libwebsockets is given a handshake made anew of
 * checked parts, so that its parser never sees a stranger's bytes; all else that the
 * client said is in TpUpgrade, which hangs at the wsi.  Frames, compression and pings are
 * libwebsockets'; what is said in them is socket.c's.
 */
#include <libwebsockets.h>
#include <stdlib.h>
#include <unistd.h>

#include "log.h"
#include "query.h"
#include "settings.h"
#include "upgrade.h"
#include "socket.h"

#define SERVICE_BUFFER 16384
#define RECEIVE_BUFFER 2048 /* each connection holds one */
#define SEND_MOST 262144    /* in one write */

struct TpUpgrades
{
	TpEdge *edge;
	struct lws_context *context;
	TpUpgrade *taking; /* while libwebsockets makes its wsi */
};

static void
upgrade_free(TpUpgrade *upgrade)
{
	if (upgrade == NULL)
		return;
	free((void *) (uintptr_t) upgrade->query);
	free((void *) (uintptr_t) upgrade->token);
	free((void *) (uintptr_t) upgrade->host);
	free((void *) (uintptr_t) upgrade->tenant_name);
	free((void *) (uintptr_t) upgrade->origin);
	free((void *) (uintptr_t) upgrade->user_agent);
	free(upgrade);
}

TpUpgrade *
tp_upgrade_of(struct lws *wsi)
{
	return wsi == NULL ? NULL : lws_get_opaque_user_data(wsi);
}

static int
on_lws(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
	TpUpgrades *upgrades = wsi == NULL ? NULL : lws_context_user(lws_get_context(wsi));

	switch (reason)
	{
		case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
			lws_set_opaque_user_data(wsi, upgrades->taking);
			upgrades->taking = NULL;
			return 0;
		case LWS_CALLBACK_HTTP:
			/* only handshakes are handed over */
			return -1;
		case LWS_CALLBACK_WSI_DESTROY:
		{
			TpUpgrade *upgrade = tp_upgrade_of(wsi);

			if (upgrade != NULL)
				(void) tp_socket_callback(wsi, reason, user, in, length);
			lws_set_opaque_user_data(wsi, NULL);
			upgrade_free(upgrade);
			return 0;
		}
		default:
			break;
	}
	return tp_upgrade_of(wsi) == NULL ? 0 : tp_socket_callback(wsi, reason, user, in, length);
}

static const struct lws_protocols protocols[] = {
	{ "tradepost", on_lws, 0, RECEIVE_BUFFER, 0, NULL, SEND_MOST },
	{ NULL, NULL, 0, 0, 0, NULL, 0 },
};

static void
on_lws_log(int level, const char *line)
{
	TpSlice text = tp_slice(line);
	char *copy;

	(void) level; /* its errors are strangers' broken frames */
	while (text.length > 0 && text.data[text.length - 1] == '\n')
		text.length--;
	copy = tp_slice_dup(text);
	tp_log(TP_LOG_DEBUG, "libwebsockets", "text", copy, NULL);
	free(copy);
}

TpUpgrades *
tp_upgrades_open(TpEdge *edge)
{
	TpUpgrades *upgrades = tp_alloc(sizeof(*upgrades));
	void *loops[1] = { &edge->loop };
	struct lws_context_creation_info info = { 0 };

	upgrades->edge = edge;
	lws_set_log_level(LLL_ERR | LLL_WARN, on_lws_log);
	info.port = CONTEXT_PORT_NO_LISTEN_SERVER;
	info.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_DISABLE_IPV6;
	info.foreign_loops = loops;
	info.protocols = protocols;
	info.extensions = tp_socket_extensions;
	info.user = upgrades;
	info.gid = -1;
	info.uid = -1;
	info.pt_serv_buf_size = SERVICE_BUFFER;
	info.timeout_secs = (unsigned) edge->settings->request_timeout_s;
	upgrades->context = lws_create_context(&info);
	if (upgrades->context == NULL)
	{
		tp_log(TP_LOG_ERROR, "libwebsockets does not start", NULL);
		free(upgrades);
		return NULL;
	}
	return upgrades;
}

void
tp_upgrades_close(TpUpgrades *upgrades)
{
	if (upgrades == NULL)
		return;
	lws_context_destroy(upgrades->context);
}

void
tp_upgrades_free(TpUpgrades *upgrades)
{
	if (upgrades == NULL)
		return;
	/* On a loop that is not its own libwebsockets leaves freeing to a second call (4.1 to 4.3). */
	lws_context_destroy(upgrades->context);
	free(upgrades);
}

bool
tp_upgrade_path(TpSlice path)
{
	return tp_slice_is(path, "/ws") || tp_slice_is(path, "/ws/") || tp_slice_is(path, "/socket.io/") ||
		   tp_slice_is(path, "/socket.io");
}

bool
tp_upgrade_wanted(const TpRequest *request)
{
	return request->upgrade && request->method == TP_GET && tp_upgrade_path(request->path);
}

const char *
tp_upgrade_fault(const TpRequest *request)
{
	TpSlice key = request->headers[TP_H_SOCKET_KEY];

	if (!tp_slice_is(request->headers[TP_H_SOCKET_VERSION], "13"))
		return "Sec-WebSocket-Version must be 13";
	/* 16 bytes in base64 */
	if (key.length != 24 || key.data[22] != '=' || key.data[23] != '=')
		return "Sec-WebSocket-Key must be 16 bytes in base64";
	for (int i = 0; i < 22; i++)
		if (key.data[i] == '\0' ||
			strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", key.data[i]) == NULL)
			return "Sec-WebSocket-Key must be 16 bytes in base64";
	if (request->body_length > 0)
		return "a WebSocket's handshake has no body";
	return NULL;
}

/* The scheme is compared in any case. */
static char *
token_of(const TpRequest *request)
{
	TpSlice header = request->headers[TP_H_AUTHORIZATION];
	TpBuffer value = { 0 };

	if (header.length > 7 && strncasecmp(header.data, "bearer ", 7) == 0)
		return tp_slice_dup((TpSlice){ header.data + 7, header.length - 7 });
	if (request->headers[TP_H_X_API_KEY].length > 0)
		return tp_slice_dup(request->headers[TP_H_X_API_KEY]);
	if (!tp_query_find(request->query, "token", &value))
		tp_buffer_clear(&value);
	tp_buffer_add(&value, "", 1);
	return value.data;
}

/* Pages cannot set headers of a WebSocket. NULL: none. */
static char *
tenant_of(const TpRequest *request)
{
	TpBuffer value = { 0 };

	if (request->headers[TP_H_X_TENANT].data != NULL)
		return tp_slice_dup(request->headers[TP_H_X_TENANT]);
	if (!tp_query_find(request->query, "tenant", &value))
	{
		tp_buffer_free(&value);
		return NULL;
	}
	tp_buffer_add(&value, "", 1);
	return value.data;
}

/* A WebSocket handshake with nothing in it but what libwebsockets needs. */
static void
handshake(const TpRequest *request, TpBuffer *out)
{
	const char *extension = tp_deflate_offer(request->headers[TP_H_SOCKET_EXTENSIONS]);

	tp_buffer_text(out, "GET /ws HTTP/1.1\r\nHost: tradepost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
						"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ");
	tp_buffer_slice(out, request->headers[TP_H_SOCKET_KEY]);
	if (tp_list_has(request->headers[TP_H_SOCKET_PROTOCOL], "tradepost"))
		tp_buffer_text(out, "\r\nSec-WebSocket-Protocol: tradepost");
	if (extension != NULL)
	{
		tp_buffer_text(out, "\r\nSec-WebSocket-Extensions: ");
		tp_buffer_text(out, extension);
	}
	tp_buffer_text(out, "\r\n\r\n");
}

TpUpgrade *
tp_upgrade_prepare(TpEdge *edge, const TpRequest *request, const TpAddress *peer, TpBuffer *refusal)
{
	TpUpgrade *upgrade = tp_alloc(sizeof(*upgrade));
	TpAddress client = tp_address_client(*peer, request->headers[TP_H_X_FORWARDED_FOR],
										 edge->settings->trusted_proxies);

	upgrade->edge = edge;
	upgrade->socket_io = request->path.data[1] == 's';
	tp_address_print(&client, upgrade->ip);
	upgrade->query = tp_slice_dup(request->query);
	upgrade->token = token_of(request);
	upgrade->host = tp_slice_dup(request->headers[TP_H_HOST]);
	upgrade->tenant_name = tenant_of(request);
	upgrade->origin = tp_slice_dup(request->headers[TP_H_ORIGIN]);
	upgrade->user_agent = tp_slice_dup(request->headers[TP_H_USER_AGENT]);
	if (tp_socket_admit(upgrade, request->headers[TP_H_HOST], refusal))
		return upgrade;
	upgrade_free(upgrade);
	return NULL;
}

void
tp_upgrade_take(TpUpgrade *upgrade, int descriptor, const TpRequest *request, TpSlice bytes)
{
	TpUpgrades *upgrades = upgrade->edge->upgrades;
	TpBuffer text = { 0 };

	handshake(request, &text);
	/* impatient clients have sent their first frames already */
	tp_buffer_add(&text, bytes.data + request->head_length, bytes.length - request->head_length);
	upgrades->taking = upgrade;
	/* It closes the descriptor if it fails. */
	(void) lws_adopt_socket_readbuf(upgrades->context, descriptor, text.data, text.length);
	upgrade_free(upgrades->taking);
	upgrades->taking = NULL;
	tp_buffer_free(&text);
}
