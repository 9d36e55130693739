// Registration, login, tokens, sessions.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';
import { SignJWT, decodeJwt } from 'jose';
import { Cluster, openMarket } from './lib/cluster.mjs';
import { Proxy, SECRET, newUser, sleep } from './lib/proxy.mjs';

let cluster;
let proxy;
before(async () => {
  cluster = await Cluster.start();
  await openMarket(cluster);
  proxy = await Proxy.start(cluster);
});
after(async () => {
  await proxy?.stop();
  await cluster?.end();
});

const key = new TextEncoder().encode(SECRET);
const profile = (token) => proxy.get('/api/v1/auth/profile', { token });
const forge = (token, change, { alg = 'HS256', secret = key } = {}) => {
  const claims = { ...decodeJwt(token), ...change };
  return new SignJWT(claims).setProtectedHeader({ alg, typ: 'JWT' }).sign(secret);
};

test('registration answers with the user and tokens, and opens an account with play money', async () => {
  const { status, json, headers } = await proxy.post('/api/v1/auth/register', {
    email: 'Alice@Example.com', password: 'Correct-Horse-1', firstName: 'Alice', lastName: 'Archer', tier: 'pro',
  });
  assert.equal(status, 201);
  assert.equal(json.user.email, 'Alice@Example.com');
  assert.equal(json.user.firstName, 'Alice');
  assert.equal(json.user.lastName, 'Archer');
  assert.equal(json.user.tier, 'pro');
  assert.equal(json.token, json.accessToken);
  assert.equal(json.expiresIn, 900);
  assert.match(headers['cache-control'], /no-store/);
  const summary = await proxy.get('/api/v1/account/summary', { token: json.token });
  assert.equal(summary.status, 200);
  assert.equal(summary.json.balances.find((b) => b.asset === 'USD').total, '1000000');
  const { exp, iat, sub } = decodeJwt(json.token);
  assert.equal(exp - iat, 900, 'an access token lives for 15 minutes');
  assert.equal(sub, String(json.user.id));
});

test('older clients register with a name', async () => {
  const { status, json } = await proxy.post('/api/auth/register', { email: 'load@example.com', password: 'Load-Test-1', name: 'load' });
  assert.equal(status, 201);
  assert.equal(json.user.name, 'load');
  assert.equal((await proxy.get('/api/auth/profile', { token: json.token })).json.user.email, 'load@example.com');
});

test('what cannot be registered is refused by the name of the field', async () => {
  const good = { email: 'x@example.com', password: 'Correct-Horse-1' };
  for (const [change, word] of [
    [{ email: 'no-at' }, 'email'], [{ email: 'a@b@c' }, 'email'], [{ email: `${'x'.repeat(250)}@example.com` }, 'email'], [{ email: 7 }, 'email'],
    [{ email: undefined }, 'email'], [{ password: 'short' }, 'password'], [{ password: 'no-digits-Here' }, 'digit'], [{ password: 'no-upper-1' }, 'upper'],
    [{ password: 'NO-LOWER-1' }, 'lower'], [{ password: 'NoSymbols1' }, 'symbol'], [{ password: `Aa1-${'x'.repeat(300)}` }, 'password'],
    [{ firstName: 'x'.repeat(101) }, 'firstName'], [{ tier: 'gold' }, 'tier'], [{ isAdmin: true }, 'isAdmin'], [{ role: 'admin' }, 'role'],
  ]) {
    const { status, json } = await proxy.post('/api/v1/auth/register', { ...good, ...change });
    assert.equal(status, 400, JSON.stringify(change));
    assert.match(json.detail, new RegExp(word), JSON.stringify(change));
  }
});

test('an address registers once, in whatever case, also by requests at the same moment', async () => {
  const answers = await Promise.all(['twin@example.com', 'TWIN@example.com', 'Twin@Example.com'].map((email) => proxy.post('/api/v1/auth/register', { email, password: 'Correct-Horse-1' })));
  assert.deepEqual(answers.map((a) => a.status).sort(), [201, 409, 409]);
  assert.equal((await cluster.sql("SELECT count(*) FROM tradepost.users WHERE lower(email) = 'twin@example.com'"))[0][0], '1');
});

test('a wrong password and an unknown address get the same answer', async () => {
  const { email } = await newUser(proxy);
  const wrong = await proxy.post('/api/v1/auth/login', { email, password: 'Wrong-Horse-1' });
  const unknown = await proxy.post('/api/v1/auth/login', { email: 'nobody@example.com', password: 'Wrong-Horse-1' });
  assert.equal(wrong.status, 401);
  assert.equal(unknown.status, 401);
  const same = ({ requestId, instance, ...rest }) => rest;
  assert.deepEqual(same(wrong.json), same(unknown.json));
});

