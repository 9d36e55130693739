// The second factor: enrolled, asked for at logins and withdrawals, given up; each refusal with words of its own.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import { Cluster, openMarket } from './lib/cluster.mjs';
import { Proxy, newUser } from './lib/proxy.mjs';
import { until } from './lib/platform.mjs';
import { another, code, codeOf, enrol, keyFile, newKey, step } from './lib/factor.mjs';

let cluster;
let proxy;
const firstKey = newKey();
before(async () => {
  cluster = await Cluster.start();
  await openMarket(cluster);
  proxy = await Proxy.start(cluster, { SECRETS_KEY_FILE: keyFile(['first', firstKey]) });
});
after(async () => {
  await proxy?.stop();
  await cluster?.end();
});

const api = (path) => `/api/v1/${path}`;
const login = (user, more = {}) => proxy.post(api('auth/login'), { email: user.email, password: user.password, ...more });
const unlock = (user) => cluster.sql(`DELETE FROM tradepost_internal.login_failures WHERE email_key = lower('${user.email}')`);
const isProblem = (answer, status, problem, words) => {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.json.code, problem, answer.text);
  if (words) assert.match(answer.json.detail, words);
};
// A new user's play money is there when the engine has decided so.
const balance = async (token) => Number((await until(async () => (await proxy.get(api('account/summary'), { token })).json.balances.find((b) => b.asset === 'USD'), 'money')).total);

test('the test\'s own authenticator is right: RFC 6238', () => {
  const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
  for (const [time, known] of [[59, '94287082'], [1111111109, '07081804'], [1111111111, '14050471'], [1234567890, '89005924'], [2000000000, '69279037'], [20000000000, '65353130']]) assert.equal(codeOf(secret, Math.floor(time / 30), 8), known);
});

test('enrolling: a secret shown once as URI and QR code, which counts once a code of it came', async () => {
  const user = await newUser(proxy, { email: 'enrol@example.com' });
  const { token } = user;
  assert.deepEqual((await proxy.get(api('mfa'), { token })).json, { enrolled: false, pending: false, enrolledAt: null, recoveryCodesLeft: 0 });
  isProblem(await proxy.post(api('mfa/verify'), { code: '123456' }, { token }), 409, 'conflict', /no enrolment is under way/);
  const begun = await proxy.post(api('mfa/enroll'), undefined, { token });
  assert.equal(begun.status, 201, begun.text);
  assert.match(begun.headers['cache-control'], /no-store/);
  const { secret, uri, qr } = begun.json;
  assert.match(secret, /^[A-Z2-7]{32}$/);
  assert.equal(uri, `otpauth://totp/Tradepost:enrol@example.com?secret=${secret}&issuer=Tradepost&algorithm=SHA1&digits=6&period=30`);
  assert.match(qr, /^<svg [^>]*viewBox[^]*<\/svg>$/);
  assert.ok(!qr.includes(secret));
  assert.equal((await proxy.get(api('mfa'), { token })).json.pending, true);
  assert.equal((await login(user)).status, 200, 'a pending factor is asked for nowhere');
  isProblem(await proxy.post(api('mfa/verify'), { code: '1234567' }, { token }), 400, 'code_malformed');
  isProblem(await proxy.post(api('mfa/verify'), { code: code(secret, 20) }, { token }), 401, 'mfa_invalid', /is wrong/);
  isProblem(await proxy.post(api('mfa/verify'), { code: 'abcd-efgh-jkmn-pqrs' }, { token }), 401, 'mfa_invalid', /is wrong/);
  isProblem(await proxy.post(api('mfa/verify'), { code: code(secret), admin: 'true' }, { token }), 400, 'field_unknown', /admin/);
  const again = (await proxy.post(api('auth/mfa/enroll'), undefined, { token })).json;
  assert.notEqual(again.secret, secret, 'a new enrolment is another secret');
  const done = await proxy.post(api('auth/mfa/verify'), { code: code(again.secret) }, { token });
  assert.equal(done.status, 200, done.text);
  assert.equal(done.json.enrolled, true);
  assert.equal(new Set(done.json.recoveryCodes).size, 10);
  for (const recovery of done.json.recoveryCodes) assert.match(recovery, /^([a-z2-9]{4}-){3}[a-z2-9]{4}$/);
  const status = (await proxy.get(api('mfa'), { token })).json;
  assert.deepEqual([status.enrolled, status.pending, status.recoveryCodesLeft], [true, false, 10]);
  isProblem(await proxy.post(api('mfa/enroll'), undefined, { token }), 409, 'conflict', /enrolled already/);
});

