// API keys, sessions, the profile, verified addresses, delivery, the billing webhook.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Cluster, openMarket } from './lib/cluster.mjs';
import { Proxy, newUser, order, sleep } from './lib/proxy.mjs';
import { another, enrol, keyFile, newKey } from './lib/factor.mjs';

const BILLING = 'kT7mQ2vXb9ZsLp4RwE6yHn3JcUf8Da5GqK';
const DELIVERY = 'Wd4Yc8Rk2Vt6Zm9Qx3Lp7Hs5Nf1Bj0GuTe';
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tp-delivery-'));
const inbox = path.join(folder, 'inbox');
const program = path.join(folder, 'deliver');
// Takes each message as a line of a file; what it is told otherwise by the message, it does.
fs.writeFileSync(program, `#!/bin/sh
message=$(cat)
env > '${folder}/environment'
case $message in
*hangs@*) echo $$ > '${folder}/hanging'; sleep 600 ;;
*fails@*) exit 3 ;;
*deaf@*) exec 0<&-; exit 0 ;;
esac
printf '%s %s\\n' "$1" "$message" >> '${inbox}'
`, { mode: 0o755 });
fs.writeFileSync(inbox, '');
fs.chmodSync(folder, 0o777);
fs.chmodSync(inbox, 0o666);

let cluster;
let proxy;
before(async () => {
  cluster = await Cluster.start();
  await openMarket(cluster);
  proxy = await Proxy.start(cluster, { SECRETS_KEY_FILE: keyFile(['first', newKey()]), BILLING_WEBHOOK_SECRET: BILLING, DELIVERY_COMMAND: `${program} --to-file`, DELIVERY_TIMEOUT: '2' });
});
after(async () => {
  await proxy?.stop();
  await cluster?.end();
  fs.rmSync(folder, { recursive: true, force: true });
});

const api = (where) => `/api/v1/${where}`;
const isProblem = (answer, status, problem, words) => {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.json.code, problem, answer.text);
  if (words) assert.match(answer.json.detail, words);
};
const until = async (condition) => {
  for (;;) {
    const found = await condition();
    if (found) return found;
    await sleep(20);
  }
};
const remove = (where, options) => proxy.request('DELETE', where, options);
const proUser = async (fields = {}) => {
  const user = await newUser(proxy, fields);
  await cluster.sql(`SELECT tradepost.set_tier(${user.user.id}, 'pro')`);
  return user;
};
const makeKey = async (user, fields = {}) => {
  const answer = await proxy.post(api('users/api-keys'), { name: 'a key', scopes: ['read', 'trade', 'withdraw'], ...fields }, { token: user.token });
  assert.equal(answer.status, 201, answer.text);
  return answer.json;
};

test('a key is shown once, listed by its beginning, and ended', async () => {
  const user = await proUser();
  const { token } = user;
  const { key, apiKey } = await makeKey(user, { name: '  model  ', scopes: ['trade', 'read', 'read'], ips: ['10.1.2.3/8', '192.0.2.7', '2001:db8::/32'], expiresAt: '2036-01-01T00:00:00Z' });
  assert.match(key, /^tpk_[A-Za-z0-9_-]{43}$/);
  assert.equal(apiKey.hint, key.slice(0, 12));
  assert.deepEqual([apiKey.name, apiKey.scopes, apiKey.ips, apiKey.expiresAt], ['model', ['read', 'trade'], ['10.0.0.0/8', '192.0.2.7', '2001:db8::/32'], '2036-01-01T00:00:00.000000Z']);
  const listed = await proxy.get(api('users/api-keys'), { token });
  assert.deepEqual(listed.json.apiKeys.map((k) => k.id), [apiKey.id]);
  assert.ok(!listed.text.includes(key));
  const [[kept]] = await cluster.sql(`SELECT row_to_json(k) FROM tradepost_internal.api_keys k WHERE k.id = ${apiKey.id}`);
  assert.ok(!kept.includes(key) && !kept.includes(Buffer.from(key).toString('hex')));
  const other = await proUser();
  isProblem(await remove(api(`users/api-keys/${apiKey.id}`), { token: other.token }), 404, 'not_found');
  isProblem(await remove(api('users/api-keys/999999'), { token }), 404, 'not_found');
  isProblem(await remove(api('users/api-keys/x'), { token }), 404, 'not_found');
  const ended = await remove(api(`users/api-keys/${apiKey.id}`), { token });
  assert.deepEqual([ended.status, ended.text], [204, '']);
  isProblem(await remove(api(`users/api-keys/${apiKey.id}`), { token }), 404, 'not_found');
  assert.deepEqual((await proxy.get(api('users/api-keys'), { token })).json.apiKeys, []);
});

