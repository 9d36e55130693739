// The clients of proxy/www: the WebSocket that resumes, and REST made from openapi.yaml.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import WebSocket from 'ws';
import { ApiError, TradepostApi } from '../../proxy/www/rest.js';
import { WebSocketService, websocketService } from '../../proxy/www/websocket.js';
import { Cluster, openMarket } from './lib/cluster.mjs';
import { Proxy, newUser, order, sleep } from './lib/proxy.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const run = (script, ...args) => promisify(execFile)(process.execPath, [script, ...args]);

let cluster;
let proxy;
let alice;
let bob;
const services = [];
before(async () => {
  cluster = await Cluster.start();
  await openMarket(cluster);
  proxy = await Proxy.start(cluster, { ORDER_DECISION_TIMEOUT_MS: '30000' });
  alice = await newUser(proxy);
  bob = await newUser(proxy);
});
after(async () => {
  for (const service of services) service.disconnect();
  const broken = await cluster?.invariants();
  await proxy?.stop();
  await cluster?.end();
  assert.deepEqual(broken, []);
});

const service = (options = {}) => {
  const made = new WebSocketService({ url: proxy.url, WebSocket, ...options });
  services.push(made);
  return made;
};
const until = async (holds) => {
  for (let i = 0; i < 600; i++) {
    if (await holds()) return;
    await sleep(50);
  }
  assert.fail(`never: ${holds}`);
};

test('connect, subscribeToMarket, on', async () => {
  const one = service();
  await one.connect({ token: alice.token });
  assert.equal(one.user.user, alice.user.id);
  const heard = [];
  const off = one.on('trade:executed', (data, about) => heard.push([data, about]));
  await one.subscribeToMarket('Dec25-Wheat');
  await one.subscribeToOrders();
  const { order: ask } = await one.placeOrder(order({ side: 'sell', price: 101 }));
  await proxy.post('/api/v1/orders', order({ side: 'buy', price: 101 }), { token: bob.token });
  await until(() => heard.length === 1);
  assert.equal(heard[0][0].sellOrderId, ask.id);
  off();
  assert.equal((await one.cancelOrder((await one.placeOrder(order({ price: 90 }))).order.id)).order.status, 'cancelled');
  await assert.rejects(one.placeOrder(order({ price: 'x' })), (e) => e.status === 400 && typeof e.code === 'string');
  await assert.rejects(one.subscribeToMarket('Nope'), (e) => e.code === 'unknown_symbol');
  assert.equal((await one.accountSummary()).account.id, alice.user.account);
  one.disconnect();
  await assert.rejects(one.cancelAllOrders(), (e) => e.code === 'not_connected');
  await assert.rejects(websocketService.connect(), (e) => e.code === 'websocket_missing' || e.code === 'url_missing');
});

test('a bad token is told once, not tried forever', async () => {
  const bad = service({ token: 'a.b.c' });
  await assert.rejects(bad.connect(), (e) => e.code === 'session_revoked');
  assert.equal(bad.state, 'closed');
});

test('proxies are killed under way: every event exactly once, no order lost or doubled', async () => {
  const api = new TradepostApi({ url: proxy.url, token: bob.token });
  const listener = service({ token: alice.token });
  const heard = [];
  listener.on('*', (data, { event, seq, part = 1 }) => { if (/^(order|trade):/.test(event)) heard.push(`${seq}/${part} ${event}`); });
  const trades = [];
  listener.on('trade:executed', ({ id }) => trades.push(id));
  await listener.connect();
  await listener.subscribe('orders', 'trades:Dec25-Wheat');
  const trader = service({ token: alice.token });
  await trader.connect();
  const placed = [];
  let over = false;
  // Orders go on whether there is a proxy or not; the client says them again with their key.
  const trading = (async () => {
    while (!over) {
      placed.push(await trader.placeOrder(order({ side: 'buy', price: 100, amount: 1 })));
      await sleep(20);
    }
  })();
  for (let i = 0; i < 3; i++) {
    await sleep(300);
    await proxy.kill();
    await sleep(100);
    await proxy.up();
    await until(() => listener.connected && trader.connected);
    await until(() => api.placeOrder(order({ side: 'sell', price: 100, amount: 2 })).then(() => true, () => false));
  }
  over = true;
  await trading;
  const mine = await cluster.sql(`SELECT count(*) FROM tradepost.orders WHERE account = ${alice.user.account} AND price = 100`);
  assert.equal(Number(mine[0][0]), placed.length, 'as many orders as were asked for');
  assert.equal(new Set(placed.map((p) => p.order?.id ?? p.id)).size, placed.length);
  const [[count]] = await cluster.sql("SELECT count(*) FROM tradepost.trades WHERE symbol = 'Dec25-Wheat' AND price = 100");
  await until(() => trades.length >= Number(count));
  assert.equal(trades.length, Number(count));
  assert.equal(new Set(heard).size, heard.length, 'none twice');
  const created = heard.filter((h) => h.endsWith('order:created')).length;
  await until(() => heard.filter((h) => h.endsWith('order:created')).length === placed.length);
  assert.ok(created <= placed.length);
  assert.deepEqual(heard, [...heard].sort((a, b) => a.split('/')[0] - b.split('/')[0] || parseInt(a.split('/')[1], 10) - parseInt(b.split('/')[1], 10)), 'in order');
  listener.disconnect();
  trader.disconnect();
  await proxy.request('DELETE', '/api/v1/orders', { token: alice.token });
});