test('a login with a factor: each code that is not good is told apart', async () => {
  const user = await newUser(proxy);
  const { secret, recoveryCodes } = await enrol(proxy, user);
  isProblem(await login(user), 401, 'mfa_required');
  isProblem(await login(user, { code: code(secret) }), 401, 'mfa_invalid', /used already/);
  const good = await another(cluster, user, secret);
  const answer = await login(user, { code: `${good.slice(0, 3)} ${good.slice(3)}` });
  assert.equal(answer.status, 200, answer.text);
  assert.equal((await proxy.get(api('auth/profile'), { token: answer.json.token })).status, 200);
  isProblem(await login(user, { code: good }), 401, 'mfa_invalid', /used already/);
  await another(cluster, user, secret);
  isProblem(await login(user, { code: code(secret, -4) }), 401, 'mfa_invalid', /clock is off by more than one step.* ago$/);
  isProblem(await login(user, { code: code(secret, 5) }), 401, 'mfa_invalid', /clock is off by more than one step.* ahead$/);
  isProblem(await login(user, { code: code(secret, 40) }), 401, 'mfa_invalid', /is wrong/);
  isProblem(await login(user, { code: 'x' }), 400, 'code_malformed');
  await unlock(user);
  const recovered = await login(user, { code: recoveryCodes[0].toUpperCase().replaceAll('-', ' ') });
  assert.equal(recovered.status, 200, recovered.text);
  isProblem(await login(user, { code: recoveryCodes[0] }), 401, 'mfa_invalid', /recovery code was used already/);
  isProblem(await login(user, { code: 'abcd-efgh-jkmn-pqrs' }), 401, 'mfa_invalid', /is wrong/);
  assert.equal((await proxy.get(api('mfa'), { token: recovered.json.token })).json.recoveryCodesLeft, 9);
  isProblem(await proxy.post(api('auth/login'), { email: user.email, password: 'Wrong-Horse-1', code: good }), 401, 'credentials_invalid', /e-mail address or password/);
});

test('the codes of one step before and one after are good, in their order', async () => {
  const user = await newUser(proxy);
  const { secret } = await enrol(proxy, user);
  // Should a step end meanwhile, they are of the steps -2 .. 0, of which the first may be too old: then again.
  for (;;) {
    await cluster.sql(`UPDATE tradepost_internal.factors SET last_step = 0 WHERE user_id = ${user.user.id}`);
    await unlock(user);
    const now = step();
    const statuses = [];
    for (const away of [-1, 0, 1, 0]) statuses.push((await login(user, { code: codeOf(secret, now + away) })).status);
    if (step() !== now) continue;
    assert.deepEqual(statuses, [200, 200, 200, 401], 'and none after a later one');
    break;
  }
});

test('one code at the same moment opens one session', async () => {
  const user = await newUser(proxy);
  const { secret, recoveryCodes } = await enrol(proxy, user);
  const good = await another(cluster, user, secret);
  const answers = await Promise.all(Array.from({ length: 8 }, () => login(user, { code: good })));
  assert.deepEqual(answers.map((a) => a.status).sort(), [200, 401, 401, 401, 401, 401, 401, 401], answers.map((a) => a.text).join('\n'));
  await unlock(user);
  const recovered = await Promise.all(Array.from({ length: 5 }, () => login(user, { code: recoveryCodes[1] })));
  assert.equal(recovered.filter((a) => a.status === 200).length, 1);
});

