// Pushes on open sockets, API keys, and tenants: who hears what, as who, until when.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { io } from 'socket.io-client';
import { Cluster, openMarket } from './lib/cluster.mjs';
import { until } from './lib/platform.mjs';
import { Proxy, newUser, sleep } from './lib/proxy.mjs';
import { TestSocket } from './lib/socket.mjs';

let cluster;
let proxy;
before(async () => {
  cluster = await Cluster.start();
  await openMarket(cluster);
  await cluster.sql("SELECT tradepost.create_tenant('other', '{other.example}', '{\"rateLimits\": {\"api_free\": \"7/60\"}}')");
  await cluster.sql(`SELECT tradepost.create_asset('Wheat', tenant => 2), tradepost.create_asset('USD', tenant => 2);
    SELECT tradepost.create_instrument('Dec25-Wheat', 'future', 'Wheat', 'USD', 0.01, 1, 100, contract => 'Dec25', band => 90, initial_margin => 1, maintenance_margin => 0.5, tenant => 2)`);
  proxy = await Proxy.start(cluster);
});
after(async () => {
  TestSocket.closeAll();
  await proxy?.stop();
  await cluster?.end();
});

const api = (path) => `/api/v1/${path}`;
const isProblem = (answer, status, problem, words) => {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.json.code, problem, answer.text);
  if (words) assert.match(answer.json.detail, words);
};
const tier = (user, name) => cluster.sql(`SELECT tradepost.set_tier(${user.user.id}, '${name}')`);
const wheat = { symbol: 'Dec25-Wheat', type: 'buy', entry_price: 100, stop_loss: 95, take_profit: 110, volume: 1, confidence: 80, reasoning: 'a test' };
const publish = (user, fields = {}) => proxy.post(api('trading/signals'), { ...wheat, ...fields }, { token: user.token });
const listen = async (token, channels, more = {}) => {
  const socket = await TestSocket.open(proxy, { token });
  const ack = await socket.ask({ op: 'subscribe', channels, ...more });
  assert.equal(ack.op, 'ack', JSON.stringify(ack));
  return { socket, ack };
};
// When this one has come, all before it have.
const mark = async (author, socket) => {
  const { json } = await publish(author);
  await socket.event('signal:created', (s) => s.id === json.signal.id);
  return json.signal.id;
};
const ids = (socket) => socket.events('signal:created').map((m) => m.data.id);
const newKey = async (user, fields = {}) => {
  const answer = await proxy.post(api('users/api-keys'), { name: 'model', scopes: ['read', 'trade'], ...fields }, { token: user.token });
  assert.equal(answer.status, 201, answer.text);
  return { key: answer.json.key, id: answer.json.apiKey.id };
};

test('signals reach those who may see them, by the tier that they have now', async () => {
  const [author, pro, free] = [await newUser(proxy), await newUser(proxy), await newUser(proxy)];
  await tier(author, 'pro');
  await tier(pro, 'pro');
  const one = await listen(pro.token, ['signals']);
  const two = await listen(free.token, ['signals', 'account']);
  assert.equal(typeof one.ack.push, 'number');
  assert.equal(one.ack.seq, undefined, 'a number of events says nothing here');
  const advanced = (await publish(author, { access: 'advanced' })).json.signal.id;
  const basic = await mark(author, two.socket);
  await one.socket.event('signal:created', (s) => s.id === basic);
  assert.deepEqual(ids(one.socket), [advanced, basic]);
  assert.deepEqual(ids(two.socket), [basic]);
  const { push } = one.socket.events('signal:created')[0];
  assert.ok(push > one.ack.push);

  await tier(free, 'pro');
  await two.socket.event('subscription:changed');
  const upgraded = (await publish(author, { access: 'advanced' })).json.signal.id;
  await two.socket.event('signal:created', (s) => s.id === upgraded);
  await tier(free, 'basic');
  const hidden = (await publish(author, { access: 'advanced' })).json.signal.id;
  await mark(author, two.socket);
  assert.ok(!ids(two.socket).includes(hidden), 'a downgrade holds for what is made after it');

  await cluster.sql(`UPDATE tradepost_internal.users SET tier_until = clock_timestamp() + interval '2 seconds', changed_at = now() WHERE id = ${pro.user.id}; SELECT pg_notify('tradepost_edge', '{"user": ${pro.user.id}}')`);
  await cluster.sql(`SELECT pg_sleep(extract(epoch FROM tier_until - clock_timestamp())) FROM tradepost_internal.users WHERE id = ${pro.user.id}`);
  const late = (await publish(author, { access: 'advanced' })).json.signal.id;
  await mark(author, one.socket);
  assert.ok(!ids(one.socket).includes(late), 'a tier that ended on an open socket');
  for (const { socket } of [one, two]) await socket.close();
});

