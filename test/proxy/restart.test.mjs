// PostgreSQL, Redis and proxy workers killed under load: no accepted order is lost or doubled, no event missed or twice.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import { WebSocket } from 'ws';
import { Cluster, openMarket } from './lib/cluster.mjs';
import { Proxy, newUser, order, sleep } from './lib/proxy.mjs';
import { REDIS_PASSWORD, Redis } from './lib/redis.mjs';

let cluster;
let proxy;
let redis;
before(async () => {
  cluster = await Cluster.start({ settings: { fsync: 'on' } });
  await openMarket(cluster);
  redis = await Redis.start();
  proxy = await Proxy.start(cluster, { ACCESS_LOG: 'off', REDIS_URL: redis.url, REDIS_PASSWORD, RATE_LIMIT: 'on', RATE_LIMIT_ORDERS_FREE: '1000000/60', RATE_LIMIT_AUTH: '1000/60' }, ['--workers', '2']);
});
after(async () => {
  const broken = await cluster?.invariants();
  await proxy?.stop();
  await redis?.stop();
  if (redis) fs.rmSync(redis.dir, { recursive: true, force: true });
  await cluster?.end();
  assert.deepEqual(broken, []);
});

const workers = () => execFileSync('ps', ['-o', 'pid=', '--ppid', String(proxy.child.pid)]).toString().split('\n').map(Number).filter(Boolean);

// A subscriber that comes back with `since`, and keeps what it heard.
class Listener {
  constructor(user, channels) {
    Object.assign(this, { user, channels, heard: [], last: undefined, part: undefined, live: true });
    this.#connect();
  }