test('what cannot be a key is refused by the name of the field', async () => {
  const { token } = await proUser();
  const good = { name: 'k', scopes: ['read'] };
  for (const [change, words] of [[{ name: undefined }, /name/], [{ name: ' ' }, /name/], [{ name: 'x'.repeat(101) }, /name/], [{ name: 'a\tb' }, /name/], [{ name: 7 }, /name/], [{ scopes: undefined }, /scopes/], [{ scopes: [] }, /scopes/],
    [{ scopes: ['admin'] }, /scopes has "admin"/], [{ scopes: 'read' }, /scopes/], [{ scopes: [1] }, /scopes/], [{ scopes: ['read', 'read', 'read', 'read'] }, /scopes/], [{ ips: ['300.1.1.1'] }, /300.1.1.1/], [{ ips: ['10.0.0.0/33'] }, /ips/],
    [{ ips: Array(33).fill('10.0.0.1') }, /33 elements/], [{ expiresAt: '2020-01-01T00:00:00Z' }, /expiresAt.*passed/], [{ expiresAt: 'soon' }, /expiresAt/], [{ hash: 'x' }, /hash/], [{ user: 1 }, /user/], [{ tier: 'pro' }, /tier/]]) {
    const answer = await proxy.post(api('users/api-keys'), { ...good, ...change }, { token });
    isProblem(answer, 400, 'invalid_order', words);
  }
});

test('keys are for who has them in the tier, and as many as that includes', async () => {
  const user = await newUser(proxy);
  const refused = await proxy.post(api('users/api-keys'), { name: 'k', scopes: ['read'] }, { token: user.token });
  isProblem(refused, 403, 'tier_required', /"pro"/);
  const pro = await proUser();
  await Promise.all(Array.from({ length: 10 }, () => makeKey(pro)));
  isProblem(await proxy.post(api('users/api-keys'), { name: 'k', scopes: ['read'] }, { token: pro.token }), 403, 'limit_reached', /"pro" includes 10 API keys, and there are 10/);
  const [{ id }] = (await proxy.get(api('users/api-keys'), { token: pro.token })).json.apiKeys;
  await remove(api(`users/api-keys/${id}`), { token: pro.token });
  const answers = await Promise.all(Array.from({ length: 4 }, () => proxy.post(api('users/api-keys'), { name: 'k', scopes: ['read'] }, { token: pro.token })));
  assert.deepEqual(answers.map((a) => a.status).sort(), [201, 403, 403, 403], 'and no more when several come at once');
});

test('with a second factor a key wants its code', async () => {
  const user = await proUser();
  const { secret } = await enrol(proxy, user);
  isProblem(await proxy.post(api('users/api-keys'), { name: 'k', scopes: ['read'] }, { token: user.token }), 403, 'mfa_required');
  const code = await another(cluster, user, secret);
  isProblem(await proxy.post(api('users/api-keys'), { name: '', scopes: ['read'], code }, { token: user.token }), 400, 'invalid_order', /name/);
  assert.equal((await makeKey(user, { code })).apiKey.name, 'a key', 'a code is not used up by what is refused');
});

test('the database goes by the key\'s scopes, whatever the proxy says', async () => {
  const user = await proUser();
  const { apiKey } = await makeKey(user, { scopes: ['read'] });
  const [[session]] = await cluster.sql(`SELECT session_id FROM tradepost_internal.api_keys WHERE id = ${apiKey.id}`);
  const calls = { order_cancel: '{"param":"1"}', orders_cancel_all: '{}', withdrawal_post: '{"body":{"asset":"USD","amount":"1"}}', mfa_status: '{}', api_keys_list: '{}', sessions_list: '{}', logout: '{}', profile_update: '{}' };
  for (const [name, args] of Object.entries(calls)) await assert.rejects(cluster.sql(`SELECT tradepost_edge.${name}(${user.user.id}, ${session}, '${args}')`), /this needs the scope "(trade|withdraw)", and the API key has: read|only a login may do this/, name);
  const place = `SELECT sqlstate FROM tradepost_edge.place_each('{${user.user.id}}', '{${session}}', '{NULL}', ARRAY['${JSON.stringify(order())}'])`;
  assert.deepEqual(await cluster.sql(place), [['TP024']]);
  assert.equal((await cluster.sql(`SELECT tradepost_edge.profile(${user.user.id}, ${session}, '{}')`)).length, 1);
  await cluster.sql(`SELECT tradepost.set_tier(${user.user.id}, 'basic')`);
  await assert.rejects(cluster.sql(`SELECT tradepost_edge.profile(${user.user.id}, ${session}, '{}')`), /"pro"/);
  assert.deepEqual(await cluster.sql(place), [['TP017']]);
});

