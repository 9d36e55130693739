// Market data: books, trades, candles, instruments, and what is remembered of them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Cluster, openMarket } from './lib/cluster.mjs';
import { Proxy, newUser, order, sleep } from './lib/proxy.mjs';

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

const place = async (user, fields) => {
  const { status, json, text } = await proxy.post('/api/v1/orders', order(fields), { token: user.token });
  assert.equal(status, 201, text);
  return json.order;
};
const book = async (path) => (await proxy.get(`/api/v1/orderbook/${path}`)).json;

test('the order book shows what was just placed, by asset, symbol and contract', async () => {
  await place(alice, { price: '99', amount: 2 });
  await place(alice, { price: '99', amount: 3 });
  await place(alice, { price: '98.5' });
  await place(bob, { side: 'sell', price: '103', amount: 4 });
  await place(bob, { contract: 'Mar26', side: 'sell', price: '110' });
  const { asset, books } = await book('Wheat');
  assert.equal(asset, 'Wheat');
  assert.deepEqual(books.map((b) => b.symbol).sort(), ['Dec25-Wheat', 'Mar26-Wheat']);
  const one = await book('Dec25-Wheat');
  assert.deepEqual(one.books[0].bids, [{ price: '99', quantity: '5', amount: '5', orders: 2 }, { price: '98.5', quantity: '1', amount: '1', orders: 1 }]);
  assert.deepEqual(one.books[0].asks, [{ price: '103', quantity: '4', amount: '4', orders: 1 }]);
  assert.deepEqual((await book('Wheat?contract=Mar26')).books.map((b) => b.symbol), ['Mar26-Wheat']);
  assert.equal((await book('Dec25-Wheat?depth=1')).books[0].bids.length, 1);
  assert.equal((await proxy.get('/api/v1/orderbook/Tulips')).status, 404);
  for (const depth of ['0', '-1', 'x', '100000']) assert.equal((await proxy.get(`/api/v1/orderbook/Wheat?depth=${depth}`)).status, 400, depth);
});

test('after each order the book that its client reads has it', async () => {
  for (let i = 0; i < 40; i++) {
    const price = (30 + i / 100).toFixed(2);
    const { id } = await place(alice, { contract: 'Mar26', price, amount: 1 + i });
    const levels = (await book('Mar26-Wheat?depth=1')).books[0].bids;
    assert.equal(levels[0].price, String(Number(price)));
    assert.equal(levels[0].quantity, String(1 + i));
    if (i % 3 === 0) {
      await proxy.request('DELETE', `/api/v1/orders/${id}`, { token: alice.token });
      assert.notEqual((await book('Mar26-Wheat?depth=1')).books[0].bids[0]?.price, levels[0].price);
    }
  }
});

test('trades: the tape for all, one\'s own with mine=true', async () => {
  const maker = await place(alice, { side: 'sell', price: '101', amount: 3 });
  const taker = await place(bob, { price: '101', amount: 2 });
  const { trades } = (await proxy.get('/api/v1/trades?asset=Wheat&contract=Dec25&limit=1')).json;
  const { id, executedAt, ...rest } = trades[0];
  assert.deepEqual(rest, { symbol: 'Dec25-Wheat', asset: 'Wheat', contract: 'Dec25', price: '101', quantity: '2', amount: '2', side: 'buy' });
  assert.ok(id > 0 && Date.parse(executedAt) > 0);
  const mine = (await proxy.get('/api/v1/trades?mine=true', { token: alice.token })).json.trades;
  assert.equal(mine[0].orderId, maker.id);
  assert.equal(mine[0].role, 'maker');
  assert.equal(mine[0].commission, '0.21');
  assert.equal((await proxy.get('/api/v1/trades?mine=true', { token: bob.token })).json.trades[0].orderId, taker.id);
  const nobody = await proxy.get('/api/v1/trades?mine=true');
  assert.equal(nobody.status, 401);
  assert.equal(nobody.json.code, 'token_missing');
  const anonymous = JSON.stringify((await proxy.get('/api/v1/trades')).json);
  for (const word of ['orderId', 'account', 'commission', 'role']) assert.ok(!anonymous.includes(word), word);
});

