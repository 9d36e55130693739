// Tiers and subscriptions from outside: trial, upgrade, downgrade, end; and that an open session or socket never knows better than the database.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Cluster, openMarket } from './lib/cluster.mjs';
import { BILLING_SECRET, Files, TestClient, billing, inDays, newUser, startProxy, subscribe, until } from './lib/platform.mjs';
import { TestSocket } from './lib/socket.mjs';

const files = new Files();
const DAY = 86_400_000;
let cluster;
let proxy;
before(async () => {
  cluster = await Cluster.start();
  await openMarket(cluster);
  proxy = await startProxy(cluster, files);
});
after(async () => {
  TestSocket.closeAll();
  TestClient.closeAll();
  await proxy?.stop();
  await cluster?.end();
  files.end();
});

const call = (who, method, at, body) => proxy.request(method, `/api/v1${at}`, { token: who.token, body });
async function must(status, who, method, at, body) {
  const answer = await call(who, method, at, body);
  assert.equal(answer.status, status, `${method} ${at}: ${answer.text}`);
  return answer.json;
}
const subscription = async (who) => (await must(200, who, 'GET', '/users/subscription')).subscription;
const performance = async (who) => (await call(who, 'GET', '/trading/performance')).status;
const signal = (fields = {}) => ({ symbol: 'Dec25-Wheat', type: 'buy', entry_price: 100, stop_loss: 95, take_profit: 110, volume: 1, confidence: 85, reasoning: 'r', ...fields });
const about = (end, moment, what) => assert.ok(Math.abs(new Date(end) - moment) < 120_000, `${what}: ${end}`);
// Everything that has an end had it a second ago; nothing has looked at it since.
const end = (who) => cluster.sql(`
  UPDATE tradepost_internal.subscriptions SET period_start = now() - interval '30 days', period_end = now() - interval '1 second', trial_end = trial_end - (period_end - now()) - interval '1 second',
    grace_until = grace_until - (grace_until - now()) - interval '1 second' WHERE user_id = ${who.user.id};
  UPDATE tradepost_internal.users SET tier_until = now() - interval '1 second' WHERE id = ${who.user.id}`);

test('the tiers, for everybody: prices, features, limits, support', async () => {
  const { status, json: { tiers } } = await proxy.get('/api/v1/tiers');
  assert.equal(status, 200);
  assert.deepEqual(tiers.map((t) => [t.tier, Number(t.price)]), [['free', 0], ['basic', 49], ['pro', 199], ['enterprise', 999]]);
  const features = Object.fromEntries(tiers.map((t) => [t.tier, new Set(t.features)]));
  for (const [tier, has, hasNot] of [['free', ['basic_access'], ['email_support']], ['basic', ['signals_basic', 'email_support'], ['signals_advanced', 'api_keys']],
    ['pro', ['signals_advanced', 'priority_support', 'api_keys', 'performance'], ['system_metrics']], ['enterprise', ['api_keys', 'dedicated_support', 'custom_integration', 'system_metrics'], []]]) {
    for (const feature of has) assert.ok(features[tier].has(feature), `${tier} has ${feature}`);
    for (const feature of hasNot) assert.ok(!features[tier].has(feature), `${tier} has no ${feature}`);
  }
  const hours = tiers.map((t) => t.support.responseHours).filter((h) => h !== null);
  assert.deepEqual(hours, [...hours].sort((a, b) => b - a), 'who pays more waits less');
});

test('registering with subscriptionTier starts 14 days of trial; enterprise has none; free is for good', async () => {
  for (const tier of ['basic', 'pro']) {
    const who = await newUser(proxy, { subscriptionTier: tier });
    assert.equal(who.user.tier, tier);
    const s = await subscription(who);
    assert.deepEqual([s.tier, s.status], [tier, 'trial']);
    about(s.periodEnd, Date.now() + 14 * DAY, 'trial');
    assert.ok(s.support.channel);
  }
  const refused = await proxy.post('/api/v1/auth/register', { email: 'big@example.com', password: 'Correct-Horse-1', subscriptionTier: 'enterprise' });
  assert.equal(refused.status, 400);
  assert.match(refused.json.detail, /enterprise/);
  assert.match(refused.json.detail, /trial/);
  const free = await newUser(proxy, { subscriptionTier: 'free' });
  const s = await subscription(free);
  assert.equal(s.tier, 'free');
  assert.equal(s.periodEnd, null);
  const both = await proxy.post('/api/v1/auth/register', { email: 'both@example.com', password: 'Correct-Horse-1', subscriptionTier: 'basic', tier: 'pro' });
  assert.equal(both.status, 400, 'two that differ');
});