test('sessions are listed and ended one by one, keys are none of them', async () => {
  const user = await proUser();
  await makeKey(user);
  const second = (await proxy.post(api('auth/login'), { email: user.email, password: user.password }, { headers: { 'user-agent': 'second device' } })).json;
  const { sessions } = (await proxy.get(api('users/sessions'), { token: user.token })).json;
  assert.deepEqual(sessions.map((s) => s.current), [false, true]);
  assert.equal(sessions[0].userAgent, 'second device');
  const stranger = await newUser(proxy);
  isProblem(await remove(api(`users/sessions/${sessions[0].id}`), { token: stranger.token }), 404, 'not_found', new RegExp(`session "${sessions[0].id}" is unknown`));
  assert.equal((await proxy.get(api('auth/profile'), { token: second.token })).status, 200);
  const ended = await remove(api(`users/sessions/${sessions[0].id}`), { token: user.token });
  assert.deepEqual([ended.status, ended.text], [204, '']);
  await until(async () => (await proxy.get(api('auth/profile'), { token: second.token })).status === 401);
  isProblem(await proxy.post(api('auth/refresh'), { refreshToken: second.refreshToken }), 401, 'refresh_invalid');
  const [[keySession]] = await cluster.sql(`SELECT id FROM tradepost_internal.sessions WHERE user_id = ${user.user.id} AND kind = 'key'`);
  isProblem(await remove(api(`users/sessions/${keySession}`), { token: user.token }), 404, 'not_found');
});

test('the profile takes what is its own', async () => {
  const { token } = await newUser(proxy);
  const patch = (body) => proxy.request('PATCH', api('auth/profile'), { token, body });
  const changed = await patch({ firstName: ' Zo\u00eb ', language: 'de-CH', timeZone: 'Europe/Zurich' });
  assert.equal(changed.status, 200, changed.text);
  assert.deepEqual([changed.json.user.firstName, changed.json.user.language, changed.json.user.timeZone], ['Zo\u00eb', 'de-CH', 'Europe/Zurich']);
  for (const [body, words] of [[{ firstName: 'x'.repeat(101) }, /firstName/], [{ firstName: null }, /firstName/], [{ lastName: 'a\nb' }, /lastName/], [{ language: 'x' }, /language/], [{ timeZone: 'Mars/Base' }, /timeZone/], [{ timeZone: 'EST5EDT4' }, /timeZone/],
    [{ role: 'admin' }, /role/], [{ tier: 'pro' }, /tier/], [{ email: 'x@example.com' }, /email/], [{ id: 1 }, /id/], [{ emailVerified: true }, /emailVerified/], [{ phone: '+41446681800' }, /phone/], [{ tenant: 2 }, /tenant/]]) isProblem(await patch(body), 400, 'invalid_order', words);
  const { user } = (await proxy.get(api('auth/profile'), { token })).json;
  assert.deepEqual([user.firstName, user.role, user.tier, user.emailVerified, user.phone], ['Zo\u00eb', 'user', 'free', false, null]);
});

const messages = () => fs.readFileSync(inbox, 'utf8').split('\n').filter(Boolean).map((l) => JSON.parse(l.replace('--to-file ', '')));
const lastTo = (to) => messages().filter((m) => m.to === to).at(-1);

