// Rate limits and blocked addresses, without Redis; redis.test.mjs has the same with it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Cluster, openMarket } from './lib/cluster.mjs';
import { Proxy, newUser, order, sleep } from './lib/proxy.mjs';

let cluster;
before(async () => {
  cluster = await Cluster.start();
  await openMarket(cluster);
});
after(async () => { await cluster?.end(); });

const forwarded = (ip) => ({ 'x-forwarded-for': ip });
const withProxy = async (env, args, body) => {
  const proxy = await Proxy.start(cluster, { RATE_LIMIT: 'on', TRUSTED_PROXIES: '127.0.0.1', ...env }, args);
  try { await body(proxy); } finally { await proxy.stop(); }
};

test('five requests to auth in 15 minutes, by address; headers tell', () => withProxy({}, [], async (proxy) => {
  // Another e-mail address each time: those have locks of their own.
  let n = 0;
  const login = (ip) => proxy.post('/api/v1/auth/login', { email: `a${n++}@example.com`, password: 'x' }, { headers: forwarded(ip) });
  for (let i = 0; i < 5; i++) {
    const answer = await login('203.0.113.1');
    assert.equal(answer.status, 401);
    assert.equal(answer.headers['ratelimit-limit'], '5');
    assert.equal(answer.headers['ratelimit-remaining'], String(4 - i));
    assert.ok(Number(answer.headers['ratelimit-reset']) > 0);
  }
  const refused = await login('203.0.113.1');
  assert.equal(refused.status, 429);
  assert.equal(refused.json.code, 'rate_limited');
  assert.match(refused.headers['content-type'], /problem\+json/);
  const wait = Number(refused.headers['retry-after']);
  assert.ok(wait > 60 && wait <= 180, `a fifth of 15 minutes: ${wait}`);
  assert.notEqual((await login('203.0.113.2')).status, 429, 'another address is not touched');
}));

test('orders: 10 a minute on the free tier, more on others, by user', () => withProxy({}, [], async (proxy) => {
  const free = await newUser(proxy);
  const pro = await newUser(proxy, { tier: 'pro' });
  const place = (user) => proxy.post('/api/v1/orders', order({ price: '50' }), { token: user.token });
  const statuses = [];
  for (let i = 0; i < 12; i++) statuses.push((await place(free)).status);
  assert.deepEqual(statuses, [...Array(10).fill(201), 429, 429]);
  for (let i = 0; i < 12; i++) assert.equal((await place(pro)).status, 201);
  assert.ok(Number((await place(pro)).headers['ratelimit-limit']) > 10);
}));

test('a downgrade counts at once, whatever the token says', () => withProxy({}, ['--workers', '2'], async (proxy) => {
  const { user, token } = await newUser(proxy, { tier: 'pro' });
  const limit = async () => (await proxy.get('/api/v1/orders', { token, headers: { connection: 'close' } })).headers['ratelimit-limit'];
  assert.equal(await limit(), '300');
  await cluster.sql(`SELECT tradepost.set_tier(${user.id}, 'basic')`);
  let row = 0;
  for (let i = 0; row < 6; i++) {
    assert.ok(i < 200, 'on every worker');
    row = await limit() === '100' ? row + 1 : 0;
    await sleep(10);
  }
}));

test('all workers of a proxy count together', () => withProxy({ RATE_LIMIT_API_ANONYMOUS: '20/900' }, ['--workers', '3'], async (proxy) => {
  const statuses = await Promise.all(Array.from({ length: 60 }, () => proxy.get('/api/v1/instruments', { headers: { connection: 'close', ...forwarded('203.0.113.9') } }).then((a) => a.status)));
  const fine = statuses.filter((s) => s === 200).length;
  assert.equal(fine, 20, `${fine} of 60`);
}));

test('an IPv6 customer is a /64', () => withProxy({ RATE_LIMIT_API_ANONYMOUS: '3/900' }, [], async (proxy) => {
  const get = (ip) => proxy.get('/api/v1/instruments', { headers: forwarded(ip) }).then((a) => a.status);
  assert.deepEqual([await get('2001:db8:1:2::1'), await get('2001:db8:1:2::2'), await get('2001:db8:1:2:ffff::3')], [200, 200, 200]);
  assert.equal(await get('2001:db8:1:2::4'), 429);
  assert.equal(await get('2001:db8:1:3::1'), 200);
}));

test('X-Forwarded-For counts only from trusted proxies', async () => {
  const proxy = await Proxy.start(cluster, { RATE_LIMIT: 'on', RATE_LIMIT_API_ANONYMOUS: '3/900' });
  try {
    const statuses = [];
    for (let i = 0; i < 5; i++) statuses.push((await proxy.get('/api/v1/instruments', { headers: forwarded(`203.0.113.${i}`) })).status);
    assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
  } finally {
    await proxy.stop();
  }
});

test('a flood blocks its address, for a time that grows; recorded, listed, lifted', () => withProxy({ RATE_LIMIT_API_ANONYMOUS: '2/900' }, ['--workers', '2'], async (proxy) => {
  const ip = '198.51.100.7';
  const get = () => proxy.get('/api/v1/instruments', { headers: { connection: 'close', ...forwarded(ip) } });
  const flood = async () => {
    for (let i = 0; i < 1000; i++) {
      const answer = await get();
      if (answer.status === 403) return answer;
    }
    throw new Error('never blocked');
  };
  const blocked = await flood();
  assert.equal(blocked.json.code, 'address_blocked');
  assert.ok(Number(blocked.headers['retry-after']) > 0);
  assert.equal((await proxy.get('/api/v1/instruments', { headers: forwarded('198.51.100.8') })).status, 200, 'its neighbour is not blocked');
  const row = async () => (await cluster.sql(`SELECT offences, extract(epoch FROM until - blocked_at)::int FROM tradepost.ip_blocks WHERE ip = '${ip}'`))[0];
  let first;
  for (let i = 0; !(first = await row()); i++) { assert.ok(i < 100); await sleep(50); }
  const [[events]] = await cluster.sql(`SELECT count(*) FROM tradepost.security_events WHERE ip = '${ip}' AND risk > 0`);
  assert.ok(Number(events) >= 1);
  await cluster.sql(`SELECT tradepost.lift_block('${ip}')`);
  for (let i = 0; (await get()).status === 403; i++) { assert.ok(i < 100, 'lifted on every worker'); await sleep(20); }
  await flood();
  let second;
  for (let i = 0; Number((second = await row())[0]) < 2; i++) { assert.ok(i < 100); await sleep(50); }
  assert.ok(Number(second[1]) > Number(first[1]), `${second} > ${first}`);
  // Another proxy on the same database hears of it.
  await withProxy({}, [], async (other) => {
    for (let i = 0; (await other.get('/api/v1/instruments', { headers: forwarded(ip) })).status !== 403; i++) { assert.ok(i < 100); await sleep(20); }
  });
}));