test('a book is followed from snapshot and deltas, and is right after a break', async () => {
  const follower = service();
  await follower.connect();
  const book = follower.subscribeToBook('Dec25-Gold');
  await until(() => book.complete);
  const api = new TradepostApi({ url: proxy.url, token: alice.token });
  const theirs = new TradepostApi({ url: proxy.url, token: bob.token });
  const same = async () => {
    const { books: [now] } = await api.getOrderBook('Dec25-Gold', { depth: 1000 });
    const levels = (list) => list.map(({ price, quantity }) => `${price}x${quantity}`);
    return book.complete && JSON.stringify([levels(book.bids), levels(book.asks)]) === JSON.stringify([levels(now.bids), levels(now.asks)]);
  };
  let gaps = 0;
  follower.on('book:snapshot', () => { gaps += 1; });
  const gold = (fields) => order({ asset: 'Gold', ...fields });
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 30; i++) {
      await api.placeOrder(gold({ side: 'buy', price: 3990 - (i * 7) % 20 / 10 - round, amount: 1 + i % 3 }));
      await theirs.placeOrder(gold({ side: 'sell', price: 3989 + (i * 3) % 40 / 10, amount: 1 + i % 2 }));
    }
    await until(same);
    if (round === 1) {
      await proxy.kill();
      await proxy.up();
      await until(() => follower.connected && book.complete);
    }
  }
  assert.equal(gaps, 1, 'one snapshot, after the break: no delta was missed');
  await api.cancelAllOrders();
  await theirs.cancelAllOrders();
  await until(() => book.complete && book.bids.length === 0 && book.asks.length === 0);
  follower.disconnect();
});

test('the types are what a strict TypeScript takes', async () => {
  const { stdout } = await run(here('node_modules/typescript/bin/tsc'), '-p', here('tsconfig.json')).catch((e) => e);
  assert.equal(stdout, '');
});

test('making rest.js anew gives what is here, and says so when it does not', async () => {
  const proxyDir = await fs.mkdtemp(path.join(os.tmpdir(), 'tp-made-'));
  try {
    const read = (dir) => Promise.all(['rest.js', 'rest.d.ts'].map((name) => fs.readFile(path.join(dir, name), 'utf8')));
    const www = path.join(proxyDir, 'proxy', 'www');
    await fs.mkdir(www, { recursive: true });
    await fs.mkdir(path.join(proxyDir, 'test'));
    await fs.symlink(here('.'), path.join(proxyDir, 'test', 'proxy'));
    await fs.copyFile(here('../../proxy/openapi.yaml'), path.join(proxyDir, 'proxy', 'openapi.yaml'));
    await fs.copyFile(here('../../proxy/www/generate.mjs'), path.join(www, 'generate.mjs'));
    await assert.rejects(run(path.join(www, 'generate.mjs'), '--check'), (e) => e.code === 1 && /rest\.js/.test(e.stderr) && /rest\.d\.ts/.test(e.stderr));
    await run(path.join(www, 'generate.mjs'));
    assert.deepEqual(await read(www), await read(here('../../proxy/www')));
    await run(path.join(www, 'generate.mjs'), '--check');
  } finally {
    await fs.rm(proxyDir, { recursive: true, force: true });
  }
});

test('rest.js does what openapi.yaml says', async () => {
  await run(here('../../proxy/www/generate.mjs'), '--check');
  const api = new TradepostApi({ url: proxy.url });
  const { yaml } = { yaml: createRequire(import.meta.url)('yaml') };
  const described = Object.values(yaml.parse(await api.getOpenapi()).paths).flatMap((item) => Object.values(item).map((op) => op.operationId).filter(Boolean));
  for (const name of described) assert.equal(typeof api[name], 'function', name);
  const tokens = await api.login({ email: bob.email, password: bob.password });
  api.token = () => tokens.accessToken;
  assert.equal((await api.getProfile()).user.id, bob.user.id);
  const placed = await api.placeOrder(order({ price: 66 }), { idempotencyKey: 'rest-1' });
  assert.equal((await api.placeOrder(order({ price: 66 }), { idempotencyKey: 'rest-1' })).order.id, placed.order.id);
  assert.equal((await api.amendOrder(placed.order.id, { price: '67' })).order.price, '67');
  assert.ok((await api.listOrders({ status: 'active', limit: 5 })).orders.length >= 1);
  assert.equal((await api.cancelOrder(placed.order.id)).order.status, 'cancelled');
  await assert.rejects(api.getOrder(999999), (e) => e instanceof ApiError && e.status === 404 && e.code === 'order_unknown');
  assert.equal(await api.logout(), undefined);
  await assert.rejects(api.getProfile(), (e) => e.status === 401);
});
