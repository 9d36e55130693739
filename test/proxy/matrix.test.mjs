// Every cell of (role x tier x endpoint): who may, and what those hear who may not. matrix.tsv says what to expect, matrix.mjs makes it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { Cluster, openMarket } from './lib/cluster.mjs';
import { Files, TWILIO, VERIFY, billing, fromTwilio, newUser, startProxy, subscribe, until } from './lib/platform.mjs';
import { ROLES, RULES, TIERS, table } from './matrix.mjs';
import { code } from './lib/factor.mjs';
import { order } from './lib/proxy.mjs';

const document = parse(fs.readFileSync(path.join(process.env.TRADEPOST_ROOT, 'proxy/openapi.yaml'), 'utf8'));
const files = new Files();
const signal = { symbol: 'EURUSD', type: 'buy', entry_price: 1.1, stop_loss: 1.05, take_profit: 1.2, volume: 0.001, confidence: 85, reasoning: 'one cell of many' };

let cluster;
let proxy;
let cast;
let victim;
let n = 0;

before(async () => {
  cluster = await Cluster.start();
  await openMarket(cluster);
  const [[elsewhere]] = await cluster.sql("SELECT tradepost.create_tenant('elsewhere')");
  await openMarket(cluster, Number(elsewhere));
  await cluster.sql("UPDATE tradepost_internal.instruments SET contract_size = 100000 WHERE symbol = 'EURUSD'");
  proxy = await startProxy(cluster, files, TWILIO);
  cast = await hire();
});
after(async () => {
  const broken = await cluster?.invariants();
  await proxy?.stop();
  await cluster?.end();
  files.end();
  assert.deepEqual(broken, []);
});

