// WebSockets: /ws with the `ws` package, Socket.IO with socket.io-client.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SignJWT } from 'jose';
import { io } from 'socket.io-client';
import { Cluster, openMarket } from './lib/cluster.mjs';
import { Proxy, SECRET, newUser, order, sleep } from './lib/proxy.mjs';
import { TestSocket } from './lib/socket.mjs';

let cluster;
let proxy;
let alice;
let bob;
before(async () => {
  cluster = await Cluster.start();
  await openMarket(cluster);
  proxy = await Proxy.start(cluster, { FRONTEND_URL: 'https://app.example.com', ORDER_DECISION_TIMEOUT_MS: '30000' });
  alice = await newUser(proxy);
  bob = await newUser(proxy);
});
after(async () => {
  TestSocket.closeAll();
  const broken = await cluster?.invariants();
  await proxy?.stop();
  await cluster?.end();
  assert.deepEqual(broken, []);
});

const open = (options) => TestSocket.open(proxy, options);
const place = (user, fields) => proxy.post('/api/v1/orders', order(fields), { token: user.token });
// Another proxy beside the common one, gone at the end whatever happens.
const withProxy = async (env, run) => {
  const other = await Proxy.start(cluster, { ORDER_DECISION_TIMEOUT_MS: '30000', ...env });
  try {
    await run(other);
  } catch (error) {
    await other.kill();
    throw error;
  }
  await other.stop();
};
const isClosed = async (socket, code, reason = /./) => {
  const closed = await socket.closed;
  assert.equal(closed.code, code, closed.reason);
  assert.match(closed.reason, reason);
};
// A token as the proxy would sign it, but for what the test says.
const signed = ({ user, id = 1, claims = {}, expires = '15m' }) => new SignJWT({ typ: 'access', tier: 'free', role: 'user', sid: id, acc: user.user.account, ...claims })
  .setProtectedHeader({ alg: 'HS256' }).setSubject(String(user.user.id)).setIssuer('tradepost').setAudience('tradepost').setIssuedAt().setNotBefore('0s').setExpirationTime(expires)
  .sign(new TextEncoder().encode(SECRET));
const sidOf = (user) => JSON.parse(Buffer.from(user.token.split('.')[1], 'base64url')).sid;

test('the plain form: subscribe:market, then the market and one\'s own orders', async () => {
  const socket = await open({ token: alice.token });
  socket.send('{"event":"subscribe:market","data":"Dec25-Wheat"}');
  const ack = await socket.until((m) => m.op === 'ack');
  assert.deepEqual([ack.event, ack.channels, typeof ack.seq], ['subscribe:market', ['market:Dec25-Wheat'], 'number']);
  await socket.event('market:update');
  const { json: { order: ask } } = await place(bob, { side: 'sell', price: 101, amount: 2 });
  const { json: { order: bid } } = await place(alice, { side: 'buy', price: 101, amount: 2 });
  const created = await socket.event('order:created', (o) => o.id === bid.id);
  const matched = await socket.event('order:matched', (o) => o.id === bid.id);
  const trade = await socket.event('trade:executed', (t) => t.buyOrderId === bid.id);
  assert.deepEqual([matched.data.status, matched.data.fillPrice, matched.data.fillQuantity, matched.data.role], ['filled', '101', '2', 'taker']);
  assert.deepEqual([trade.data.symbol, trade.data.price, trade.data.quantity, trade.data.side, trade.data.sellOrderId], ['Dec25-Wheat', '101', '2', 'buy', ask.id]);
  assert.ok(created.seq < trade.seq);
  assert.equal(trade.seq, matched.seq);
  assert.ok(trade.of >= 2 && trade.part !== matched.part, 'messages of one seq are numbered');
  assert.equal(socket.messages.some((m) => m.data?.id === ask.id && m.event.startsWith('order:')), false, 'another\'s orders are not heard');
  await socket.close();
});

