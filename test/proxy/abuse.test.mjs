// What somebody tries who wants more than is his: the same thing at the same moment, fields that are nobody's to give, ids that are no ids, channels that are another's.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Cluster, openMarket } from './lib/cluster.mjs';
import { code, enrol } from './lib/factor.mjs';
import { Files, billing, inDays, newUser, startProxy, subscribe, until } from './lib/platform.mjs';
import { TestSocket } from './lib/socket.mjs';

const files = new Files();
let cluster;
let proxy;
let alice;
let bob;
before(async () => {
  cluster = await Cluster.start();
  await openMarket(cluster);
  proxy = await startProxy(cluster, files);
  [alice, bob] = await Promise.all([0, 1].map(() => newUser(proxy, { subscriptionTier: 'pro' })));
  await subscribe(proxy, alice, 'pro');
});
after(async () => {
  TestSocket.closeAll();
  const broken = await cluster?.invariants();
  await proxy?.stop();
  const faults = proxy?.lines.filter((line) => line.status >= 500 || line.level === 'error');
  await cluster?.end();
  files.end();
  assert.deepEqual(broken, []);
  assert.deepEqual(faults, [], 'nothing was too much for it');
});

const call = (who, method, at, body, headers) => proxy.request(method, `/api/v1${at}`, { token: who.token, body, headers });
const atOnce = (count, run) => Promise.all(Array.from({ length: count }, (_, i) => run(i)));
const statuses = (answers) => answers.map((a) => a.status).sort();
const signal = { symbol: 'EURUSD', type: 'buy', entry_price: 1.1, stop_loss: 1.05, take_profit: 1.2, volume: 100, confidence: 85 };

test('executed ten times at once: one execution, three orders', async () => {
  const { signal: { id } } = (await call(alice, 'POST', '/trading/signals', signal)).json;
  const answers = await atOnce(10, () => call(bob, 'POST', '/trading/signals/execute', { signalId: id }));
  assert.equal(new Set(answers.map((a) => a.json.execution?.id)).size, 1, JSON.stringify(answers.map((a) => a.text)));
  assert.equal((await call(bob, 'GET', '/orders?status=active')).json.orders.length, 3);
  const keyed = await atOnce(10, (i) => call(bob, 'POST', '/trading/signals/execute', { signalId: id, volume: i % 2 ? 100 : 200 }, { 'idempotency-key': 'same' }));
  assert.equal(new Set(keyed.filter((a) => a.status === 201).map((a) => a.json.execution.id)).size, 1);
  assert.equal(keyed.filter((a) => a.status === 409 && a.json.code === 'key_reused').length, 5, 'the other volume');
  assert.equal((await call(bob, 'GET', '/orders?status=active')).json.orders.length, 6);
});

test('two changes of tier at once: one of them is what is pending, and nothing is given away', async () => {
  await atOnce(8, (i) => call(alice, 'POST', '/users/subscription', { tier: i % 2 ? 'enterprise' : 'basic' }));
  const { subscription } = (await call(alice, 'GET', '/users/subscription')).json;
  assert.equal(subscription.tier, 'pro');
  assert.ok(['basic', 'enterprise'].includes(subscription.pending.tier));
  assert.equal((await call(alice, 'POST', '/users/subscription', { tier: 'enterprise', immediately: true })).json.status, 'payment_required', 'at once is for the way down');
});

test('limits hold at once: keys, money', async () => {
  const { limits } = (await call(bob, 'GET', '/users/subscription')).json.subscription;
  const keys = await atOnce(30, (i) => call(bob, 'POST', '/users/api-keys', { name: `k${i}`, scopes: ['read'] }));
  assert.equal(keys.filter((a) => a.status === 201).length, limits.apiKeys);
  assert.ok(keys.filter((a) => a.status !== 201).every((a) => a.json.code === 'limit_reached'));
  const carol = await newUser(proxy);
  assert.deepEqual(statuses(await atOnce(6, () => call(carol, 'POST', '/account/withdrawals', { asset: 'USD', amount: '400000' }))), [201, 201, 409, 409, 409, 409], 'of one million');
  const once = await atOnce(6, () => call(carol, 'POST', '/account/withdrawals', { asset: 'USD', amount: '1000' }, { 'idempotency-key': 'once' }));
  assert.equal(new Set(once.map((a) => a.json.withdrawal?.id)).size, 1, JSON.stringify(once.map((a) => a.text)));
  assert.equal((await call(carol, 'GET', '/account/summary')).json.balances.find((b) => b.asset === 'USD').total, '199000');
});