test('a User-Agent may have any bytes', async () => {
  const { email, password, user } = await newUser(proxy);
  const answer = await proxy.post('/api/v1/auth/login', { email, password }, { headers: { 'user-agent': 'caf\u00e9\u00ff \u00c0' } });
  assert.equal(answer.status, 200, answer.text);
  assert.match((await cluster.sql(`SELECT user_agent FROM tradepost_internal.sessions WHERE user_id = ${user.id} ORDER BY id DESC LIMIT 1`))[0][0], /^caf/);
});

test('login gives tokens that work', async () => {
  const { email, password, user } = await newUser(proxy);
  const { status, json } = await proxy.post('/api/v1/auth/login', { email: email.toUpperCase(), password });
  assert.equal(status, 200);
  assert.equal(json.user.id, user.id);
  assert.equal((await profile(json.token)).json.user.id, user.id);
});

test('failed logins lock an address for a growing time, known or not, the right password too', async () => {
  const { email, password } = await newUser(proxy);
  for (const who of [email, 'stranger@example.com']) {
    for (let i = 0; i < 5; i++) assert.equal((await proxy.post('/api/v1/auth/login', { email: who, password: 'Wrong-Horse-1' })).status, 401);
    const locked = await proxy.post('/api/v1/auth/login', { email: who, password });
    assert.equal(locked.status, 429, who);
    assert.equal(locked.json.code, 'account_locked');
    assert.ok(Number(locked.headers['retry-after']) > 0);
  }
  const first = (await proxy.post('/api/v1/auth/login', { email, password })).headers['retry-after'];
  // The lock's end moved to the past: as if the time had gone by.
  await cluster.sql(`UPDATE tradepost_internal.login_failures SET locked_until = now() - interval '1 second' WHERE email_key = lower('${email}')`);
  for (let i = 0; i < 5; i++) await proxy.post('/api/v1/auth/login', { email, password: 'Wrong-Horse-1' });
  const second = (await proxy.post('/api/v1/auth/login', { email, password })).headers['retry-after'];
  assert.ok(Number(second) > Number(first), `${second} > ${first}`);
  await cluster.sql(`UPDATE tradepost_internal.login_failures SET locked_until = now() - interval '1 second' WHERE email_key = lower('${email}')`);
  assert.equal((await proxy.post('/api/v1/auth/login', { email, password })).status, 200, 'after the lock');
});

test('tokens that are not ours, not now, or not whole are refused', async () => {
  const { token } = await newUser(proxy);
  const now = Math.floor(Date.now() / 1000);
  const [head, body, signature] = token.split('.');
  const none = `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${body}.`;
  // Key confusion: a token that says RS256, its signature an HMAC with our key.
  const rsHead = Buffer.from('{"alg":"RS256","typ":"JWT"}').toString('base64url');
  const confused = `${rsHead}.${body}.${createHmac('sha256', SECRET).update(`${rsHead}.${body}`).digest('base64url')}`;
  assert.equal((await profile(await forge(token, {}))).status, 200, 'a whole copy is fine');
  for (const [what, bad] of [
    ['none', none], ['none without dot', none.slice(0, -1)], ['key confusion', confused],
    ['HS384', await forge(token, {}, { alg: 'HS384' })], ['HS512', await forge(token, {}, { alg: 'HS512' })],
    ['another key', await forge(token, {}, { secret: new TextEncoder().encode('x'.repeat(40)) })],
    ['expired', await forge(token, { exp: now - 10, iat: now - 1000, nbf: now - 1000 })],
    ['not yet valid', await forge(token, { nbf: now + 600 })],
    ['wrong issuer', await forge(token, { iss: 'somebody' })], ['wrong audience', await forge(token, { aud: 'somebody' })],
    ['no expiry', await forge(token, { exp: undefined })], ['no session', await forge(token, { sid: undefined })],
    ['sub not a number', await forge(token, { sub: '1 OR 1=1' })], ['negative sub', await forge(token, { sub: '-1' })],
    ['truncated', token.slice(0, -5)], ['half', token.slice(0, token.length / 2)], ['two parts', `${head}.${body}`], ['no signature', `${head}.${body}.`],
    ['changed body', `${head}.${Buffer.from(JSON.stringify({ ...decodeJwt(token), sub: '1' })).toString('base64url')}.${signature}`],
    ['empty', ''], ['words', 'not a token'], ['long', 'x'.repeat(7000)], ['nul', 'a.b\u0001.c'],
  ]) {
    let answer;
    try { answer = await profile(bad); } catch { continue; } // Node itself refuses to send some of these
    assert.equal(answer.status, 401, `${what}: ${answer.text}`);
    assert.match(answer.headers['www-authenticate'] ?? '', /Bearer/, what);
    assert.match(answer.headers['content-type'], /problem\+json/);
  }
  assert.equal((await proxy.get('/api/v1/auth/profile', { headers: { authorization: 'Basic eDp5' } })).status, 401);
  assert.equal((await proxy.get('/api/v1/auth/profile')).status, 401);
});

