// GET trading/performance against a second computation of everything in it, made here from one's own trades as GET trades lists them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Cluster, openMarket } from './lib/cluster.mjs';
import { Files, newUser, startProxy, until } from './lib/platform.mjs';

const files = new Files();
let cluster;
let proxy;
let traders;
before(async () => {
  cluster = await Cluster.start();
  await openMarket(cluster);
  proxy = await startProxy(cluster, files);
  traders = await Promise.all([0, 1, 2, 3].map(() => newUser(proxy, { subscriptionTier: 'pro' })));
  await cluster.sql('SELECT tradepost.deposit(account, \'USD\', 5000000), tradepost.deposit(account, \'EUR\', 500000) FROM tradepost.users');
});
after(async () => {
  const broken = await cluster?.invariants();
  await proxy?.stop();
  await cluster?.end();
  files.end();
  assert.deepEqual(broken, []);
});

const call = (who, method, at, body) => proxy.request(method, `/api/v1${at}`, { token: who.token, body });
async function must(status, who, method, at, body) {
  const answer = await call(who, method, at, body);
  assert.equal(answer.status, status, `${method} ${at}: ${answer.text}`);
  return answer.json;
}

// Decimals exactly, as multiples of 1e-20.
const ONE = 10n ** 20n;
const exact = (text) => {
  const [, sign, whole, part = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  const value = BigInt(whole) * ONE + BigInt(part.padEnd(20, '0'));
  return sign ? -value : value;
};
const times = (a, b) => (a * b) / ONE;
const over = (a, b) => (a * ONE) / b;
const number = (value) => Number(value) / 1e20;

// First in, first out, by the sentences of the API's description and no others.
function recompute(trades, { multipliers, sources }) {
  const lots = new Map();
  const closed = new Map();
  const steps = [];
  for (const t of [...trades].sort((a, b) => a.id - b.id)) {
    const open = lots.get(t.symbol) ?? [];
    lots.set(t.symbol, open);
    const quantity = exact(t.quantity);
    const price = exact(t.price);
    const fee = over(exact(t.commission), quantity);
    const time = Date.parse(t.executedAt);
    const source = sources.get(t.orderId) ?? 'manual';
    let rest = quantity;
    while (rest > 0n && open.length > 0 && open[0].side !== t.side) {
      const lot = open[0];
      const piece = rest < lot.rest ? rest : lot.rest;
      const way = lot.side === 'buy' ? price - lot.price : lot.price - price;
      const gross = times(times(piece, multipliers.get(t.symbol)), way);
      const commission = times(piece, fee + lot.fee);
      const name = `${t.orderId} ${lot.source}`;
      const trade = closed.get(name) ?? { symbol: t.symbol, source: lot.source, gross: 0n, commission: 0n, quantity: 0n, held: 0n };
      trade.gross += gross;
      trade.commission += commission;
      trade.quantity += piece;
      trade.held += piece * BigInt(time - lot.time);
      trade.at = time;
      closed.set(name, trade);
      steps.push({ symbol: t.symbol, source: lot.source, net: gross - commission, gross, commission, event: t.id });
      rest -= piece;
      lot.rest -= piece;
      if (lot.rest === 0n) open.shift();
    }
    if (rest > 0n) open.push({ side: t.side, price, rest, fee, time, source });
  }
  return { closed: [...closed.values()], steps };
}

function figures({ closed, steps }, keep = () => true) {
  const trades = closed.filter(keep).map((t) => ({ ...t, net: t.gross - t.commission }));
  const path = steps.filter(keep);
  const sum = (list, of) => list.reduce((total, one) => total + of(one), 0n);
  const wins = trades.filter((t) => t.net > 0n);
  const losses = trades.filter((t) => t.net < 0n);
  const [won, lost] = [sum(wins, (t) => t.net), -sum(losses, (t) => t.net)];
  // A fill is one step, whatever it closed.
  const fills = new Map();
  for (const step of path) fills.set(step.event, (fills.get(step.event) ?? 0n) + step.net);
  let [equity, high, fall] = [0n, 0n, 0n];
  for (const net of fills.values()) {
    equity += net;
    if (equity > high) high = equity;
    if (high - equity > fall) fall = high - equity;
  }
  const per = (total, count) => (count > 0 ? number(total) / Number(count) : null);
  return {
    trades: trades.length, wins: wins.length, losses: losses.length,
    winRate: trades.length > 0 ? wins.length / trades.length : null,
    profitFactor: lost > 0n ? number(won) / number(lost) : null,
    expectancy: per(won - lost, trades.length), averageWin: per(won, wins.length), averageLoss: per(lost, losses.length),
    grossPnl: number(sum(path, (s) => s.gross)), commission: number(sum(path, (s) => s.commission)), netPnl: number(sum(path, (s) => s.net)),
    averageHoldingSeconds: trades.length > 0 ? trades.reduce((total, t) => total + Number(t.held) / Number(t.quantity) / 1000, 0) / trades.length : null,
    maxDrawdown: number(fall),
  };
}

async function allTrades(who) {
  const all = [];
  let cursor = '';
  do {
    const page = await must(200, who, 'GET', `/trades?mine=true&limit=200${cursor && `&cursor=${cursor}`}`);
    all.push(...page.trades);
    cursor = page.nextCursor;
  } while (cursor);
  return all;
}

function compare(answer, mine, what) {
  for (const [name, value] of Object.entries(mine)) {
    const theirs = answer[name];
    if (value === null) assert.equal(theirs, null, `${what}: ${name}`);
    // To the cent; what is a ratio or a time, to a millionth of it.
    else if (/Pnl|commission|expectancy|average(?:Win|Loss)|Drawdown/.test(name)) assert.ok(Math.abs(Number(theirs) - value) < 0.005, `${what}: ${name} is ${theirs}, not ${value}`);
    else assert.ok(Math.abs(Number(theirs) - value) <= 1e-6 * Math.max(1, Math.abs(value)) + (name === 'averageHoldingSeconds' ? 0.002 : 0), `${what}: ${name} is ${theirs}, not ${value}`);
  }
}

// The same numbers each time, whoever runs it.
let state = 12345;
const random = (below) => {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  return (state >>> 8) % below;
};

const settled = () => until(async () => {
  const [[seq]] = await cluster.sql('SELECT max(seq) FROM tradepost_internal.events');
  const [[at]] = await cluster.sql('SELECT seq FROM tradepost.follower_status');
  return Number(at) >= Number(seq);
}, 'the follower has read all events');

test('nothing traded: zeros and nulls', async () => {
  const { performance } = await must(200, traders[3], 'GET', '/trading/performance?period=all');
  const { since, until: to, ...rest } = performance;
  assert.deepEqual([rest.trades, rest.winRate, rest.profitFactor, rest.sharpe, rest.sortino, rest.equityCurve], [0, null, null, null, null, []]);
  assert.ok(['0', '0.00'].includes(rest.netPnl), rest.netPnl);
});

test('hundreds of trades of four users in four instruments, by hand and by signals: every figure, to the cent', async () => {
  const prices = new Map([['Dec25-Wheat', 100], ['Mar26-Wheat', 100], ['Dec25-Gold', 4000], ['EURUSD', 1.1]]);
  const ticks = new Map([['Dec25-Wheat', 0.01], ['Mar26-Wheat', 0.01], ['Dec25-Gold', 0.1], ['EURUSD', 0.0001]]);
  const symbols = [...prices.keys()];
  for (let round = 0; round < 40; round++) {
    await Promise.all(traders.map((who) => {
      const orders = Array.from({ length: 12 }, () => {
        const symbol = symbols[random(4)];
        const away = (random(41) - 20) * ticks.get(symbol);
        const price = (prices.get(symbol) + away).toFixed(4).replace(/\.?0+$/, '');
        const quantity = symbol === 'EURUSD' ? (1 + random(30)) * 100 : 1 + random(9);
        return { symbol, side: random(2) ? 'buy' : 'sell', price, quantity, timeInForce: random(3) ? 'gtc' : 'ioc' };
      });
      return must(200, who, 'POST', '/orders/batch', { orders });
    }));
    for (const [symbol, price] of prices) prices.set(symbol, Number((price + (random(9) - 4) * ticks.get(symbol)).toFixed(4)));
    if (round % 4 === 0) {
      const [author, trader] = [traders[round / 4 % 4], traders[(round / 4 + 1) % 4]];
      const at = Number(prices.get('EURUSD').toFixed(4));
      const { signal } = await must(201, author, 'POST', '/trading/signals', {
        symbol: 'EURUSD', type: 'buy', entry_price: (at + 0.002).toFixed(4), stop_loss: (at - 0.0005).toFixed(4), take_profit: (at + 0.0025).toFixed(4), volume: 500, confidence: 50 + round,
        source: ['model-a', 'model-b'][round / 4 % 2],
      });
      const answer = await call(trader, 'POST', '/trading/signals/execute', { signalId: signal.id });
      assert.ok([201, 202].includes(answer.status), answer.text);
    }
  }
  await Promise.all(traders.map((who) => must(200, who, 'DELETE', '/orders')));
  await settled();
  const multipliers = new Map((await must(200, traders[0], 'GET', '/instruments')).instruments.map((i) => [i.symbol, exact(i.multiplier)]));
  let total = 0;
  const bySource = new Set();
  for (const [n, who] of traders.entries()) {
    const trades = await allTrades(who);
    total += trades.length;
    const { executions } = await must(200, who, 'GET', '/trading/executions?limit=200');
    const sources = new Map(executions.flatMap((e) => Object.values(e.orders).filter(Boolean).map((id) => [typeof id === 'object' ? id.id : id, e.source])));
    const mine = recompute(trades, { multipliers, sources });
    const of = async (query) => (await must(200, who, 'GET', `/trading/performance?${query}`)).performance;
    const whole = await of('period=all');
    assert.ok(whole.trades > 20, `user ${n} has closed ${whole.trades} trades`);
    compare(whole, figures(mine), `user ${n}`);
    compare(await of('period=1d'), figures(mine), `user ${n}, the last day`);
    assert.deepEqual(whole.bySymbol.map((x) => x.symbol).sort(), [...new Set(mine.closed.map((t) => t.symbol))].sort());
    for (const symbol of new Set(mine.closed.map((t) => t.symbol))) {
      const expected = figures(mine, (x) => x.symbol === symbol);
      compare(await of(`period=all&symbol=${symbol}`), expected, `user ${n} in ${symbol}`);
      const line = whole.bySymbol.find((x) => x.symbol === symbol);
      compare(line, { trades: expected.trades, winRate: expected.winRate, netPnl: expected.netPnl }, `user ${n}, line ${symbol}`);
    }
    for (const source of new Set(mine.closed.map((t) => t.source))) {
      bySource.add(source);
      compare(await of(`period=all&source=${source}`), figures(mine, (x) => x.source === source), `user ${n} by ${source}`);
    }
    assert.ok(whole.equityCurve.length >= 1 && whole.equityCurve.length <= 500);
    assert.ok(Math.abs(Number(whole.equityCurve.at(-1).equity) - Number(whole.netPnl)) < 1e-9, 'the curve ends where the sum does');
    assert.ok(whole.equityCurve.every((point) => Number(point.drawdown) >= 0));
  }
  assert.ok(total > 400, `${total} trades`);
  assert.ok(bySource.has('manual') && bySource.size >= 2, [...bySource].join());
});

test('periods that are none, symbols that are none, and other people\'s tiers', async () => {
  for (const query of ['period=2d', 'period=', 'since=x', 'period=1d&since=2020-01-01T00:00:00Z', 'since=2020-01-02T00:00:00Z&until=2020-01-01T00:00:00Z', 'x=1', 'user=1', 'account=1', `source=${'x'.repeat(500)}`]) {
    const { status, text } = await call(traders[0], 'GET', `/trading/performance?${query}`);
    if (query.startsWith('source')) assert.ok([200, 400].includes(status), text);
    else assert.equal(status, 400, `${query}: ${text}`);
  }
  assert.equal((await call(traders[0], 'GET', '/trading/performance?symbol=Nope')).status, 404);
  const free = await newUser(proxy);
  assert.deepEqual([(await call(free, 'GET', '/trading/performance')).json.code, (await proxy.get('/api/v1/trading/performance')).json.code], ['tier_required', 'token_missing']);
});