test('a recovery code, used six times at once, is good for one; spent, it says so; a clock that is off, too', async () => {
  const { secret, recoveryCodes } = await enrol(proxy, alice);
  const logins = await atOnce(4, () => proxy.post('/api/v1/auth/login', { email: alice.email, password: alice.password, code: recoveryCodes[0] }));
  assert.deepEqual(statuses(logins), [200, 401, 401, 401]);
  const carol = await newUser(proxy);
  const other = await enrol(proxy, carol);
  const withdrawals = await atOnce(4, () => call(carol, 'POST', '/account/withdrawals', { asset: 'USD', amount: '1', code: other.recoveryCodes[0] }));
  assert.deepEqual(statuses(withdrawals), [201, 401, 401, 401]);
  const spent = await call(carol, 'POST', '/account/withdrawals', { asset: 'USD', amount: '1', code: other.recoveryCodes[0] });
  assert.match(spent.json.detail, /used already/);
  const dave = await newUser(proxy);
  const off = await enrol(proxy, dave);
  assert.match((await call(dave, 'POST', '/account/withdrawals', { asset: 'USD', amount: '1', code: code(off.secret, 4) })).json.detail, /clock is off by more than one step/);
  // Another's code, and another's secret.
  assert.equal((await call(dave, 'POST', '/account/withdrawals', { asset: 'USD', amount: '1', code: other.recoveryCodes[1] })).status, 401);
  assert.equal((await call(dave, 'POST', '/account/withdrawals', { asset: 'USD', amount: '1', code: code(secret) })).status, 401);
});

test('fields that are nobody\'s to give, and values that are none, are refused', async () => {
  const wheat = { symbol: 'Dec25-Wheat', side: 'buy', price: 50, quantity: 1 };
  const mt5 = { login: '1', server: 's', password: 'p' };
  for (const [method, at, bodies] of [
    ['PATCH', '/auth/profile', [{ tier: 'enterprise' }, { role: 'admin' }, { email: 'x@example.com' }, { emailVerified: true }, { phone: '+491511234567' }, { account: 1 }, { tenant: 2 }, { timeZone: '\'; --' }, { language: '../x' }, { constructor: 2 }]],
    ['POST', '/users/api-keys', [{ name: 'k', scopes: ['login'] }, { name: 'k', scopes: ['read', 'admin'] }, { name: 'k', scopes: [] }, { name: 'k', scopes: 'read' }, { name: 'k', scopes: ['read'], user: 1 }, { name: 'k', scopes: ['read'], ips: ['0.0.0.0/0;'] },
      { name: 'x'.repeat(9999), scopes: ['read'] }, { name: 'k', scopes: ['read'], expiresAt: '2000-01-01T00:00:00Z' }]],
    ['POST', '/users/subscription', [{ tier: 'enterprise', user: 1 }, { tier: 'enterprise', price: 0 }, { tier: 'enterprise', status: 'active' }]],
    ['POST', '/users/subscription/cancel', [{ user: 1 }]],
    ['POST', '/orders', [{ ...wheat, parentOrder: 5 }, { ...wheat, tenant: 2 }, { ...wheat, maxOpen: 0 }, { ...wheat, account: 1 }]],
    ['POST', '/trading/mt5-accounts', [{ ...mt5, terminal: 'connected' }, { ...mt5, sealed: 'x' }, { ...mt5, login: 'x' }, { ...mt5, server: 's\n' }, { ...mt5, user: 1 }]],
    ['POST', '/account/withdrawals', [{ asset: 'USD', amount: '1', grant: 1 }, { asset: 'USD', amount: '1', account: 1 }, { asset: 'USD', amount: '-5' }, { asset: 'USD', amount: '0' }, { asset: 'USD', amount: '1e5' }, { asset: 'USD', amount: 0.001 }, { asset: {}, amount: 1 }, [], 'x', null, 7]],
    ['POST', '/mfa/verify', [{ code: '1'.repeat(60000) }, { code: 123456 }, { code: null }, { code: ['123456'] }]],
    ['POST', '/users/phone', [{ phone: '+0' }, { phone: '0049151' }, { phone: '+49151\u0661\u0662' }]],
    ['POST', '/trading/signals/execute', [{ signalId: 1, user: 1 }, { signalId: 1, account: 1 }, { signalId: { id: 1 } }]],
  ]) {
    for (const body of bodies) {
      const answer = await call(bob, method, at, body);
      assert.ok([400, 404].includes(answer.status), `${method} ${at} ${JSON.stringify(body).slice(0, 80)}: ${answer.status} ${answer.text.slice(0, 200)}`);
    }
  }
  assert.equal((await call(bob, 'POST', '/trading/mt5-accounts', { ...mt5, password: 'p'.repeat(70_000) })).status, 413);
  for (const [method, at] of [['GET', '/trading/signals/1%20OR%201=1'], ['GET', '/trading/signals/%2e%2e'], ['GET', '/trading/executions/99999999999999999999'], ['PATCH', '/notifications/0'], ['PATCH', '/notifications/%00'], ['DELETE', '/users/sessions/-1'],
    ['DELETE', '/users/api-keys/9e9'], ['GET', '/trading/signals?limit=1&limit=2'], ['GET', '/trading/performance?symbol=%00'], ['GET', '/trading/executions?signal=999999999999999999999']]) {
    const answer = await call(bob, method, at, method === 'PATCH' ? { read: true } : undefined);
    assert.ok([400, 404].includes(answer.status), `${method} ${at}: ${answer.text}`);
  }
  const { user } = (await call(bob, 'GET', '/auth/profile')).json;
  assert.deepEqual([user.tier, user.role, user.emailVerified, user.phone], ['pro', 'user', false, null]);
});