test('what was missed comes, each once and in order; numbers that say nothing are refused', async () => {
  const [author, reader, other] = [await newUser(proxy), await newUser(proxy), await newUser(proxy)];
  await tier(author, 'pro');
  const first = await listen(reader.token, ['signals', 'notifications']);
  const before = await mark(author, first.socket);
  const { push } = first.socket.events('signal:created').at(-1);
  await first.socket.close();
  await cluster.sql(`SELECT tradepost_internal.notify_user(${reader.user.id}, 'security', 'yours', 'b'), tradepost_internal.notify_user(${other.user.id}, 'security', 'another''s', 'b')`);
  const missed = [];
  for (let i = 0; i < 20; i++) missed.push((await publish(author)).json.signal.id);
  // Missed is what has a number: before, it would come live.
  await until(async () => Number((await cluster.sql('SELECT tradepost_edge.newest_push()'))[0][0]) > push + 20, 'the missed ones are numbered');
  const socket = await TestSocket.open(proxy, { token: reader.token });
  const asked = socket.ask({ op: 'subscribe', channels: ['signals', 'notifications'], since: push });
  const live = [];
  for (let i = 0; i < 5; i++) live.push((await publish(author)).json.signal.id);
  const ack = await asked;
  assert.equal(ack.resumed, true, JSON.stringify(ack));
  assert.ok(ack.push > push);
  await mark(author, socket);
  const heard = socket.messages.filter((m) => m.event && m.push !== undefined);
  assert.deepEqual(ids(socket).slice(0, 25), [...missed, ...live]);
  assert.ok(!ids(socket).includes(before));
  assert.deepEqual(heard.map((m) => m.push), [...new Set(heard.map((m) => m.push))].sort((a, b) => a - b), 'in order, each once');
  assert.deepEqual(socket.events('notification:created').map((m) => m.data.title), ['yours']);

  assert.equal((await socket.ask({ op: 'subscribe', channels: ['account', 'orders'], since: 1 })).code, 'since_mixed');
  assert.equal((await socket.ask({ op: 'subscribe', channels: ['account'], since: 1e12 })).code, 'since_unknown');
  await cluster.sql('DELETE FROM tradepost_internal.pushes WHERE seq <= 3');
  assert.equal((await socket.ask({ op: 'unsubscribe', channels: ['account'] })).op, 'ack');
  assert.equal((await socket.ask({ op: 'subscribe', channels: ['account'], since: 1 })).code, 'since_too_old');
  const nobody = await TestSocket.open(proxy);
  for (const channel of ['signals', 'notifications', 'account']) assert.equal((await nobody.ask({ op: 'subscribe', channels: [channel] })).code, 'authentication_required');
  for (const s of [socket, nobody]) await s.close();
});

