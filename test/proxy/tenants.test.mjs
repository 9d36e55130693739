// Two brokers on one database, seen from outside: neither can see, name or guess what is the other's.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { Cluster, openMarket } from './lib/cluster.mjs';
import { Files, TestClient, newUser, startProxy, until } from './lib/platform.mjs';
import { order } from './lib/proxy.mjs';
import { TestSocket } from './lib/socket.mjs';

const document = parse(fs.readFileSync(path.join(process.env.TRADEPOST_ROOT, 'proxy/openapi.yaml'), 'utf8'));
const files = new Files();
const NORTH = { 'x-tenant': 'north' };

let cluster;
let proxy;
let alice; // of the first tenant
let nora; // of north
before(async () => {
  cluster = await Cluster.start();
  await openMarket(cluster);
  const [[north]] = await cluster.sql("SELECT tradepost.create_tenant('north', '{north.example.com}')");
  // The same symbol as the first tenant's, and one that only north has.
  await cluster.sql(`
    SELECT tradepost.create_asset('USD', tenant => ${north}), tradepost.create_asset('Wheat', tenant => ${north}), tradepost.create_asset('Tin', tenant => ${north});
    SELECT tradepost.create_instrument('Dec25-Wheat', 'future', 'Wheat', 'USD', 0.01, 1, 200, contract => 'Dec25', band => 90, initial_margin => 1, maintenance_margin => 0.5, tenant => ${north});
    SELECT tradepost.create_instrument('TINUSD', 'spot', 'Tin', 'USD', 0.01, 1, 30, tenant => ${north})`);
  proxy = await startProxy(cluster, files);
  alice = await newUser(proxy, { subscriptionTier: 'pro' });
  nora = await newUser(proxy, { subscriptionTier: 'pro' }, NORTH);
});
after(async () => {
  TestSocket.closeAll();
  TestClient.closeAll();
  const broken = await cluster?.invariants();
  await proxy?.stop();
  await cluster?.end();
  files.end();
  assert.deepEqual(broken, []);
});

const get = (at, { token, headers } = {}) => proxy.get(`/api/v1${at}`, { token, headers });
const of = (who) => ({ token: who.token });
async function must(status, method, at, options) {
  const answer = await proxy.request(method, `/api/v1${at}`, options);
  assert.equal(answer.status, status, `${method} ${at}: ${answer.text}`);
  return answer.json;
}
const symbols = (answer) => answer.json.instruments.map((i) => i.symbol).sort();

test('host, header and token each say which tenant is meant', async () => {
  const first = ['Dec25-Gold', 'Dec25-Wheat', 'EURUSD', 'Mar26-Wheat'];
  const north = ['Dec25-Wheat', 'TINUSD'];
  assert.deepEqual(symbols(await get('/instruments')), first);
  assert.deepEqual(symbols(await get('/instruments', { headers: NORTH })), north);
  for (const host of ['north.example.com', 'NORTH.example.com', 'north.example.com:8443']) assert.deepEqual(symbols(await get('/instruments', { headers: { host } })), north, host);
  assert.deepEqual(symbols(await get('/instruments', { headers: { host: 'south.example.com' } })), first, 'a host that is nobody\'s');
  assert.deepEqual(symbols(await get('/instruments', of(nora))), north);
  assert.deepEqual(symbols(await get('/instruments', of(alice))), first);
  assert.deepEqual(symbols(await get('/instruments', { ...of(nora), headers: { host: 'north.example.com', ...NORTH } })), north);
  for (const name of ['nowhere', 'North\'--', '', 'x'.repeat(500), '2', '-1', 'north ', '%6eorth', 'ñorth']) {
    const answer = await get('/instruments', { headers: { 'x-tenant': Buffer.from(name).toString('latin1') } });
    if (name === 'north ') { assert.deepEqual(symbols(answer), north, 'blanks around a header are not of it'); continue; }
    if (name === '') { assert.ok([200, 400, 404].includes(answer.status)); continue; }
    assert.deepEqual([answer.status, answer.json.code], [404, 'tenant_unknown'], `${name}: ${answer.text}`);
  }
});

