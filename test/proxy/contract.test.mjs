// Real answers of every route against proxy/openapi.yaml, and that document against its linter.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import { Cluster, openMarket } from './lib/cluster.mjs';
import { code } from './lib/factor.mjs';
import { Files, TWILIO, VERIFY, billing, fromTwilio, startProxy, subscribe } from './lib/platform.mjs';
import { newUser, order } from './lib/proxy.mjs';

const root = process.env.TRADEPOST_ROOT;
const file = path.join(root, 'proxy/openapi.yaml');
const document = parse(fs.readFileSync(file, 'utf8'));
const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true });
addFormats(ajv);
ajv.addSchema(document, 'openapi.yaml');

const files = new Files();
let cluster;
let proxy;
const seen = new Set();

before(async () => {
  cluster = await Cluster.start();
  await openMarket(cluster);
  proxy = await startProxy(cluster, files, TWILIO);
});
after(async () => {
  await proxy?.stop();
  await cluster?.end();
  files.end();
});

const resolve = (node) => (node?.$ref ? resolve(node.$ref.slice(2).split('/').reduce((at, key) => at[key.replaceAll('~1', '/')], document)) : node);
const pointer = (...keys) => `openapi.yaml#/${keys.map((k) => encodeURIComponent(String(k).replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`;
const validators = new Map();
const validator = (ref) => {
  if (!validators.has(ref)) validators.set(ref, ajv.compile({ $ref: ref }));
  return validators.get(ref);
};

// Calls a route under every base path and holds the answer against the description.
async function check(method, template, { path: at = template, status, token, body, headers, raw } = {}) {
  const item = document.paths[template];
  assert.ok(item?.[method.toLowerCase()], `${method} ${template} is described`);
  const answer = await proxy.request(method, item[method.toLowerCase()].servers || item.get?.servers || item.servers ? at : `/api/v1${at}`, { token, body, headers, raw });
  assert.equal(answer.status, status, `${method} ${at}: ${answer.text}`);
  return hold(method, template, at, status, answer);
}

function hold(method, template, at, status, answer) {
  const operation = document.paths[template][method.toLowerCase()];
  const described = operation.responses[status];
  assert.ok(described, `${method} ${template} may answer ${status}`);
  seen.add(`${method} ${template} ${status}`);
  const response = resolve(described);
  for (const [name, header] of Object.entries(response.headers ?? {})) {
    const value = answer.headers[name.toLowerCase()];
    if (/^(Retry-After|WWW-Authenticate)$/i.test(name)) assert.ok(value !== undefined, `${method} ${template} ${status} has ${name}`);
    if (value !== undefined && resolve(header).schema.pattern) assert.match(value, new RegExp(resolve(header).schema.pattern));
  }
  if (!response.content) {
    assert.equal(answer.text, '');
    return answer;
  }
  const type = (answer.headers['content-type'] ?? '').split(';')[0];
  assert.ok(response.content[type], `${method} ${template} ${status} answers with ${Object.keys(response.content)}, not ${type}`);
  if (/json/.test(type)) {
    const base = described.$ref ? `openapi.yaml${described.$ref}` : pointer('paths', template, method.toLowerCase(), 'responses', status);
    const validate = validator(`${base}/content/${encodeURIComponent(type.replace('/', '~1'))}/schema`);
    assert.ok(validate(answer.json), `${method} ${at} ${status}: ${JSON.stringify(validate.errors)}\n${answer.text}`);
  }
  return answer;
}

test('the description passes redocly lint', async () => {
  const redocly = path.join(process.env.TRADEPOST_NODE_MODULES, '.bin/redocly');
  const { stdout, stderr } = await promisify(execFile)(redocly, ['lint', '--extends', 'recommended-strict', file], {
    env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
  });
  assert.match(stdout + stderr, /valid/);
});

test('the proxy serves its description', async () => {
  const { status, text } = await proxy.get('/openapi.yaml');
  assert.equal(status, 200);
  assert.deepEqual(parse(text), document);
});