  #connect() {
    const socket = new WebSocket(`${proxy.ws}/ws`, { headers: { authorization: `Bearer ${this.user.token}` } });
    this.socket = socket;
    socket.on('open', () => socket.send(JSON.stringify({ op: 'subscribe', id: 1, channels: this.channels, since: this.last ?? this.from, ...(this.part && { part: this.part }) })));
    socket.on('message', (data) => {
      const m = JSON.parse(data);
      if (m.op === 'ack' && this.last === undefined && m.seq !== undefined) this.last = m.seq;
      if (m.op === 'error') this.error = m;
      if (m.event?.startsWith('order:') || m.event === 'trade:executed') {
        this.heard.push(`${m.seq} ${m.event} ${m.data.id}`);
        this.last = m.seq;
        this.part = m.of > 1 && m.part < m.of ? m.part : undefined;
      }
    });
    socket.on('error', () => {});
    socket.on('close', () => { if (this.live) setTimeout(() => this.#connect(), 50); });
  }

  end() {
    this.live = false;
    this.socket.close();
  }
}

async function round(kill) {
  const users = [await newUser(proxy), await newUser(proxy)];
  const [[from]] = await cluster.sql('SELECT last_seq FROM tradepost.engine_status');
  const listeners = [new Listener(users[0], ['trades:Dec25-Wheat']), new Listener(users[0], ['orders']), new Listener(users[1], ['market:Dec25-Wheat', 'orders'])];
  for (const l of listeners) { l.last = Number(from); }
  await sleep(200);
  const load = { running: true };
  try {
    return await underLoad(kill, users, Number(from), listeners, load);
  } finally {
    load.running = false;
    listeners.forEach((l) => l.end());
  }
}

async function underLoad(kill, users, from, listeners, load) {
  const accepted = new Map();
  const clients = Array.from({ length: 8 }, async (_, c) => {
    for (let n = 0; load.running; n++) {
      const key = `${kill.name}-${c}-${n}`;
      const body = order({ side: (c + n) % 2 ? 'buy' : 'sell', price: String(99 + ((c * 7 + n) % 3)), amount: 1 + (n % 3) });
      // Retried with the same key until an answer says what became of it.
      for (let attempt = 0; ; attempt++) {
        let answer;
        try {
          answer = await proxy.post('/api/v1/orders', body, { token: users[c % 2].token, headers: { 'idempotency-key': key } });
        } catch { answer = { status: 0 }; }
        if (answer.status === 201 || answer.status === 202) {
          accepted.set(key, answer.json.order?.id ?? answer.json.id);
          break;
        }
        if (!load.running) return;
        assert.ok([0, 502, 503].includes(answer.status), `${answer.status} ${answer.text}`);
        assert.ok(attempt < 600, 'answered in the end');
        await sleep(50);
      }
    }
  });
  for (let i = 0; i < kill.times; i++) {
    await sleep(400 + ((i * 137) % 300));
    await kill.how(i);
  }
  await sleep(800);
  load.running = false;
  await Promise.all(clients);
  // Every accepted key is exactly one command, and is decided.
  const rows = await cluster.sql(`SELECT k.key, k.command_id, count(o.id) FROM tradepost_internal.command_keys k LEFT JOIN tradepost_internal.orders o ON o.id = k.command_id WHERE k.key LIKE '${kill.name}-%' GROUP BY 1, 2`);
  const known = new Map(rows.map(([key, id]) => [key, Number(id)]));
  assert.equal(known.size, rows.length, 'one command a key');
  for (const [key, id] of accepted) assert.equal(known.get(key), id, `${key} was accepted as ${id}`);
  for (const [key, , count] of rows) assert.equal(count, '1', `${key} is decided once`);
  assert.ok(accepted.size > 50, `${accepted.size} orders`);
  // Each listener heard everything, each once, in order.
  const [[to]] = await cluster.sql('SELECT last_seq FROM tradepost.engine_status');
  const trades = (await cluster.sql(`SELECT seq FROM tradepost.trades WHERE symbol = 'Dec25-Wheat' AND seq > ${from} AND seq <= ${to}`)).map(([s]) => Number(s)).sort((a, b) => a - b);
  const tradesOf = (l) => l.heard.filter((h) => h.includes('trade:executed')).map((h) => Number(h.split(' ')[0]));
  for (const l of [listeners[0], listeners[2]]) {
    for (let i = 0; tradesOf(l).length < trades.length && i < 200; i++) await sleep(50);
    assert.deepEqual(tradesOf(l), trades, `every trade, once, in order (${JSON.stringify(l.error)})`);
  }
  for (const l of [listeners[1], listeners[2]]) {
    assert.equal(new Set(l.heard).size, l.heard.length, 'nothing twice');
    const account = l.user.user.account;
    const created = (await cluster.sql(`SELECT seq FROM tradepost.events WHERE account = ${account} AND kind = 'accepted' AND seq > ${from} AND seq <= ${to} ORDER BY seq`)).map(([s]) => Number(s));
    for (let i = 0; i < 100 && l.heard.filter((h) => h.includes('order:created')).length < created.length; i++) await sleep(50);
    assert.deepEqual(l.heard.filter((h) => h.includes('order:created')).map((h) => Number(h.split(' ')[0])), created);
  }
  assert.deepEqual(await cluster.invariants(), []);
  return accepted.size;
}

test('a proxy worker is killed again and again', () => round({ name: 'worker', times: 6, how: async (i) => { const w = workers(); process.kill(w[i % w.length], 'SIGKILL'); } }));

test('the connections to the database are cut', () => round({ name: 'cut', times: 5, how: () => cluster.sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'gateway'") }));

test('PostgreSQL crashes and recovers', () => round({ name: 'crash', times: 3, how: async () => { await cluster.kill(); await cluster.up(); } }));

test('the matcher is killed', () => round({ name: 'matcher', times: 3, how: () => cluster.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type LIKE 'tradepost matcher%' OR application_name LIKE 'tradepost matcher%'") }));

test('Redis is killed and comes back', () => round({ name: 'redis', times: 4, how: async (i) => { if (i % 2 === 0) await redis.stop('SIGKILL'); else await redis.up(); } }));