test('a token, or a key, of one tenant is nothing in another', async () => {
  const key = (await must(201, 'POST', '/users/api-keys', { ...of(alice), body: { name: 'k', scopes: ['read', 'trade'] } })).key;
  const routes = Object.entries(document.paths).filter(([, item]) => !item.servers);
  for (const [to, item] of routes) {
    for (const method of ['get', 'post', 'patch', 'delete'].filter((m) => item[m])) {
      if (item[method].security?.length === 0) continue; // nobody is looked at
      const at = `/api/v1${to.replace(/{id}/, '1').replace('{asset}', 'Wheat').replace('{symbol}', 'Dec25-Wheat')}`;
      for (const where of [NORTH, { host: 'north.example.com' }]) {
        for (const who of [{ token: alice.token, headers: where }, { headers: { 'x-api-key': key, ...where } }]) {
          const answer = await proxy.request(method.toUpperCase(), at, { ...who, ...(item[method].requestBody && { body: {} }) });
          assert.deepEqual([answer.status, answer.json?.code], [403, 'tenant_mismatch'], `${method} ${to} ${JSON.stringify(where)}: ${answer.text}`);
        }
      }
    }
  }
});

test('the same address is two people in two tenants', async () => {
  const email = 'both@example.com';
  const here = await newUser(proxy, { email, password: 'Correct-Horse-1' });
  const there = await newUser(proxy, { email, password: 'Other-Horse-2' }, NORTH);
  assert.notEqual(here.user.id, there.user.id);
  const login = (password, headers) => proxy.post('/api/v1/auth/login', { email, password }, { headers });
  assert.equal((await login('Correct-Horse-1')).json.user.id, here.user.id);
  assert.equal((await login('Other-Horse-2', NORTH)).json.user.id, there.user.id);
  assert.equal((await login('Other-Horse-2')).status, 401);
  assert.equal((await login('Correct-Horse-1', NORTH)).status, 401);
  // A lock in one is none in the other.
  for (let i = 0; i < 6; i++) await login('Wrong-Horse-1', NORTH);
  assert.equal((await login('Other-Horse-2', NORTH)).status, 429);
  assert.equal((await login('Correct-Horse-1')).status, 200);
  // A refresh token stays where it was given.
  const refreshed = await proxy.post('/api/v1/auth/refresh', { refreshToken: here.refreshToken }, { headers: NORTH });
  assert.ok([401, 403].includes(refreshed.status), refreshed.text);
});

test('what is the other tenant\'s is 404 by every id, and says the same as what never was', async () => {
  const north = { order: (await must(201, 'POST', '/orders', { ...of(nora), body: order({ price: '185' }) })).order.id };
  const signal = { symbol: 'Dec25-Wheat', type: 'buy', entry_price: 186, stop_loss: 180, take_profit: 220, volume: 1, confidence: 70, reasoning: 'north' };
  north.signal = (await must(201, 'POST', '/trading/signals', { ...of(nora), body: signal })).signal.id;
  north.execution = (await must(201, 'POST', '/trading/signals/execute', { ...of(nora), body: { signalId: north.signal } })).execution.id;
  north.key = (await must(201, 'POST', '/users/api-keys', { ...of(nora), body: { name: 'n', scopes: ['read'] } })).apiKey.id;
  north.session = (await must(200, 'GET', '/users/sessions', of(nora))).sessions[0].id;
  north.mt5 = (await must(201, 'POST', '/trading/mt5-accounts', { ...of(nora), body: { login: '77', server: 'North', password: 'terminal-secret' } })).account.id;
  await cluster.sql(`SELECT tradepost_internal.notify_user(${nora.user.id}, 'security', 't', 'b', NULL)`);
  north.notification = (await must(200, 'GET', '/notifications', of(nora))).notifications[0].id;
  const calls = [
    ['GET', '/orders/', north.order], ['PATCH', '/orders/', north.order, { price: '1' }], ['DELETE', '/orders/', north.order],
    ['GET', '/trading/signals/', north.signal], ['DELETE', '/trading/signals/', north.signal], ['GET', '/trading/executions/', north.execution], ['POST', '/trading/signals/execute', north.signal, (id) => ({ signalId: id })],
    ['DELETE', '/users/api-keys/', north.key], ['DELETE', '/users/sessions/', north.session],
    ['DELETE', '/trading/mt5-accounts/', north.mt5], ['POST', '/trading/mt5-accounts/:/credentials', north.mt5, {}],
    ['PATCH', '/notifications/', north.notification, { read: true }],
  ];
  // Every path of the description that takes a number is among them.
  const paths = new Set(calls.map(([method, at]) => `${method} ${at.includes(':') ? at.replace(':', '{id}') : at.endsWith('/') ? `${at}{id}` : at}`));
  for (const [to, item] of Object.entries(document.paths)) {
    if (to.includes('{id}')) for (const m of ['get', 'post', 'patch', 'delete']) if (item[m]) assert.ok(paths.has(`${m.toUpperCase()} ${to}`), `${m} ${to} is tried`);
  }
  const fixed = ({ json: { requestId, instance, ...problem } }, id) => JSON.stringify(problem).replaceAll(String(id), 'ID');
  for (const [method, at, id, body] of calls) {
    const ask = (number) => proxy.request(method, `/api/v1${at.includes(':') ? at.replace(':', number) : at.endsWith('/') ? at + number : at}`, { ...of(alice), body: typeof body === 'function' ? body(number) : body });
    const foreign = await ask(id);
    const never = await ask(987654321);
    assert.deepEqual([foreign.status, never.status], [404, 404], `${method} ${at}: ${foreign.text} ${never.text}`);
    assert.equal(fixed(foreign, id), fixed(never, 987654321), `${method} ${at}`);
    const headers = ({ headers: { date, 'content-length': l, 'x-request-id': r, ...rest } }) => Object.keys(rest).sort();
    assert.deepEqual(headers(foreign), headers(never));
  }
  // As a linked order, too.
  const oco = await proxy.post('/api/v1/orders', order({ type: 'stop', price: undefined, stopPrice: '110', oco: north.order }), of(alice));
  const none = await proxy.post('/api/v1/orders', order({ type: 'stop', price: undefined, stopPrice: '110', oco: 987654321 }), of(alice));
  assert.equal(oco.status, none.status, oco.text);
  assert.equal(oco.json.order?.reason ?? oco.json.code, none.json.order?.reason ?? none.json.code);
  assert.equal((await must(200, 'GET', `/orders/${north.order}`, of(nora))).order.status, 'open', 'untouched');
  assert.equal((await must(200, 'GET', `/trading/signals/${north.signal}`, of(nora))).signal.status, 'active');
});