test('wrong codes count as wrong passwords do', async () => {
  const user = await newUser(proxy);
  const { secret } = await enrol(proxy, user);
  for (let i = 0; i < 5; i++) isProblem(await login(user, { code: code(secret, 40 + i) }), 401, 'mfa_invalid');
  const good = await another(cluster, user, secret);
  const locked = await login(user, { code: good });
  isProblem(locked, 429, 'account_locked');
  assert.ok(Number(locked.headers['retry-after']) > 0);
  // Who is logged in is not kept from a withdrawal by that, but by wrong codes for withdrawals.
  const withdraw = (code) => proxy.post(api('account/withdrawals'), { asset: 'USD', amount: '1', code }, { token: user.token });
  assert.equal((await withdraw(good)).status, 201);
  const guesses = await Promise.all(Array.from({ length: 8 }, (_, i) => withdraw(code(secret, 40 + i))));
  assert.deepEqual(guesses.map((a) => a.status).sort(), [401, 401, 401, 401, 401, 429, 429, 429]);
  const second = await withdraw(await another(cluster, user, secret));
  isProblem(second, 429, 'account_locked', /too many wrong codes/);
  const wait = Number(second.headers['retry-after']);
  assert.ok(wait > 0 && wait <= 60);
  await cluster.sql(`UPDATE tradepost_internal.factors SET locked_until = now() WHERE user_id = ${user.user.id}`);
  for (let i = 0; i < 5; i++) isProblem(await withdraw(code(secret, 50 + i)), 401, 'mfa_invalid', /is wrong/);
  assert.ok(Number((await withdraw(good)).headers['retry-after']) > 60, 'twice as long');
  await cluster.sql(`UPDATE tradepost_internal.factors SET locked_until = now() WHERE user_id = ${user.user.id}`);
  assert.equal((await withdraw(await another(cluster, user, secret))).status, 201);
});

test('a withdrawal: the factor where one is enrolled, the decision, and once for its key', async () => {
  const user = await newUser(proxy);
  const { token } = user;
  const withdraw = (body, headers) => proxy.post(api('account/withdrawals'), body, { token, headers });
  const start = await balance(token);
  const plain = await withdraw({ asset: 'USD', amount: '100.50' });
  assert.equal(plain.status, 201, plain.text);
  assert.deepEqual({ ...plain.json.withdrawal, id: 0 }, { id: 0, asset: 'USD', amount: '100.5', status: 'completed' });
  assert.equal(await balance(token), start - 100.5);
  isProblem(await withdraw({ asset: 'USD', amount: '99999999' }), 409, 'insufficient_funds');
  assert.match((await withdraw({ asset: 'usd', amount: '1' })).json.hint, /GET account\/summary/, 'nothing that only administrators can do');
  for (const [body, status, words] of [[{ amount: '1' }, 400, /asset/], [{ asset: 'USD' }, 400, /amount/], [{ asset: 'USD', amount: '-1' }, 400, /amount is -1/], [{ asset: 'USD', amount: 'x' }, 400, /amount/],
    [{ asset: 'XYZ', amount: '1' }, 404, /XYZ/], [{ asset: 'USD', amount: '0.001' }, 400, /decimals/], [{ asset: 'USD', amount: '1', account: 1 }, 400, /account/], [{ asset: 'USD', amount: '1', grant: 1 }, 400, /grant/],
    [{ asset: 'USD', amount: '1', code: 7 }, 400, /code/], [[], 400, /object/]]) {
    const answer = await withdraw(body);
    assert.equal(answer.status, status, `${JSON.stringify(body)} ${answer.text}`);
    assert.match(answer.json.detail, words);
  }
  const { secret } = await enrol(proxy, user);
  isProblem(await withdraw({ asset: 'USD', amount: '5' }), 403, 'mfa_required');
  isProblem(await withdraw({ asset: 'USD', amount: '5', code: '000000' }), 401, 'mfa_invalid');
  const good = await another(cluster, user, secret);
  isProblem(await withdraw({ asset: 'USD', amount: '0.001', code: good }), 400, 'invalid_order');
  const first = await withdraw({ asset: 'USD', amount: 5, code: good }, { 'idempotency-key': 'w-1' });
  assert.equal(first.status, 201, first.text);
  const repeated = await withdraw({ asset: 'USD', amount: 5, code: good }, { 'idempotency-key': 'w-1' });
  assert.deepEqual([repeated.status, repeated.json], [201, first.json], 'the answer that may have been lost');
  isProblem(await withdraw({ asset: 'USD', amount: 6, code: good }, { 'idempotency-key': 'w-1' }), 409, 'key_reused');
  isProblem(await withdraw({ asset: 'USD', amount: 5, code: good }, { 'idempotency-key': 'w-2' }), 401, 'mfa_invalid', /used already/);
  assert.equal(await balance(token), start - 105.5);
  assert.deepEqual(await cluster.invariants(), []);
});