test('an e-mail address is verified by a code: each code that is not good is told apart', async () => {
  const { token, email } = await newUser(proxy);
  const confirm = (code) => proxy.post(api('users/email/confirm'), { code }, { token });
  const ask = async () => {
    const answer = await proxy.post(api('users/email/verify'), undefined, { token });
    assert.equal(answer.status, 202, answer.text);
    assert.equal(answer.json.sent, true);
    return lastTo(email).code;
  };
  isProblem(await confirm('123456'), 400, 'code_invalid', /no code was asked for/);
  const code = await ask();
  const { id, createdAt, ...message } = lastTo(email);
  assert.match(code, /^\d{6}$/);
  assert.deepEqual([message.kind, message.channel, message.language], ['code', 'email', 'en']);
  assert.match(message.body, new RegExp(`^${code} is your code`));
  const wrong = code === '000000' ? '000001' : '000000';
  isProblem(await confirm('12345'), 400, 'code_malformed');
  isProblem(await confirm(wrong), 400, 'code_invalid', /wrong; 4 more tries/);
  for (let left = 3; left > 0; left--) isProblem(await confirm(wrong), 400, 'code_invalid', new RegExp(`wrong; ${left} more`));
  isProblem(await confirm(wrong), 400, 'code_invalid', /too many wrong codes/);
  isProblem(await confirm(code), 400, 'code_invalid', /too many wrong codes/);
  const second = await ask();
  await cluster.sql("UPDATE tradepost_internal.verification_codes SET expires_at = now() - interval '1 second'");
  isProblem(await confirm(second), 400, 'code_invalid', /expired/);
  const third = await ask();
  const done = await confirm(`${third.slice(0, 3)} ${third.slice(3)}`);
  assert.equal(done.status, 200, done.text);
  assert.equal(done.json.user.emailVerified, true);
  isProblem(await confirm(third), 400, 'code_invalid', /used already/);
  isProblem(await proxy.post(api('users/email/verify'), undefined, { token }), 409, 'conflict', /verified already/);
  assert.ok(!proxy.log.includes(third) && !JSON.stringify(await cluster.sql('SELECT * FROM tradepost_internal.verification_codes')).includes(third));
});

test('a phone number likewise, and five codes an hour', async () => {
  const user = await newUser(proxy);
  const other = await newUser(proxy);
  const { token } = user;
  for (const phone of ['123', 'x', '+0123456789', '+1234567890123456', 7, null, undefined]) isProblem(await proxy.post(api('users/phone'), { phone }, { token }), 400, 'invalid_order', /phone/);
  for (let i = 0; i < 5; i++) assert.equal((await proxy.post(api('users/phone'), { phone: '+41 (44) 668-18.00' }, { token })).status, 202);
  const often = await proxy.post(api('users/phone'), { phone: '+41446681801' }, { token });
  isProblem(often, 429, 'too_often', /within an hour/);
  assert.ok(Number(often.headers['retry-after']) > 3000);
  const { code, channel } = lastTo('+41446681800');
  assert.equal(channel, 'sms');
  isProblem(await proxy.post(api('users/phone/confirm'), { code }, { token: other.token }), 400, 'code_invalid', /no code was asked for/);
  isProblem(await proxy.post(api('users/email/confirm'), { code }, { token }), 400, 'code_invalid', /no code was asked for/);
  const done = await proxy.post(api('users/phone/confirm'), { code }, { token });
  assert.deepEqual([done.status, done.json.user?.phone], [200, '+41446681800'], done.text);
});

test('a program that fails, hangs or does not listen; nothing of ours in its environment', async () => {
  const status = async (email) => (await proxy.post(api('users/email/verify'), undefined, { token: (await newUser(proxy, { email })).token }));
  isProblem(await status('fails@example.com'), 503, 'delivery_failed');
  assert.ok(proxy.log.includes('DELIVERY_COMMAND ended with status 3'));
  isProblem(await status('hangs@example.com'), 503, 'delivery_failed');
  assert.ok(proxy.log.includes('took longer than DELIVERY_TIMEOUT'));
  const pid = Number(fs.readFileSync(path.join(folder, 'hanging'), 'utf8'));
  await until(() => { try { process.kill(pid, 0); return false; } catch { return true; } });
  assert.equal((await status('deaf@example.com')).status, 202);
  const environment = fs.readFileSync(path.join(folder, 'environment'), 'utf8');
  assert.ok(!/SECRET|DATABASE|JWT|KEY/.test(environment), environment);
});