test('subscribe: channels, what is not one, and other people\'s', async () => {
  const socket = await open();
  const ok = await socket.ask({ op: 'subscribe', channels: ['trades:Dec25-Wheat', 'market:Nope', 'orders', 'orders:1', 'user:1'] });
  assert.deepEqual(ok.channels, ['trades:Dec25-Wheat']);
  assert.deepEqual(ok.failed, [
    { channel: 'market:Nope', code: 'unknown_symbol' }, { channel: 'orders', code: 'authentication_required' },
    { channel: 'orders:1', code: 'unknown_channel' }, { channel: 'user:1', code: 'unknown_channel' },
  ]);
  for (const [channels, status, code] of [[['orders'], 401, 'authentication_required'], [['x'], 404, 'unknown_channel'], [['book:Nope'], 404, 'unknown_symbol']]) {
    const { op, status: s, code: c } = await socket.ask({ op: 'subscribe', channels });
    assert.deepEqual([op, s, c], ['error', status, code]);
  }
  const many = await socket.ask({ op: 'subscribe', channels: Array.from({ length: 257 }, (_, i) => `market:${i}`) });
  assert.deepEqual([many.code, many.detail], ['too_many_channels', 'one message may name 256 channels']);
  assert.equal((await socket.ask({ op: 'unsubscribe', channels: ['trades:Dec25-Wheat'] })).op, 'ack');
  await socket.close();
});

test('what is wrong with a message is named; the connection stays', async () => {
  const socket = await open();
  const cases = [
    ['nonsense', 'json_malformed', /byte 0/], ['[]', 'json_not_object', /object/], ['{"id":1}', 'field_missing', /op/], ['{"op":"fly"}', 'operation_unknown', /fly/],
    ['{"op":"subscribe"}', 'field_missing', /channels/], ['{"op":"subscribe","channels":[1]}', 'field_type', /channels\[0\]/], ['{"op":"ping","extra":1}', 'field_unknown', /extra/],
    ['{"op":"subscribe","channels":["orders"],"since":-1}', 'field_range', /since/], ['{"op":"subscribe","channels":["orders"],"part":1}', 'field_missing', /since/],
    ['{"op":"auth"}', 'field_missing', /token/], ['{"op":"session","cancelOnDisconnect":1}', 'field_type', /cancelOnDisconnect/],
    ['{"op":"session","cancelOnDisconnect":true,"grace":61}', 'field_range', /grace.*60/], [`{"op":"ping","id":"${'x'.repeat(65)}"}`, 'field_length', /id.*64/],
    ['{"op":"order.place","key":"","data":{}}', 'field_length', /key/],
    [`${'['.repeat(40)}${']'.repeat(40)}`, 'json_too_deep', /32/], ['{"op":"ping\\u0000"}', 'json_nul', /NUL/],
  ];
  for (const [text, code, detail] of cases) {
    socket.messages.length = 0;
    socket.send(text);
    const error = await socket.until((m) => m.op === 'error');
    assert.equal(error.code, code, text);
    assert.match(error.detail, detail);
    assert.equal(error.status, 400);
  }
  assert.equal((await socket.ask({ op: 'ping' })).pong, true);
  await socket.close();
});

test('close codes: binary 1003, bad UTF-8 1007, too large 1009', async () => {
  for (const [code, data, options] of [[1003, Buffer.from([1, 2])], [1007, Buffer.from([0x22, 0xFF, 0x22]), { binary: false }], [1009, 'x'.repeat(65537)], [1009, ' '.repeat(2_000_000)]]) {
    for (const perMessageDeflate of [true, false]) {
      const socket = await open({ perMessageDeflate: perMessageDeflate && { threshold: 0 } });
      socket.ws.send(data, options ?? {});
      await isClosed(socket, code);
    }
  }
});