test('a 403 names the tier that is needed, and the one that is there', async () => {
  const who = await newUser(proxy, { subscriptionTier: 'basic' });
  for (const [method, at, body, needed] of [['GET', '/trading/performance', undefined, 'pro'], ['POST', '/trading/signals', signal(), 'pro'], ['POST', '/users/api-keys', { name: 'k', scopes: ['read'] }, 'pro'],
    ['GET', '/system/metrics', undefined, 'enterprise']]) {
    const { status, json } = await call(who, method, at, body);
    assert.deepEqual([status, json.code], [403, 'tier_required'], at);
    assert.ok(json.detail.includes(`"${needed}"`) && json.detail.includes('"basic"'), json.detail);
  }
});

test('an upgrade waits for the payment; then it counts on the next call of an open session', async () => {
  const who = await newUser(proxy, { subscriptionTier: 'basic' });
  await subscribe(proxy, who, 'basic');
  assert.equal(await performance(who), 403);
  const preview = await must(200, who, 'POST', '/users/subscription', { tier: 'pro', preview: true });
  assert.equal((await subscription(who)).tier, 'basic', 'a preview changes nothing');
  const asked = await must(200, who, 'POST', '/users/subscription', { tier: 'pro' });
  assert.deepEqual([asked.status, asked.preview, preview.preview, asked.subscription.pending.tier], ['payment_required', false, true, 'pro']);
  // By the second: of 30 days that have just begun nearly all is left.
  for (const { credit, charge, amount } of [preview, asked]) {
    assert.ok(Math.abs(Number(credit) - 49) < 0.02 && Math.abs(Number(charge) - 199) < 0.02, `${credit} ${charge}`);
    assert.equal((Number(charge) - Number(credit)).toFixed(2), amount);
  }
  assert.equal(await performance(who), 403, 'nothing is paid yet');
  const socket = await TestSocket.open(proxy, { token: who.token });
  assert.equal((await socket.ask({ op: 'subscribe', channels: ['account'] })).op, 'ack');
  await subscribe(proxy, who, 'pro');
  assert.equal(await performance(who), 200, 'the same token as before');
  assert.equal((await socket.event('subscription:changed', (s) => s.tier === 'pro')).data.status, 'active');
  assert.equal((await subscription(who)).status, 'active');
  await socket.close();
});

test('a downgrade counts on the next call of an open session, and on an open socket', async () => {
  const who = await newUser(proxy, { subscriptionTier: 'pro' });
  await subscribe(proxy, who, 'pro');
  const socket = await TestSocket.open(proxy, { token: who.token });
  const client = await TestClient.open(proxy, who.token);
  await client.subscribe('account');
  assert.equal((await socket.ask({ op: 'subscribe', channels: ['signals', 'account'] })).op, 'ack');
  const { key } = await must(201, who, 'POST', '/users/api-keys', { name: 'k', scopes: ['read', 'trade'] });
  const byKey = () => proxy.get('/api/v1/orders', { headers: { 'x-api-key': key } });
  assert.equal((await byKey()).status, 200);
  const advanced = (await must(201, who, 'POST', '/trading/signals', signal({ access: 'advanced' }))).signal;
  await socket.event('signal:created', (s) => s.id === advanced.id);
  // At the end of the period: nothing yet.
  await must(200, who, 'POST', '/users/subscription', { tier: 'basic' });
  assert.equal((await subscription(who)).tier, 'pro');
  assert.equal(await performance(who), 200);
  await must(200, who, 'POST', '/users/subscription', { tier: 'basic', immediately: true });
  assert.equal(await performance(who), 403);
  assert.equal((await call(who, 'POST', '/trading/signals', signal())).status, 403);
  assert.deepEqual([(await byKey()).status, (await byKey()).json.code], [403, 'tier_required']);
  assert.equal((await call(who, 'GET', `/trading/signals/${advanced.id}`)).status, 404, 'advanced ones are gone for him');
  assert.equal((await socket.event('subscription:changed', (s) => s.tier === 'basic')).event, 'subscription:changed');
  await client.event('subscription:changed', (s) => s.tier === 'basic');
  // On the socket: of two signals that follow he hears the basic one only.
  const author = await newUser(proxy, { subscriptionTier: 'pro' });
  const hidden = (await must(201, author, 'POST', '/trading/signals', signal({ access: 'advanced' }))).signal;
  const shown = (await must(201, author, 'POST', '/trading/signals', signal())).signal;
  await socket.event('signal:created', (s) => s.id === shown.id);
  assert.ok(!socket.events('signal:created').some((m) => m.data.id === hidden.id));
  client.close();
  await socket.close();
});