test('a refresh token works once; its second use ends the session', async () => {
  const { email, password } = await newUser(proxy);
  const first = (await proxy.post('/api/v1/auth/login', { email, password })).json;
  const second = await proxy.post('/api/v1/auth/refresh', { refreshToken: first.refreshToken });
  assert.equal(second.status, 200);
  assert.notEqual(second.json.refreshToken, first.refreshToken);
  assert.equal((await profile(second.json.token)).status, 200);
  const again = await proxy.post('/api/v1/auth/refresh', { refreshToken: first.refreshToken });
  assert.equal(again.status, 401);
  assert.equal(again.json.code, 'refresh_invalid');
  assert.equal((await proxy.post('/api/v1/auth/refresh', { refreshToken: second.json.refreshToken })).status, 401, 'the whole family is revoked');
  await until(async () => (await profile(second.json.token)).status === 401);
  assert.equal((await cluster.sql("SELECT count(*) > 0 FROM tradepost.security_events WHERE kind = 'token_reused' AND risk >= 90"))[0][0], 't');
});

test('two uses of one refresh token at the same moment: one wins at most, and the session ends', async () => {
  const { refreshToken } = await newUser(proxy);
  const answers = await Promise.all(Array.from({ length: 6 }, () => proxy.post('/api/v1/auth/refresh', { refreshToken })));
  assert.ok(answers.filter((a) => a.status === 200).length <= 1, JSON.stringify(answers.map((a) => a.status)));
});

test('refresh tokens are not kept in clear', async () => {
  const { refreshToken } = await newUser(proxy);
  const dump = JSON.stringify(await cluster.sql('SELECT r.*, s.* FROM tradepost_internal.refresh_tokens r JOIN tradepost_internal.sessions s ON s.id = r.session_id'));
  assert.ok(!dump.includes(refreshToken) && !dump.includes(refreshToken.slice(4)));
});

const until = async (condition, ms = 5000) => {
  const end = Date.now() + ms;
  while (!await condition()) {
    assert.ok(Date.now() < end, 'in time');
    await sleep(20);
  }
};

test('logout ends the session on every worker, and no other session', async () => {
  const many = await Proxy.start(cluster, {}, ['--workers', '3']);
  try {
    const { email, password, token } = await newUser(many);
    const other = (await many.post('/api/v1/auth/login', { email, password })).json;
    assert.equal((await many.post('/api/v1/auth/logout', undefined, { token })).status, 204);
    const fresh = () => many.get('/api/v1/auth/profile', { token, headers: { connection: 'close' } });
    await until(async () => (await Promise.all(Array.from({ length: 12 }, fresh))).every((a) => a.status === 401));
    assert.equal((await many.get('/api/v1/auth/profile', { token: other.token })).status, 200);
    // And at the other proxy.
    await until(async () => (await profile(token)).status === 401);
    assert.equal((await many.post('/api/v1/auth/logout', { everywhere: true }, { token: other.token })).status, 204);
    await until(async () => (await many.get('/api/v1/auth/profile', { token: other.token })).status === 401);
  } finally {
    await many.stop();
  }
});

test('a changed password ends the other sessions', async () => {
  const { email, password, token } = await newUser(proxy);
  const other = (await proxy.post('/api/v1/auth/login', { email, password })).json;
  assert.equal((await proxy.post('/api/v1/auth/change-password', { currentPassword: 'Wrong-Horse-1', newPassword: 'Better-Horse-2' }, { token })).status, 401);
  assert.equal((await proxy.post('/api/v1/auth/change-password', { currentPassword: password, newPassword: 'weak' }, { token })).status, 400);
  assert.equal((await proxy.post('/api/v1/auth/change-password', { currentPassword: password, newPassword: 'Better-Horse-2' }, { token })).status, 204);
  await until(async () => (await profile(other.token)).status === 401);
  assert.equal((await profile(token)).status, 200);
  assert.equal((await proxy.post('/api/v1/auth/login', { email, password })).status, 401);
  assert.equal((await proxy.post('/api/v1/auth/login', { email, password: 'Better-Horse-2' })).status, 200);
});

test('a downgrade counts at once, whatever the token says', async () => {
  const { user, token } = await newUser(proxy, { tier: 'pro' });
  await cluster.sql(`SELECT tradepost.set_tier(${user.id}, 'free')`);
  assert.equal((await profile(token)).json.user.tier, 'free');
});

test('no password, hash, token or secret is in the log', async () => {
  const { token, refreshToken, password } = await newUser(proxy, { password: 'Very-Secret-Horse-9' });
  await proxy.post('/api/v1/auth/login', { email: 'x@example.com', password: 'Other-Secret-Horse-9' });
  await sleep(300);
  for (const secret of [token, refreshToken, password, 'Other-Secret-Horse-9', SECRET, '$argon2id']) assert.ok(!proxy.log.includes(secret), secret.slice(0, 8));
  for (const secret of [password, 'Other-Secret-Horse-9', refreshToken]) assert.ok(!cluster.log.includes(secret), secret.slice(0, 8));
});