test('permessage-deflate: large messages in both directions', async () => {
  const depth = 400;
  await cluster.sql(`SELECT tradepost.place_orders(account, array_fill('Dec25-Gold'::text, ARRAY[${depth}]), array_fill('buy'::tradepost.side, ARRAY[${depth}]),
    array_fill(1::numeric, ARRAY[${depth}]), ARRAY(SELECT 3000 + n * 0.1 FROM generate_series(1, ${depth}) n)) FROM tradepost.users WHERE id = ${alice.user.id}`).catch(async () => {
    for (let i = 1; i <= depth; i += 100) {
      const orders = Array.from({ length: 100 }, (_, n) => ({ asset: 'Gold', contract: 'Dec25', side: 'buy', price: (3000 + (i + n) / 10).toFixed(1), amount: 1 }));
      assert.equal((await proxy.post('/api/v1/orders/batch', { orders }, { token: alice.token })).status, 200);
    }
  });
  const plain = await open({ perMessageDeflate: false });
  const packed = await open({ perMessageDeflate: { threshold: 0 } });
  assert.equal(plain.ws.extensions, '');
  assert.equal(packed.ws.extensions, 'permessage-deflate');
  for (const socket of [plain, packed]) {
    const answer = await socket.ask({ op: 'subscribe', channels: ['book:Dec25-Gold', ...Array.from({ length: 200 }, (_, i) => `market:a-rather-long-name-${i}`)] });
    assert.equal(answer.failed.length, 200);
    const { data } = await socket.event('book:snapshot');
    assert.ok(data.bids.length >= 100, `${data.bids.length} levels`);
  }
  assert.deepEqual(packed.events('book:snapshot')[0].data.bids, plain.events('book:snapshot')[0].data.bids);
  await proxy.request('DELETE', '/api/v1/orders', { token: alice.token });
  await plain.close();
  await packed.close();
});

test('who may connect: tokens, origins, paths', async () => {
  const refused = (options) => open(options).then((s) => { s.close(); return 'open'; }, ({ status, json }) => `${status} ${json.code}`);
  assert.equal(await refused({ token: 'a.b.c' }), '401 token_invalid');
  assert.equal(await refused({ path: '/ws?token=nonsense' }), '401 token_malformed');
  assert.equal(await refused({ path: `/ws?token=${alice.token}` }), 'open');
  assert.equal(await refused({ origin: 'https://evil.example.com' }), '403 origin_not_allowed');
  assert.equal(await refused({ origin: 'https://app.example.com' }), 'open');
  assert.equal(await refused({ origin: proxy.url }), 'open');
  assert.equal(await refused({ path: '/socket.io/?EIO=3&transport=websocket' }), '400 5');
  assert.equal(await refused({ path: '/socket.io/?EIO=4&transport=polling' }), '400 0');
  assert.equal(await refused({ path: '/socket.io/?EIO=4&transport=websocket&sid=x' }), '400 1');
  const plain = await proxy.get('/ws');
  assert.deepEqual([plain.status, plain.json.code], [426, 'upgrade_required']);
  const polling = await proxy.get('/socket.io/?EIO=4&transport=polling&t=abc');
  assert.deepEqual([polling.status, polling.json], [400, { code: 0, message: 'Transport unknown' }]);
  const socket = await open({ protocols: ['tradepost'] });
  assert.equal(socket.ws.protocol, 'tradepost');
  await socket.close();
  assert.equal(proxy.log.includes(alice.token), false, 'tokens are not logged');
});

test('authentication as a message; another user\'s token is refused; five bad ones end it', async () => {
  const socket = await open();
  assert.equal((await socket.ask({ op: 'order.place', data: order({ price: 90 }) })).code, 'token_missing');
  const ack = await socket.ask({ op: 'auth', token: alice.token });
  assert.deepEqual([ack.op, ack.user, ack.account, ack.tier], ['ack', alice.user.id, alice.user.account, 'free']);
  assert.ok(Date.parse(ack.expires) > Date.now());
  assert.deepEqual((await socket.ask({ op: 'subscribe', channels: ['orders'] })).channels, ['orders']);
  const other = await socket.ask({ op: 'auth', token: bob.token });
  assert.deepEqual([other.status, other.code], [409, 'user_differs']);
  for (let i = 0; i < 4; i++) socket.send({ op: 'auth', token: 'a.b.c' });
  await isClosed(socket, 1008, /bad tokens/);
});