test('every described route answers as described', async () => {
  const { token, email, password, refreshToken } = await newUser(proxy);
  const other = await newUser(proxy);
  const place = (fields, options = {}) => check('POST', '/orders', { status: 201, token, body: order(fields), ...options });

  await check('POST', '/auth/register', { status: 201, body: { email: 'contract@example.com', password: 'Correct-Horse-1', firstName: 'A', lastName: 'B', tier: 'basic' } });
  await check('POST', '/auth/register', { status: 400, body: { email: 'contract@example.com', password: 'x' } });
  await check('POST', '/auth/register', { status: 409, body: { email: 'contract@example.com', password: 'Correct-Horse-1' } });
  await check('POST', '/auth/login', { status: 200, body: { email, password } });
  await check('POST', '/auth/login', { status: 401, body: { email, password: 'x' } });
  await check('POST', '/auth/login', { status: 400, body: { email } });
  await check('POST', '/auth/refresh', { status: 200, body: { refreshToken } });
  await check('POST', '/auth/refresh', { status: 401, body: { refreshToken: 'x' } });
  await check('POST', '/auth/refresh', { status: 400, body: {} });
  await check('GET', '/auth/profile', { status: 200, token });
  await check('GET', '/auth/profile', { status: 401 });

  const { json: { order: resting } } = await place({ price: '90' });
  await place({ side: 'sell', price: '95', amount: 2 }, { token: other.token });
  await place({ price: '95' });
  await place({ symbol: 'EURUSD', asset: undefined, contract: undefined, price: '1', amount: 100 });
  await check('POST', '/orders', { status: 202, token, body: order({ price: '60' }), headers: { prefer: 'respond-async' } });
  await check('POST', '/orders', { status: 400, token, body: order({ price: 'x' }) });
  await check('POST', '/orders', { status: 401, body: order() });
  await check('POST', '/orders', { status: 404, token, body: order({ asset: 'Nope' }) });
  await check('POST', '/orders', { status: 413, token, raw: `{"x":"${'y'.repeat(3 << 20)}"}` });
  await check('POST', '/orders', { status: 201, token, body: order({ price: '61' }), headers: { 'idempotency-key': 'c-1' } });
  await check('POST', '/orders', { status: 409, token, body: order({ price: '62' }), headers: { 'idempotency-key': 'c-1' } });
  await check('POST', '/orders/batch', { status: 200, token, body: { orders: [order({ price: '63' }), order({ price: 'x' })] } });
  await check('POST', '/orders/batch', { status: 400, token, body: { orders: 'x' } });
  await check('POST', '/orders/batch', { status: 401, body: { orders: [order()] } });
  await check('GET', '/orders', { status: 200, token });
  await check('GET', '/orders', { path: '/orders?limit=x', status: 400, token });
  await check('GET', '/orders', { status: 401 });
  await check('GET', '/orders/{id}', { path: `/orders/${resting.id}`, status: 200, token });
  await check('GET', '/orders/{id}', { path: `/orders/${resting.id}?x=1`, status: 400, token });
  await check('GET', '/orders/{id}', { path: `/orders/${resting.id}`, status: 401 });
  await check('GET', '/orders/{id}', { path: `/orders/${resting.id}`, status: 404, token: other.token });
  await check('PATCH', '/orders/{id}', { path: `/orders/${resting.id}`, status: 200, token, body: { price: '91' } });
  await check('PATCH', '/orders/{id}', { path: `/orders/${resting.id}`, status: 400, token, body: { price: 'x' } });
  await check('PATCH', '/orders/{id}', { path: `/orders/${resting.id}`, status: 404, token: other.token, body: { price: '91' } });
  await check('DELETE', '/orders/{id}', { path: `/orders/${resting.id}`, status: 200, token });
  await check('DELETE', '/orders/{id}', { path: `/orders/${resting.id}`, status: 409, token });
  await check('PATCH', '/orders/{id}', { path: `/orders/${resting.id}`, status: 409, token, body: { price: '91' } });
  await check('DELETE', '/orders/{id}', { path: '/orders/999999999', status: 404, token });
  await check('DELETE', '/orders', { status: 200, token });
  await check('DELETE', '/orders', { path: '/orders?symbol=Nope', status: 404, token });

  await check('GET', '/market', { status: 200 });
  await check('GET', '/market', { status: 401, token: 'x.y.z' });
  await check('GET', '/instruments', { status: 200 });
  await check('GET', '/trades', { status: 200 });
  await check('GET', '/trades', { path: '/trades?mine=true', status: 200, token });
  await check('GET', '/trades', { path: '/trades?mine=true', status: 401 });
  await check('GET', '/trades', { path: '/trades?limit=x', status: 400 });
  await check('GET', '/trades', { path: '/trades?symbol=Nope', status: 404 });
  await check('GET', '/orderbook/{asset}', { path: '/orderbook/Wheat', status: 200 });
  await check('GET', '/orderbook/{asset}', { path: '/orderbook/Wheat?depth=x', status: 400 });
  await check('GET', '/orderbook/{asset}', { path: '/orderbook/Nope', status: 404 });
  await check('GET', '/candles/{symbol}', { path: '/candles/Dec25-Wheat', status: 200 });
  await check('GET', '/candles/{symbol}', { path: '/candles/Dec25-Wheat?resolution=x', status: 400 });
  await check('GET', '/candles/{symbol}', { path: '/candles/Nope', status: 404 });
  await check('GET', '/account/summary', { status: 200, token });
  await check('GET', '/account/summary', { status: 401 });
  await check('GET', '/health', { status: 200 });
  await check('GET', '/health/detailed', { status: 200 });
  await check('GET', '/metrics', { status: 200 });
  await check('GET', '/openapi.yaml', { status: 200 });
  await check('POST', '/auth/change-password', { status: 400, token, body: { currentPassword: password, newPassword: 'x' } });
  await check('POST', '/auth/change-password', { status: 401, token, body: { currentPassword: 'x', newPassword: 'Better-Horse-2' } });
  await check('POST', '/auth/change-password', { status: 204, token, body: { currentPassword: password, newPassword: 'Better-Horse-2' } });
  await check('POST', '/auth/logout', { status: 401 });
  await check('POST', '/auth/logout', { status: 204, token });
});