test('the outbox: security notices leave to verified addresses, and what failed is tried again', async () => {
  const user = await proUser();
  const { token, email } = user;
  await proxy.post(api('users/email/verify'), undefined, { token });
  assert.equal((await proxy.post(api('users/email/confirm'), { code: lastTo(email).code }, { token })).status, 200);
  await makeKey(user, { name: 'noticed' });
  const notice = await until(() => messages().find((m) => m.to === email && m.kind === 'notification'));
  assert.equal(notice.subject, 'New API key');
  assert.match(notice.body, /"noticed"/);
  assert.match(notice.id, /^delivery-\d+$/);
  await until(async () => (await cluster.sql(`SELECT FROM tradepost_internal.deliveries WHERE user_id = ${user.user.id} AND sent_at IS NOT NULL`).then(() => true)) && (await cluster.sql(`SELECT count(*) FROM tradepost_internal.deliveries WHERE user_id = ${user.user.id} AND sent_at IS NULL`))[0][0] === '0');
  await cluster.sql(`INSERT INTO tradepost_internal.deliveries (user_id, channel, recipient, subject, body) VALUES (${user.user.id}, 'email', 'fails@example.com', 's', 'b')`);
  const [[attempts, error, waits]] = await until(async () => {
    const rows = await cluster.sql("SELECT attempts, error, next_at > now() FROM tradepost_internal.deliveries WHERE recipient = 'fails@example.com' AND attempts > 0 AND leased_until IS NULL");
    return rows.length > 0 && rows;
  });
  assert.deepEqual([attempts, error, waits], ['1', 'DELIVERY_COMMAND ended with status 3', 't']);
  await cluster.sql("UPDATE tradepost_internal.deliveries SET attempts = 7, next_at = now() WHERE recipient = 'fails@example.com'");
  await until(async () => (await cluster.sql("SELECT failed_at IS NOT NULL FROM tradepost_internal.deliveries WHERE recipient = 'fails@example.com'"))[0][0] === 't');
});