test('Socket.IO hears the same names', async () => {
  const [author, reader] = [await newUser(proxy), await newUser(proxy)];
  await tier(author, 'pro');
  const socket = io(proxy.url, { transports: ['websocket'], auth: { token: reader.token }, reconnection: false });
  await new Promise((ok, bad) => { socket.on('connect', ok).on('connect_error', bad); });
  const heard = new Promise((ok) => { socket.on('signal:created', (data, place) => ok({ data, place })); });
  const ack = await socket.emitWithAck('subscribe:signals');
  assert.equal(ack.ok, true, JSON.stringify(ack));
  const { json } = await publish(author);
  const { data, place } = await heard;
  assert.equal(data.id, json.signal.id);
  assert.ok(place.push > ack.push);
  const changed = new Promise((ok) => { socket.on('subscription:changed', ok); });
  assert.equal((await socket.emitWithAck('subscribe', ['account'])).ok, true);
  assert.equal((await socket.emitWithAck('unsubscribe:signals')).ok, true);
  await tier(reader, 'basic');
  assert.equal((await changed).tier, 'basic');
  socket.close();
});

test('an API key: its scopes, its address, its end; with the subscription it goes at once', async () => {
  const user = await newUser(proxy);
  isProblem(await proxy.post(api('users/api-keys'), { name: 'no', scopes: ['read'] }, { token: user.token }), 403, 'tier_required', /"pro"/);
  await tier(user, 'pro');
  const { key, id } = await newKey(user);
  const reads = await newKey(user, { scopes: ['read'] });
  assert.equal((await proxy.get(api('account/summary'), { token: key })).status, 200);
  assert.equal((await proxy.get(api('account/summary'), { headers: { 'x-api-key': key } })).status, 200);
  isProblem(await proxy.get(api('account/summary'), { token: key, headers: { 'x-api-key': key } }), 400, 'credentials_twice');
  isProblem(await proxy.get(api('account/summary'), { token: `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}` }), 401, 'api_key_invalid');
  isProblem(await proxy.get(api('account/summary'), { token: 'tpk_x' }), 401, 'api_key_invalid');
  const order = { asset: 'Wheat', contract: 'Dec25', side: 'buy', price: '90', amount: 1 };
  assert.equal((await proxy.post(api('orders'), order, { token: key })).status, 201);
  isProblem(await proxy.post(api('orders'), order, { token: reads.key }), 403, 'scope_missing', /needs the scope "trade", and the API key has "read"/);
  for (const path of ['auth/profile', 'users/api-keys', 'users/sessions']) isProblem(await proxy.get(api(path), { token: key }), 403, 'scope_missing', /only a login/);
  isProblem(await proxy.post(api('users/subscription'), { tier: 'free' }, { token: key }), 403, 'scope_missing', /only a login/);
  const far = await newKey(user, { ips: ['192.0.2.0/24'] });
  isProblem(await proxy.get(api('account/summary'), { token: far.key }), 403, 'address_not_allowed', /127\.0\.0\.1/);

  const socket = await TestSocket.open(proxy, { token: key });
  assert.equal((await socket.ask({ op: 'subscribe', channels: ['orders', 'signals'] })).op, 'ack', 'what comes before the key is known waits');
  assert.equal((await socket.ask({ op: 'order.place', data: order })).status, 201);
  const second = await TestSocket.open(proxy);
  assert.equal((await second.ask({ op: 'auth', token: reads.key })).user, user.user.id);
  assert.equal((await second.ask({ op: 'order.place', data: order })).code, 'scope_missing');
  assert.equal((await second.ask({ op: 'session', cancelOnDisconnect: true })).code, 'scope_missing');
  const bad = await TestSocket.open(proxy);
  assert.equal((await bad.ask({ op: 'auth', token: 'tpk_nothing' })).code, 'api_key_invalid');
  assert.equal((await bad.ask({ op: 'ping' })).pong, true);

  assert.equal((await proxy.request('DELETE', api(`users/api-keys/${reads.id}`), { token: user.token })).status, 204);
  assert.equal((await second.closed).code, 4001, 'a key that was ended takes its sockets along');
  isProblem(await proxy.get(api('account/summary'), { token: reads.key }), 401, 'api_key_invalid');
  await tier(user, 'basic');
  isProblem(await proxy.get(api('account/summary'), { token: key }), 403, 'tier_required', /"pro"/);
  assert.equal((await socket.closed).code, 4001, 'a downgrade ends it on an open socket');
  assert.ok(id > 0);
  await bad.close();
});

