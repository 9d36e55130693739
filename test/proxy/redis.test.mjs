// Two proxies on one database, with Redis: shared limits, cache, published events; and without when it goes.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import { WebSocket } from 'ws';
import { Cluster, openMarket } from './lib/cluster.mjs';
import { Proxy, newUser, order, sleep } from './lib/proxy.mjs';
import { REDIS_PASSWORD, Redis } from './lib/redis.mjs';

let cluster;
let redis;
let one;
let two;
const env = () => ({ RATE_LIMIT: 'on', REDIS_URL: redis.url, REDIS_PASSWORD, TRUSTED_PROXIES: '127.0.0.1', RATE_LIMIT_API_ANONYMOUS: '10/900', RATE_LIMIT_AUTH: '1000/60', RATE_LIMIT_ORDERS_FREE: '100000/60', RATE_LIMIT_API_FREE: '100000/60' });
before(async () => {
  cluster = await Cluster.start();
  await openMarket(cluster);
  redis = await Redis.start();
  one = await Proxy.start(cluster, env());
  two = await Proxy.start(cluster, env());
});
after(async () => {
  await one?.stop();
  await two?.stop();
  await redis?.stop();
  const broken = await cluster?.invariants();
  await cluster?.end();
  if (redis) fs.rmSync(redis.dir, { recursive: true, force: true });
  assert.deepEqual(broken, []);
});

const from = (ip) => ({ headers: { 'x-forwarded-for': ip } });
const until = async (what, condition, ms = 15000) => {
  const end = Date.now() + ms;
  while (!await condition()) {
    assert.ok(Date.now() < end, what);
    await sleep(30);
  }
};

test('two proxies share their limits', async () => {
  await until('Redis is in use', async () => JSON.stringify((await one.get('/health/detailed')).json).includes('"redis"'));
  const statuses = [];
  for (let i = 0; i < 14; i++) statuses.push((await (i % 2 ? one : two).get('/api/v1/instruments', from('203.0.113.5'))).status);
  assert.deepEqual(statuses, [...Array(10).fill(200), ...Array(4).fill(429)]);
});

test('when Redis goes the limits are each proxy\'s own, and shared again when it is back', async () => {
  await redis.stop('SIGKILL');
  const statuses = [];
  for (let i = 0; i < 12; i++) statuses.push((await one.get('/api/v1/instruments', from('203.0.113.6'))).status);
  assert.deepEqual(statuses, [...Array(10).fill(200), 429, 429]);
  assert.equal((await two.get('/api/v1/instruments', from('203.0.113.6'))).status, 200, 'the other has its own');
  assert.equal((await one.get('/health')).status, 200, 'Redis is not needed');
  await redis.up();
  let n = 0;
  await until('shared again', async () => {
    n += 1;
    const ip = `203.0.114.${n}`;
    for (let i = 0; i < 10; i++) await one.get('/api/v1/instruments', from(ip));
    return (await two.get('/api/v1/instruments', from(ip))).status === 429;
  });
});

test('a Redis that hangs keeps nobody waiting for long', async () => {
  redis.child.kill('SIGSTOP');
  try {
    for (let i = 0; i < 3; i++) assert.equal((await one.get('/api/v1/instruments', from(`203.0.115.${i}`))).status, 200);
  } finally {
    redis.child.kill('SIGCONT');
  }
});

test('every event is published once on a channel of its name, by one worker', async () => {
  const alice = await newUser(one);
  const bob = await newUser(two);
  const listener = await redis.connect();
  listener.send('PSUBSCRIBE', '*');
  await sleep(1500);
  const [[before]] = await cluster.sql('SELECT last_seq FROM tradepost.engine_status');
  for (let i = 0; i < 10; i++) {
    await one.post('/api/v1/orders', order({ side: 'sell', price: '100' }), { token: alice.token });
    await two.post('/api/v1/orders', order({ price: '100' }), { token: bob.token });
  }
  const wanted = (await cluster.sql(`SELECT seq FROM tradepost.trades WHERE seq > ${before}`)).map(([seq]) => Number(seq));
  const seen = () => [...listener.text.matchAll(/\$14\r\ntrade:executed\r\n\$\d+\r\n(\{.*?\})\r\n/g)].map((m) => JSON.parse(m[1])).map((m) => m.seq);
  await until('published', async () => new Set(seen()).size >= wanted.length);
  assert.deepEqual(seen(), wanted, 'each once, in order');
  for (const name of ['order:created', 'order:matched']) assert.ok(listener.text.includes(name), name);
  listener.socket.destroy();
});

test('what is a tenant\'s is published on channels of its own', async () => {
  const [[tenant]] = await cluster.sql("SELECT tradepost.create_tenant('other')");
  await cluster.sql(`SELECT tradepost.create_asset('USD', tenant => ${tenant}), tradepost.create_asset('Wheat', tenant => ${tenant});
    SELECT tradepost.create_instrument('Dec25-Wheat', 'future', 'Wheat', 'USD', 0.01, 1, 100, contract => 'Dec25', tenant => ${tenant})`);
  const ear = await redis.connect();
  ear.send('PSUBSCRIBE', '*');
  await until('subscribed', () => ear.text.includes('psubscribe'));
  const [[account]] = await cluster.sql(`SELECT tradepost.open_account('theirs', tenant => ${tenant})`);
  await cluster.sql(`SELECT tradepost.deposit(${account}, 'USD', 4711)`);
  await cluster.sql(`SELECT tradepost.place_order(${account}, 'Dec25-Wheat', 'sell', 1, 100)`);
  await until('published', () => ear.text.includes('order:created'));
  assert.ok(ear.text.includes(`\r\ntenant:${tenant}:balance:deposited\r\n`), ear.text);
  assert.ok(ear.text.includes(`\r\ntenant:${tenant}:order:created\r\n`), ear.text);
  assert.ok(!/\r\n(balance:deposited|order:created)\r\n/.test(ear.text), ear.text);
  ear.socket.destroy();
});