test('lists, books, caches and candles show one\'s own tenant alone', async () => {
  await must(201, 'POST', '/orders', { ...of(alice), body: order({ price: '98', amount: 3 }) });
  await must(201, 'POST', '/orders', { ...of(nora), body: order({ price: '198', amount: 4 }) });
  const best = async (options) => (await must(200, 'GET', '/orderbook/Dec25-Wheat', options)).books.map((b) => b.bids.map((level) => level.price));
  // Each twice, and in turns: from the caches, too.
  for (let i = 0; i < 3; i++) {
    assert.ok((await best()).flat().every((price) => Number(price) < 150), 'the first tenant\'s book');
    assert.ok((await best({ headers: NORTH })).flat().every((price) => Number(price) > 150), 'north\'s book');
    assert.ok((await best(of(nora))).flat().includes('198'));
    for (const [at, pick] of [['/market', (json) => json.markets], ['/instruments', (json) => json.instruments]]) {
      assert.ok(!pick(await must(200, 'GET', at)).some((one) => one.symbol === 'TINUSD'));
      assert.ok(pick(await must(200, 'GET', at, { headers: NORTH })).some((one) => one.symbol === 'TINUSD'));
      assert.ok(!pick(await must(200, 'GET', at, { headers: NORTH })).some((one) => one.symbol === 'EURUSD'));
    }
  }
  for (const at of ['/orderbook/TINUSD', '/orderbook/Tin', '/candles/TINUSD', '/trades?symbol=TINUSD', '/trades?asset=Tin']) {
    const foreign = await get(at, of(alice));
    const never = await get(at.replaceAll('TIN', 'ZIN').replaceAll('Tin', 'Zin'), of(alice));
    assert.equal(foreign.status, 404, at);
    assert.equal(foreign.json.detail.replaceAll(/TIN|Tin/g, '?'), never.json.detail.replaceAll(/ZIN|Zin/g, '?'));
  }
  assert.equal((await proxy.post('/api/v1/orders', { symbol: 'TINUSD', side: 'buy', price: 30, quantity: 1 }, of(alice))).status, 404);
  // A trade in north is on north's tape, and on no other.
  const bob = await newUser(proxy, {}, NORTH);
  await must(201, 'POST', '/orders', { ...of(bob), body: order({ side: 'sell', price: '198', amount: 1 }) });
  assert.ok((await must(200, 'GET', '/trades', { headers: NORTH })).trades.some((t) => t.price === '198'));
  assert.ok(!(await must(200, 'GET', '/trades')).trades.some((t) => t.price === '198'));
  assert.ok(!(await must(200, 'GET', '/candles/Dec25-Wheat')).candles.some((c) => c.close === '198'));
  // What is said of all markets may be some milliseconds old.
  await until(async () => (await must(200, 'GET', '/market', { headers: NORTH })).markets.find((m) => m.symbol === 'Dec25-Wheat').last === '198', 'the market of north');
  assert.equal((await must(200, 'GET', '/market')).markets.find((m) => m.symbol === 'Dec25-Wheat').last, null);
});