test('a tenant is the token\'s, else that of header or host; sockets and limits are apart', async () => {
  const [one, two] = [await newUser(proxy), await newUser(proxy, {}, { 'x-tenant': 'other' })];
  const profile = (user, headers) => proxy.get(api('auth/profile'), { token: user.token, headers });
  assert.equal((await profile(two)).status, 200);
  assert.equal((await profile(two, { host: 'OTHER.example.:80' })).status, 200);
  isProblem(await profile(one, { 'x-tenant': 'other' }), 403, 'tenant_mismatch');
  isProblem(await profile(one, { host: 'other.example' }), 403, 'tenant_mismatch');
  isProblem(await profile(one, { 'x-tenant': 'nobody' }), 404, 'tenant_unknown');
  isProblem(await proxy.get(api('instruments'), { headers: { host: 'other.example', 'x-tenant': 'default' } }), 403, 'tenant_mismatch');
  const symbols = async (headers) => (await proxy.get(api('instruments'), { headers })).json.instruments.map((i) => i.symbol);
  assert.ok((await symbols()).includes('Mar26-Wheat'));
  assert.deepEqual(await symbols({ 'x-tenant': 'other' }), ['Dec25-Wheat']);
  isProblem(await proxy.get(api('orderbook/Mar26-Wheat'), { headers: { 'x-tenant': 'other' } }), 404, 'instrument_unknown');
  isProblem(await proxy.get(api('orderbook/Gold'), { token: two.token }), 404, 'instrument_unknown');

  // The same symbol is another instrument at each.
  const sell = (user, price) => proxy.post(api('orders'), { asset: 'Wheat', contract: 'Dec25', side: 'sell', price, amount: 1 }, { token: user.token });
  const asks = async (headers) => (await proxy.get(api('orderbook/Dec25-Wheat'), { headers })).json.books.map((b) => b.asks.map((level) => level.price));
  const tape = await TestSocket.open(proxy, { token: two.token });
  assert.equal((await tape.ask({ op: 'subscribe', channels: ['trades:Dec25-Wheat', 'book:Dec25-Wheat'] })).op, 'ack');
  assert.equal((await sell(two, '151')).json.order.status, 'open');
  await sell(one, '152');
  assert.deepEqual(await asks({ 'x-tenant': 'other' }), [['151']]);
  assert.ok((await asks())[0].includes('152') && !(await asks())[0].includes('151'));
  await proxy.post(api('orders'), { asset: 'Wheat', contract: 'Dec25', side: 'buy', price: '152', amount: 1 }, { token: one.token });
  await proxy.post(api('orders'), { asset: 'Wheat', contract: 'Dec25', side: 'buy', price: '151', amount: 1 }, { token: (await newUser(proxy, {}, { 'x-tenant': 'other' })).token });
  await tape.event('trade:executed', (t) => t.price === '151');
  assert.equal(tape.events('trade:executed').length, 1);
  assert.ok(!JSON.stringify(tape.messages).includes('152'));
  const prices = async (headers) => (await proxy.get(api('trades?symbol=Dec25-Wheat'), { headers })).json.trades.map((t) => t.price);
  assert.deepEqual(await prices({ 'x-tenant': 'other' }), ['151']);
  assert.ok(!(await prices()).includes('151'));
  await tape.close();

  const [mine, theirs] = [await TestSocket.open(proxy), await TestSocket.open(proxy, { path: '/ws?tenant=other' })];
  assert.equal((await mine.ask({ op: 'subscribe', channels: ['market:Dec25-Wheat'] })).op, 'ack');
  assert.equal((await theirs.ask({ op: 'subscribe', channels: ['market:Mar26-Wheat'] })).code, 'unknown_symbol');
  assert.equal((await theirs.ask({ op: 'auth', token: one.token })).code, 'tenant_mismatch');
  assert.equal((await mine.ask({ op: 'auth', token: two.token })).op, 'ack');
  await proxy.post(api('orders'), { asset: 'Wheat', contract: 'Dec25', side: 'sell', price: '200', amount: 1 }, { token: one.token });
  const seen = mine.events('market:update').length;
  await assert.rejects(TestSocket.open(proxy, { token: one.token, path: '/ws?tenant=other' }), (e) => e.status === 403 && e.json.code === 'tenant_mismatch');
  await assert.rejects(TestSocket.open(proxy, { path: '/ws?tenant=nobody' }), (e) => e.status === 404 && e.json.code === 'tenant_unknown');
  await mine.ask({ op: 'ping' });
  assert.equal(mine.events('market:update').length, seen, 'a socket that became another tenant\'s hears no more of the first');

  const author = await newUser(proxy);
  await tier(author, 'pro');
  const [here, there] = [await listen(one.token, ['signals']), await listen(two.token, ['signals', 'notifications'])];
  const signal = await mark(author, here.socket);
  await cluster.sql(`SELECT tradepost_internal.notify_user(${two.user.id}, 'security', 'mark', 'b')`);
  await there.socket.event('notification:created');
  assert.deepEqual(ids(there.socket), []);
  isProblem(await proxy.get(api(`trading/signals/${signal}`), { token: two.token }), 404, 'not_found');
  for (const s of [mine, theirs, here.socket, there.socket]) await s.close();
});

