/*
 * edge_orders.c
 *	  From POST orders to tradepost_edge.place_each() and back; see edge_orders.h.
 *
 * An order whose call was lost may be placed or not. With an Idempotency-Key it is sent
 * again by itself, for the key makes sure that it is placed once; without one only the
 * client can know whether it wants that.
 */
#include "edge_orders.h"

#include <stdio.h>
#include <stdlib.h>

#include "decisions.h"
#include "edge.h"
#include "edge_commands.h"
#include "metrics.h"
#include "order_texts.h"
#include "placement.h"
#include "settings.h"

/*
 * Calls under way at a time: one, for more would only be smaller ones (measured); but one that takes long does not hold
 * up those behind it.
 */
#define CALLS 4
#define PATIENCE_MS 10

#define RETRY_MS 50

/* Orders that wait for a call. More would not be placed in DATABASE_TIMEOUT_MS. */
#define WAITING_LIMIT 100000

typedef struct Queue
{
	TpPlacing *head;
	TpPlacing **tail;
} Queue;

struct TpOrders
{
	TpEdge *edge;
	TpCommands *commands;
	Queue queue;
	Queue later; /* lost, to be sent again when the database is back */
	int waiting; /* in queue */
	int calls;
	int pending; /* requests */
	bool closing;
	int handles;
	uv_idle_t idle;
	uv_timer_t timer;
	uv_timer_t patience;
	TpBuffer columns[4];
};

/* Orders under way in one call of the database. */
typedef struct Batch
{
	TpOrders *orders;
	TpPlacing *head;
	int count;
	unsigned expectation;
} Batch;

static const TpStatement place_statement = {
	.sql = "SELECT n, id, repeated, sqlstate, message, hint"
		   " FROM tradepost_edge.place_each($1::bigint[], $2::bigint[], $3::text[], $4::text[])",
	.parameters = 4
};
static void on_idle(uv_idle_t *idle);
static void on_patience(uv_timer_t *timer);
static void on_timer(uv_timer_t *timer);

static void
queue_init(Queue *queue)
{
	queue->head = NULL;
	queue->tail = &queue->head;
}

static void
queue_add(Queue *queue, TpPlacing *order)
{
	order->next = NULL;
	*queue->tail = order;
	queue->tail = &order->next;
}

static TpPlacing *
queue_take(Queue *queue)
{
	TpPlacing *order = queue->head;

	if (order != NULL && (queue->head = order->next) == NULL)
		queue->tail = &queue->head;
	return order;
}

static void
free_when_done(TpOrders *orders)
{
	if (!orders->closing || orders->pending > 0 || orders->handles > 0 || orders->calls > 0)
		return;
	for (int i = 0; i < 4; i++)
		tp_buffer_free(&orders->columns[i]);
	tp_commands_close(orders->commands);
	free(orders);
}

void
tp_orders_hold(TpOrders *orders)
{
	orders->pending++;
}

void
tp_orders_release(TpOrders *orders)
{
	orders->pending--;
	free_when_done(orders);
}

static void
placement_ended(void *context)
{
	tp_orders_release(context);
}

static bool
has_key(const TpPlacing *order)
{
	return order->placement->call->idempotency_key.data != NULL;
}

/* True: it will be sent again. */
static bool
try_again(TpOrders *orders, TpPlacing *order, TpPgFailure failure)
{
	order->unsure = order->unsure || failure == TP_PG_LOST;
	if (!order->unsure || !has_key(order) || failure == TP_PG_REFUSED || orders->closing ||
		uv_now(&orders->edge->loop) > order->placement->give_up_ms)
		return false;
	queue_add(&orders->later, order);
	uv_timer_start(&orders->timer, on_timer, RETRY_MS, 0);
	return true;
}

static void
batch_failed(const Batch *batch, const TpPgError *error)
{
	TpPlacing *next;

	for (TpPlacing *order = batch->head; order != NULL; order = next)
	{
		TpPgError told = *error;

		next = order->next;
		if (try_again(batch->orders, order, error->failure))
			continue;
		if (order->unsure && told.failure == TP_PG_UNAVAILABLE)
			told.failure = TP_PG_LOST;
		tp_placing_refused(order, &told, true);
	}
}

static const char *
text_or_null(const PGresult *result, int row, int column)
{
	return PQgetisnull(result, row, column) ? NULL : PQgetvalue(result, row, column);
}

static void
batch_row(const PGresult *result, int row, TpPlacing *order)
{
	const char *sqlstate = text_or_null(result, row, 3);

	if (sqlstate != NULL)
	{
		TpPgError error = { .failure = TP_PG_REFUSED,
							.message = PQgetvalue(result, row, 4),
							.hint = text_or_null(result, row, 5) };

		snprintf(error.sqlstate, sizeof(error.sqlstate), "%s", sqlstate);
		tp_placing_refused(order, &error, false);
		return;
	}
	order->id = strtoll(PQgetvalue(result, row, 1), NULL, 10);
	tp_placing_placed(order, PQgetvalue(result, row, 2)[0] == 't');
}