test('a socket hears its tenant, by token, header and host', async () => {
  const open = (options) => TestSocket.open(proxy, options);
  const sockets = {
    here: await open(), there: await open({ headers: NORTH }), host: await open({ headers: { host: 'north.example.com' } }), alice: await open({ token: alice.token }), nora: await open({ token: nora.token }),
  };
  const channels = ['market:Dec25-Wheat', 'trades:Dec25-Wheat', 'book:Dec25-Wheat'];
  for (const socket of Object.values(sockets)) assert.deepEqual((await socket.ask({ op: 'subscribe', channels })).channels.length, 3);
  for (const name of ['here', 'alice']) assert.equal((await sockets[name].ask({ op: 'subscribe', channels: ['market:TINUSD'] })).code, 'unknown_symbol');
  assert.equal((await sockets.nora.ask({ op: 'subscribe', channels: ['orders', 'signals', 'notifications'] })).op, 'ack');
  assert.equal((await sockets.alice.ask({ op: 'subscribe', channels: ['orders', 'signals', 'notifications'] })).op, 'ack');
  await must(201, 'POST', '/orders', { ...of(nora), body: order({ side: 'sell', price: '199.5', amount: 1 }) });
  const bob = await newUser(proxy, {}, NORTH);
  await must(201, 'POST', '/orders', { ...of(bob), body: order({ price: '199.5', amount: 1 }) });
  for (const name of ['there', 'host', 'nora']) await sockets[name].event('trade:executed', (t) => t.price === '199.5');
  const posted = await must(201, 'POST', '/trading/signals', {
    ...of(nora), body: { symbol: 'Dec25-Wheat', type: 'sell', entry_price: 205, stop_loss: 215, take_profit: 190, volume: 1, confidence: 60, reasoning: 'north' },
  });
  await sockets.nora.event('signal:created', (s) => s.id === posted.signal.id);
  // What the first tenant's hear next is their own: nothing of north was before it.
  const carol = await newUser(proxy);
  await must(201, 'POST', '/orders', { ...of(alice), body: order({ side: 'sell', price: '101.5', amount: 1 }) });
  await must(201, 'POST', '/orders', { ...of(carol), body: order({ price: '101.5', amount: 1 }) });
  const own = await must(201, 'POST', '/trading/signals', {
    ...of(alice), body: { symbol: 'Dec25-Wheat', type: 'sell', entry_price: 105, stop_loss: 115, take_profit: 90, volume: 1, confidence: 60, reasoning: 'first' },
  });
  await sockets.alice.event('signal:created', (s) => s.id === own.signal.id);
  for (const name of ['here', 'alice']) {
    await sockets[name].event('trade:executed', (t) => t.price === '101.5');
    const heard = sockets[name].messages.filter((m) => /"(?:199\.5|198|205|TINUSD)"|north/.test(JSON.stringify(m)));
    assert.deepEqual(heard, [], name);
  }
  for (const name of ['there', 'host', 'nora']) assert.deepEqual(sockets[name].messages.filter((m) => /"101\.5"/.test(JSON.stringify(m))), [], name);
  // Commands over a socket know their tenant as well.
  const placed = await sockets.nora.ask({ op: 'order.place', data: { symbol: 'TINUSD', side: 'buy', price: '29', quantity: 1 } });
  assert.equal(placed.op, 'ack', JSON.stringify(placed));
  const refused = await sockets.alice.ask({ op: 'order.place', data: { symbol: 'TINUSD', side: 'buy', price: '29', quantity: 1 } });
  assert.deepEqual([refused.op, refused.status], ['error', 404]);
  assert.equal((await sockets.alice.ask({ op: 'order.cancel', data: { id: placed.data.order.id } })).status, 404);
  for (const socket of Object.values(sockets)) await socket.close();
});

test('a handshake of one tenant with another\'s token is refused; so is a login over it', async () => {
  await assert.rejects(TestSocket.open(proxy, { token: alice.token, headers: NORTH }), ({ status }) => status === 403);
  const socket = await TestSocket.open(proxy, { headers: NORTH });
  const answer = await socket.ask({ op: 'auth', token: alice.token });
  assert.deepEqual([answer.op, answer.code], ['error', 'tenant_mismatch']);
  await socket.close();
  await assert.rejects(TestClient.open(proxy, alice.token, { extraHeaders: NORTH }));
});

test('a tenant that comes while the proxy runs is known at once; its settings count', async () => {
  await cluster.sql("SELECT tradepost.create_tenant('late', '{late.example.com}', '{\"registration\": \"closed\"}')");
  await until(async () => (await get('/instruments', { headers: { 'x-tenant': 'late' } })).status === 200, 'the new tenant is known');
  const refused = await proxy.post('/api/v1/auth/register', { email: 'x@example.com', password: 'Correct-Horse-1' }, { headers: { host: 'late.example.com' } });
  assert.equal(refused.status, 403, refused.text);
});