test('what only the proxy may say, no client can', async () => {
  const user = await newUser(proxy);
  const { secret } = await enrol(proxy, user);
  // A grant that is there, for a login, opens no withdrawal.
  await cluster.sql(`INSERT INTO tradepost_internal.factor_grants (user_id, purpose) VALUES (${user.user.id}, 'login')`);
  const [[grant]] = await cluster.sql('SELECT max(id) FROM tradepost_internal.factor_grants');
  isProblem(await proxy.post(api('account/withdrawals'), { asset: 'USD', amount: '1' }, { token: user.token, headers: { grant } }), 403, 'mfa_required');
  isProblem(await proxy.post(`${api('account/withdrawals')}?grant=${grant}`, { asset: 'USD', amount: '1' }, { token: user.token }), 400, 'invalid_order', /grant/);
  const good = await another(cluster, user, secret);
  assert.equal((await proxy.post(api('account/withdrawals'), { asset: 'USD', amount: '1', code: good }, { token: user.token })).status, 201);
});

test('new recovery codes end the old ones; giving the factor up wants password and code', async () => {
  const user = await newUser(proxy);
  const { token } = user;
  isProblem(await proxy.post(api('mfa/recovery-codes'), {}, { token }), 409, 'conflict', /no second factor/);
  isProblem(await proxy.request('DELETE', api('mfa'), { token, body: { password: user.password } }), 409, 'conflict', /no second factor/);
  const { secret, recoveryCodes } = await enrol(proxy, user);
  isProblem(await proxy.post(api('mfa/recovery-codes'), {}, { token }), 403, 'mfa_required');
  const renewed = await proxy.post(api('mfa/recovery-codes'), { code: recoveryCodes[3] }, { token });
  assert.equal(renewed.status, 200, renewed.text);
  assert.equal(renewed.json.recoveryCodes.length, 10);
  isProblem(await login(user, { code: recoveryCodes[4] }), 401, 'mfa_invalid', /is wrong/);
  assert.equal((await login(user, { code: renewed.json.recoveryCodes[4] })).status, 200);
  isProblem(await proxy.request('DELETE', api('mfa'), { token }), 400, 'field_missing', /password/);
  isProblem(await proxy.request('DELETE', api('mfa'), { token, body: { password: 'Wrong-Horse-1', code: '123456' } }), 401, 'credentials_invalid');
  isProblem(await proxy.request('DELETE', api('mfa'), { token, body: { password: user.password } }), 403, 'mfa_required');
  const good = await another(cluster, user, secret);
  const removed = await proxy.request('DELETE', api('mfa'), { token, body: { password: user.password, code: good } });
  assert.deepEqual([removed.status, removed.text], [204, '']);
  assert.equal((await login(user)).status, 200);
  assert.equal((await proxy.get(api('mfa'), { token })).json.enrolled, false);
});