/* The next call goes first: the database need not wait for what is done here. */
static void
batch_done(void *context, const PGresult *result, const TpPgError *error)
{
	Batch *batch = context;
	TpOrders *orders = batch->orders;
	TpPlacing *order = batch->head;

	orders->calls--;
	uv_timer_stop(&orders->patience);
	on_idle(&orders->idle);
	if (result != NULL && PQntuples(result) == batch->count)
	{
		for (int row = 0; row < batch->count; row++)
		{
			TpPlacing *next = order->next;

			batch_row(result, row, order);
			order = next;
		}
	}
	else if (result != NULL)
		batch_failed(batch,
					 &(TpPgError){ .failure = TP_PG_REFUSED, .sqlstate = "XX000", .message = "a row is missing" });
	else
		batch_failed(batch, error);
	tp_decisions_expected(orders->edge->decisions, batch->expectation);
	free(batch);
	free_when_done(orders);
}

static TpSlice
key_of(const TpPlacing *order, char *text, size_t size)
{
	TpSlice key = order->placement->call->idempotency_key;

	if (key.data == NULL || !order->placement->batch)
		return key;
	snprintf(text, size, "%.*s/%d", (int) key.length, key.data, (int) (order - order->placement->orders));
	return tp_slice(text);
}

static void
add_to_columns(TpBuffer *columns, const TpPlacing *order)
{
	const TpCall *call = order->placement->call;
	char key[TP_KEY_BYTES + 16];

	for (int i = 0; i < 4; i++)
		tp_buffer_add(&columns[i], columns[i].length == 0 ? "{" : ",", 1);
	tp_buffer_integer(&columns[0], call->caller.user);
	tp_buffer_integer(&columns[1], call->caller.session);
	tp_array_element(&columns[2], key_of(order, key, sizeof(key)));
	tp_array_element(&columns[3], order->json);
}

static void
send_batch(TpOrders *orders)
{
	static const TpPgError too_late = { .failure = TP_PG_UNAVAILABLE, .message = "", .retry_after = 1 };
	int limit = orders->edge->settings->batch_limit;
	uint64_t now = uv_now(&orders->edge->loop);
	Batch *batch = tp_alloc(sizeof(Batch));
	TpPlacing **tail = &batch->head;
	TpPlacing *order;

	batch->orders = orders;
	for (int i = 0; i < 4; i++)
		tp_buffer_clear(&orders->columns[i]);
	while (batch->count < limit && (order = queue_take(&orders->queue)) != NULL)
	{
		orders->waiting--;
		if (!order->unsure && order->placement->give_up_ms < now)
		{
			tp_placing_refused(order, &too_late, true);
			continue;
		}
		add_to_columns(orders->columns, order);
		*tail = order;
		tail = &order->next;
		batch->count++;
	}
	*tail = NULL;
	if (batch->count == 0)
	{
		free(batch);
		return;
	}
	for (int i = 0; i < 4; i++)
		tp_buffer_add(&orders->columns[i], "}", 2);
	orders->calls++;
	tp_count(TP_M_ORDER_BATCHES, 1);
	batch->expectation = tp_decisions_expect(orders->edge->decisions);
	tp_pg_call(orders->edge->pg, &place_statement,
			   (const char *const[]){ orders->columns[0].data, orders->columns[1].data, orders->columns[2].data,
									  orders->columns[3].data },
			   batch_done, batch);
}

/* At the end of the loop's turn, so that what came in together goes together. */
static void
on_idle(uv_idle_t *idle)
{
	TpOrders *orders = idle->data;

	uv_idle_stop(idle);
	if (orders->queue.head != NULL && orders->calls == 0)
		send_batch(orders);
	if (orders->queue.head != NULL && !uv_is_active((uv_handle_t *) &orders->patience))
		uv_timer_start(&orders->patience, on_patience, PATIENCE_MS, 0);
}

/* No call has ended since some orders wait: they do not wait for it. */
static void
on_patience(uv_timer_t *timer)
{
	TpOrders *orders = timer->data;

	if (orders->queue.head == NULL)
		return;
	if (orders->calls < CALLS)
		send_batch(orders);
	if (orders->queue.head != NULL)
		uv_timer_start(timer, on_patience, PATIENCE_MS, 0);
}