test('how many WebSockets a user has, the tier says', async () => {
  const user = await newUser(proxy);
  const sockets = [];
  for (let i = 0; i < 5; i++) sockets.push(await TestSocket.open(proxy, { token: user.token }));
  await assert.rejects(TestSocket.open(proxy, { token: user.token }), (e) => e.status === 403 && e.json.code === 'limit_reached' && /"free" includes 5/.test(e.json.detail));
  const anonymous = await TestSocket.open(proxy);
  assert.equal((await anonymous.ask({ op: 'auth', token: user.token })).code, 'limit_reached');
  await tier(user, 'basic');
  for (let left = 100; left > 0 && (await anonymous.ask({ op: 'auth', token: user.token })).op !== 'ack'; left--) await sleep(50);
  assert.equal((await anonymous.ask({ op: 'auth', token: user.token })).op, 'ack', 'a new tier counts at once, and nobody twice');
  await cluster.sql("SELECT tradepost.set_tier_terms('basic', '{\"maxSockets\": 6}')");
  for (let left = 100; left > 0; left--) {
    const refused = await TestSocket.open(proxy, { token: user.token }).then((s) => s.close().then(() => null), (e) => e);
    if (refused) { assert.equal(refused.json.code, 'limit_reached'); break; }
    assert.ok(left > 1, 'the limit changed in the database reaches the proxy');
    await sleep(50);
  }
  await sockets.pop().close();
  for (let left = 100; left > 0; left--) {
    const again = await TestSocket.open(proxy, { token: user.token }).catch(() => null);
    if (again) { sockets.push(again); break; }
    assert.ok(left > 1, 'one that closed makes room');
    await sleep(50);
  }
  for (const s of [...sockets, anonymous]) await s.close();
});

test('all workers of a proxy count a user\'s WebSockets together', async () => {
  const several = await Proxy.start(cluster, { WORKERS: '3' });
  const user = await newUser(several);
  const opened = [];
  // Counted when it answers: the next may come to another worker, which runs beside this one.
  const counted = async (socket) => { await socket.ask({ op: 'ping' }); return socket; };
  for (let i = 0; i < 12; i++) opened.push(await TestSocket.open(several, { token: user.token }).then(counted, (e) => e.json.code));
  const sockets = opened.filter((o) => o instanceof TestSocket);
  assert.equal(sockets.length, 5);
  assert.deepEqual(new Set(opened.slice(5)), new Set(['limit_reached']));
  for (const s of sockets) await s.close();
  await several.stop();
});

