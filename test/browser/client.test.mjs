// WebSockets of a real browser: its own, websocket.js, and Socket.IO; from the proxy's origin and from others.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { Cluster, openMarket } from '../proxy/lib/cluster.mjs';
import { Proxy, newUser, order, sleep } from '../proxy/lib/proxy.mjs';
import { Browser } from './lib/chromium.mjs';
import { startSite } from './lib/site.mjs';

const file = (name) => fileURLToPath(new URL(name, import.meta.url));
const FILES = {
  '/websocket.js': file('../../proxy/www/websocket.js'),
  '/rest.js': file('../../proxy/www/rest.js'),
  '/socket.io.js': file('../proxy/node_modules/socket.io-client/dist/socket.io.esm.min.js'),
};

let cluster;
let proxy;
let browser;
let ours;
let theirs;
let alice;
let bob;
before(async () => {
  cluster = await Cluster.start();
  await openMarket(cluster);
  [ours, theirs] = [await startSite(FILES), await startSite(FILES)];
  proxy = await Proxy.start(cluster, { ORDER_DECISION_TIMEOUT_MS: '30000', FRONTEND_URL: ours.origin });
  alice = await newUser(proxy);
  bob = await newUser(proxy);
  browser = await Browser.launch();
});
after(async () => {
  await browser?.end();
  ours?.end();
  theirs?.end();
  const broken = await cluster?.invariants();
  await proxy?.stop();
  await cluster?.end();
  assert.deepEqual(broken, []);
});

const place = (user, fields, key) => proxy.post('/api/v1/orders', order(fields), { token: user.token, headers: key && { 'idempotency-key': key } });
async function trade(amount, price = '100') {
  assert.equal((await place(alice, { side: 'sell', price, amount })).status, 201);
  const { status, json } = await place(bob, { side: 'buy', price, amount });
  assert.equal(status, 201);
  assert.equal(json.order.status, 'filled');
}

