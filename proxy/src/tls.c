/*
 * tls.c
 *	  TLS in front of the connections, when TLS_CERT is set.
 *
 * Called by listener.c and edge.c.  A connection is decrypted here and goes on, through a
 * pair of local sockets, to the same code that takes plain ones, WebSockets included.
 * That costs a copy, and keeps TLS out of everything else.  Reloading swaps the context:
 * connections that are open keep the one that they began with.
 */
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buffer.h"
#include "http.h"
#include "log.h"
#include "metrics.h"
#include "settings.h"
#include "tls.h"

#define PIECE 16384
#define LOOK_MS 5000 /* at the certificate's file */
#define LINGER_MS 3000

struct TpTls
{
	TpEdge *edge;
	SSL_CTX *context;
	uv_timer_t timer;
	struct timespec changed;
	int connections;
	bool closing;
};

/* Bytes on their way in one direction. */
typedef struct TpPiece
{
	char data[PIECE];
	size_t length;
	size_t done;
	bool ended; /* no more will come */
} TpPiece;

typedef struct TpTlsConnection
{
	TpTls *tls;
	SSL *ssl;
	TpAddress peer;
	uv_poll_t outer;  /* the client's side */
	uv_poll_t inner;  /* our end of the pair */
	uv_timer_t timer; /* of the handshake */
	int outer_fd;
	int inner_fd;
	int handles;
	bool established;
	bool write_blocked; /* TLS wants to write before it can go on */
	bool closed;
	TpPiece up;   /* from the client */
	TpPiece down; /* to the client */
} TpTlsConnection;

static void pump(TpTlsConnection *connection);

