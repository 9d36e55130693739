// Orders that wait for a price, and pairs of which one goes with the other: over REST and over sockets.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Cluster, openMarket } from './lib/cluster.mjs';
import { TestClient } from './lib/platform.mjs';
import { Proxy, newUser } from './lib/proxy.mjs';
import { TestSocket } from './lib/socket.mjs';

let cluster;
let proxy;
let alice;
let bob;
let carol;
before(async () => {
  cluster = await Cluster.start();
  await openMarket(cluster);
  proxy = await Proxy.start(cluster);
  [alice, bob, carol] = await Promise.all([0, 1, 2].map(() => newUser(proxy)));
});
after(async () => {
  TestSocket.closeAll();
  TestClient.closeAll();
  const broken = await cluster?.invariants();
  await proxy?.stop();
  await cluster?.end();
  assert.deepEqual(broken, []);
});

const call = (who, method, at, body, headers) => proxy.request(method, `/api/v1${at}`, { token: who.token, body, headers });
const wheat = (fields) => ({ symbol: 'Dec25-Wheat', side: 'buy', quantity: 1, timeInForce: 'gtc', ...fields });
async function place(who, fields) {
  const { status, json, text } = await call(who, 'POST', '/orders', wheat(fields));
  assert.equal(status, 201, text);
  return json.order;
}
const order = async (who, id) => (await call(who, 'GET', `/orders/${id}`)).json.order;
// The last price becomes this one.
async function print(price) {
  await place(bob, { side: 'sell', price });
  assert.equal((await place(carol, { price })).status, 'filled');
}
const clear = async () => { for (const who of [alice, bob, carol]) assert.equal((await call(who, 'DELETE', '/orders')).status, 200); };

test('a stop waits, holds nothing, and becomes a market order at its price', async () => {
  await clear();
  await print(100);
  const free = async () => (await call(alice, 'GET', '/account/summary')).json.balances.find((b) => b.asset === 'USD').free;
  const before = await free();
  const stop = await place(alice, { type: 'stop', stopPrice: '102', quantity: 2 });
  assert.deepEqual([stop.status, stop.type, stop.stopPrice, stop.price, stop.filled, stop.linkedOrder, stop.parentOrder], ['untriggered', 'stop', '102', null, '0', null, null]);
  assert.equal(await free(), before);
  const book = (await proxy.get('/api/v1/orderbook/Dec25-Wheat')).json.books[0];
  assert.deepEqual(book.bids, [], 'nobody sees it');
  for (const query of ['status=active', 'status=untriggered']) assert.ok((await call(alice, 'GET', `/orders?${query}`)).json.orders.some((o) => o.id === stop.id), query);
  await place(bob, { side: 'sell', price: 102.5, quantity: 5 });
  await print(101.99);
  assert.equal((await order(alice, stop.id)).status, 'untriggered');
  await print(102);
  const done = await order(alice, stop.id);
  assert.deepEqual([done.status, done.averagePrice], ['filled', '102.5']);
});

test('each kind in each direction', async () => {
  for (const [type, side, level, not, fires] of [['stop', 'buy', 105, 104, 105], ['stop', 'sell', 95, 96, 95], ['take_profit', 'buy', 95, 96, 95], ['take_profit', 'sell', 105, 104, 105]]) {
    await clear();
    await print(100);
    const waiting = await place(alice, { type, side, stopPrice: level });
    await print(not);
    assert.equal((await order(alice, waiting.id)).status, 'untriggered', `${type} ${side} at ${not}`);
    await place(bob, { side: side === 'buy' ? 'sell' : 'buy', price: side === 'buy' ? fires + 1 : fires - 1, quantity: 3 });
    await print(fires);
    assert.equal((await order(alice, waiting.id)).status, 'filled', `${type} ${side} at ${fires}`);
  }
  await clear();
  await print(100);
  const limit = await place(alice, { type: 'stop_limit', stopPrice: '103', price: '103.5', quantity: 4 });
  assert.deepEqual([limit.type, limit.price, limit.stopPrice], ['stop_limit', '103.5', '103']);
  await place(bob, { side: 'sell', price: 103.25, quantity: 1 });
  await print(103);
  const rests = await order(alice, limit.id);
  assert.deepEqual([rests.status, rests.filled], ['partially_filled', '1'], 'the rest is in the book');
  assert.equal((await proxy.get('/api/v1/orderbook/Dec25-Wheat')).json.books[0].bids[0].price, '103.5');
});