test('MT5 passwords: sealed, shown to their owner alone, behind the factor', async () => {
  const user = await newUser(proxy);
  const other = await newUser(proxy);
  const { token } = user;
  const password = 'Mt5-Passw\u00f6rd-"7"';
  for (const [body, words] of [[{ login: '12345', server: 'Demo' }, /password/], [{ login: 'x', server: 'Demo', password }, /login/], [{ login: 1.5e3, server: 'Demo', password: 7 }, /password/], [{ login: '12345', server: 'Demo', password: 'x'.repeat(257) }, /256/],
    [{ login: '12345', server: 'Demo', password, sealed: 'x' }, /sealed/]]) {
    const answer = await proxy.post(api('trading/mt5-accounts'), body, { token });
    assert.equal(answer.status, 400, `${JSON.stringify(body)} ${answer.text}`);
    assert.match(answer.json.detail, words);
  }
  isProblem(await proxy.post(api('trading/mt5-accounts'), undefined, { token, raw: '{"login":12e3,"server":"Demo","password":"x"}' }), 400, 'field_type', /login/);
  const added = await proxy.post(api('trading/mt5-accounts'), { login: 12345, server: 'Demo', password }, { token });
  assert.equal(added.status, 201, added.text);
  assert.ok(!added.text.includes('password'));
  const path = api(`trading/mt5-accounts/${added.json.account.id}/credentials`);
  const shown = await proxy.post(path, undefined, { token });
  assert.equal(shown.status, 200, shown.text);
  assert.deepEqual(shown.json.credentials, { id: added.json.account.id, login: '12345', server: 'Demo', password });
  assert.match(shown.headers['cache-control'], /no-store/);
  const hidden = await proxy.post(path, undefined, { token: other.token });
  const none = await proxy.post(api('trading/mt5-accounts/999999/credentials'), undefined, { token: other.token });
  isProblem(hidden, 404, 'not_found');
  isProblem(none, 404, 'not_found');
  const { secret } = await enrol(proxy, user);
  isProblem(await proxy.post(path, undefined, { token }), 403, 'mfa_required');
  const good = await another(cluster, user, secret);
  assert.equal((await proxy.post(path, { code: good }, { token })).json.credentials.password, password);
  // Put into another's row, it opens for nobody.
  const theirs = await proxy.post(api('trading/mt5-accounts'), { login: '777', server: 'Demo', password: 'x' }, { token: other.token });
  await cluster.sql(`UPDATE tradepost_internal.mt5_accounts SET sealed = (SELECT sealed FROM tradepost_internal.mt5_accounts WHERE id = ${added.json.account.id}) WHERE id = ${theirs.json.account.id}`);
  isProblem(await proxy.post(api(`trading/mt5-accounts/${theirs.json.account.id}/credentials`), undefined, { token: other.token }), 500, 'internal_error');
});

test('keys are changed by putting a newer one above: what is used is sealed anew', async () => {
  const user = await newUser(proxy);
  const { secret } = await enrol(proxy, user);
  const mt5 = (await proxy.post(api('trading/mt5-accounts'), { login: '1', server: 'Demo', password: 'Mt5-Horse-1' }, { token: user.token })).json.account;
  const sealedUnder = async () => Buffer.from((await cluster.sql(`SELECT encode(substr(secret, 3, 5), 'hex') FROM tradepost_internal.factors WHERE user_id = ${user.user.id}`))[0][0], 'hex').toString();
  assert.equal(await sealedUnder(), 'first');
  const file = keyFile(['newer', newKey()], ['first', firstKey]);
  const second = await Proxy.start(cluster, { SECRETS_KEY_FILE: file });
  try {
    const answer = await second.post(api('auth/login'), { email: user.email, password: user.password, code: await another(cluster, user, secret) });
    assert.equal(answer.status, 200, answer.text);
    while (await sealedUnder() !== 'newer') await new Promise((ok) => { setTimeout(ok, 20); });
    const count = async () => (await cluster.sql("SELECT sum(records) FROM tradepost.sealing_keys() WHERE key_id = 'newer' AND kind = 'mt5_account'"))[0]?.[0] ?? '';
    assert.equal(await count(), '');
    const shown = await second.post(api(`trading/mt5-accounts/${mt5.id}/credentials`), { code: await another(cluster, user, secret) }, { token: user.token });
    assert.equal(shown.json.credentials?.password, 'Mt5-Horse-1', shown.text);
    while (await count() !== '1') await new Promise((ok) => { setTimeout(ok, 20); });
    // The proxy with the old file alone cannot open it, and says nothing of why to its client.
    const refused = await login(user, { code: await another(cluster, user, secret) });
    isProblem(refused, 500, 'internal_error');
    while (!proxy.log.includes('SECRETS_KEY_FILE has not the key')) await new Promise((ok) => { setTimeout(ok, 20); });
    // The file's content reloads; a file that is wrong changes nothing.
    fs.writeFileSync(proxy.env.SECRETS_KEY_FILE, 'nonsense');
    process.kill(proxy.child.pid, 'SIGHUP');
    while (!/SECRETS_KEY_FILE (was not read again|[^ ]* cannot be used)/.test(proxy.log)) await new Promise((ok) => { setTimeout(ok, 20); });
    fs.copyFileSync(file, proxy.env.SECRETS_KEY_FILE);
    for (let status = 500; status !== 200;) {
      process.kill(proxy.child.pid, 'SIGHUP');
      await new Promise((ok) => { setTimeout(ok, 100); });
      await unlock(user);
      ({ status } = await login(user, { code: await another(cluster, user, secret) }));
    }
  } finally {
    await second.stop();
  }
});