test('a token that expires: auth:expired, then nothing private until the next', async () => {
  const socket = await open({ token: await signed({ user: alice, id: sidOf(alice), expires: Math.floor(Date.now() / 1000) + 5 }) });
  await socket.ask({ op: 'subscribe', channels: ['orders', 'trades:Dec25-Wheat'] });
  const { data } = await socket.event('auth:expired');
  assert.ok(Date.parse(data.expiredAt) <= Date.now());
  assert.equal((await socket.ask({ op: 'orders.list' })).code, 'token_expired');
  assert.equal((await socket.ask({ op: 'subscribe', channels: ['orders'] })).code, 'authentication_required');
  assert.equal((await socket.ask({ op: 'auth', token: alice.token })).op, 'ack');
  assert.equal((await socket.ask({ op: 'subscribe', channels: ['orders'] })).op, 'ack');
  const { json } = await place(alice, { price: 91 });
  await socket.event('order:created', (o) => o.id === json.order.id);
  await proxy.request('DELETE', `/api/v1/orders/${json.order.id}`, { token: alice.token });
  await socket.close();
});

test('commands are REST by another way', async () => {
  const socket = await open({ token: alice.token });
  const placed = await socket.ask({ op: 'order.place', key: 'socket-1', data: order({ price: '92.50', amount: 3 }) });
  assert.deepEqual([placed.op, placed.status, placed.data.order.status, placed.data.order.price], ['ack', 201, 'open', '92.5']);
  const { id } = placed.data.order;
  assert.equal((await socket.ask({ op: 'order.place', key: 'socket-1', data: order({ price: '92.50', amount: 3 }) })).data.order.id, id, 'the same key, the same order');
  const reused = await socket.ask({ op: 'order.place', key: 'socket-1', data: order({ price: '92.50', amount: 4 }) });
  assert.deepEqual([reused.op, reused.status, reused.code], ['error', 409, 'key_reused']);
  const amended = await socket.ask({ op: 'order.amend', data: { id, quantity: 2 } });
  assert.deepEqual([amended.op, amended.data?.order.quantity], ['ack', '2']);
  assert.equal((await socket.ask({ op: 'order.get', data: id })).data.order.quantity, '2');
  assert.ok((await socket.ask({ op: 'orders.list', data: { status: 'active', limit: 10 } })).data.orders.some((o) => o.id === id));
  assert.equal((await socket.ask({ op: 'order.cancel', data: { id } })).data.order.status, 'cancelled');
  const batch = await socket.ask({ op: 'orders.place', data: [order({ price: 80 }), order({ price: 'x' })] });
  assert.deepEqual([batch.op, batch.status, batch.data.results.length], ['ack', 200, 2]);
  const gone = await socket.ask({ op: 'orders.cancel_all', data: { symbol: 'Dec25-Wheat' } });
  assert.deepEqual([gone.op, gone.data.cancelled], ['ack', 1]);
  assert.equal((await socket.ask({ op: 'account.summary' })).data.account.id, alice.user.account);
  const unknown = await socket.ask({ op: 'order.place', data: { ...order({ price: 90 }), color: 'red' } });
  assert.equal(unknown.status, 400);
  assert.match(unknown.detail, /color/);
  assert.equal((await socket.ask({ op: 'order.cancel', data: {} })).code, 'field_missing');
  const theirs = (await place(bob, { price: 70 })).json.order;
  assert.deepEqual(await socket.ask({ op: 'order.cancel', data: { id: theirs.id } }).then((a) => [a.status, a.code]), [404, 'order_unknown']);
  await proxy.request('DELETE', `/api/v1/orders/${theirs.id}`, { token: bob.token });
  await socket.close();
});

test('rate limits are those of REST', () => withProxy({ RATE_LIMIT: 'on', RATE_LIMIT_ORDERS_FREE: '3/60' }, async (limited) => {
  const user = await newUser(limited);
  const socket = await TestSocket.open(limited, { token: user.token });
  const answers = [];
  for (let i = 0; i < 4; i++) answers.push(await socket.ask({ op: 'order.place', data: order({ price: 60 + i }) }));
  assert.deepEqual(answers.map((a) => a.status), [201, 201, 201, 429]);
  assert.equal(answers[3].code, 'rate_limited');
  assert.ok(answers[3].retryAfter >= 1);
  assert.equal((await limited.post('/api/v1/orders', order({ price: 50 }), { token: user.token })).status, 429, 'one budget for both ways');
}));