test('one whose price is there already goes at once', async () => {
  await clear();
  await print(100);
  await place(bob, { side: 'sell', price: 100.5, quantity: 2 });
  const now = await place(alice, { type: 'stop', stopPrice: '99', quantity: 2 });
  assert.deepEqual([(await order(alice, now.id)).status, (await order(alice, now.id)).averagePrice], ['filled', '100.5']);
});

test('OCO: when one goes, the other is cancelled; both say so', async () => {
  await clear();
  await print(100);
  const socket = await TestSocket.open(proxy, { token: alice.token });
  const client = await TestClient.open(proxy, alice.token);
  assert.equal((await socket.ask({ op: 'subscribe', channels: ['orders'] })).op, 'ack');
  const target = await place(alice, { side: 'sell', price: 110, quantity: 3 });
  const stop = await place(alice, { side: 'sell', type: 'stop', stopPrice: 90, quantity: 3, oco: target.id });
  assert.deepEqual([stop.linkedOrder, (await order(alice, target.id)).linkedOrder], [target.id, stop.id]);
  await place(bob, { price: 89, quantity: 3 });
  await print(90);
  assert.equal((await order(alice, stop.id)).status, 'filled');
  const other = await order(alice, target.id);
  assert.deepEqual([other.status, other.reason], ['cancelled', 'linked_order']);
  const triggered = await socket.event('order:triggered', (o) => o.id === stop.id);
  assert.deepEqual([triggered.data.type, triggered.data.stopPrice], ['stop', '90']);
  assert.ok(triggered.seq > 0);
  await client.event('order:triggered', (o) => o.id === stop.id);
  await socket.event('order:cancelled', (o) => o.id === target.id && o.reason === 'linked_order');
  await socket.event('order:matched', (o) => o.id === stop.id);
  const seqs = ['order:triggered', 'order:matched'].map((name) => socket.messages.find((m) => m.event === name && m.data.id === stop.id).seq);
  assert.ok(seqs[0] < seqs[1], 'first let go, then matched');
  client.close();
  await socket.close();
});

test('OCO: a fill of the limit takes the stop away; so does a cancel', async () => {
  await clear();
  await print(100);
  for (const how of ['fill', 'cancel']) {
    const target = await place(alice, { side: 'sell', price: 101, quantity: 3 });
    const stop = await place(alice, { side: 'sell', type: 'stop', stopPrice: 90, quantity: 3, oco: target.id });
    if (how === 'fill') await place(bob, { price: 101, quantity: 1 });
    else await call(alice, 'DELETE', `/orders/${target.id}`);
    assert.deepEqual([(await order(alice, stop.id)).status, (await order(alice, stop.id)).reason], ['cancelled', 'linked_order'], how);
    await call(alice, 'DELETE', `/orders/${target.id}`);
  }
});

