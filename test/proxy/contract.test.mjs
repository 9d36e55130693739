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
import { Proxy, newUser, order } from './lib/proxy.mjs';

const root = process.env.TRADEPOST_ROOT;
const file = path.join(root, 'proxy/openapi.yaml');
const document = parse(fs.readFileSync(file, 'utf8'));
const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true });
addFormats(ajv);
ajv.addSchema(document, 'openapi.yaml');

let cluster;
let proxy;
const seen = new Set();

before(async () => {
  cluster = await Cluster.start();
  await openMarket(cluster);
  proxy = await Proxy.start(cluster);
});
after(async () => {
  await proxy?.stop();
  await cluster?.end();
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
  const operation = item?.[method.toLowerCase()];
  assert.ok(operation, `${method} ${template} is described`);
  let answer;
  answer = await proxy.request(method, item[method.toLowerCase()].servers || item.get?.servers || item.servers ? at : `/api/v1${at}`, { token, body, headers, raw });
  assert.equal(answer.status, status, `${method} ${at}: ${answer.text}`);
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