test('billing: of another tenant, of nobody, with more than it has', async () => {
  const event = { type: 'subscription.activated', user: bob.user.id, tier: 'enterprise', periodEnd: inDays(30) };
  for (const change of [{ tenant: 2 }, { role: 'admin' }, { periodEnd: 'infinity' }, { tier: 'free' }, { id: undefined }, { id: 'x'.repeat(300) }, { user: '1; DROP' }, { user: -1 }]) {
    const answer = await billing(proxy, { ...event, ...change });
    assert.ok([400, 404].includes(answer.status), `${JSON.stringify(change).slice(0, 60)}: ${answer.text}`);
  }
  assert.equal((await call(bob, 'GET', '/users/subscription')).json.subscription.tier, 'pro');
});

test('other people\'s channels are none; an owner who is suspended hears no more', async () => {
  const socket = await TestSocket.open(proxy, { token: bob.token });
  for (const channel of ['signals:1', 'notifications:1', 'account:1', 'orders:1', 'user:1', 'tenant:2', 'signals:pro', 'market:2:Dec25-Wheat', 'pushes', '2:market:Dec25-Wheat', '*']) {
    const answer = await socket.ask({ op: 'subscribe', channels: [channel] });
    assert.equal(answer.op, 'error', channel);
    assert.match(answer.code, /^unknown_/, channel);
  }
  for (const [message, wanted] of [[{ channels: ['signals', 'orders'], since: 1 }, 'since_mixed'], [{ channels: ['notifications'], since: -1 }, 'field_range'], [{ channels: ['notifications'], since: 'x' }, 'field_range']]) {
    assert.equal((await socket.ask({ op: 'subscribe', ...message })).code, wanted, JSON.stringify(message));
  }
  assert.equal((await socket.ask({ op: 'subscribe', channels: ['notifications', 'account', 'signals'] })).op, 'ack');
  await cluster.sql(`SELECT tradepost_internal.notify_user(${alice.user.id}, 'security', 'for alice', 'b', NULL); SELECT tradepost_internal.notify_user(${bob.user.id}, 'security', 'for bob', 'b', NULL)`);
  await socket.event('notification:created', (one) => one.title === 'for bob');
  assert.ok(!socket.messages.some((m) => /for alice/.test(JSON.stringify(m))));
  await cluster.sql(`SELECT tradepost.set_status(${bob.user.id}, 'suspended')`);
  assert.equal((await socket.closed).code, 4001);
  await until(async () => (await call(bob, 'GET', '/trading/signals')).status === 401, 'his token is refused');
});

test('the database\'s roles: what a trader sees of the platform is his own, the gateway calls functions alone', async () => {
  await cluster.sql(`CREATE ROLE outsider LOGIN; GRANT tradepost_trader TO outsider; GRANT outsider TO postgres`);
  const as = (role, text) => cluster.sql(`SET ROLE ${role}; ${text}`);
  const tables = (await cluster.sql(`SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'tradepost_internal'
    AND tablename ~ '^(users|sessions|api_keys|factors|recovery|signals|signal_executions|mt5_accounts|notifications|push|subscriptions|subscription_events|tiers|deliveries|tenants|codes|fills|closed_trades|billing|grants)'`)).flat();
  assert.ok(tables.length >= 12, tables.join());
  for (const table of tables) {
    for (const role of ['outsider', 'gateway']) {
      const rows = await as(role, `SELECT count(*) FROM ${table}`).then(([[count]]) => count, (error) => error.message);
      assert.ok(rows === '0' || /permission denied/.test(rows), `${role} reads ${table}: ${rows}`);
      for (const change of [`DELETE FROM ${table}`, `TRUNCATE ${table}`, `INSERT INTO ${table} DEFAULT VALUES`]) await assert.rejects(as(role, change), /permission denied/, `${role}: ${change}`);
    }
  }
  const functions = (await cluster.sql(`SELECT p.oid::regprocedure FROM pg_proc p WHERE pronamespace = 'tradepost_edge'::regnamespace AND has_function_privilege('outsider', p.oid, 'EXECUTE')`)).flat();
  assert.deepEqual(functions, [], 'what the edge calls is the gateway\'s alone');
  for (const admin of [`tradepost.set_tier(${alice.user.id}, 'enterprise')`, `tradepost.set_role(${alice.user.id}, 'admin')`, 'tradepost.create_tenant(\'x\')', 'tradepost.run_subscriptions()', `tradepost.remove_factor(${alice.user.id})`]) {
    for (const role of ['outsider', 'gateway']) await assert.rejects(as(role, `SELECT ${admin}`), /permission denied/, `${role}: ${admin}`);
  }
});
