// Signals from outside: posted, read by tier, executed to their end by real prices, pushed over both kinds of socket; and under load.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Cluster } from './lib/cluster.mjs';
import { Files, TestClient, inDays, newUser, openCurrencies, startProxy, until } from './lib/platform.mjs';
import { TestSocket } from './lib/socket.mjs';

const files = new Files();
let cluster;
let proxy;
let author; // pro
let reader; // free
let maker; // makes the market, and its prices
before(async () => {
  cluster = await Cluster.start();
  await openCurrencies(cluster);
  proxy = await startProxy(cluster, files);
  author = await newUser(proxy, { subscriptionTier: 'pro' });
  reader = await newUser(proxy);
  maker = await newUser(proxy);
  await cluster.sql(`
    SELECT tradepost.deposit(account, 'USD', 50000000), tradepost.deposit(account, 'EUR', 50000000) FROM tradepost.users;
    SELECT tradepost.set_tier(${maker.user.id}, 'enterprise')`);
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

// The one of the field's examples.
const example = { symbol: 'EURUSD', type: 'buy', entry_price: 1.1850, stop_loss: 1.1800, take_profit: 1.1900, volume: 0.1, confidence: 85, reasoning: 'Higher lows on the 4-hour chart' };
const call = (who, method, at, body, headers) => proxy.request(method, `/api/v1${at}`, { token: who.token, body, headers: { ...headers, ...(who.key && { 'x-api-key': who.key }) } });
async function must(status, who, method, at, body, headers) {
  const answer = await call(who, method, at, body, headers);
  assert.equal(answer.status, status, `${method} ${at}: ${answer.text}`);
  return answer.json;
}
const post = async (fields, who = author) => (await must(201, who, 'POST', '/trading/signals', { ...example, ...fields })).signal;
const signal = async (id, who = author) => (await must(200, who, 'GET', `/trading/signals/${id}`)).signal;
const place = (who, side, price, quantity, more = {}) => must(201, who, 'POST', '/orders', { symbol: 'EURUSD', side, price: String(price), quantity: String(quantity), timeInForce: 'gtc', ...more });
const clear = async () => { for (const who of [maker, author, reader]) await must(200, who, 'DELETE', '/orders'); };

test('the example: posted, listed, read; numbers exact', async () => {
  const made = await post({});
  const { id, created_at, expires_at, author: by, ...rest } = made;
  assert.deepEqual(rest, {
    ...rest, symbol: 'EURUSD', type: 'buy', entry_price: '1.185', stop_loss: '1.18', take_profit: '1.19', volume: '0.1', confidence: 85, reasoning: example.reasoning, status: 'active', outcome: null,
    triggered_at: null, closed_at: null, access: 'basic', source: 'manual',
  });
  assert.ok(Math.abs(new Date(expires_at) - new Date(created_at) - 86_400_000) < 1000, 'a day, if nothing is said');
  assert.ok(by !== undefined);
  assert.ok(!JSON.stringify(made).includes(author.email), 'an address is nobody else\'s business');
  assert.deepEqual(await signal(id, reader), made, 'for a free reader too: it is a basic one');
  const { signals } = await must(200, reader, 'GET', '/trading/signals');
  assert.deepEqual(signals[0], made);
  const camel = (await must(201, author, 'POST', '/trading/signals', { symbol: 'EURUSD', type: 'sell', entryPrice: '1.1850', stopLoss: '1.1900', takeProfit: '1.1800', volume: '0.1', confidence: 85, expiresAt: inDays(2) })).signal;
  assert.equal(camel.entry_price, '1.185');
});

test('what makes no sense is refused by field, value and limit', async () => {
  for (const [change, words] of [
    [{ stop_loss: 1.1860 }, ['stop_loss', '1.186', '1.185']], [{ stop_loss: 1.1850 }, ['stop_loss']], [{ take_profit: 1.1840 }, ['take_profit', '1.184']], [{ type: 'sell' }, ['stop_loss|take_profit']],
    [{ type: 'hold' }, ['type', 'hold']], [{ symbol: 'NOPE' }, ['NOPE']], [{ symbol: undefined }, ['symbol']], [{ entry_price: undefined }, ['entry_price']], [{ entry_price: 0 }, ['entry_price']],
    [{ entry_price: -1 }, ['entry_price']], [{ entry_price: '1.18505' }, ['entry_price', '1.18505', 'tick|multiple|0.0001']], [{ entry_price: 'x' }, ['entry_price']], [{ entry_price: 1e300 }, ['entry_price']],
    [{ entry_price: NaN }, ['entry_price']], [{ volume: 0 }, ['volume']], [{ volume: -1 }, ['volume']], [{ volume: 0.00001 }, ['volume|lot']], [{ volume: '1e30' }, ['volume']], [{ confidence: 101 }, ['confidence', '101', '100']],
    [{ confidence: -1 }, ['confidence']], [{ confidence: 85.555 }, ['confidence']], [{ confidence: '85x' }, ['confidence']], [{ reasoning: 'x'.repeat(4001) }, ['reasoning', '4000']], [{ reasoning: 7 }, ['reasoning']],
    [{ reasoning: 'a\u0000b' }, ['NUL|reasoning|nul']], [{ access: 'secret' }, ['access']], [{ source: 'x'.repeat(65) }, ['source', '64']], [{ expires_at: inDays(31) }, ['expires_at', '30']], [{ expires_at: inDays(-1) }, ['expires_at']],
    [{ expires_at: 'soon' }, ['expires_at']], [{ status: 'closed' }, ['status']], [{ outcome: 'hit_target' }, ['outcome']], [{ author: 1 }, ['author']], [{ tenant: 2 }, ['tenant']], [{ id: 1 }, ['id']],
    [{ entryPrice: 1.2 }, ['entry']], [{ stop_loss: null }, ['stop_loss']], [{ stop_loss: [1] }, ['stop_loss']], [{ stop_loss: { $gt: 0 } }, ['stop_loss']],
  ]) {
    const answer = await call(author, 'POST', '/trading/signals', { ...example, ...change });
    assert.ok([400, 404].includes(answer.status), `${JSON.stringify(change)}: ${answer.status} ${answer.text.slice(0, 300)}`);
    for (const word of words) assert.match(answer.json.detail, new RegExp(word), `${JSON.stringify(change).slice(0, 100)}: ${answer.json.detail}`);
  }
  for (const raw of ['[]', '"x"', '1', 'null', '{"signals":[]}', '{"signals":{}}', '{"signals":[1]}', '{"signals":[null]}', '{"signals":[[]]}', `{"signals":[${'{},'.repeat(500)}{}]}`, `{"signals":[],"symbol":"EURUSD"}`]) {
    const answer = await proxy.request('POST', '/api/v1/trading/signals', { token: author.token, raw });
    assert.equal(answer.status, 400, `${raw.slice(0, 60)}: ${answer.text}`);
  }
});

test('free and basic see basic ones; advanced ones need pro, by list, id and socket alike', async () => {
  const advanced = await post({ access: 'advanced', reasoning: 'for subscribers' });
  const basic = await newUser(proxy, { subscriptionTier: 'basic' });
  const pro = await newUser(proxy, { subscriptionTier: 'pro' });
  for (const who of [reader, basic]) {
    assert.equal((await call(who, 'GET', `/trading/signals/${advanced.id}`)).status, 404);
    assert.ok(!(await must(200, who, 'GET', '/trading/signals?limit=200')).signals.some((s) => s.id === advanced.id));
    assert.equal((await call(who, 'POST', '/trading/signals/execute', { signalId: advanced.id })).status, 404);
  }
  assert.equal((await signal(advanced.id, pro)).reasoning, 'for subscribers');
  assert.ok((await must(200, pro, 'GET', '/trading/signals?limit=200')).signals.some((s) => s.id === advanced.id));
  assert.equal((await call(reader, 'POST', '/trading/signals', example)).status, 403);
  assert.equal((await call(basic, 'POST', '/trading/signals', example)).status, 403);
});

test('lists: by symbol, status, type, confidence, age, author; pages without gap or double', async () => {
  const since = new Date().toISOString();
  const other = await newUser(proxy, { subscriptionTier: 'pro' });
  const made = [];
  for (let i = 0; i < 9; i++) made.push(await post({ confidence: 50 + i * 5, ...(i % 3 === 0 && { type: 'sell', stop_loss: 1.19, take_profit: 1.18 }) }, i % 2 ? author : other));
  const list = async (query) => (await must(200, reader, 'GET', `/trading/signals?${query}`)).signals;
  const ids = (signals) => signals.map((s) => s.id).sort((a, b) => a - b);
  assert.deepEqual(ids(await list(`since=${since}`)), ids(made));
  assert.deepEqual(ids(await list(`since=${since}&minConfidence=75`)), ids(made.filter((s) => s.confidence >= 75)));
  assert.deepEqual(ids(await list(`since=${since}&type=sell`)), ids(made.filter((s) => s.type === 'sell')));
  assert.deepEqual(ids(await list(`since=${since}&symbol=EURUSD&status=active`)), ids(made));
  assert.deepEqual(await list(`since=${since}&status=closed`), []);
  const pages = [];
  let cursor = '';
  do {
    const page = await must(200, reader, 'GET', `/trading/signals?since=${since}&limit=2${cursor && `&cursor=${cursor}`}`);
    assert.ok(page.signals.length <= 2);
    pages.push(...page.signals);
    cursor = page.nextCursor;
  } while (cursor);
  assert.deepEqual(pages.map((s) => s.id), made.map((s) => s.id).reverse(), 'newest first, each once');
  for (const query of ['symbol=NOPE', 'status=x', 'type=x', 'minConfidence=101', 'minConfidence=x', 'since=x', 'limit=0', 'limit=201', 'cursor=x', 'nope=1', 'cursor=%27;%20DROP']) {
    const answer = await call(reader, 'GET', `/trading/signals?${query}`);
    assert.ok([400, 404].includes(answer.status), `${query}: ${answer.text}`);
  }
});

test('a model posts a batch by its key: all or none, source api', async () => {
  const { key } = await must(201, author, 'POST', '/users/api-keys', { name: 'model', scopes: ['trade'] });
  const model = { key };
  const before = (await must(200, author, 'GET', '/trading/signals?limit=1')).signals[0].id;
  const batch = Array.from({ length: 500 }, (_, i) => ({ ...example, confidence: i % 101, reasoning: `no ${i}` }));
  const { signals } = await must(201, model, 'POST', '/trading/signals', { signals: batch });
  assert.deepEqual(signals.map((s) => s.reasoning), batch.map((s) => s.reasoning), 'in the order of the request');
  assert.ok(signals.every((s) => s.source === 'api' && s.id > before));
  const bad = await call(model, 'POST', '/trading/signals', { signals: [example, { ...example, stop_loss: 2 }, example] });
  assert.equal(bad.status, 400);
  assert.match(bad.json.detail, /signals\[1\]|1/);
  assert.equal((await must(200, author, 'GET', '/trading/signals?limit=1')).signals[0].id, signals.at(-1).id, 'none of them');
  assert.equal((await call(model, 'GET', '/trading/signals')).json.code, 'scope_missing', 'to read is another scope');
  await cluster.sql(`SELECT count(*) FROM tradepost_internal.signals`);
});

test('taken back by its author, not by a stranger; then it cannot be executed', async () => {
  const made = await post({});
  const stranger = await newUser(proxy, { subscriptionTier: 'pro' });
  assert.ok([403, 404].includes((await call(stranger, 'DELETE', `/trading/signals/${made.id}`)).status));
  assert.equal((await signal(made.id)).status, 'active');
  const gone = (await must(200, author, 'DELETE', `/trading/signals/${made.id}`)).signal;
  assert.equal(gone.status, 'cancelled');
  assert.equal((await call(author, 'DELETE', `/trading/signals/${made.id}`)).status, 409);
  const late = await call(reader, 'POST', '/trading/signals/execute', { signalId: made.id });
  assert.deepEqual([late.status, late.json.code], [409, 'conflict']);
  assert.match(late.json.detail, /cancelled/);
});

test('from the entry to the target: executed, triggered, closed by real prices; pushed over both kinds of socket', async () => {
  await clear();
  const trader = await newUser(proxy, { subscriptionTier: 'basic' });
  const socket = await TestSocket.open(proxy, { token: trader.token });
  const client = await TestClient.open(proxy, trader.token);
  await client.subscribe('signals', 'notifications');
  assert.equal((await socket.ask({ op: 'subscribe', channels: ['signals', 'orders', 'notifications'] })).op, 'ack');
  const made = await post({});
  assert.equal((await socket.event('signal:created', (s) => s.id === made.id)).data.entry_price, '1.185');

  await place(maker, 'sell', 1.185, 50000);
  const { execution } = await must(201, trader, 'POST', '/trading/signals/execute', { signalId: made.id }, { 'idempotency-key': 'once' });
  const { entry, stopLoss, takeProfit } = execution.orders;
  const order = async (id) => (await must(200, trader, 'GET', `/orders/${typeof id === 'object' ? id.id : id}`)).order;
  const first = await order(entry);
  assert.deepEqual([first.side, first.price, first.quantity, first.status], ['buy', '1.185', '10000', 'filled'], '0.1 of a contract are 10,000 euros');
  const [stop, target] = [await order(stopLoss), await order(takeProfit)];
  assert.deepEqual([stop.type, stop.side, stop.stopPrice, stop.quantity, stop.status], ['stop', 'sell', '1.18', '10000', 'untriggered']);
  assert.deepEqual([target.type, target.side, target.stopPrice, target.status], ['take_profit', 'sell', '1.19', 'untriggered']);
  assert.deepEqual([stop.linkedOrder, target.linkedOrder, stop.parentOrder, target.parentOrder], [target.id, stop.id, first.id, first.id]);

  const repeated = await call(trader, 'POST', '/trading/signals/execute', { signalId: made.id }, { 'idempotency-key': 'once' });
  assert.ok([200, 201].includes(repeated.status));
  assert.equal(repeated.json.execution.id, execution.id, 'the same key: the same execution');
  const reused = await call(trader, 'POST', '/trading/signals/execute', { signalId: made.id, volume: 0.2 }, { 'idempotency-key': 'once' });
  assert.deepEqual([reused.status, reused.json.code], [409, 'key_reused']);

  await until(async () => (await signal(made.id)).status === 'triggered', 'triggered by the trade at its entry');
  assert.equal((await socket.event('signal:updated', (s) => s.id === made.id && s.status === 'triggered')).event, 'signal:updated');
  // Up to the target: the take-profit sells, its stop is cancelled, the signal closes.
  await must(200, maker, 'DELETE', '/orders');
  await place(maker, 'buy', 1.19, 20000);
  await place(reader, 'sell', 1.19, 100);
  const done = await until(async () => { const o = await order(target.id); return o.status === 'filled' && o; }, 'the take-profit has sold');
  assert.equal(done.filled, '10000');
  assert.equal(done.averagePrice, '1.19');
  const cancelled = await order(stop.id);
  assert.deepEqual([cancelled.status, cancelled.reason], ['cancelled', 'linked_order']);
  const closed = await until(async () => { const s = await signal(made.id); return s.status === 'closed' && s; }, 'closed');
  assert.equal(closed.outcome, 'hit_target');
  assert.ok(closed.triggered_at && closed.closed_at && closed.triggered_at <= closed.closed_at);
  await socket.event('order:triggered', (o) => o.id === target.id);
  await socket.event('signal:updated', (s) => s.id === made.id && s.outcome === 'hit_target');
  await client.event('signal:created', (s) => s.id === made.id);
  await client.event('order:triggered', (o) => o.id === target.id);
  await client.event('signal:updated', (s) => s.id === made.id && s.outcome === 'hit_target');
  await socket.event('notification:created', (one) => one.kind === 'signals' || one.kind === 'fills');
  const { executions } = await must(200, trader, 'GET', '/trading/executions');
  assert.deepEqual(executions.map((e) => e.id), [execution.id]);
  client.close();
  await socket.close();
});

test('from the entry to the stop', async () => {
  await clear();
  const trader = await newUser(proxy);
  const made = await post({ type: 'sell', entry_price: 1.185, stop_loss: 1.19, take_profit: 1.18, volume: 0.05 });
  await cluster.sql(`SELECT tradepost.deposit(${trader.user.account}, 'EUR', 100000)`);
  await place(maker, 'buy', 1.185, 5000);
  const { execution } = await must(201, trader, 'POST', '/trading/signals/execute', { signal_id: made.id });
  await until(async () => (await signal(made.id)).status === 'triggered', 'triggered');
  await place(maker, 'sell', 1.191, 5000);
  const other = await newUser(proxy);
  await place(other, 'buy', 1.191, 100);
  const id = (o) => (typeof o === 'object' ? o.id : o);
  const stop = await until(async () => { const { order } = await must(200, trader, 'GET', `/orders/${id(execution.orders.stopLoss)}`); return !['untriggered', 'open'].includes(order.status) && order; }, 'the stop has bought');
  assert.equal(stop.averagePrice, '1.191');
  const closed = await until(async () => { const s = await signal(made.id); return s.status === 'closed' && s; }, 'closed');
  assert.equal(closed.outcome, 'hit_stop');
  assert.equal((await must(200, trader, 'GET', `/orders/${id(execution.orders.takeProfit)}`)).order.status, 'cancelled');
});

test('one that nobody reaches expires, and says so', async () => {
  const made = await post({ entry_price: 1.1, stop_loss: 1.0, take_profit: 1.2, expires_at: new Date(Date.now() + 2000).toISOString() });
  const expired = await until(async () => { const s = await signal(made.id); return s.status === 'expired' && s; }, 'expired');
  assert.equal(expired.outcome, 'expired');
  assert.equal((await call(reader, 'POST', '/trading/signals/execute', { signalId: made.id })).status, 409);
});

test('what cannot be executed leaves nothing half done', async () => {
  const poor = await newUser(proxy);
  const made = await post({ volume: 100 });
  const orders = async (who) => (await must(200, who, 'GET', '/orders?limit=200')).orders;
  const answer = await call(poor, 'POST', '/trading/signals/execute', { signalId: made.id });
  assert.ok(answer.status < 500, answer.text);
  assert.ok((await orders(poor)).every((o) => ['rejected', 'cancelled'].includes(o.status)), 'no money: no entry, and no stop without one');
  for (const [body, status] of [[{}, 400], [{ signalId: 'x' }, [400, 404]], [{ signalId: -1 }, [400, 404]], [{ signalId: 987654321 }, 404], [{ signalId: made.id, volume: 0 }, 400], [{ signalId: made.id, volume: -1 }, 400],
    [{ signalId: made.id, volume: 0.00001 }, 400], [{ signalId: made.id, volume: 1e18 }, 400], [{ signalId: made.id, orderType: 'stop' }, 400], [{ signalId: made.id, account: 1 }, 400], [{ signalId: made.id, signal_id: made.id + 1 }, 400],
    [{ signalId: made.id, price: 1 }, 400], [{ signalId: [made.id] }, [400, 404]], [{ signalId: made.id, clientOrderId: '' }, 400]]) {
    const { status: is, text } = await call(reader, 'POST', '/trading/signals/execute', body);
    assert.ok([status].flat().includes(is), `${JSON.stringify(body)}: ${is} ${text}`);
  }
  // A MetaTrader account has no terminal.
  const mt5 = (await must(201, reader, 'POST', '/trading/mt5-accounts', { login: '5012345', server: 'Broker-Demo', password: 'terminal-secret' })).account;
  assert.equal(mt5.terminal, 'not_connected');
  const handed = await call(reader, 'POST', '/trading/signals/execute', { signalId: made.id, mt5AccountId: mt5.id });
  assert.deepEqual([handed.status, handed.json.code], [409, 'terminal_not_connected']);
  assert.equal((await call(author, 'POST', '/trading/signals/execute', { signalId: made.id, mt5AccountId: mt5.id })).status, 404, 'another\'s terminal');
  assert.deepEqual((await orders(reader)).filter((o) => o.status === 'open' || o.status === 'untriggered'), []);
});

test('twenty traders execute at once, twice each, while prices move: each once, and the books balance', async () => {
  await clear();
  const traders = await Promise.all(Array.from({ length: 20 }, () => newUser(proxy)));
  await cluster.sql(`SELECT tradepost.deposit(account, 'EUR', 1000000) FROM tradepost.users WHERE account = ANY (ARRAY[${traders.map((t) => t.user.account)}]::bigint[])`);
  const signals = [];
  for (let i = 0; i < 10; i++) {
    signals.push(await post(i % 2 ? { entry_price: (1.18 + i / 1000).toFixed(4), stop_loss: 1.16, take_profit: 1.2, volume: 0.02 }
      : { type: 'sell', entry_price: (1.18 + i / 1000).toFixed(4), stop_loss: 1.2, take_profit: 1.16, volume: 0.02 }));
  }
  let moving = true;
  const other = await newUser(proxy);
  await cluster.sql(`SELECT tradepost.deposit(account, 'EUR', 50000000), tradepost.deposit(account, 'USD', 50000000) FROM tradepost.users WHERE id = ${other.user.id}`);
  const prices = (async () => {
    for (let i = 0; moving; i++) {
      const price = (1.18 + 0.025 * Math.sin(i / 3)).toFixed(4);
      await call(maker, 'POST', '/orders', { symbol: 'EURUSD', side: 'buy', price, quantity: 20000, timeInForce: 'gtc' });
      await call(other, 'POST', '/orders', { symbol: 'EURUSD', side: 'sell', price, quantity: 20000, timeInForce: 'gtc' });
    }
  })();
  const answers = await Promise.all(traders.flatMap((who, t) => signals.flatMap((s) => [0, 1].map(async () => {
    const answer = await call(who, 'POST', '/trading/signals/execute', { signalId: s.id }, { 'idempotency-key': `run-${t}-${s.id}` });
    return { who, id: s.id, answer };
  }))));
  moving = false;
  await prices;
  const by = new Map();
  for (const { who, id, answer } of answers) {
    assert.ok([200, 201, 202, 409, 503].includes(answer.status), answer.text);
    if (answer.status > 202) continue;
    const name = `${who.user.id}/${id}`;
    assert.equal(by.get(name) ?? answer.json.execution.id, answer.json.execution.id, 'two with one key are one');
    by.set(name, answer.json.execution.id);
  }
  assert.ok(by.size > 50, `${by.size} executions`);
  assert.equal(new Set(by.values()).size, by.size);
  assert.deepEqual(await cluster.invariants(), []);
  // No protective order without what it protects, or beyond it.
  for (const who of traders) {
    const { orders } = await must(200, who, 'GET', '/orders?limit=200');
    const byId = new Map(orders.map((o) => [o.id, o]));
    for (const child of orders.filter((o) => o.parentOrder && o.status === 'untriggered')) {
      const parent = byId.get(child.parentOrder) ?? (await must(200, who, 'GET', `/orders/${child.parentOrder}`)).order;
      assert.ok(['open', 'partially_filled', 'filled'].includes(parent.status) || Number(parent.filled) > 0, JSON.stringify([parent, child]));
      if (!['open', 'partially_filled'].includes(parent.status)) assert.ok(Number(child.quantity) <= Number(parent.filled));
    }
  }
});