test('trades page by cursor, each once', async () => {
  for (let i = 0; i < 7; i++) {
    await place(alice, { side: 'sell', price: '101', amount: 1 });
    await place(bob, { price: '101', amount: 1 });
  }
  const all = (await proxy.get('/api/v1/trades?symbol=Dec25-Wheat&limit=200')).json.trades.map((t) => t.id);
  const seen = [];
  let cursor = null;
  do {
    const { json } = await proxy.get(`/api/v1/trades?symbol=Dec25-Wheat&limit=3${cursor ? `&cursor=${cursor}` : ''}`);
    seen.push(...json.trades.map((t) => t.id));
    cursor = json.nextCursor;
  } while (cursor);
  assert.deepEqual(seen, all);
  assert.deepEqual([...all].sort((a, b) => b - a), all, 'newest first');
});

test('market, instruments, candles and the account', async () => {
  const { markets } = (await proxy.get('/api/market')).json;
  const wheat = markets.find((m) => m.symbol === 'Dec25-Wheat');
  assert.equal(wheat.last, '101');
  assert.equal(wheat.bid, '99');
  assert.ok(Number(wheat.volume24h) >= 9);
  const { instruments } = (await proxy.get('/api/v1/instruments')).json;
  assert.equal(instruments.find((i) => i.symbol === 'EURUSD').kind, 'spot');
  assert.equal(instruments.find((i) => i.symbol === 'Dec25-Gold').tick, '0.1');
  for (const resolution of ['1m', '5m', '15m', '1h', '1d']) {
    const { json } = await proxy.get(`/api/v1/candles/Dec25-Wheat?resolution=${resolution}`);
    assert.equal(json.resolution, resolution);
    assert.equal(json.candles.at(-1).close, '101');
    assert.equal(json.candles.reduce((sum, c) => sum + Number(c.volume), 0), Number(wheat.volume24h));
  }
  for (const [path, word] of [['candles/Dec25-Wheat?resolution=2m', 'resolution'], ['candles/Nope', 'Nope'], ['candles/Dec25-Wheat?since=yesterday-ish', 'since']]) {
    const answer = await proxy.get(`/api/v1/${path}`);
    assert.ok([400, 404].includes(answer.status), answer.text);
    assert.match(answer.json.detail, new RegExp(word));
  }
  const summary = (await proxy.get('/api/v1/account/summary', { token: bob.token })).json;
  assert.equal(summary.positions.find((p) => p.symbol === 'Dec25-Wheat').quantity, '9');
  const usd = summary.balances.find((b) => b.asset === 'USD');
  assert.ok(Number(usd.reserved) > 0);
});

test('what is remembered is never older than what the client was told', async () => {
  for (let i = 0; i < 20; i++) {
    await place(alice, { side: 'sell', price: '101.5', amount: 1 });
    await place(bob, { price: '101.5', amount: 1 });
    const [first] = (await proxy.get('/api/v1/trades?symbol=Dec25-Wheat&limit=1')).json.trades;
    const [[seq]] = await cluster.sql("SELECT max(seq) FROM tradepost.trades WHERE symbol = 'Dec25-Wheat'");
    assert.equal(String(first.id), seq);
  }
  // Repeated reads with nothing in between come from memory.
  const count = async () => Number(/^tradepost_proxy_cache_hits_total (\d+)/m.exec((await proxy.get('/metrics')).text)[1]);
  const hits = await count();
  for (let i = 0; i < 20; i++) await proxy.get('/api/v1/trades?symbol=Dec25-Wheat&limit=50');
  assert.ok(await count() >= hits + 19, 'cache hits are counted');
  await sleep(1);
});