async function login(who, more = {}) {
  const answer = await proxy.post('/api/v1/auth/login', { email: who.email, password: who.password, ...more }, { headers: who.headers });
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

async function must(status, method, at, options) {
  const answer = await proxy.request(method, `/api/v1${at}`, options);
  assert.equal(answer.status, status, `${method} ${at}: ${answer.text}`);
  return answer.json;
}

// What a user has, made while he is a pro.
async function own(who) {
  const { token } = who;
  who.order = (await must(201, 'POST', '/orders', { token, body: order({ price: '50', timeInForce: 'gtc' }) })).order.id;
  who.spare = (await must(201, 'POST', '/orders', { token, body: order({ price: '51', timeInForce: 'gtc' }) })).order.id;
  who.signal = (await must(201, 'POST', '/trading/signals', { token, body: signal })).signal.id;
  who.spareSignal = (await must(201, 'POST', '/trading/signals', { token, body: signal })).signal.id;
  who.execution = (await must(201, 'POST', '/trading/signals/execute', { token, body: { signalId: who.spareSignal } })).execution.id;
  who.mt5 = (await must(201, 'POST', '/trading/mt5-accounts', { token, body: { login: String(50000 + who.user.id), server: 'Demo', password: 'terminal-secret' } })).account.id;
  who.otherKey = (await must(201, 'POST', '/users/api-keys', { token, body: { name: 'other', scopes: ['read'] } })).apiKey.id;
}

async function person(role, tier) {
  const who = await newUser(proxy, { subscriptionTier: 'pro' }, role === 'foreigner' ? { 'x-tenant': 'elsewhere' } : {});
  Object.assign(who, { role, tier });
  if (role !== 'stranger' && role !== 'foreigner') await own(who);
  if (role.startsWith('key ')) who.key = (await must(201, 'POST', '/users/api-keys', { token: who.token, body: { name: role, scopes: [role.slice(4)] } })).key;
  return who;
}

// A user of every role and tier.
async function hire() {
  const everybody = [];
  for (const role of ROLES.filter((r) => r !== 'anonymous')) everybody.push(...await Promise.all(TIERS.map((tier) => person(role, tier))));
  victim = await person('user', 'pro');
  await subscribe(proxy, victim, 'pro');
  const ids = (which) => everybody.filter(which).map((who) => who.user.id).join(',');
  for (const who of everybody.filter(({ tier }) => tier !== 'free')) await subscribe(proxy, who, who.tier === 'expired pro' ? 'pro' : who.tier);
  await cluster.sql(`
    SELECT tradepost.set_tier(id, 'free') FROM unnest(ARRAY[${ids((w) => w.tier === 'free')}]::bigint[]) id;
    SELECT tradepost.set_role(id, 'admin') FROM unnest(ARRAY[${ids((w) => w.role === 'admin')}]::bigint[]) id;
    SELECT tradepost_internal.notify_user(id, 'security', 'a title', 'a body', '{}') FROM tradepost.users;`);
  await expire(everybody.filter(({ tier }) => tier === 'expired pro').map((who) => who.user.id));
  for (const who of [victim, ...everybody]) who.notification = Number((await cluster.sql(`SELECT max(id) FROM tradepost_internal.notifications WHERE user_id = ${who.user.id}`))[0][0]);
  return new Map(everybody.map((who) => [`${who.role}\t${who.tier}`, who]));
}

// Their subscriptions, cancelled before, ended a second ago, and nobody has noticed yet.
async function expire(users) {
  await cluster.sql(`
    UPDATE tradepost_internal.subscriptions SET status = 'cancelled', cancel_at_period_end = true, period_start = now() - interval '30 days', period_end = now() - interval '1 second'
      WHERE user_id = ANY (ARRAY[${users}]::bigint[]);
    UPDATE tradepost_internal.users SET tier_until = now() - interval '1 second' WHERE id = ANY (ARRAY[${users}]::bigint[])`);
}

// Whose things a call names: those who have none name the victim's.
const whose = (who) => (who.order ? who : victim);
const mine = (who) => (who.email ? who : victim);
const at = (name, template, body) => (who) => ({ path: template.replace('{id}', whose(who)[name]), body });

// A second factor that is enrolled: its recovery codes are spent one by one, so that no cell waits for the next 30 seconds.
async function enrolled(who) {
  if (!who.codes) {
    const { secret } = await must(201, 'POST', '/mfa/enroll', { token: who.token });
    who.codes = (await must(200, 'POST', '/mfa/verify', { token: who.token, body: { code: code(secret) } })).recoveryCodes;
  }
  return who.codes.pop();
}
const enrolling = async (who) => (who.email && !who.key ? { code: code((await must(201, 'POST', '/mfa/enroll', { token: who.token })).secret) } : { code: '123456' });
async function without(who) {
  if (who.codes) await must(204, 'DELETE', '/mfa', { token: who.token, body: { password: who.password, code: who.codes.pop() } });
  delete who.codes;
}
const codeBy = (start, to) => async (who) => {
  if (!who.email || who.key) return { body: { code: '123456' } };
  const [address, body] = to(who);
  await must(202, 'POST', start, { token: who.token, body });
  return { body: { code: await files.code(address) } };
};
const phoneOf = (who) => `+4915${String(10_000_000 + (mine(who).user.id))}`;

// How each is called by somebody: what is not here is its path and nothing else.
const CALLS = {
  'POST /auth/register': () => ({ body: { email: `cell-${n++}@example.com`, password: 'Correct-Horse-1', firstName: 'A', lastName: 'B', subscriptionTier: 'pro' } }),
  'POST /auth/login': (who) => ({ body: { email: mine(who).email, password: mine(who).password }, headers: mine(who).headers }),
  'POST /auth/refresh': async (who) => ({ body: { refreshToken: (await login(mine(who))).refreshToken } }),
  'POST /auth/logout': async (who) => (who.email && !who.key ? { token: (await login(who)).token } : {}),
  'POST /auth/change-password': (who) => ({ body: { currentPassword: mine(who).password, newPassword: mine(who).password } }),
  'PATCH /auth/profile': () => ({ body: { firstName: 'Ada' } }),
  'POST /orders': () => ({ body: order({ price: '52' }) }),
  'POST /orders/batch': () => ({ body: { orders: [order({ price: '53' })] } }),
  'GET /orders/{id}': at('order', '/orders/{id}'),
  'PATCH /orders/{id}': at('order', '/orders/{id}', { price: '54' }),
  'DELETE /orders/{id}': at('spare', '/orders/{id}'),
  // Another instrument's, so that the cells after it find theirs.
  'DELETE /orders': () => ({ path: '/orders?symbol=Mar26-Wheat' }),
  'GET /orderbook/{asset}': () => ({ path: '/orderbook/Wheat' }),
  'GET /candles/{symbol}': () => ({ path: '/candles/Dec25-Wheat' }),
  'POST /account/withdrawals': () => ({ body: { asset: 'USD', amount: '1' } }),
  'POST /users/subscription': (who) => ({ body: { tier: who.tier === 'basic' ? 'pro' : 'basic', preview: true } }),
  'DELETE /users/sessions/{id}': async (who) => ({ path: `/users/sessions/${await sessionOf(whose(who))}` }),
  'POST /users/api-keys': () => ({ body: { name: 'cell', scopes: ['read'] } }),
  'DELETE /users/api-keys/{id}': at('otherKey', '/users/api-keys/{id}'),
  'POST /users/email/confirm': codeBy('/users/email/verify', (who) => [who.email]),
  'POST /users/phone': (who) => ({ body: { phone: phoneOf(who) } }),
  'POST /users/phone/confirm': codeBy('/users/phone', (who) => [phoneOf(who), { phone: phoneOf(who) }]),
  'POST /mfa/verify': async (who) => ({ body: await enrolling(who) }),
  'POST /auth/mfa/verify': async (who) => ({ body: await enrolling(who) }),
  'POST /mfa/recovery-codes': async (who) => ({ body: { code: who.email && !who.key ? await enrolled(who) : '123456' } }),
  'DELETE /mfa': async (who) => ({ body: { password: mine(who).password, code: who.email && !who.key ? await enrolled(who) : '123456' } }),
  'GET /webhooks/twilio/whatsapp': () => ({ path: VERIFY }),
  'POST /users/whatsapp': () => ({ body: { phone: `+1555${String(1_000_000 + n++)}` } }),
  'PATCH /users/whatsapp': () => ({ body: { language: 'es' } }),
  'POST /trading/signals': () => ({ body: signal }),
  'GET /trading/signals/{id}': at('signal', '/trading/signals/{id}'),
  'GET /trading/executions/{id}': at('execution', '/trading/executions/{id}'),
  'DELETE /trading/signals/{id}': (who) => ({ path: `/trading/signals/${who.role === 'admin' ? cast.get(`user\t${who.tier}`).spareSignal : whose(who).signal}` }),
  'POST /trading/signals/execute': (who) => ({ body: { signalId: victim.signal } }),
  'DELETE /trading/mt5-accounts/{id}': at('mt5', '/trading/mt5-accounts/{id}'),
  'POST /trading/mt5-accounts/{id}/credentials': at('mt5', '/trading/mt5-accounts/{id}/credentials', {}),
  'POST /trading/mt5-accounts': () => ({ body: { login: String(900_000 + n++), server: 'Demo', password: 'terminal-secret' } }),
  'POST /notifications/read': () => ({ body: { all: true } }),
  'PATCH /notifications/{id}': (who) => ({ path: `/notifications/${whose(who).notification}`, body: { read: true } }),
  'PATCH /notifications/preferences': () => ({ body: { preferences: { fills: { email: false } } } }),
};

async function sessionOf(who) {
  const { token } = await login(who);
  return (await must(200, 'GET', '/users/sessions', { token })).sessions.find((s) => s.current).id;
}

// What has to be put back between the cells of one endpoint and of the next.
const AFTER = {
  'POST /mfa/verify': (who, answer) => { who.codes = answer.json.recoveryCodes; return without(who); },
  'POST /auth/mfa/verify': (who, answer) => { who.codes = answer.json.recoveryCodes; return without(who); },
  'POST /mfa/recovery-codes': (who, answer) => { who.codes = answer.json.recoveryCodes; },
  'DELETE /mfa': (who) => { delete who.codes; },
};

async function call(endpoint, role, tier) {
  const who = role === 'anonymous' ? { role, tier } : cast.get(`${role}\t${tier}`);
  const [method, template] = endpoint.split(' ');
  if (endpoint === 'POST /webhooks/billing') return billing(proxy, { type: 'payment.succeeded', user: victim.user.id });
  if (endpoint === 'POST /webhooks/twilio/whatsapp') return fromTwilio(proxy, {});
  if (endpoint === 'POST /webhooks/twilio/status') return fromTwilio(proxy, { MessageStatus: 'delivered' }, { to: template });
  const { path: to = template, body, token = who.token, headers } = await (CALLS[endpoint] ?? (() => ({})))(who);
  const item = document.paths[template];
  const base = (item.servers ?? item.get?.servers)?.[0].url === '/' ? '' : '/api/v1';
  const answer = await proxy.request(method, `${base}${to}`, {
    body, headers: { ...headers, ...(who.key && { 'x-api-key': who.key }) }, token: who.key ? undefined : token,
  });
  if (answer.status < 300) await AFTER[endpoint]?.(who, answer);
  return answer;
}

test('the table is what its rules say', () => {
  assert.equal(fs.readFileSync(path.join(process.env.TRADEPOST_ROOT, 'test/proxy/matrix.tsv'), 'utf8'), table());
});

test('every endpoint has its cells', () => {
  const described = Object.entries(document.paths).flatMap(([to, item]) => ['get', 'post', 'put', 'patch', 'delete'].filter((m) => item[m]).map((m) => `${m.toUpperCase()} ${to}`));
  assert.deepEqual(Object.keys(RULES).sort(), described.sort());
});

const [, ...rows] = fs.readFileSync(path.join(process.env.TRADEPOST_ROOT, 'test/proxy/matrix.tsv'), 'utf8').trimEnd().split('\n').map((line) => line.split('\t'));
const endpoints = [...new Set(rows.map(([endpoint]) => endpoint))];

for (const endpoint of endpoints) {
  test(`${endpoint} for everybody`, async () => {
    const wrong = [];
    const cells = rows.filter(([of]) => of === endpoint).flatMap(([, role, ...answers]) => TIERS.map((tier, i) => [role, tier, answers[i]]));
    assert.equal(cells.length, ROLES.length * TIERS.length);
    await Promise.all(cells.map(async ([role, tier, wanted]) => {
      const answer = await call(endpoint, role, tier).catch((error) => ({ status: error.message, text: error.stack }));
      const is = [answer.status, answer.status < 400 ? undefined : answer.json?.code].filter((x) => x !== undefined).join(' ');
      if (is !== wanted) wrong.push(`${role}, ${tier}: ${is}, not ${wanted}: ${answer.text}`);
    }));
    assert.deepEqual(wrong, []);
  });
}

test('nobody has touched what was another\'s', async () => {
  const { token } = victim;
  assert.equal((await must(200, 'GET', `/orders/${victim.order}`, { token })).order.price, '50');
  assert.equal((await must(200, 'GET', `/orders/${victim.spare}`, { token })).order.status, 'open');
  assert.equal((await must(200, 'GET', `/trading/signals/${victim.signal}`, { token })).signal.status, 'active');
  assert.ok((await must(200, 'GET', '/users/api-keys', { token })).apiKeys.some((key) => key.id === victim.otherKey));
  assert.ok((await must(200, 'GET', '/trading/mt5-accounts', { token })).accounts.some((account) => account.id === victim.mt5));
  const { notifications } = await must(200, 'GET', '/notifications', { token });
  assert.equal(notifications.find((one) => one.id === victim.notification).readAt, null);
  await until(async () => (await proxy.get('/health')).status === 200);
});