test('too many sockets of an address, too many messages of a socket', () => withProxy({ RATE_LIMIT: 'on', SOCKETS_PER_ADDRESS: '2' }, async (limited) => {
  const [flooding, calm] = await Promise.all([TestSocket.open(limited), TestSocket.open(limited)]);
  await assert.rejects(TestSocket.open(limited), (e) => e.status === 429 && e.json.code === 'too_many_connections');
  for (let i = 0; flooding.code === undefined; i++) {
    flooding.send('{"op":"ping"}');
    if (i % 100 === 0) await sleep(0);
  }
  await isClosed(flooding, 1008, /too many messages/);
  assert.ok(flooding.messages.some((m) => m.code === 'rate_limited'));
  assert.equal((await calm.ask({ op: 'ping' })).pong, true);
  await (await TestSocket.open(limited)).close();
}));

test('shutdown: commands under way are answered, then 1001', () => withProxy({ DRAIN_TIMEOUT: '30' }, async (other) => {
  const socket = await TestSocket.open(other, { token: alice.token });
  const answers = Promise.all(Array.from({ length: 20 }, (_, i) => socket.ask({ op: 'order.place', data: order({ price: 60 + i }) })));
  await socket.until((m) => m.op === 'ack');
  other.child.kill('SIGTERM');
  assert.deepEqual((await answers).map((a) => a.status), Array(20).fill(201));
  assert.equal((await socket.closed).code, 1001);
  await proxy.request('DELETE', '/api/v1/orders', { token: alice.token });
}));

test('logout closes the session\'s sockets and no others', async () => {
  const user = await newUser(proxy);
  const second = (await proxy.post('/api/v1/auth/login', { email: user.email, password: user.password })).json;
  const [ends, ends2, stays] = await Promise.all([open({ token: user.token }), open({ token: user.token }), open({ token: second.token })]);
  assert.equal((await proxy.post('/api/v1/auth/logout', undefined, { token: user.token })).status, 204);
  await isClosed(ends, 4001, /revoked/);
  await isClosed(ends2, 4001, /revoked/);
  assert.equal((await stays.ask({ op: 'ping' })).pong, true);
  await proxy.post('/api/v1/auth/logout', { everywhere: true }, { token: second.token });
  await isClosed(stays, 4001);
});

const activeOrders = async (user) => (await proxy.get('/api/v1/orders?status=active', { token: user.token })).json.orders.length;
const untilActive = async (user, count) => {
  for (let i = 0; i < 300 && await activeOrders(user) !== count; i++) await sleep(50);
  assert.equal(await activeOrders(user), count);
};

test('cancel on disconnect, at once, with grace, and after logout', async () => {
  const user = await newUser(proxy);
  const { token } = user;
  const first = await open({ token });
  assert.equal((await first.ask({ op: 'session', cancelOnDisconnect: true })).cancelOnDisconnect, true);
  for (const price of [81, 82]) await place(user, { price });
  first.ws.terminate();
  await untilActive(user, 0);

  // Back within the grace: nothing is cancelled. Not back: it is.
  const second = await open({ token });
  await second.ask({ op: 'session', cancelOnDisconnect: true, grace: 60 });
  assert.equal((await second.ask({ op: 'session' })).grace, 60);
  await place(user, { price: 83 });
  await second.close();
  const third = await open({ token });
  await third.ask({ op: 'session', cancelOnDisconnect: true, grace: 60 });
  await sleep(2500);
  assert.equal(await activeOrders(user), 1, 'the return took the cancel back');
  // Also when the user comes back to another proxy.
  await withProxy({}, async (other) => {
    await third.close();
    const elsewhere = await TestSocket.open(other, { token });
    await elsewhere.ask({ op: 'session', cancelOnDisconnect: true, grace: 1 });
    await sleep(2500);
    assert.equal(await activeOrders(user), 1, 'the return to another proxy was heard');
    await elsewhere.close();
    await untilActive(user, 0);
  });

  const fourth = await open({ token });
  await fourth.ask({ op: 'session', cancelOnDisconnect: true });
  await place(user, { price: 84 });
  await proxy.post('/api/v1/auth/logout', undefined, { token });
  await isClosed(fourth, 4001);
  const again = (await proxy.post('/api/v1/auth/login', { email: user.email, password: user.password })).json;
  await untilActive(again, 0);
});