test('when the publishing proxy is killed the other goes on where it ended', async () => {
  const alice = await newUser(one);
  const bob = await newUser(one);
  const listener = await redis.connect();
  listener.send('SUBSCRIBE', 'trade:executed');
  await sleep(300);
  const [[before]] = await cluster.sql('SELECT last_seq FROM tradepost.engine_status');
  const trade = async (proxy) => {
    await proxy.post('/api/v1/orders', order({ side: 'sell', price: '100' }), { token: alice.token });
    await proxy.post('/api/v1/orders', order({ price: '100' }), { token: bob.token });
  };
  const leader = /"this worker publishes/.test(one.log.split('\n').filter((l) => /publish/.test(l)).at(-1) ?? '') ? one : two;
  const other = leader === one ? two : one;
  for (let i = 0; i < 5; i++) await trade(other);
  await leader.kill();
  for (let i = 0; i < 5; i++) await trade(other);
  const wanted = (await cluster.sql(`SELECT seq FROM tradepost.trades WHERE seq > ${before}`)).map(([seq]) => Number(seq));
  const seen = () => [...listener.text.matchAll(/"event":"trade:executed","seq":(\d+)/g)].map((m) => Number(m[1]));
  await until('everything was published', async () => wanted.every((seq) => seen().includes(seq)));
  assert.deepEqual([...new Set(seen())].filter((s) => wanted.includes(s)), wanted, 'in order, without a gap');
  listener.socket.destroy();
  await leader.up();
});

test('events reach the clients of both proxies', async () => {
  const alice = await newUser(one);
  const bob = await newUser(two);
  const hear = async (proxy) => {
    const socket = new WebSocket(`${proxy.ws}/ws`);
    const seen = [];
    await new Promise((ok, bad) => { socket.on('open', ok).on('error', bad); });
    socket.on('message', (d) => { const m = JSON.parse(d); if (m.event === 'trade:executed') seen.push(m.seq); });
    socket.send(JSON.stringify({ op: 'subscribe', id: 1, channels: ['market:Dec25-Wheat'] }));
    await sleep(300);
    return { socket, seen };
  };
  const sockets = [await hear(one), await hear(two)];
  for (let i = 0; i < 5; i++) {
    await one.post('/api/v1/orders', order({ side: 'sell', price: '100' }), { token: alice.token });
    await two.post('/api/v1/orders', order({ price: '100' }), { token: bob.token });
  }
  await until('both heard', async () => sockets.every((s) => s.seen.length >= 5));
  assert.deepEqual(sockets[0].seen, sockets[1].seen);
  for (const s of sockets) s.socket.close();
});

test('without Redis too, events reach the clients of both, and each proxy has its own limits', async () => {
  const plain = { RATE_LIMIT: 'on', TRUSTED_PROXIES: '127.0.0.1', RATE_LIMIT_API_ANONYMOUS: '3/900', RATE_LIMIT_AUTH: '1000/60', RATE_LIMIT_ORDERS_FREE: '1000/60' };
  const proxies = [await Proxy.start(cluster, plain), await Proxy.start(cluster, plain)];
  const [alice, bob] = [await newUser(proxies[0]), await newUser(proxies[1])];
  const heard = proxies.map((proxy) => {
    const seen = [];
    const socket = new WebSocket(`${proxy.ws}/ws`);
    socket.on('open', () => socket.send(JSON.stringify({ op: 'subscribe', id: 1, channels: ['trades:Mar26-Wheat'] })));
    socket.on('message', (d) => { const m = JSON.parse(d); if (m.op === 'ack') seen.ready = true; if (m.event === 'trade:executed') seen.push(m.seq); });
    return { seen, socket };
  });
  await until('subscribed', async () => heard.every((h) => h.seen.ready));
  for (let i = 0; i < 5; i++) {
    await proxies[0].post('/api/v1/orders', order({ contract: 'Mar26', side: 'sell', price: '100' }), { token: alice.token });
    await proxies[1].post('/api/v1/orders', order({ contract: 'Mar26', price: '100' }), { token: bob.token });
  }
  await until('both heard', async () => heard.every((h) => h.seen.length >= 5));
  assert.deepEqual(heard[0].seen, heard[1].seen);
  for (const proxy of proxies) {
    const statuses = [];
    for (let i = 0; i < 5; i++) statuses.push((await proxy.get('/api/v1/instruments', from('203.0.117.1'))).status);
    assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
  }
  for (const h of heard) h.socket.terminate();
  for (const proxy of proxies) await proxy.stop();
});

test('what one proxy has read the other finds in Redis', async () => {
  const hits = async (proxy) => Number(/^tradepost_proxy_cache_redis_hits_total (\d+)/m.exec((await proxy.get('/metrics')).text)[1]);
  await one.get('/api/v1/candles/Dec25-Wheat?resolution=1h&limit=77', from('203.0.116.1'));
  await sleep(200);
  const before = await hits(two);
  await two.get('/api/v1/candles/Dec25-Wheat?resolution=1h&limit=77', from('203.0.116.2'));
  assert.equal(await hits(two), before + 1);
});