test('every described route of the platform answers as described', async () => {
  const who = await newUser(proxy, { subscriptionTier: 'pro' });
  const { token, password, email } = who;
  const free = await newUser(proxy);
  const signal = { symbol: 'EURUSD', type: 'buy', entry_price: 1.1850, stop_loss: 1.1800, take_profit: 1.1900, volume: 100, confidence: 85, reasoning: 'r' };

  await check('PATCH', '/auth/profile', { status: 200, token, body: { firstName: 'Ada', language: 'de', timeZone: 'Europe/Berlin' } });
  await check('PATCH', '/auth/profile', { status: 400, token, body: { role: 'admin' } });
  await check('PATCH', '/auth/profile', { status: 401, body: {} });
  await check('GET', '/tiers', { status: 200 });
  await check('GET', '/tiers', { status: 404, headers: { 'x-tenant': 'nowhere' } });
  await check('GET', '/users/subscription', { status: 200, token });
  await check('GET', '/users/subscription', { status: 401 });
  await subscribe(proxy, who, 'pro');
  await check('POST', '/users/subscription', { status: 200, token, body: { tier: 'enterprise', preview: true } });
  await check('POST', '/users/subscription', { status: 200, token, body: { tier: 'basic' } });
  await check('POST', '/users/subscription', { status: 400, token, body: { tier: 'gold' } });
  await check('POST', '/users/subscription', { status: 409, token, body: { tier: 'pro' } });
  await check('GET', '/users/subscription', { status: 200, token });
  await check('POST', '/users/subscription/resume', { status: 200, token });
  await check('POST', '/users/subscription/resume', { status: 409, token });
  await check('POST', '/users/subscription/cancel', { status: 200, token });
  await check('POST', '/users/subscription/cancel', { status: 409, token: free.token });
  await check('GET', '/users/sessions', { status: 200, token });
  const other = (await proxy.post('/api/v1/auth/login', { email, password })).json;
  const [{ id: session }] = (await proxy.get('/api/v1/users/sessions', { token: other.token })).json.sessions.filter((s) => s.current);
  await check('DELETE', '/users/sessions/{id}', { path: `/users/sessions/${session}`, status: 204, token });
  await check('DELETE', '/users/sessions/{id}', { path: `/users/sessions/${session}`, status: 404, token });

  const { json: { apiKey, key } } = await check('POST', '/users/api-keys', { status: 201, token, body: { name: 'k', scopes: ['read'], ips: ['127.0.0.0/8'], expiresAt: '2099-01-01T00:00:00Z' } });
  await check('POST', '/users/api-keys', { status: 400, token, body: { name: 'k', scopes: ['all'] } });
  await check('POST', '/users/api-keys', { status: 403, token: free.token, body: { name: 'k', scopes: ['read'] } });
  await check('GET', '/users/api-keys', { status: 200, token });
  await check('GET', '/orders', { status: 200, headers: { 'x-api-key': key } });
  await check('GET', '/auth/profile', { status: 403, headers: { 'x-api-key': key } });
  await check('POST', '/orders', { status: 403, headers: { 'x-api-key': key }, body: order() });
  await check('DELETE', '/users/api-keys/{id}', { path: `/users/api-keys/${apiKey.id}`, status: 204, token });
  await check('DELETE', '/users/api-keys/{id}', { path: `/users/api-keys/${apiKey.id}`, status: 404, token });

  const { json: { signal: { id } } } = await check('POST', '/trading/signals', { status: 201, token, body: signal });
  await check('POST', '/trading/signals', { status: 201, token, body: { signals: [signal, { ...signal, access: 'advanced' }] } });
  await check('POST', '/trading/signals', { status: 400, token, body: { ...signal, stop_loss: 1.2 } });
  await check('POST', '/trading/signals', { status: 403, token: free.token, body: signal });
  await check('POST', '/trading/signals', { status: 404, token, body: { ...signal, symbol: 'NOPE' } });
  await check('GET', '/trading/signals', { status: 200, token });
  await check('GET', '/trading/signals', { path: '/trading/signals?status=x', status: 400, token });
  await check('GET', '/trading/signals/{id}', { path: `/trading/signals/${id}`, status: 200, token: free.token });
  await check('GET', '/trading/signals/{id}', { path: '/trading/signals/987654321', status: 404, token });
  const { json: { execution } } = await check('POST', '/trading/signals/execute', { status: 201, token, body: { signalId: id }, headers: { 'idempotency-key': 'e-1' } });
  await check('POST', '/trading/signals/execute', { status: 201, token, body: { signalId: id }, headers: { 'idempotency-key': 'e-1' } });
  await check('POST', '/trading/signals/execute', { status: 409, token, body: { signalId: id, volume: 200 }, headers: { 'idempotency-key': 'e-1' } });
  await check('POST', '/trading/signals/execute', { status: 400, token, body: {} });
  await check('POST', '/trading/signals/execute', { status: 404, token, body: { signalId: 987654321 } });
  await check('GET', '/trading/executions', { status: 200, token });
  await check('GET', '/trading/executions/{id}', { path: `/trading/executions/${execution.id}`, status: 200, token });
  await check('GET', '/trading/executions/{id}', { path: `/trading/executions/${execution.id}`, status: 404, token: free.token });
  await check('DELETE', '/trading/signals/{id}', { path: `/trading/signals/${id}`, status: 200, token });
  await check('DELETE', '/trading/signals/{id}', { path: `/trading/signals/${id}`, status: 409, token });
  await check('GET', '/trading/performance', { status: 200, token });
  await check('GET', '/trading/performance', { path: '/trading/performance?period=x', status: 400, token });
  await check('GET', '/trading/performance', { status: 403, token: free.token });
  const { json: { account } } = await check('POST', '/trading/mt5-accounts', { status: 201, token, body: { login: '5012345', server: 'Broker-Demo', password: 'terminal-secret', name: 'Demo' } });
  await check('POST', '/trading/mt5-accounts', { status: 409, token, body: { login: '5012345', server: 'Broker-Demo', password: 'terminal-secret' } });
  await check('POST', '/trading/mt5-accounts', { status: 400, token, body: {} });
  await check('GET', '/trading/mt5-accounts', { status: 200, token });
  await check('POST', '/trading/signals/execute', { status: 409, token, body: { signalId: id, mt5AccountId: account.id } });
  const credentials = { path: `/trading/mt5-accounts/${account.id}/credentials`, token };
  await check('POST', '/trading/mt5-accounts/{id}/credentials', { ...credentials, status: 200 });
  await check('POST', '/trading/mt5-accounts/{id}/credentials', { ...credentials, status: 404, token: free.token });

  await cluster.sql(`SELECT tradepost_internal.notify_user(${who.user.id}, 'security', 'title', 'body', '{"n": 1}')`);
  const { json: { notifications } } = await check('GET', '/notifications', { status: 200, token });
  await check('GET', '/notifications', { path: '/notifications?kind=x', status: 400, token });
  await check('PATCH', '/notifications/{id}', { path: `/notifications/${notifications[0].id}`, status: 200, token, body: { read: true } });
  await check('PATCH', '/notifications/{id}', { path: `/notifications/${notifications[0].id}`, status: 404, token: free.token, body: { read: true } });
  await check('POST', '/notifications/read', { status: 200, token, body: { all: true } });
  await check('POST', '/notifications/read', { status: 400, token, body: {} });
  await check('GET', '/notifications/preferences', { status: 200, token });
  await check('PATCH', '/notifications/preferences', { status: 200, token, body: { preferences: { fills: { email: true } } } });
  await check('PATCH', '/notifications/preferences', { status: 400, token, body: { preferences: { fills: { fax: true } } } });

  await check('POST', '/account/withdrawals', { status: 201, token, body: { asset: 'USD', amount: '1.50' } });
  await check('POST', '/account/withdrawals', { status: 400, token, body: { asset: 'USD', amount: 'x' } });
  await check('POST', '/account/withdrawals', { status: 409, token, body: { asset: 'USD', amount: '900000000' } });
  await check('POST', '/account/withdrawals', { status: 404, token, body: { asset: 'Nope', amount: '1' } });

  await check('POST', '/users/email/confirm', { status: 400, token, body: { code: '123456' } });
  await check('POST', '/users/email/verify', { status: 202, token });
  await check('POST', '/users/email/confirm', { status: 200, token, body: { code: await files.code(email) } });
  await check('POST', '/users/email/verify', { status: 409, token });
  await check('POST', '/users/phone', { status: 400, token, body: { phone: 'x' } });
  await check('POST', '/users/phone', { status: 202, token, body: { phone: '+41446681800' } });
  await check('POST', '/users/phone/confirm', { status: 400, token, body: { code: 'x' } });
  await check('POST', '/users/phone/confirm', { status: 200, token, body: { code: await files.code('+41446681800') } });

  await check('GET', '/mfa', { status: 200, token });
  const { json: { secret } } = await check('POST', '/mfa/enroll', { status: 201, token });
  await check('POST', '/mfa/verify', { status: 401, token, body: { code: code(secret, 100) } });
  const { json: { recoveryCodes } } = await check('POST', '/mfa/verify', { status: 200, token, body: { code: code(secret) } });
  await check('GET', '/mfa', { status: 200, token });
  await check('POST', '/mfa/enroll', { status: 409, token });
  await check('POST', '/auth/login', { status: 401, body: { email, password } });
  await check('POST', '/auth/login', { status: 200, body: { email, password, code: recoveryCodes[0] } });
  await check('POST', '/account/withdrawals', { status: 403, token, body: { asset: 'USD', amount: '1' } });
  await check('POST', '/account/withdrawals', { status: 201, token, body: { asset: 'USD', amount: '1', code: recoveryCodes[1] } });
  await check('POST', '/trading/mt5-accounts/{id}/credentials', { ...credentials, status: 403 });
  await check('POST', '/trading/mt5-accounts/{id}/credentials', { ...credentials, status: 200, body: { code: recoveryCodes[2] } });
  await check('DELETE', '/trading/mt5-accounts/{id}', { path: `/trading/mt5-accounts/${account.id}`, status: 204, token });
  await check('DELETE', '/trading/mt5-accounts/{id}', { path: `/trading/mt5-accounts/${account.id}`, status: 404, token });
  const renewed = await check('POST', '/mfa/recovery-codes', { status: 200, token, body: { code: recoveryCodes[3] } });
  await check('POST', '/mfa/recovery-codes', { status: 401, token, body: { code: recoveryCodes[4] } });
  await check('DELETE', '/mfa', { status: 401, token, body: { password: 'Wrong-Horse-1', code: renewed.json.recoveryCodes[0] } });
  await check('DELETE', '/mfa', { status: 204, token, body: { password, code: renewed.json.recoveryCodes[1] } });
  const begun = await check('POST', '/auth/mfa/enroll', { status: 201, token: free.token });
  await check('POST', '/auth/mfa/verify', { status: 200, token: free.token, body: { code: code(begun.json.secret) } });

  await cluster.sql(`SELECT tradepost.set_tier(${who.user.id}, 'enterprise')`);
  await check('GET', '/system/metrics', { status: 200, token });
  await check('GET', '/system/metrics', { status: 403, token: free.token });

  // Signed for what it says.
  const event = { type: 'subscription.activated', user: who.user.id, tier: 'pro', periodEnd: '2099-01-01T00:00:00Z' };
  for (const [status, answer] of [[200, await billing(proxy, event)], [401, await billing(proxy, event, { secret: 'another' })], [400, await billing(proxy, { ...event, tier: 'gold' })], [404, await billing(proxy, { ...event, user: 987654321 })]]) {
    assert.equal(answer.status, status, answer.text);
    hold('POST', '/webhooks/billing', '/webhooks/billing', status, answer);
  }
  const message = '/webhooks/twilio/whatsapp';
  for (const [status, answer] of [[200, await fromTwilio(proxy, {})], [403, await fromTwilio(proxy, {}, { token: 'another' })], [400, await fromTwilio(proxy, { From: 'x' })], [413, await fromTwilio(proxy, { Body: 'x'.repeat(70_000) })]]) {
    assert.equal(answer.status, status, answer.text);
    hold('POST', message, message, status, answer);
  }
  const state = '/webhooks/twilio/status';
  hold('POST', state, state, 204, await fromTwilio(proxy, { MessageStatus: 'delivered' }, { to: state }));
  hold('POST', state, state, 403, await fromTwilio(proxy, { MessageStatus: 'delivered' }, { to: state, token: 'another' }));
  const linking = await check('POST', '/users/whatsapp', { status: 201, token, body: { phone: '+15550001111' } });
  await check('POST', '/users/whatsapp', { status: 400, token, body: { phone: 'x' } });
  await check('PATCH', '/users/whatsapp', { status: 404, token, body: { language: 'es' } });
  await check('GET', '/users/whatsapp', { status: 200, token });
  hold('POST', message, message, 200, await fromTwilio(proxy, { Body: linking.json.text }));
  assert.equal((await check('PATCH', '/users/whatsapp', { status: 200, token, body: { language: 'es' } })).json.link.phone, '+15550001111');
  await check('PATCH', '/users/whatsapp', { status: 400, token, body: {} });
  await check('POST', '/users/whatsapp', { status: 409, token, body: { phone: '+15550001111' } });
  await check('DELETE', '/users/whatsapp', { status: 204, token });
  await check('DELETE', '/users/whatsapp', { status: 404, token });
  await check('GET', message, { path: VERIFY, status: 200 });
  await check('GET', message, { path: `${VERIFY}x`.replace('subscribe', 'listen'), status: 403 });
  await check('GET', message, { path: VERIFY.slice(0, VERIFY.indexOf('&hub.challenge')), status: 400 });
});

test('every described route was seen to work', () => {
  const operations = Object.entries(document.paths).flatMap(([at, item]) => ['get', 'post', 'patch', 'delete'].filter((m) => item[m]).map((m) => `${m.toUpperCase()} ${at}`));
  for (const operation of operations) assert.ok([...seen].some((s) => s.startsWith(`${operation} 2`)), `${operation} was seen to work`);
});

test('every path works under /api/v1 and /api, and no route is undescribed', async () => {
  for (const base of ['/api/v1', '/api']) assert.equal((await proxy.get(`${base}/instruments`)).status, 200, base);
  // The metrics name each route that was called; the description knows them all.
  const { text } = await proxy.get('/metrics');
  const routes = new Set([...text.matchAll(/route="([^"]+)"/g)].map((m) => m[1].replace(/^\/api\/v1/, '')));
  const known = new Set(Object.keys(document.paths).map((p) => p.replace(/\{(\w+)\}/g, ':$1').replace(/^\//, '')));
  const unknown = [...routes].filter((r) => !known.has(r.replace(/^\//, '')) && !/^(other|unknown|unmatched|none|\/?|static)$/.test(r));
  assert.deepEqual(unknown, []);
});