test('since and part: what was missed comes once, in order, then live events', async () => {
  const live = await open({ token: alice.token });
  const { seq: start } = await live.ask({ op: 'subscribe', channels: ['orders', 'trades:Dec25-Wheat'] });
  for (let i = 0; i < 5; i++) {
    await place(bob, { side: 'sell', price: 101, amount: 1 });
    await place(alice, { side: 'buy', price: 101, amount: 1 });
  }
  const key = (m) => `${m.seq}/${m.part ?? 1} ${m.event}`;
  const numbered = (socket) => socket.messages.filter((m) => /^(order|trade):/.test(m.event)).map(key);
  await live.until(() => live.events('order:matched').length === 5);
  const all = numbered(live);
  assert.equal(new Set(all).size, all.length);
  // From every place in it the rest is the same.
  for (const at of [0, 1, 2, 3, Math.floor(all.length / 2), all.length - 1]) {
    const late = await open({ token: alice.token });
    const from = at === 0 ? { since: start } : { since: Number(all[at - 1].split('/')[0]), part: Number(all[at - 1].split(/[/ ]/)[1]) };
    const ack = await late.ask({ op: 'subscribe', channels: ['orders', 'trades:Dec25-Wheat'], ...from });
    assert.equal(ack.resumed, true);
    assert.deepEqual(numbered(late), all.slice(at), `from ${at}`);
    await late.close();
  }
  const busy = await open();
  const [one, two] = await Promise.all([busy.ask({ op: 'subscribe', channels: ['trades:Dec25-Wheat'], since: start }), busy.ask({ op: 'subscribe', channels: ['trades:Mar26-Wheat'], since: start })]);
  assert.equal(one.op, 'ack');
  assert.ok(two.op === 'ack' || two.code === 'resume_under_way');
  await busy.close();
  await live.close();
});

test('a since that this exchange has not reached is refused, and live events come', async () => {
  const socket = await open();
  const ack = await socket.ask({ op: 'subscribe', channels: ['trades:Dec25-Wheat'], since: Number.MAX_SAFE_INTEGER });
  assert.deepEqual([ack.op, ack.status, ack.code], ['error', 410, 'since_unknown']);
  await place(bob, { side: 'sell', price: 101, amount: 1 });
  await place(alice, { side: 'buy', price: 101, amount: 1 });
  await socket.until(() => socket.events('trade:executed').length === 1);
  await socket.close();
});

test('a client that does not read is closed: 4008', () => withProxy({ SOCKET_QUEUE: '65536' }, async (strict) => {
  const socket = await TestSocket.open(strict, { token: alice.token, perMessageDeflate: false });
  const other = await TestSocket.open(strict, { token: alice.token });
  socket.ws._socket.pause();
  // Answers that are not read: more than the kernel's buffers and the queue hold.
  for (let i = 0; i < 60_000; i++) {
    socket.send({ op: 'subscribe', id: i, channels: ['market:Nope'.repeat(40)] });
    if (i % 1000 === 0) await sleep(0);
  }
  assert.equal((await other.ask({ op: 'ping' })).pong, true, 'the others do not notice');
  // What it finds when it reads at last.
  const culled = async () => Number((await strict.get('/metrics')).text.match(/^tradepost_proxy_websockets_culled_total (\d+)/m)[1]);
  for (let i = 0; i < 600 && await culled() === 0; i++) await sleep(50);
  assert.equal(await culled(), 1);
  socket.ws._socket.resume();
  const { code, reason } = await socket.closed;
  assert.ok(code === 4008 || code === 1006, `${code} ${reason}`);
}));