test('a secret in another\'s row opens nothing', async () => {
  const [one, two] = [await newUser(proxy), await newUser(proxy)];
  const { secret } = await enrol(proxy, one);
  await enrol(proxy, two);
  await cluster.sql(`UPDATE tradepost_internal.factors SET secret = (SELECT secret FROM tradepost_internal.factors WHERE user_id = ${one.user.id}) WHERE user_id = ${two.user.id}`);
  isProblem(await login(two, { code: await another(cluster, two, secret) }), 500, 'internal_error');
});

test('without a key file nothing is sealed, and the answer names the setting', async () => {
  const bare = await Proxy.start(cluster);
  try {
    const user = await newUser(bare);
    for (const [path, body] of [['mfa/enroll'], ['trading/mt5-accounts', { login: '1', server: 'x', password: 'y' }], ['trading/mt5-accounts/1/credentials', {}]]) isProblem(await bare.post(api(path), body, { token: user.token }), 503, 'not_configured', /SECRETS_KEY_FILE/);
  } finally {
    await bare.stop();
  }
});

test('a key file that others may read stops the proxy at its start, which says so', async () => {
  const file = keyFile(['a', newKey()]);
  fs.chmodSync(file, 0o644);
  await assert.rejects(Proxy.start(cluster, { SECRETS_KEY_FILE: file }), /SECRETS_KEY_FILE .* its mode is 644/);
});

test('no secret, code or password is in any log or table', async () => {
  const user = await newUser(proxy, { password: 'Very-Secret-Horse-8' });
  const { secret, recoveryCodes } = await enrol(proxy, user);
  await login(user, { code: recoveryCodes[0] });
  await proxy.post(api('trading/mt5-accounts'), { login: '5', server: 'x', password: 'Mt5-Secret-Horse-8' }, { token: user.token });
  const tables = ['factors', 'recovery_codes', 'factor_grants', 'mt5_accounts', 'security_events', 'notifications', 'push_queue', 'pushes', 'deliveries'];
  const dump = (await Promise.all(tables.map((t) => cluster.sql(`SELECT row_to_json(t) FROM tradepost_internal.${t} t`)))).flat(2).join('\n');
  const hex = (text) => Buffer.from(text).toString('hex');
  for (const secretText of [secret, ...recoveryCodes, ...recoveryCodes.map((c) => c.replaceAll('-', '')), 'Mt5-Secret-Horse-8', 'Very-Secret-Horse-8']) {
    for (const [where, text] of [['tables', dump], ['the proxy\'s log', proxy.log], ['the server\'s log', cluster.log]]) {
      assert.ok(!text.includes(secretText), `${secretText.slice(0, 6)} in ${where}`);
      assert.ok(!text.includes(hex(secretText)), `${secretText.slice(0, 6)} in ${where}`);
    }
  }
});