test('new WebSocket, as pages have always used it', async () => {
  const page = await browser.page(`${proxy.url}/`);
  const opened = await page.run(() => new Promise((ok, bad) => {
    const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/ws`);
    window.socket = socket;
    window.heard = [];
    socket.onmessage = ({ data }) => window.heard.push(JSON.parse(data));
    socket.onclose = ({ code, wasClean }) => { window.ended = { code, wasClean }; };
    socket.onerror = () => bad(new Error('refused'));
    socket.onopen = () => {
      socket.send(JSON.stringify({ event: 'subscribe:market', data: 'Dec25-Wheat' }));
      socket.send(JSON.stringify({ op: 'subscribe', id: 1, channels: ['book:Dec25-Wheat'] }));
      socket.send(JSON.stringify({ op: 'ping', id: 2 }));
      ok({ extensions: socket.extensions, protocol: socket.protocol });
    };
  }));
  assert.match(opened.extensions, /permessage-deflate/);
  await page.until(() => window.heard.some((m) => m.id === 2) && window.heard.some((m) => m.event === 'book:snapshot'));
  await trade(3);
  const told = await page.until(() => window.heard.find((m) => m.event === 'trade:executed'));
  assert.deepEqual([told.data.symbol, told.data.price, told.data.quantity, told.data.side], ['Dec25-Wheat', '100', '3', 'buy']);
  // What came and went at once may be no delta; what stays is one.
  await place(alice, { side: 'buy', price: '95', amount: 4 });
  await page.until(() => window.heard.some((m) => m.event === 'book:delta' && JSON.stringify(m.data.changes).includes('["buy","95","4"]')));
  assert.deepEqual(page.complaints, []);
  await page.run(() => { window.socket.close(1000); });
  assert.deepEqual(await page.until(() => window.ended), { code: 1000, wasClean: true });
  await page.close();
});

test('websocket.js: connect, subscribeToMarket, on, orders', async () => {
  const page = await browser.page(`${ours.origin}/`);
  const told = await page.run(async (url, token) => {
    const { websocketService } = await import('/websocket.js');
    window.trades = [];
    window.mine = [];
    websocketService.on('trade:executed', (t) => window.trades.push(t));
    websocketService.on('order:matched', (o) => window.mine.push(o));
    await websocketService.connect({ url, token });
    await websocketService.subscribeToMarket('Dec25-Wheat');
    await websocketService.subscribeToOrders();
    const { order: placed } = await websocketService.placeOrder({ asset: 'Wheat', contract: 'Dec25', side: 'sell', price: '102', amount: 2 });
    return { user: websocketService.user.user, placed };
  }, proxy.url, alice.token);
  assert.equal(told.user, alice.user.id);
  assert.equal(told.placed.status, 'open');
  assert.equal((await place(bob, { side: 'buy', price: '102', amount: 2 })).json.order.status, 'filled');
  const [seen] = await page.until(() => window.trades.length > 0 && window.trades);
  assert.equal(seen.sellOrderId, told.placed.id);
  const [mine] = await page.until(() => window.mine.length > 0 && window.mine);
  assert.deepEqual([mine.id, mine.status, mine.fillPrice, mine.role], [told.placed.id, 'filled', '102', 'maker']);
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('the proxy is killed three times: the page hears each event exactly once', async () => {
  const page = await browser.page(`${ours.origin}/`);
  await page.run(async (url, token) => {
    const { WebSocketService } = await import('/websocket.js');
    const service = new WebSocketService({ url, token });
    window.service = service;
    window.trades = [];
    window.events = [];
    window.breaks = 0;
    service.on('disconnect', () => { window.breaks += 1; });
    service.on('trade:executed', ({ id }) => window.trades.push(id));
    service.on('*', (data, { event, seq, part = 1 }) => { if (/^(order|trade):/.test(event)) window.events.push(`${seq}/${part}`); });
    await service.connect();
    await service.subscribe('orders', 'trades:Mar26-Wheat');
  }, proxy.url, alice.token);
  let over = false;
  let failed = null;
  let trades = 0;
  // Said again, with its key, until it is answered.
  const surely = async (user, fields, key) => {
    while (!failed) {
      const answer = await place(user, { contract: 'Mar26', ...fields }, key).catch(() => null);
      if (answer?.status === 201) return;
      assert.ok(answer === null || answer.status >= 500 || answer.status === 409, `${answer?.status} ${answer?.text}`);
      await sleep(20);
    }
  };
  const trading = (async () => {
    for (; !over; trades++) {
      await surely(alice, { side: 'sell', price: '100', amount: 1 }, `a${trades}`);
      await surely(bob, { side: 'buy', price: '100', amount: 1 }, `b${trades}`);
    }
  })().catch((error) => { failed = error; });
  try {
    for (let i = 1; i <= 3; i++) {
      const before = trades;
      while (trades < before + 5 && !failed) await sleep(20);
      await proxy.kill();
      await page.until((n) => window.breaks >= n, i);
      await proxy.up();
      await page.until(() => window.service.connected);
    }
  } catch (error) {
    failed ??= error;
  }
  over = true;
  await trading;
  if (failed) throw failed;
  const [[count]] = await cluster.sql("SELECT count(*) FROM tradepost.trades WHERE symbol = 'Mar26-Wheat'");
  assert.equal(Number(count), trades, 'no order was lost or doubled');
  // Of each round: the seller's order is created and matched, and there is a trade.
  await page.until((n) => window.trades.length >= n && window.events.length >= 3 * n, trades);
  const heard = await page.run(() => ({ trades: window.trades, events: window.events }));
  assert.equal(heard.trades.length, trades);
  assert.equal(heard.events.length, 3 * trades);
  assert.equal(new Set(heard.trades).size, trades, 'no trade twice');
  assert.equal(new Set(heard.events).size, heard.events.length, 'no event twice');
  assert.deepEqual(heard.trades, [...heard.trades].sort((a, b) => a - b), 'in order');
  await page.close();
});

// What a page of some origin can do here.
const reach = (page) => page.run(async (url, token, wanted) => {
  const socket = (path) => new Promise((ok) => {
    const it = new WebSocket(`${url.replace(/^http/, 'ws')}${path}`);
    it.onopen = () => { it.close(); ok('open'); };
    it.onerror = () => ok('refused');
  });
  const { TradepostApi } = await import('/rest.js');
  const api = new TradepostApi({ url, token });
  return {
    ws: await socket('/ws'),
    withToken: await socket(`/ws?token=${token}`),
    socketIo: await socket('/socket.io/?EIO=4&transport=websocket'),
    read: await api.getMarket().then(({ markets }) => markets.length, () => 'refused'),
    // Not a simple request: the browser asks first.
    write: await api.placeOrder(wanted, { idempotencyKey: crypto.randomUUID() }).then(({ order: placed }) => placed.status, () => 'refused'),
  };
}, proxy.url, alice.token, order({ side: 'buy', price: '91' }));

test('pages of an origin in FRONTEND_URL may connect, others not', async () => {
  const placed = async () => Number((await cluster.sql("SELECT count(*) FROM tradepost.orders WHERE price = 91"))[0][0]);
  const friend = await browser.page(`${ours.origin}/`);
  assert.deepEqual(await reach(friend), { ws: 'open', withToken: 'open', socketIo: 'open', read: 4, write: 'open' });
  assert.equal(await placed(), 1);
  assert.deepEqual(friend.complaints, []);
  const stranger = await browser.page(`${theirs.origin}/`);
  assert.deepEqual(await reach(stranger), { ws: 'refused', withToken: 'refused', socketIo: 'refused', read: 'refused', write: 'refused' });
  assert.equal(await placed(), 1, 'nor did its order come here');
  assert.ok(stranger.complaints.some((c) => /CORS/.test(c)) && stranger.complaints.some((c) => /WebSocket/.test(c)), stranger.complaints.join('\n'));
  await friend.close();
  await stranger.close();
});

test('socket.io-client in a browser', async () => {
  const page = await browser.page(`${ours.origin}/`);
  const transport = await page.run(async (url, token) => {
    const { io } = await import('/socket.io.js');
    const socket = io(url, { transports: ['websocket'], auth: { token } });
    window.trades = [];
    socket.on('trade:executed', (t) => window.trades.push(t));
    await new Promise((ok, bad) => { socket.on('connect', ok).on('connect_error', bad); });
    await new Promise((ok) => { socket.emit('subscribe:market', 'Dec25-Wheat', ok); });
    return socket.io.engine.transport.name;
  }, proxy.url, alice.token);
  assert.equal(transport, 'websocket');
  await trade(7, '105');
  const [seen] = await page.until(() => window.trades.length > 0 && window.trades);
  assert.deepEqual([seen.price, seen.quantity], ['105', '7']);
  assert.deepEqual(page.complaints, []);
  await page.close();
});

test('a proxy that ends tells browsers to come back: 1001', async () => {
  const page = await browser.page(`${ours.origin}/`);
  await page.run((url) => new Promise((ok) => {
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/ws`);
    socket.onopen = ok;
    socket.onclose = ({ code, wasClean }) => { window.ended = { code, wasClean }; };
  }), proxy.url);
  await proxy.stop();
  assert.deepEqual(await page.until(() => window.ended), { code: 1001, wasClean: true });
  await proxy.up();
  await page.close();
});