test('delivery by webhook is signed; what it answers counts', async () => {
  const got = [];
  let status = 204;
  const server = http.createServer((request, response) => {
    let text = '';
    request.on('data', (d) => { text += d; }).on('end', () => {
      got.push({ url: request.url, method: request.method, headers: request.headers, text });
      response.writeHead(status, status === 302 ? { location: 'http://127.0.0.1:1/' } : {}).end('x'.repeat(status === 204 ? 0 : 100000));
    });
  });
  await new Promise((ok) => { server.listen(0, '127.0.0.1', ok); });
  const hooked = await Proxy.start(cluster, { DELIVERY_WEBHOOK: `http://127.0.0.1:${server.address().port}/hook?a=b`, DELIVERY_WEBHOOK_SECRET: DELIVERY, DELIVERY_TIMEOUT: '5' });
  try {
    const ask = async () => hooked.post(api('users/email/verify'), undefined, { token: (await newUser(hooked)).token });
    assert.equal((await ask()).status, 202);
    const [{ url, method, headers, text }] = got;
    assert.deepEqual([url, method, headers['content-type']], ['/hook?a=b', 'POST', 'application/json']);
    const [, time, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(headers['tradepost-signature']);
    assert.equal(mac, createHmac('sha256', DELIVERY).update(`${time}.${text}`).digest('hex'));
    assert.match(JSON.parse(text).code, /^\d{6}$/);
    for (status of [500, 302, 404]) isProblem(await ask(), 503, 'delivery_failed');
    assert.ok(hooked.log.includes('DELIVERY_WEBHOOK answered 302'));
    status = 200;
    const many = await Promise.all(Array.from({ length: 20 }, ask));
    assert.deepEqual(new Set(many.map((a) => a.status)), new Set([202]));
    await new Promise((ok) => { server.close(ok); server.closeAllConnections(); });
    isProblem(await ask(), 503, 'delivery_failed');
  } finally {
    server.close();
    await hooked.stop();
  }
});

test('a proxy that ends takes what delivers with it, and the message is tried again', async () => {
  const user = await newUser(proxy);
  const post = (recipient) => cluster.sql(`INSERT INTO tradepost_internal.deliveries (user_id, channel, recipient, subject, body) VALUES (${user.user.id}, 'email', '${recipient}', 's', 'b') RETURNING id`);
  const row = async (id) => (await cluster.sql(`SELECT attempts::integer > 0, sent_at IS NULL AND failed_at IS NULL FROM tradepost_internal.deliveries WHERE id = ${id}`))[0];
  const calls = [];
  const server = http.createServer((request) => { calls.push(request); });
  await new Promise((ok) => { server.listen(0, '127.0.0.1', ok); });
  // The test's proxy would take them too.
  await proxy.stop();
  try {
    for (const [recipient, env, taken] of [
      ['hangs@example.com', { DELIVERY_COMMAND: program, DELIVERY_TIMEOUT: '60' }, () => fs.existsSync(path.join(folder, 'hanging'))],
      ['silent@example.com', { DELIVERY_WEBHOOK: `http://127.0.0.1:${server.address().port}/`, DELIVERY_WEBHOOK_SECRET: DELIVERY, DELIVERY_TIMEOUT: '60' }, () => calls.length > 0]]) {
      fs.rmSync(path.join(folder, 'hanging'), { force: true });
      const short = await Proxy.start(cluster, env);
      const [[id]] = await post(recipient);
      await until(taken);
      await short.stop();
      assert.deepEqual(await row(id), ['t', 't'], recipient);
      if (env.DELIVERY_COMMAND) {
        const pid = Number(await until(() => fs.readFileSync(path.join(folder, 'hanging'), 'utf8').trim()));
        await until(() => { try { process.kill(pid, 0); return false; } catch { return true; } });
      }
      await cluster.sql(`DELETE FROM tradepost_internal.deliveries WHERE id = ${id}`);
    }
  } finally {
    server.close();
    server.closeAllConnections();
    await proxy.up();
  }
});

test('without a way to deliver, the answer names the settings', async () => {
  const bare = await Proxy.start(cluster);
  try {
    const { token } = await newUser(bare);
    isProblem(await bare.post(api('users/email/verify'), undefined, { token }), 503, 'not_configured', /DELIVERY_COMMAND nor DELIVERY_WEBHOOK/);
    isProblem(await bare.post(api('users/phone'), { phone: '+41446681800' }, { token }), 503, 'not_configured', /DELIVERY/);
    isProblem(await bare.post(api('webhooks/billing'), { id: 'x' }), 503, 'not_configured', /BILLING_WEBHOOK_SECRET/);
  } finally {
    await bare.stop();
  }
});

const sign = (text, time = Math.floor(Date.now() / 1000), secret = BILLING) => `t=${time},v1=${createHmac('sha256', secret).update(`${time}.${text}`).digest('hex')}`;
const bill = (body, signature) => {
  const raw = JSON.stringify(body);
  return proxy.post(api('webhooks/billing'), undefined, { raw, headers: signature === null ? {} : { 'tradepost-signature': signature ?? sign(raw) } });
};

test('the billing webhook: signed, of now, once', async () => {
  const { user, token } = await newUser(proxy);
  const event = { id: 'evt-1', type: 'subscription.activated', user: user.id, tier: 'pro', periodEnd: '2036-01-01T00:00:00Z', reference: 'sub-1' };
  const now = Math.floor(Date.now() / 1000);
  const text = JSON.stringify(event);
  isProblem(await bill(event, null), 401, 'signature_missing');
  isProblem(await bill(event, 'nonsense'), 401, 'signature_malformed');
  isProblem(await bill(event, sign(text, now, DELIVERY)), 401, 'signature_wrong');
  isProblem(await bill(event, sign(`${text} `, now)), 401, 'signature_wrong');
  isProblem(await bill(event, sign(text, now - 3600)), 401, 'signature_old');
  isProblem(await bill(event, sign(text, now + 3600)), 401, 'signature_old');
  assert.equal((await proxy.get(api('auth/profile'), { token })).json.user.tier, 'free');
  const done = await bill(event);
  assert.equal(done.status, 200, done.text);
  assert.deepEqual([done.json.applied, done.json.tier], [true, 'pro']);
  assert.deepEqual(await cluster.sql("SELECT provider FROM tradepost_internal.billing_events WHERE event_id = 'evt-1'"), [['billing']], 'the default that openapi.yaml names');
  assert.equal((await proxy.get(api('auth/profile'), { token })).json.user.tier, 'pro');
  const again = await bill(event);
  assert.deepEqual([again.status, again.json.repeated], [200, true]);
  isProblem(await bill({ ...event, tier: 'enterprise' }), 409, 'key_reused');
  isProblem(await bill({ ...event, id: 'evt-2', user: 999999 }), 404, 'not_found');
  isProblem(await bill({ ...event, id: undefined }), 400, 'invalid_order', /id/);
  isProblem(await bill({ ...event, id: 'evt-3', role: 'admin' }), 400, 'invalid_order', /role/);
});