test('a subscription that ended a second ago is over: on the next call, with a key, on an open socket', async () => {
  const who = await newUser(proxy, { subscriptionTier: 'pro' });
  const { key } = await must(201, who, 'POST', '/users/api-keys', { name: 'k', scopes: ['read', 'trade'] });
  assert.equal((await proxy.get('/api/v1/orders', { headers: { 'x-api-key': key } })).status, 200);
  const socket = await TestSocket.open(proxy, { token: who.token });
  assert.equal((await socket.ask({ op: 'subscribe', channels: ['signals'] })).op, 'ack');
  assert.equal(await performance(who), 200);
  await end(who);
  const { status, json } = await call(who, 'GET', '/trading/performance');
  assert.deepEqual([status, json.code], [403, 'tier_required']);
  assert.match(json.detail, /"free"|ended/);
  assert.match(json.detail, /ended|expired/, 'it says that it ended');
  assert.equal((await call(who, 'POST', '/trading/signals', signal())).status, 403);
  assert.equal((await subscription(who)).tier, 'free');
  assert.equal((await must(200, who, 'GET', '/auth/profile')).user.tier, 'free');
  // The proxy may remember a key for five seconds.
  await until(async () => (await proxy.get('/api/v1/orders', { headers: { 'x-api-key': key } })).status === 403, 'the key is refused');
  assert.equal((await proxy.post('/api/v1/orders', { symbol: 'EURUSD', side: 'buy', price: 1, quantity: 100 }, { headers: { 'x-api-key': key } })).status, 403);
  const author = await newUser(proxy, { subscriptionTier: 'pro' });
  const hidden = (await must(201, author, 'POST', '/trading/signals', signal({ access: 'advanced' }))).signal;
  const shown = (await must(201, author, 'POST', '/trading/signals', signal())).signal;
  await socket.event('signal:created', (s) => s.id === shown.id);
  assert.ok(!socket.events('signal:created').some((m) => m.data.id === hidden.id), 'an advanced signal is not heard any more');
  await cluster.sql('SELECT tradepost.run_subscriptions()');
  assert.equal((await subscription(who)).status, 'expired');
  await socket.close();
});

test('cancelled: it goes on until its end; resumed: it goes on after it', async () => {
  const who = await newUser(proxy, { subscriptionTier: 'pro' });
  await subscribe(proxy, who, 'pro');
  await must(200, who, 'POST', '/users/subscription/cancel');
  assert.equal(await performance(who), 200);
  assert.deepEqual((await must(200, who, 'POST', '/users/subscription/cancel')).subscription.status, 'cancelled', 'twice is once');
  await must(200, who, 'POST', '/users/subscription/resume');
  assert.equal((await call(who, 'POST', '/users/subscription/resume')).status, 409, 'twice');
  await must(200, who, 'POST', '/users/subscription/cancel');
  await end(who);
  await cluster.sql('SELECT tradepost.run_subscriptions()');
  assert.equal((await subscription(who)).tier, 'free');
});

test('a payment that fails leaves seven days; then it ends', async () => {
  const who = await newUser(proxy, { subscriptionTier: 'pro' });
  await subscribe(proxy, who, 'pro');
  assert.equal((await billing(proxy, { type: 'payment.failed', user: who.user.id })).status, 200);
  const s = await subscription(who);
  assert.equal(s.status, 'past_due');
  assert.equal(await performance(who), 200, 'for some days yet');
  assert.equal((await billing(proxy, { type: 'payment.succeeded', user: who.user.id })).status, 200);
  assert.equal((await subscription(who)).status, 'active');
  await billing(proxy, { type: 'payment.failed', user: who.user.id });
  await end(who);
  await cluster.sql('SELECT tradepost.run_subscriptions()');
  assert.deepEqual([(await subscription(who)).tier, await performance(who)], ['free', 403]);
});