static void
on_timer(uv_timer_t *timer)
{
	TpOrders *orders = timer->data;
	Queue waiting = orders->later;
	TpPlacing *order;

	if (waiting.head == NULL)
		return;
	queue_init(&orders->later);
	while ((order = queue_take(&waiting)) != NULL)
	{
		/* When the time is up the call fails, and that ends it. */
		if (tp_pg_usable(orders->edge->pg) || uv_now(&orders->edge->loop) > order->placement->give_up_ms)
		{
			queue_add(&orders->queue, order);
			orders->waiting++;
		}
		else
			queue_add(&orders->later, order);
	}
	if (orders->later.head != NULL)
		uv_timer_start(timer, on_timer, RETRY_MS, 0);
	on_idle(&orders->idle);
}

static void
enqueue(TpCall *call, const TpSlice *texts, int count, bool batch)
{
	TpOrders *orders = call->edge->orders;
	TpPlacement *placement;

	if (orders->waiting + count > WAITING_LIMIT)
	{
		tp_call_header(call, "Retry-After", "1");
		tp_call_problem(call, 503, "too_many_orders_waiting", "more orders wait for the database than it takes in time",
						"Try again a little later.");
		return;
	}
	placement = tp_placement_new(call, texts, count, batch);
	placement->ended = placement_ended;
	placement->context = orders;
	placement->give_up_ms = uv_now(&orders->edge->loop) + (uint64_t) orders->edge->settings->database_timeout_ms;
	tp_orders_hold(orders);
	for (int i = 0; i < count; i++)
		queue_add(&orders->queue, &placement->orders[i]);
	orders->waiting += count;
	uv_idle_start(&orders->idle, on_idle);
}

/* spare: what is put behind the key. */
static bool
key_is_fine(TpCall *call, size_t spare)
{
	if (call->idempotency_key.data == NULL)
		return true;
	if (tp_key_fine(call->idempotency_key) && call->idempotency_key.length + spare <= TP_KEY_BYTES)
		return true;
	tp_call_problem_format(call, 400, "idempotency_key_invalid",
						   "Idempotency-Key must have 1 to %d visible ASCII characters, and this has %zu bytes",
						   (int) (TP_KEY_BYTES - spare), call->idempotency_key.length);
	return false;
}

void
tp_orders_post(TpCall *call)
{
	if (key_is_fine(call, 0))
		enqueue(call, &call->body, 1, false);
}

void
tp_orders_batch(TpCall *call)
{
	int limit = call->edge->settings->batch_limit;
	const char *fault;
	TpSlice *texts;
	int n;

	if (!key_is_fine(call, strlen("/99999")))
		return;
	texts = tp_alloc((size_t) limit * sizeof(TpSlice));
	n = tp_order_elements(call->body, texts, limit, &fault);
	if (fault != NULL)
		tp_call_problem(call, 400, "invalid_batch", fault, "Each element is what POST orders takes.");
	else if (n > limit)
		tp_call_problem_format(call, 400, "batch_too_large", "orders has %d elements, and the limit is %d", n, limit);
	else if (n == 0)
		tp_call_answer_json(call, 200, tp_slice("{\"results\":[]}"));
	else
		enqueue(call, texts, n, true);
	free(texts);
}

TpOrders *
tp_orders_open(TpEdge *edge)
{
	TpOrders *orders = tp_alloc(sizeof(TpOrders));

	orders->edge = edge;
	orders->commands = tp_commands_open(edge);
	queue_init(&orders->queue);
	queue_init(&orders->later);
	uv_idle_init(&edge->loop, &orders->idle);
	uv_timer_init(&edge->loop, &orders->timer);
	uv_timer_init(&edge->loop, &orders->patience);
	orders->idle.data = orders->timer.data = orders->patience.data = orders;
	return orders;
}

TpCommands *
tp_orders_commands(TpOrders *orders)
{
	return orders->commands;
}

static void
handle_closed(uv_handle_t *handle)
{
	TpOrders *orders = handle->data;

	orders->handles--;
	free_when_done(orders);
}

/* What is in calls, or waits for its decision, ends when pg and decisions close. */
void
tp_orders_close(TpOrders *orders)
{
	TpPgError gone = { .failure = TP_PG_UNAVAILABLE, .message = "the proxy shuts down", .retry_after = 1 };
	TpPlacing *order;

	orders->closing = true;
	tp_commands_stop(orders->commands);
	orders->handles = 3;
	while ((order = queue_take(&orders->queue)) != NULL)
		tp_placing_refused(order, &gone, true);
	gone.failure = TP_PG_LOST;
	while ((order = queue_take(&orders->later)) != NULL)
		tp_placing_refused(order, &gone, true);
	uv_idle_stop(&orders->idle);
	uv_close((uv_handle_t *) &orders->idle, handle_closed);
	uv_close((uv_handle_t *) &orders->timer, handle_closed);
	uv_close((uv_handle_t *) &orders->patience, handle_closed);
}
