// Orders over REST: placed, decided, read, changed, cancelled.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Cluster, openMarket } from './lib/cluster.mjs';
import { Proxy, newUser, order } from './lib/proxy.mjs';

let cluster;
let proxy;
let alice;
let bob;
before(async () => {
  cluster = await Cluster.start();
  await openMarket(cluster);
  proxy = await Proxy.start(cluster);
  alice = await newUser(proxy);
  bob = await newUser(proxy);
});
after(async () => {
  const broken = await cluster?.invariants();
  await proxy?.stop();
  await cluster?.end();
  assert.deepEqual(broken, []);
});

const place = (user, fields, options = {}) => proxy.post('/api/v1/orders', order(fields), { token: user.token, ...options });

test('POST orders answers 201 with the decided order', async () => {
  const { status, json, headers } = await place(alice, { price: 99.5, amount: 3 });
  assert.equal(status, 201);
  const { id, createdAt, updatedAt, expiresAt, ...rest } = json.order;
  assert.deepEqual(rest, {
    clientOrderId: null, symbol: 'Dec25-Wheat', asset: 'Wheat', contract: 'Dec25', side: 'buy', type: 'limit', timeInForce: 'day', price: '99.5', quantity: '3',
    amount: '3', filled: '0', remaining: '3', averagePrice: null, commission: '0', status: 'open', reason: null, postOnly: false, stp: 'cancel_taker',
    stopPrice: null, linkedOrder: null, parentOrder: null,
  });
  assert.ok(Number.isInteger(id));
  for (const t of [createdAt, updatedAt, expiresAt]) assert.match(t, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  assert.equal(Date.parse(expiresAt) - Date.parse(createdAt), 24 * 3600 * 1000, 'a day order lives for 24 hours');
  assert.ok(headers['x-request-id']);
  assert.equal((await proxy.request('DELETE', `/api/v1/orders/${id}`, { token: alice.token })).json.order.status, 'cancelled');
});

test('an order that trades at once says so', async () => {
  const sell = await place(alice, { side: 'sell', price: '101', quantity: 2, amount: undefined, clientOrderId: 'mine-1' });
  assert.equal(sell.json.order.clientOrderId, 'mine-1');
  const buy = await place(bob, { symbol: 'Dec25-Wheat', asset: undefined, contract: undefined, price: '102', amount: 3 });
  assert.equal(buy.json.order.status, 'partially_filled');
  assert.equal(buy.json.order.filled, '2');
  assert.equal(buy.json.order.remaining, '1');
  assert.equal(buy.json.order.averagePrice, '101', 'at the maker\'s price');
  assert.equal(buy.json.order.commission, '0.21', '0.1 % of 202, rounded up');
  const now = await proxy.get(`/api/v1/orders/${sell.json.order.id}`, { token: alice.token });
  assert.equal(now.json.order.status, 'filled');
  await proxy.request('DELETE', '/api/v1/orders', { token: bob.token });
});

test('an order that is rejected is a decided order too', async () => {
  const { status, json } = await place(alice, { price: '189', amount: 1000000 });
  assert.equal(status, 201);
  assert.equal(json.order.status, 'rejected');
  assert.equal(json.order.reason, 'insufficient_funds');
  const fok = await place(alice, { price: '50', amount: 1, timeInForce: 'fok' });
  assert.equal(fok.status, 201);
  assert.equal(fok.json.order.status, 'rejected');
  assert.equal(fok.json.order.reason, 'cannot_fill');
});

test('what fails its checks is refused by name, and nothing is written', async () => {
  const [[before]] = await cluster.sql('SELECT count(*) FROM tradepost_internal.commands WHERE kind = 1');
  for (const [change, status, word] of [
    [{ side: 'hold' }, 400, 'side'], [{ side: undefined }, 400, 'side'], [{ price: 'cheap' }, 400, 'price'], [{ price: '100.005' }, 400, 'tick'],
    [{ price: -1 }, 400, 'price'], [{ price: 0 }, 400, 'price'], [{ price: null }, 400, 'price'], [{ price: true }, 400, 'price'], [{ price: [1] }, 400, 'price'],
    [{ price: '1e300' }, 400, 'price'], [{ price: 'NaN' }, 400, 'price'], [{ price: '99999999999999999999' }, 400, 'price'],
    [{ amount: 0 }, 400, 'quantity|amount'], [{ amount: 0.5 }, 400, 'lot'], [{ amount: -1 }, 400, 'quantity|amount'], [{ amount: undefined }, 400, 'quantity|amount'],
    [{ amount: '1', quantity: '1' }, 400, 'quantity|amount'], [{ asset: 'Tulips' }, 404, 'Tulips'], [{ contract: 'Dec99' }, 404, 'Dec99'], [{ asset: undefined }, 400, 'symbol|asset'],
    [{ symbol: 'Dec25-Gold' }, 400, 'symbol|asset'], [{ type: 'sometime' }, 400, 'type'], [{ type: 'stop' }, 400, 'price'], [{ type: 'stop', price: undefined }, 400, 'stopPrice|stop_price'], [{ type: 'market' }, 400, 'price'], [{ timeInForce: 'forever' }, 400, 'timeInForce|time_in_force'],
    [{ expiresAt: 'tomorrow' }, 400, 'expiresAt|expires_at'], [{ expiresAt: '2020-01-01T00:00:00Z' }, 400, 'expires'], [{ expiresAt: 'infinity' }, 400, 'expires'],
    [{ postOnly: 'yes' }, 400, 'postOnly|post_only'], [{ clientOrderId: '' }, 400, 'key|clientOrderId'], [{ clientOrderId: 'x'.repeat(200) }, 400, 'key|clientOrderId|client_order_id'],
    [{ stopPrice: 1 }, 400, 'stopPrice|stop_price'], [{ oco: 'x' }, 400, 'oco'], [{ oco: 999999999 }, 400, 'oco'], [{ account: 1 }, 400, 'account'], [{ userId: 7 }, 400, 'userId'], [{ asset: 7 }, 400, 'asset'], [{ side: ['buy'] }, 400, 'side'],
  ]) {
    const answer = await place(alice, change);
    assert.equal(answer.status, status, `${JSON.stringify(change)}: ${answer.text}`);
    assert.match(answer.headers['content-type'], /problem\+json/);
    assert.match(answer.json.detail, new RegExp(word), `${JSON.stringify(change)}: ${answer.text}`);
    assert.match(answer.json.code, /^[a-z_]+$/);
  }
  const [[now]] = await cluster.sql('SELECT count(*) FROM tradepost_internal.commands WHERE kind = 1');
  assert.equal(now, before);
});

test('an Idempotency-Key places one order, however often it comes', async () => {
  const options = { headers: { 'idempotency-key': 'key-1' } };
  const answers = await Promise.all(Array.from({ length: 8 }, () => place(alice, { price: '98' }, options)));
  assert.deepEqual([...new Set(answers.map((a) => a.status))], [201]);
  assert.equal(new Set(answers.map((a) => a.json.order.id)).size, 1);
  const again = await place(alice, { price: '98' }, options);
  assert.equal(again.json.order.id, answers[0].json.order.id);
  assert.equal(again.headers['idempotency-replayed'], 'true');
  const other = await place(alice, { price: '97' }, options);
  assert.equal(other.status, 409);
  assert.equal(other.json.code, 'key_reused');
  assert.equal((await place(bob, { price: '97' }, options)).status, 201, 'another user\'s keys are his own');
  for (const bad of ['x'.repeat(129), 'a b\tc']) assert.equal((await place(alice, {}, { headers: { 'idempotency-key': bad } })).status, 400, bad);
  await proxy.request('DELETE', '/api/v1/orders', { token: alice.token });
  await proxy.request('DELETE', '/api/v1/orders', { token: bob.token });
});

test('Prefer: respond-async does not wait for the decision', async () => {
  const { status, json } = await place(alice, { price: '60' }, { headers: { prefer: 'respond-async' } });
  assert.equal(status, 202);
  assert.equal(json.status, 'pending');
  for (let i = 0; ; i++) {
    const answer = await proxy.get(`/api/v1/orders/${json.id}`, { token: alice.token });
    assert.equal(answer.status, 200, 'one\'s own order is there from the start');
    if (answer.json.order.status !== 'pending') {
      assert.equal(answer.json.order.status, 'open');
      break;
    }
    assert.ok(i < 1000, 'decided in the end');
  }
});

test('orders that arrive together: one that is bad does not hurt its neighbours', async () => {
  const prices = Array.from({ length: 60 }, (_, i) => (i % 5 === 3 ? '1.001' : '70'));
  const answers = await Promise.all(prices.map((price) => place(alice, { price })));
  assert.deepEqual(answers.map((a) => a.status), prices.map((p) => (p === '70' ? 201 : 400)));
  const ids = answers.filter((a) => a.status === 201).map((a) => a.json.order.id);
  assert.equal(new Set(ids).size, ids.length);
  const { json } = await proxy.request('DELETE', '/api/v1/orders?asset=Wheat&contract=Dec25', { token: alice.token });
  assert.ok(json.cancelled >= ids.length, JSON.stringify(json));
});

test('POST orders/batch gives each order its own result, in order', async () => {
  const { status, json } = await proxy.post('/api/v1/orders/batch', {
    orders: [order({ price: '80' }), order({ price: '80.001' }), order({ price: '81', clientOrderId: 'b-3' }), order({ nonsense: 1 }), order({ side: 'sell', price: '180' })],
  }, { token: alice.token });
  assert.equal(status, 200);
  assert.deepEqual(json.results.map((r) => r.status), [201, 400, 201, 400, 201]);
  assert.equal(json.results[0].order.price, '80');
  assert.equal(json.results[2].order.clientOrderId, 'b-3');
  assert.match(json.results[3].problem.detail, /nonsense/);
  for (const [body, word] of [[{ orders: [] }, 'orders'], [{ orders: 'x' }, 'orders'], [{}, 'orders'], [{ orders: [order()], more: 1 }, 'orders'], [{ orders: [7] }, ''],
    [{ orders: Array.from({ length: 1001 }, () => order()) }, '1000']]) {
    const answer = await proxy.post('/api/v1/orders/batch', body, { token: alice.token });
    if (answer.status === 200) assert.ok(answer.json.results.every((r) => r.status === 400));
    else {
      assert.ok([400, 413].includes(answer.status), answer.text);
      assert.match(answer.json.detail, new RegExp(word));
    }
  }
  await proxy.request('DELETE', '/api/v1/orders', { token: alice.token });
});

test('PATCH changes an order; what cannot be changed says why', async () => {
  const { json: { order: { id } } } = await place(alice, { price: '75', amount: 5 });
  const patch = (body, who = alice, target = id) => proxy.request('PATCH', `/api/v1/orders/${target}`, { token: who.token, body });
  const changed = await patch({ price: '76', quantity: 7 });
  assert.equal(changed.status, 200, changed.text);
  assert.equal(changed.json.order.price, '76');
  assert.equal(changed.json.order.quantity, '7');
  assert.equal(changed.json.order.id, id);
  assert.equal((await patch({ amount: '2' })).json.order.quantity, '2');
  for (const [body, word] of [[{}, ''], [{ price: '76.001' }, 'tick'], [{ quantity: 0 }, 'quantity'], [{ side: 'sell' }, 'side'], [{ price: 'x' }, 'price']]) {
    const answer = await patch(body);
    assert.equal(answer.status, 400, `${JSON.stringify(body)} ${answer.text}`);
    assert.match(answer.json.detail, new RegExp(word));
  }
  assert.equal((await patch({ price: '77' }, bob)).status, 404, 'another\'s order is like none');
  assert.equal((await patch({ price: '77' }, alice, 999999999)).status, 404);
  assert.equal((await proxy.request('DELETE', `/api/v1/orders/${id}`, { token: bob.token })).status, 404);
  assert.equal((await proxy.get(`/api/v1/orders/${id}`, { token: bob.token })).status, 404);
  const gone = await proxy.request('DELETE', `/api/v1/orders/${id}`, { token: alice.token });
  assert.equal(gone.status, 200);
  assert.equal(gone.json.order.status, 'cancelled');
  const twice = await proxy.request('DELETE', `/api/v1/orders/${id}`, { token: alice.token });
  assert.equal(twice.status, 409, twice.text);
  assert.equal((await patch({ price: '70' })).status, 409);
  for (const bad of ['x', '0', '-1', '1.5', '99999999999999999999', '1;DROP', '%00']) {
    const answer = await proxy.get(`/api/v1/orders/${bad}`, { token: alice.token });
    assert.ok([400, 404].includes(answer.status), `${bad}: ${answer.status}`);
  }
});

test('GET orders pages by cursor, newest first, each order once', async () => {
  const carol = await newUser(proxy);
  const placed = [];
  for (let i = 0; i < 23; i++) placed.push((await place(carol, { price: String(60 + i), side: i % 4 ? 'buy' : 'sell', ...(i % 4 ? {} : { price: '150' }) })).json.order.id);
  const seen = [];
  let cursor = null;
  do {
    const { status, json } = await proxy.get(`/api/v1/orders?limit=5${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`, { token: carol.token });
    assert.equal(status, 200);
    assert.ok(json.orders.length <= 5);
    seen.push(...json.orders.map((o) => o.id));
    cursor = json.nextCursor;
  } while (cursor);
  assert.deepEqual(seen, placed.reverse());
  const sells = (await proxy.get('/api/v1/orders?side=sell&status=active&symbol=Dec25-Wheat', { token: carol.token })).json.orders;
  assert.equal(sells.length, 6);
  assert.ok(sells.every((o) => o.side === 'sell'));
  assert.equal((await proxy.get('/api/v1/orders?asset=Gold', { token: carol.token })).json.orders.length, 0);
  for (const [query, word] of [['limit=0', 'limit'], ['limit=201', '200'], ['limit=x', 'limit'], ['status=odd', 'status'], ['cursor=!!', 'cursor'], ['nonsense=1', 'nonsense'], ['symbol=Nope', 'Nope'], ['limit=5&limit=6', 'limit']]) {
    const answer = await proxy.get(`/api/v1/orders?${query}`, { token: carol.token });
    assert.ok([400, 404].includes(answer.status), `${query}: ${answer.text}`);
    assert.match(answer.json.detail, new RegExp(word), query);
  }
});

test('decimals come back as they were given', async () => {
  const { json } = await proxy.post('/api/v1/orders', { symbol: 'EURUSD', side: 'buy', price: '1.0001', quantity: 700 }, { token: alice.token });
  assert.equal(json.order.price, '1.0001');
  assert.equal(json.order.contract, null);
  const exact = await proxy.request('POST', '/api/v1/orders', { token: alice.token, raw: '{"asset":"Wheat","contract":"Dec25","side":"buy","price":99.10,"amount":1}' });
  assert.equal(exact.json.order.price, '99.1', 'a JSON number is not rounded on its way');
  const summed = await place(alice, { price: 90 + 8.57 + 1e-14 });
  assert.equal(summed.json.order.price, '98.57', 'what binary arithmetic adds in the 16th digit is not meant');
  assert.equal((await place(alice, { price: '98.57000000000001' })).status, 400, 'a string is taken as it is');
  const amended = await proxy.request('PATCH', `/api/v1/orders/${summed.json.order.id}`, { token: alice.token, raw: '{"price":97.13000000000001}' });
  assert.equal(amended.json.order.price, '97.13');
  await proxy.request('DELETE', '/api/v1/orders', { token: alice.token });
});