test('what cannot be is refused: by field, and links that are none', async () => {
  await clear();
  await print(100);
  const bobs = await place(bob, { price: 50 });
  const mine = await place(alice, { price: 50 });
  const gold = (await call(alice, 'POST', '/orders', { symbol: 'Dec25-Gold', side: 'buy', price: 3500, quantity: 1, timeInForce: 'gtc' })).json.order;
  for (const [fields, word] of [[{ type: 'stop' }, 'stop_?[pP]rice'], [{ type: 'stop', stopPrice: 0 }, 'stop_?[pP]rice'], [{ type: 'stop', stopPrice: -1 }, 'stop_?[pP]rice'], [{ type: 'stop', stopPrice: '100.005' }, 'stop_?[pP]rice|tick'],
    [{ type: 'stop', stopPrice: 'x' }, 'stop_?[pP]rice'], [{ type: 'stop', stopPrice: 1e12 }, 'stop_?[pP]rice'], [{ type: 'stop', stopPrice: 110, price: 1 }, 'price'], [{ type: 'stop_limit', stopPrice: 110 }, 'price'],
    [{ price: 100, stopPrice: 110 }, 'stop_?[pP]rice|stop_price|type'], [{ type: 'stop', stopPrice: 110, timeInForce: 'ioc' }, 'timeInForce|time in force|ioc'], [{ type: 'stop', stopPrice: 110, postOnly: true }, 'postOnly|post'],
    [{ type: 'stop', stopPrice: 110, oco: 'x' }, 'oco'], [{ type: 'stop', stopPrice: 110, oco: -1 }, 'oco'], [{ type: 'trailing', stopPrice: 110 }, 'type'], [{ type: 'stop', stopPrice: 110, parentOrder: 1 }, 'parentOrder'],
    [{ type: 'stop', stopPrice: 110, linkedOrder: 1 }, 'linkedOrder'], [{ type: 'stop', stopPrice: 110, status: 'open' }, 'status']]) {
    const { status, json, text } = await call(alice, 'POST', '/orders', wheat(fields));
    assert.equal(status, 400, `${JSON.stringify(fields)}: ${text}`);
    assert.match(json.detail, new RegExp(word), `${JSON.stringify(fields)}: ${json.detail}`);
  }
  const link = async (oco) => {
    const { status, json } = await call(alice, 'POST', '/orders', wheat({ type: 'stop', stopPrice: 110, oco }));
    return json.order ? `${json.order.status} ${json.order.reason}` : `${status} ${json.code}`;
  };
  const others = await link(bobs.id);
  assert.equal(others, await link(987654321), 'another\'s order is as unknown as one that never was');
  assert.notEqual(others.split(' ')[0], 'untriggered');
  assert.match(await link(gold.id), /^rejected linked_order|^4/);
  assert.equal(await link(mine.id), 'untriggered null');
  assert.match(await link(mine.id), /^rejected linked_order|^4/, 'linked already');
  assert.equal((await order(bob, bobs.id)).linkedOrder, null);
});

test('amended, cancelled; another\'s are not', async () => {
  await clear();
  await print(100);
  const stop = await place(alice, { type: 'stop', stopPrice: 110 });
  const amended = await call(alice, 'PATCH', `/orders/${stop.id}`, { stopPrice: '108.5', quantity: 2 });
  assert.equal(amended.status, 200, amended.text);
  assert.deepEqual([amended.json.order.stopPrice, amended.json.order.quantity, amended.json.order.status], ['108.5', '2', 'untriggered']);
  assert.equal((await call(bob, 'PATCH', `/orders/${stop.id}`, { stopPrice: '1' })).status, 404);
  assert.equal((await call(bob, 'DELETE', `/orders/${stop.id}`)).status, 404);
  for (const bad of [{ price: '1' }, { stopPrice: '108.501' }, { stopPrice: 'x' }]) {
    const answer = await call(alice, 'PATCH', `/orders/${stop.id}`, bad);
    assert.ok([400, 409].includes(answer.status), `${JSON.stringify(bad)}: ${answer.text}`);
  }
  const gone = await call(alice, 'DELETE', `/orders/${stop.id}`);
  assert.equal(gone.json.order.status, 'cancelled');
  const two = [await place(alice, { type: 'stop', stopPrice: 120 }), await place(alice, { price: 60 })];
  assert.equal((await call(alice, 'DELETE', '/orders')).json.cancelled, 2);
  assert.equal((await order(alice, two[0].id)).status, 'cancelled');
});

test('over a socket: placed, amended, triggered by its own price; Socket.IO alike', async () => {
  await clear();
  await print(100);
  const socket = await TestSocket.open(proxy, { token: alice.token });
  const { data: { order: stop } } = await socket.ask({ op: 'order.place', data: wheat({ type: 'stop', stopPrice: 110, quantity: 1 }) });
  assert.equal(stop.status, 'untriggered');
  const amended = await socket.ask({ op: 'order.amend', data: { id: stop.id, stopPrice: '101' } });
  assert.equal(amended.op, 'ack', JSON.stringify(amended));
  await place(bob, { side: 'sell', price: 101.5, quantity: 5 });
  assert.equal((await socket.ask({ op: 'subscribe', channels: ['orders'] })).op, 'ack');
  await print(101);
  await socket.event('order:triggered', (o) => o.id === stop.id);
  await socket.event('order:matched', (o) => o.id === stop.id && o.status === 'filled');
  await socket.close();
  const client = await TestClient.open(proxy, alice.token);
  const ack = await client.emit('order:create', wheat({ type: 'take_profit', side: 'sell', stopPrice: '105', quantity: 1 }), {});
  assert.equal(ack.ok, true, JSON.stringify(ack));
  assert.equal(ack.data.order.status, 'untriggered');
  client.close();
});