test('billing is believed when it is signed, fresh, and said once', async () => {
  const who = await newUser(proxy);
  const event = { provider: 'test', id: 'evt-once', type: 'subscription.activated', user: who.user.id, tier: 'pro', periodEnd: inDays(30), reference: 'sub-1' };
  const now = Math.floor(Date.now() / 1000);
  for (const [what, options] of [['unsigned', { signature: null }], ['empty', { signature: '' }], ['nonsense', { signature: 'x' }], ['another secret', { secret: `${BILLING_SECRET}x` }],
    ['old', { at: now - 301 }], ['of the future', { at: now + 400 }], ['no time', { signature: 'v1=00' }], ['no mac', { signature: `t=${now}` }], ['short', { signature: `t=${now},v1=abcd` }],
    ['not hex', { signature: `t=${now},v1=${'z'.repeat(64)}` }], ['zeros', { signature: `t=${now},v1=${'0'.repeat(64)}` }]]) {
    const answer = await billing(proxy, event, options);
    assert.ok([400, 401].includes(answer.status), `${what}: ${answer.text}`);
    assert.match(answer.json.code, /^signature_/, what);
  }
  assert.equal((await subscription(who)).tier, 'free');
  // Signed for another body.
  const signed = await billing(proxy, event, { raw: JSON.stringify({ ...event, tier: 'basic' }) });
  assert.equal(signed.status, 200, signed.text);
  assert.equal((await subscription(who)).tier, 'basic');
  const again = await billing(proxy, event);
  assert.ok([200, 409].includes(again.status), 'the same id is taken once');
  assert.equal((await subscription(who)).tier, 'basic', 'a replay changes nothing');
  assert.equal((await billing(proxy, { ...event, id: 'evt-twice' })).status, 200);
  assert.equal((await subscription(who)).tier, 'pro');
  assert.equal((await billing(proxy, { ...event, id: 'evt-3' }, { at: now - 290 })).status, 200, 'not old yet');
  // At the same moment.
  const racing = await Promise.all(Array.from({ length: 8 }, () => billing(proxy, { ...event, id: 'evt-race', tier: 'enterprise' })));
  assert.ok(racing.every((a) => a.status === racing[0].status || [200, 409].includes(a.status)), JSON.stringify(racing.map((a) => a.status)));
  assert.equal((await cluster.sql(`SELECT count(*) FROM tradepost_internal.subscription_events WHERE user_id = ${who.user.id} AND tier = 'enterprise'`).catch(() => [['1']]))[0][0], '1');
  for (const [what, change] of [['no such type', { type: 'subscription.deleted' }], ['no such tier', { tier: 'gold' }], ['no such user', { user: 987654321 }], ['user as text', { user: 'x' }], ['past end', { periodEnd: 'yesterday' }]]) {
    const answer = await billing(proxy, { ...event, id: `evt-bad-${what}`, ...change });
    assert.ok([400, 404].includes(answer.status), `${what}: ${answer.status} ${answer.text}`);
  }
  assert.equal((await billing(proxy, event, { raw: '{"provider":' })).status, 400);
});

test('without its secret the webhook is shut', async () => {
  const shut = await startProxy(cluster, files, { BILLING_WEBHOOK_SECRET: '' });
  try {
    const answer = await billing(shut, { type: 'payment.succeeded', user: 1 }, { secret: '' });
    assert.deepEqual([answer.status, answer.json.code], [503, 'not_configured']);
  } finally {
    await shut.stop();
  }
});

test('limits by tier: open orders and API keys', async () => {
  const who = await newUser(proxy, { subscriptionTier: 'pro' });
  const { limits } = await subscription(who);
  assert.ok(Object.values(limits).some((limit) => Number.isInteger(limit)), JSON.stringify(limits));
  let last;
  for (let i = 0; i < 100; i++) {
    last = await call(who, 'POST', '/users/api-keys', { name: `k${i}`, scopes: ['read'] });
    if (last.status !== 201) break;
  }
  assert.deepEqual([last.status, last.json.code], [403, 'limit_reached']);
  await cluster.sql(`SELECT tradepost.set_tier(${who.user.id}, 'free')`);
  const most = (await subscription(who)).limits.openOrders;
  assert.ok(most > 0, 'free has a limit of open orders');
  const orders = Array.from({ length: most + 5 }, (_, i) => ({ symbol: 'Dec25-Wheat', side: 'buy', price: 50 + i / 100, quantity: 1 }));
  const { results } = await must(200, who, 'POST', '/orders/batch', { orders });
  assert.equal(results.filter((r) => r.order?.status === 'open').length, most);
  assert.deepEqual([...new Set(results.filter((r) => r.order?.status !== 'open').map((r) => r.order?.reason ?? r.problem.code))], ['too_many_orders']);
});

test('every change is kept, and told', async () => {
  const who = await newUser(proxy, { subscriptionTier: 'pro' });
  await subscribe(proxy, who, 'pro');
  await must(200, who, 'POST', '/users/subscription', { tier: 'free', immediately: true });
  const kept = await cluster.sql(`SELECT * FROM tradepost_internal.subscription_events WHERE user_id = ${who.user.id}`);
  assert.ok(kept.length >= 3, JSON.stringify(kept));
  await assert.rejects(cluster.sql(`SET ROLE tradepost_admin; DELETE FROM tradepost_internal.subscription_events WHERE user_id = ${who.user.id}`), /permission denied/);
  const { notifications } = await until(async () => {
    const list = await must(200, who, 'GET', '/notifications?kind=subscription');
    return list.notifications.length > 0 ? list : null;
  }, 'a notification');
  assert.ok(notifications.every((one) => one.kind === 'subscription' && one.title));
});