test('a signal is executed once for a key, and answered as the engine decided', async () => {
  const [author, user] = [await newUser(proxy), await newUser(proxy)];
  await tier(author, 'pro');
  const { signal } = (await publish(author, { confidence: 85 })).json;
  const execute = (body, headers = {}) => proxy.post(api('trading/signals/execute'), body, { token: user.token, headers });
  const first = await execute({ signalId: signal.id }, { 'idempotency-key': 'once' });
  assert.equal(first.status, 201, first.text);
  assert.equal(first.json.execution.status, 'open', 'decided');
  assert.equal(first.json.execution.clientOrderId, 'once');
  assert.equal(first.json.repeated, false);
  assert.equal(first.headers['idempotency-replayed'], undefined);
  const again = await execute({ signalId: signal.id, clientOrderId: 'once' });
  assert.equal(again.status, 201, again.text);
  assert.equal(again.json.execution.id, first.json.execution.id);
  assert.equal(again.headers['idempotency-replayed'], 'true');
  const stop = await proxy.get(api(`orders/${first.json.execution.orders.stopLoss}`), { token: user.token });
  assert.equal(stop.json.order.status, 'untriggered');
  assert.equal(stop.json.order.linkedOrder, first.json.execution.orders.takeProfit);
  isProblem(await execute({ signalId: signal.id, clientOrderId: 'x' }, { 'idempotency-key': 'y' }), 400, 'idempotency_key_invalid');
  isProblem(await execute({ signalId: signal.id }, { 'idempotency-key': 'a b' }), 400, 'idempotency_key_invalid');
  isProblem(await execute([1]), 400, 'json_not_object');
  isProblem(await execute({ signalId: 999999 }), 404, 'not_found');
  const soon = await execute({ signalId: signal.id }, { 'idempotency-key': 'soon', prefer: 'respond-async' });
  assert.equal(soon.status, 202, soon.text);
  assert.equal(soon.json.execution.status, 'pending');

  const { socket } = await listen(user.token, ['orders']);
  const seller = await newUser(proxy);
  await proxy.post(api('orders'), { asset: 'Wheat', contract: 'Dec25', side: 'sell', price: '94', amount: 50 }, { token: seller.token });
  await proxy.post(api('orders'), { asset: 'Wheat', contract: 'Dec25', side: 'buy', price: '94', amount: 1 }, { token: (await newUser(proxy)).token });
  const triggered = await socket.event('order:triggered');
  assert.equal(triggered.data.type, 'stop');
  assert.equal(triggered.data.stopPrice, '95');
  await socket.close();
});

test('system/metrics is for enterprise, and has figures of all parts', async () => {
  const user = await newUser(proxy);
  isProblem(await proxy.get(api('system/metrics'), { token: user.token }), 403, 'tier_required', /"enterprise"/);
  await tier(user, 'enterprise');
  const { status, json, text } = await proxy.get(api('system/metrics'), { token: user.token });
  assert.equal(status, 200, text);
  assert.equal(json.engine.state, 'running');
  assert.equal(json.follower.state, 'running');
  assert.ok(json.database.cacheHitRatio > 0);
  assert.equal(json.database.statements, null);
  assert.ok(json.subscriptions.byTier.enterprise >= 1);
  assert.ok(json.edge.requests.total > 0);
  assert.ok(json.edge.apiKeyLookupsTotal > 0);
  assert.equal((await proxy.get(api('system/metrics'), { token: user.token, headers: { 'x-tenant': 'default' } })).json.edge.workers, 1);
});