static int
choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *length, const unsigned char *in,
				unsigned int in_length, void *context)
{
	static const unsigned char http11[] = "\x08http/1.1";

	(void) ssl;
	(void) context;
	if (SSL_select_next_proto((unsigned char **) (uintptr_t) out, length, http11, sizeof(http11) - 1, in, in_length) !=
		OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *
make_context(const TpSettings *settings, const char **why)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	*why = "OpenSSL does not start";
	if (context == NULL)
		return NULL;
	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(context,
					 SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
	*why = "TLS_CERT cannot be read as a certificate chain in PEM";
	if (SSL_CTX_use_certificate_chain_file(context, settings->tls_certificate) != 1)
		goto failed;
	*why = "TLS_KEY cannot be read as a key in PEM, or is not the certificate's";
	if (SSL_CTX_use_PrivateKey_file(context, settings->tls_key, SSL_FILETYPE_PEM) != 1 ||
		SSL_CTX_check_private_key(context) != 1)
		goto failed;
	return context;

failed:
	ERR_clear_error();
	SSL_CTX_free(context);
	return NULL;
}

bool
tp_tls_check(const TpSettings *settings, TpBuffer *problem)
{
	const char *why;
	SSL_CTX *context;

	if (*settings->tls_certificate == '\0')
		return true;
	context = make_context(settings, &why);
	if (context == NULL)
		tp_buffer_text(problem, why);
	SSL_CTX_free(context);
	return context != NULL;
}

static struct timespec
changed_at(const TpSettings *settings)
{
	struct stat certificate = { 0 };
	struct stat key = { 0 };

	(void) stat(settings->tls_certificate, &certificate);
	(void) stat(settings->tls_key, &key);
	if (key.st_mtim.tv_sec > certificate.st_mtim.tv_sec ||
		(key.st_mtim.tv_sec == certificate.st_mtim.tv_sec && key.st_mtim.tv_nsec > certificate.st_mtim.tv_nsec))
		return key.st_mtim;
	return certificate.st_mtim;
}

bool
tp_tls_reload(TpTls *tls)
{
	struct timespec changed = changed_at(tls->edge->settings);
	const char *why;
	SSL_CTX *context = make_context(tls->edge->settings, &why);

	/* Also when it failed: it is tried again when the files change once more. */
	tls->changed = changed;
	if (context == NULL)
	{
		tp_log(TP_LOG_ERROR, "the certificate was not reloaded, the old one stays", "why", why, NULL);
		return false;
	}
	SSL_CTX_free(tls->context);
	tls->context = context;
	tp_log(TP_LOG_INFO, "certificate loaded", NULL);
	return true;
}

static void
on_look(uv_timer_t *timer)
{
	TpTls *tls = timer->data;
	struct timespec changed = changed_at(tls->edge->settings);

	if (changed.tv_sec != tls->changed.tv_sec || changed.tv_nsec != tls->changed.tv_nsec)
		(void) tp_tls_reload(tls);
}

TpTls *
tp_tls_open(TpEdge *edge)
{
	TpTls *tls = tp_alloc(sizeof(*tls));

	tls->edge = edge;
	if (!tp_tls_reload(tls))
	{
		free(tls);
		return NULL;
	}
	uv_timer_init(&edge->loop, &tls->timer);
	tls->timer.data = tls;
	uv_timer_start(&tls->timer, on_look, LOOK_MS, LOOK_MS);
	return tls;
}

static void
tls_free(TpTls *tls)
{
	if (!tls->closing || tls->connections > 0)
		return;
	SSL_CTX_free(tls->context);
	free(tls);
}

static void
on_timer_closed(uv_handle_t *handle)
{
	TpTls *tls = handle->data;

	tls->closing = true;
	tls_free(tls);
}

void
tp_tls_close(TpTls *tls)
{
	if (tls != NULL)
		uv_close((uv_handle_t *) &tls->timer, on_timer_closed);
}

int
tp_tls_connections(const TpTls *tls)
{
	return tls->connections;
}

static void
on_handle_closed(uv_handle_t *handle)
{
	TpTlsConnection *connection = handle->data;
	TpTls *tls = connection->tls;

	if (--connection->handles > 0)
		return;
	SSL_free(connection->ssl);
	close(connection->outer_fd);
	if (connection->inner_fd >= 0)
		close(connection->inner_fd);
	free(connection);
	tls->connections--;
	tls_free(tls);
}

static void
close_connection(TpTlsConnection *connection)
{
	if (connection->closed)
		return;
	connection->closed = true;
	uv_close((uv_handle_t *) &connection->outer, on_handle_closed);
	uv_close((uv_handle_t *) &connection->timer, on_handle_closed);
	if (connection->inner_fd >= 0)
		uv_close((uv_handle_t *) &connection->inner, on_handle_closed);
}

static void
on_ready(uv_poll_t *poll, int status, int events)
{
	TpTlsConnection *connection = poll->data;

	(void) events;
	if (status < 0)
		close_connection(connection);
	else
		pump(connection);
}

/* The handshake is done: the other end of the pair becomes a connection like any other. */
static bool
connect_inner(TpTlsConnection *connection)
{
	TpEdge *edge = connection->tls->edge;
	int pair[2];

	uv_timer_stop(&connection->timer);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0)
		return false;
	connection->established = true;
	connection->inner_fd = pair[0];
	connection->handles++;
	uv_poll_init(&edge->loop, &connection->inner, pair[0]);
	connection->inner.data = connection;
	tp_http_accept(edge->http, pair[1], &connection->peer);
	return true;
}

/* What a call of OpenSSL came to: true to go on, false when it must wait or is over. */
static bool
tls_result(TpTlsConnection *connection, int result, TpPiece *ended)
{
	int error;

	if (result > 0)
		return true;
	error = SSL_get_error(connection->ssl, result);
	ERR_clear_error();
	if (error == SSL_ERROR_WANT_WRITE)
		connection->write_blocked = true;
	else if (error == SSL_ERROR_ZERO_RETURN && ended != NULL)
		ended->ended = true;
	else if (error != SSL_ERROR_WANT_READ)
	{
		if (!connection->established)
			tp_count(TP_M_TLS_FAILED, 1);
		close_connection(connection);
	}
	return false;
}

/* One step from the client to us; false: nothing moved. */
static bool
move_up(TpTlsConnection *connection)
{
	TpPiece *up = &connection->up;

	if (up->done < up->length)
	{
		ssize_t sent = send(connection->inner_fd, up->data + up->done, up->length - up->done, MSG_NOSIGNAL);

		if (sent < 0 && errno != EAGAIN && errno != EINTR)
		{
			up->done = up->length; /* nobody listens any more; what is left to say goes down yet */
			if (connection->down.ended)
				close_connection(connection);
		}
		if (sent <= 0)
			return false;
		up->done += (size_t) sent;
		return true;
	}
	if (!up->ended)
	{
		int got = SSL_read(connection->ssl, up->data, PIECE);

		if (!tls_result(connection, got, up))
		{
			if (up->ended && connection->down.ended)
				close_connection(connection);
			else if (up->ended)
				shutdown(connection->inner_fd, SHUT_WR);
			return false;
		}
		up->length = (size_t) got;
		up->done = 0;
		return true;
	}
	return false;
}

static void
on_linger_time(uv_timer_t *timer)
{
	close_connection(timer->data);
}

/* Our side is done. The client may still be sending: closing with that unread would throw our last words away. */
static void
say_farewell(TpTlsConnection *connection)
{
	connection->down.ended = true;
	(void) SSL_shutdown(connection->ssl);
	ERR_clear_error();
	if (connection->up.ended)
	{
		close_connection(connection);
		return;
	}
	shutdown(connection->outer_fd, SHUT_WR);
	uv_timer_start(&connection->timer, on_linger_time, LINGER_MS, 0);
}

/* One step from us to the client. */
static bool
move_down(TpTlsConnection *connection)
{
	TpPiece *down = &connection->down;

	if (down->done < down->length)
	{
		int sent = SSL_write(connection->ssl, down->data + down->done, (int) (down->length - down->done));

		if (!tls_result(connection, sent, NULL))
			return false;
		down->done += (size_t) sent;
		return true;
	}
	if (!down->ended)
	{
		ssize_t got = recv(connection->inner_fd, down->data, PIECE, 0);

		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return false;
		if (got <= 0)
		{
			say_farewell(connection);
			return false;
		}
		down->length = (size_t) got;
		down->done = 0;
		return true;
	}
	return false;
}

static void
watch(TpTlsConnection *connection)
{
	const TpPiece *up = &connection->up;
	const TpPiece *down = &connection->down;
	bool up_waits = up->done < up->length;
	bool down_waits = down->done < down->length;
	int outer = (!up_waits && !up->ended ? UV_READABLE : 0) | (connection->write_blocked ? UV_WRITABLE : 0);
	int inner = (!down_waits && !down->ended ? UV_READABLE : 0) | (up_waits ? UV_WRITABLE : 0);

	if (outer != 0)
		uv_poll_start(&connection->outer, outer, on_ready);
	else
		uv_poll_stop(&connection->outer);
	if (connection->inner_fd < 0)
		return;
	if (inner != 0)
		uv_poll_start(&connection->inner, inner, on_ready);
	else
		uv_poll_stop(&connection->inner);
}

static void
pump(TpTlsConnection *connection)
{
	connection->write_blocked = false;
	if (!connection->established)
	{
		if (tls_result(connection, SSL_do_handshake(connection->ssl), NULL) && !connect_inner(connection))
			close_connection(connection);
	}
	if (connection->established)
	{
		bool moved = true;

		while (moved && !connection->closed)
		{
			moved = move_up(connection);
			if (!connection->closed && move_down(connection))
				moved = true;
		}
	}
	if (!connection->closed)
		watch(connection);
}

static void
on_handshake_time(uv_timer_t *timer)
{
	tp_count(TP_M_TLS_FAILED, 1);
	close_connection(timer->data);
}

void
tp_tls_accept(TpTls *tls, int descriptor, const TpAddress *peer)
{
	TpEdge *edge = tls->edge;
	TpTlsConnection *connection;

	if (edge->draining || tls->connections >= edge->settings->connection_limit)
	{
		tp_count(TP_M_CONNECTIONS_REFUSED, 1);
		close(descriptor);
		return;
	}
	connection = tp_alloc(sizeof(*connection));
	connection->tls = tls;
	connection->peer = *peer;
	connection->outer_fd = descriptor;
	connection->inner_fd = -1;
	connection->handles = 2;
	connection->ssl = SSL_new(tls->context);
	if (connection->ssl == NULL || SSL_set_fd(connection->ssl, descriptor) != 1 ||
		uv_poll_init(&edge->loop, &connection->outer, descriptor) != 0)
	{
		ERR_clear_error();
		SSL_free(connection->ssl);
		free(connection);
		close(descriptor);
		return;
	}
	tls->connections++;
	SSL_set_accept_state(connection->ssl);
	connection->outer.data = connection;
	uv_timer_init(&edge->loop, &connection->timer);
	connection->timer.data = connection;
	uv_timer_start(&connection->timer, on_handshake_time, (uint64_t) edge->settings->request_timeout_s * 1000, 0);
	pump(connection);
}