test('pings are answered, silence ends with 4009; shutdown with 1001', () => withProxy({ SOCKET_PING: '1' }, async (brisk) => {
  const good = await TestSocket.open(brisk);
  const silent = await TestSocket.open(brisk, { autoPong: false });
  const pinged = new Promise((ok) => { good.ws.once('ping', ok); });
  await pinged;
  await isClosed(silent, 4009, /ping/);
  assert.equal((await good.ask({ op: 'ping' })).pong, true);
  brisk.child.kill('SIGTERM');
  assert.equal((await good.closed).code, 1001);
}));

const socketIo = (options = {}) => io(proxy.url, { transports: ['websocket'], forceNew: true, reconnection: false, ...options });
const connected = (client) => new Promise((ok, bad) => { client.once('connect', ok).once('connect_error', bad); });

test('Socket.IO: connect, subscribe:market, the same events, acks', async () => {
  const client = socketIo({ auth: { token: alice.token } });
  const heard = [];
  client.onAny((event, data, about) => heard.push({ event, data, about }));
  const next = async (event, accepts) => {
    for (;;) {
      const found = heard.find((h) => h.event === event && accepts(h.data));
      if (found) return found;
      await sleep(20);
    }
  };
  await connected(client);
  const ack = await client.emitWithAck('subscribe:market', 'Dec25-Wheat');
  assert.deepEqual([ack.ok, ack.channels], [true, ['market:Dec25-Wheat']]);
  assert.deepEqual(await client.emitWithAck('subscribe:market', 'Nope').then((a) => [a.ok, a.code]), [false, 'unknown_symbol']);
  await next('market:update', (m) => m.symbol === 'Dec25-Wheat');
  const placed = await client.emitWithAck('order:create', order({ price: 101, amount: 1 }), { key: 'sio-1' });
  assert.deepEqual([placed.ok, placed.status, placed.data.order.status], [true, 201, 'open']);
  assert.equal((await client.emitWithAck('order:create', order({ price: 101, amount: 1 }), { key: 'sio-1' })).data.order.id, placed.data.order.id);
  await place(bob, { side: 'sell', price: 101, amount: 1 });
  const created = await next('order:created', (o) => o.id === placed.data.order.id);
  const trade = await next('trade:executed', (t) => t.buyOrderId === placed.data.order.id);
  const matched = await next('order:matched', (o) => o.id === placed.data.order.id);
  assert.ok(created.about.seq < trade.about.seq && trade.about.seq === matched.about.seq && trade.about.part !== matched.about.part);
  const bad = await client.emitWithAck('order:create', order({ price: 'x' }));
  assert.deepEqual([bad.ok, bad.status], [false, 400]);
  const rest = await place(alice, { price: 71 });
  assert.equal((await client.emitWithAck('order:cancel', rest.json.order.id)).data.order.status, 'cancelled');
  await next('order:cancelled', (o) => o.id === rest.json.order.id);
  client.emit('no:such:event', 1);
  await next('error', (e) => e.code === 'operation_unknown');
  client.close();
});

test('Socket.IO: without a token the public channels; bad tokens and other namespaces are refused', async () => {
  const anonymous = socketIo();
  await connected(anonymous);
  assert.equal((await anonymous.emitWithAck('subscribe:market', 'Dec25-Wheat')).ok, true);
  assert.equal((await anonymous.emitWithAck('subscribe', { channels: ['orders'] })).code, 'authentication_required');
  assert.equal((await anonymous.emitWithAck('order:create', order())).code, 'token_missing');
  assert.equal((await anonymous.emitWithAck('auth', alice.token)).user, alice.user.id);
  anonymous.close();
  await assert.rejects(connected(socketIo({ auth: { token: 'a.b.c' } })), (e) => e.data.code === 'token_invalid');
  const elsewhere = io(`${proxy.url}/elsewhere`, { transports: ['websocket'], forceNew: true, reconnection: false });
  await assert.rejects(connected(elsewhere), /Invalid namespace/);
  elsewhere.close();
});
