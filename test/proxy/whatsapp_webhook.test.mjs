// webhooks/twilio/whatsapp: signed by Twilio's own library, and tampered with; answered once, in time, by TwiML.
import assert from 'node:assert/strict';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import twilioLibrary from 'twilio';
import { Cluster } from './lib/cluster.mjs';
import { firstTrades, linkedUser, openMarkets } from './lib/conversation.mjs';
import { until } from './lib/platform.mjs';
import { Proxy, sleep } from './lib/proxy.mjs';
import { Twilio, WEBHOOK, encode, readTwiml } from './lib/twilio_standin.mjs';

const VERIFY = 'hub-of-the-tests-81c6';
const sign = twilioLibrary.getExpectedTwilioSignature;
const newSid = () => `SM${randomBytes(16).toString('hex')}`;

let cluster;
let twilio;
let proxy;
let phone;
let user;
before(async () => {
  cluster = await Cluster.start();
  await openMarkets(cluster);
  twilio = await Twilio.start();
  proxy = await Proxy.start(cluster, { ...twilio.env, WHATSAPP_VERIFY_TOKEN: VERIFY });
  twilio.proxy = proxy;
  await firstTrades(proxy);
  phone = twilio.phone('+15550003001');
  user = await linkedUser(proxy, phone, 'en');
});
after(async () => {
  await twilio?.settled();
  const broken = await cluster?.invariants();
  await proxy?.stop();
  await twilio?.end();
  await cluster?.end();
  assert.deepEqual(broken, []);
});

const stored = async (sid) => Number((await cluster.sql(`SELECT count(*) FROM tradepost_internal.whatsapp_messages WHERE message_sid = '${sid}'`))[0][0]);
const ordersOf = async (who = user) => Number((await cluster.sql(`SELECT count(*) FROM tradepost.orders WHERE account = ${who.user.account}`))[0][0]);

// A request of one's own making: what is sent and what was signed are given apart.
async function post(form, { to = proxy, path = WEBHOOK, url = twilio.publicUrl + path, signed = form, token = twilio.token, signature, raw = encode(form), headers = {} } = {}) {
  const mac = signature === undefined ? sign(token, url, signed) : signature;
  return to.request('POST', path, { raw, headers: { 'content-type': 'application/x-www-form-urlencoded', ...(mac !== null && { 'x-twilio-signature': mac }), ...headers } });
}

function isProblem(answer, status, code) {
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.headers['content-type'], /^application\/problem\+json/);
  assert.equal(answer.json.code, code);
}

async function refused(form, options, code = 'signature_wrong') {
  isProblem(await post(form, options), 403, code);
  if (form.MessageSid) assert.equal(await stored(form.MessageSid), 0, 'the database has not heard of it');
}

test('a request that the library signs is answered by TwiML', async () => {
  const form = phone.form('Help');
  const answer = await post(form);
  assert.equal(answer.status, 200, answer.text);
  assert.match(answer.headers['content-type'], /^text\/xml/);
  assert.equal(readTwiml(answer.text).length, 1);
  assert.equal(await stored(form.MessageSid), 1);
});

test('no field of it may be another', async () => {
  const form = phone.form('Help');
  for (const name of Object.keys(form)) await refused({ ...form, [name]: `${form[name]}1` }, { signed: form });
  for (const name of Object.keys(form)) {
    const { [name]: gone, ...rest } = form;
    // What is empty adds its name to what is signed.
    await refused(rest, { signed: form });
  }
  await refused({ ...form, Surprise: 'x' }, { signed: form });
  await refused({ ...form, Body: ' Help' }, { signed: form });
  await refused({ ...form, Body: 'Help ' }, { signed: form });
  await refused({ ...form, Body: ['Help', 'Orders'] }, { signed: form });
  await refused({ ...form, From: [form.From, 'whatsapp:+15550009999'] }, { signed: form });
});

test('nor the URL, the token or the header', async () => {
  const form = phone.form('Help');
  for (const url of [`https://trade.example.org${WEBHOOK}`, `http://trade.example.com${WEBHOOK}`, `https://trade.example.com/api${WEBHOOK}`, `https://trade.example.com${WEBHOOK}/`, `https://trade.example.com${WEBHOOK}?a=b`,
    `https://trade.example.com:8443${WEBHOOK}`, 'https://trade.example.com/']) await refused(form, { url });
  await refused(form, { path: `${WEBHOOK}?a=b`, url: twilio.publicUrl + WEBHOOK });
  await refused(form, { token: 'another' });
  await refused(form, { signature: null }, 'signature_missing');
  await refused(form, { signature: '' }, 'signature_missing');
  const right = sign(twilio.token, twilio.publicUrl + WEBHOOK, form);
  for (const signature of ['x', `${right}=`, right.slice(0, -1), right.toLowerCase(), ` ${right}x`, Buffer.from(right, 'base64').toString('hex')]) await refused(form, { signature });
  const sha256 = createHmac('sha256', twilio.token).update(twilio.publicUrl + WEBHOOK).digest('base64');
  await refused(form, { signature: sha256 });
  isProblem(await post(form, { headers: { 'x-twilio-signature': [right, right] } }), 400, 'malformed_request');
  assert.equal((await post(form)).status, 200, 'the right one is believed all the same');
});

test('order of fields, repeated ones, empty ones, letters of all the world', async () => {
  const form = phone.form('Help', { Zeta: '', 'ключ': 'значение', Emoji: '🌾 + % & =', Many: ['b', 'a', 'b', ''] });
  assert.equal((await post(form, { raw: encode(Object.fromEntries(Object.entries(form).reverse())) })).status, 200);
  const again = phone.form('Help', { Many: ['b', 'a', 'b', ''] });
  assert.equal((await post(again, { raw: encode({ ...again, Many: ['a', '', 'b'] }) })).status, 200, 'each value once, in any order');
  const blanks = phone.form('  Help\r\n');
  assert.equal((await post(blanks)).status, 200);
  assert.deepEqual(await cluster.sql(`SELECT body = E'  Help\\r\\n' FROM tradepost_internal.whatsapp_messages WHERE message_sid = '${blanks.MessageSid}'`), [['t']], 'nothing is trimmed');
});

test('the URL counts with its port and without', async () => {
  for (const url of [`https://trade.example.com:443${WEBHOOK}`, `https://trade.example.com${WEBHOOK}`]) assert.equal((await post(phone.form('Help'), { url })).status, 200, url);
  const ported = await Proxy.start(cluster, { ...twilio.env, PUBLIC_URL: 'https://trade.example.com:8443/exchange/' });
  try {
    for (const port of ['', ':8443']) {
      const url = `https://trade.example.com${port}/exchange${WEBHOOK}`;
      const form = phone.form('Help');
      assert.equal((await post(form, { to: ported, url })).status, 200, url);
      assert.equal(twilioLibrary.validateRequest(twilio.token, sign(twilio.token, url, form), `https://trade.example.com:8443/exchange${WEBHOOK}`, form), true, 'the library thinks so too');
    }
    await refused(phone.form('Help'), { to: ported, url: `https://trade.example.com:443/exchange${WEBHOOK}` });
  } finally {
    await ported.stop();
  }
});

test('JSON is believed by the hash of its body, and in no other way', async () => {
  const form = phone.form('Help');
  const raw = JSON.stringify(form);
  const path = (text) => `${WEBHOOK}?bodySHA256=${createHash('sha256').update(text).digest('hex')}`;
  const headers = { 'content-type': 'application/json' };
  const answer = await post(form, { path: path(raw), signed: {}, raw, headers });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(await stored(form.MessageSid), 1);
  const other = phone.form('Help');
  await refused(other, { path: path(raw), signed: {}, raw: JSON.stringify(other), headers });
  await refused(other, { path: WEBHOOK, signed: {}, raw: JSON.stringify(other), headers });
  await refused(other, { path: `${WEBHOOK}?bodySHA256=`, signed: {}, raw: JSON.stringify(other), headers });
  await refused(other, { path: WEBHOOK, raw: JSON.stringify(other), headers });
  // A form may come in the same way.
  const encoded = encode(other);
  assert.equal((await post(other, { path: path(encoded), signed: {} })).status, 200);
  await refused(phone.form('Help'), { path: path(encoded), signed: {} });
});

test('without PUBLIC_URL it is what a trusted proxy was asked for, or what we were', async () => {
  const trusting = await Proxy.start(cluster, { ...twilio.env, PUBLIC_URL: '', TRUSTED_PROXIES: '127.0.0.1' });
  const alone = await Proxy.start(cluster, { ...twilio.env, PUBLIC_URL: '' });
  const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'hook.example.net' };
  const url = `https://hook.example.net${WEBHOOK}`;
  const own = (it) => `http://${it.host}:${it.port}${WEBHOOK}`;
  try {
    assert.equal((await post(phone.form('Help'), { to: trusting, url, headers: forwarded })).status, 200);
    assert.equal((await post(phone.form('Help'), { to: trusting, url: `https://hook.example.net:443${WEBHOOK}`, headers: forwarded })).status, 200);
    assert.equal((await post(phone.form('Help'), { to: trusting, url, headers: { 'x-forwarded-proto': 'http, https', 'x-forwarded-host': 'evil.example, hook.example.net' } })).status, 200, 'the nearest proxy has the last word');
    await refused(phone.form('Help'), { to: trusting, url, headers: { ...forwarded, 'x-forwarded-host': 'hook.example.net, other.example' } });
    await refused(phone.form('Help'), { to: trusting, url: own(trusting), headers: forwarded });
    assert.equal((await post(phone.form('Help'), { to: trusting, url: own(trusting) })).status, 200);
    // Nobody has vouched for these headers: they say nothing.
    await refused(phone.form('Help'), { to: alone, url, headers: forwarded });
    assert.equal((await post(phone.form('Help'), { to: alone, url: own(alone), headers: forwarded })).status, 200);
    assert.equal((await post(phone.form('Help'), { to: alone, url, headers: { host: 'hook.example.net' } })).status, 403, 'not by TLS');
    assert.equal((await post(phone.form('Help'), { to: alone, url: `http://hook.example.net${WEBHOOK}`, headers: { host: 'hook.example.net' } })).status, 200);
  } finally {
    await trusting.stop();
    await alone.stop();
  }
  // With PUBLIC_URL no header says anything.
  assert.equal((await post(phone.form('Help'), { headers: { ...forwarded, host: 'x.example' } })).status, 200);
  await refused(phone.form('Help'), { url, headers: { ...forwarded, host: 'hook.example.net' } });
});

test('an account that is not ours, a sender that is nobody, a message without an id', async () => {
  await refused(phone.form('Help', { AccountSid: `AC${'0'.repeat(32)}` }), {}, 'account_mismatch');
  const { AccountSid, ...nobody } = phone.form('Help');
  await refused(nobody, {}, 'account_mismatch');
  for (const From of ['+15550003001', 'whatsapp:15550003001', 'whatsapp:+1', 'whatsapp:+15550003001 ', 'messenger:123456789', '']) isProblem(await post(phone.form('Help', { From })), 400, 'from_invalid');
  for (const MessageSid of ['', 'SM/../1', 'x'.repeat(65)]) isProblem(await post({ ...phone.form('Help'), MessageSid, SmsMessageSid: '' }), 400, 'message_sid_invalid');
});

test('bodies that cannot be are refused, and what is no text is cleaned', async () => {
  const form = phone.form('Help');
  for (const raw of ['Body=%zz', 'Body=%', `${'x=1&'.repeat(300)}`]) isProblem(await post(form, { raw }), 400, 'form_malformed');
  isProblem(await post(form, { raw: '' }), 400, 'body_missing');
  isProblem(await post(form, { headers: { 'content-type': 'text/plain' } }), 415, 'media_type');
  isProblem(await post(form, { raw: `Body=${'x'.repeat(70_000)}` }), 413, 'body_too_large');
  // Signed over the bytes as they are.
  const sid = newSid();
  const fields = [['AccountSid', twilio.account], ['Body', '\xff\x00\xed\xa0\x80 Help'], ['From', `whatsapp:${phone.number}`], ['MessageSid', sid]];
  const signature = createHmac('sha1', twilio.token).update(twilio.publicUrl + WEBHOOK).update(Buffer.from(fields.flat().join(''), 'latin1')).digest('base64');
  const answer = await post({}, { raw: `AccountSid=${twilio.account}&Body=%ff%00%ed%a0%80+Help&From=whatsapp%3A%2B${phone.number.slice(1)}&MessageSid=${sid}`, signature });
  assert.equal(answer.status, 200, answer.text);
  readTwiml(answer.text);
  assert.deepEqual(await cluster.sql(`SELECT body FROM tradepost_internal.whatsapp_messages WHERE message_sid = '${sid}'`), [['\ufffd\ufffd\ufffd\ufffd\ufffd Help']]);
});

test('what a message says cannot become TwiML', async () => {
  for (const body of ['</Message></Response><Redirect>https://evil.example</Redirect>', '<![CDATA[', '&amp;&#0;', '\u0001\u001b[31m', 'a'.repeat(4000), '🌾'.repeat(2000), 'Buy 5 Dec25 <b>Wheat</b> at 150']) {
    const answer = await phone.send(body);
    assert.equal(answer.status, 200, answer.text);
    for (const reply of answer.replies) assert.ok(reply.length <= 1600);
  }
  assert.equal(await ordersOf(), 0);
});

test('a message is done once: again, at once, by another proxy', async () => {
  const before_ = await ordersOf();
  const other = await Proxy.start(cluster, { ...twilio.env });
  try {
    const form = phone.form('Buy 3 Dec25 Wheat at 149');
    const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => post(form, { to: i % 2 ? other : proxy })));
    for (const answer of answers) assert.equal(answer.status, 200, answer.text);
    assert.equal(await ordersOf(), before_ + 1);
    const later = await post(form, { to: other });
    assert.deepEqual(readTwiml(later.text), readTwiml(answers[0].text), 'the stored reply');
    // The same id with other words is the same message.
    assert.equal((await post({ ...form, Body: 'Buy 4 Dec25 Wheat at 149' })).text, later.text);
    assert.equal(await ordersOf(), before_ + 1);
    assert.equal(await stored(form.MessageSid), 1);
    const [[client]] = await cluster.sql(`SELECT client_order_id FROM tradepost.orders WHERE account = ${user.user.account} ORDER BY id DESC LIMIT 1`);
    assert.equal(client, `wa-${form.MessageSid}`);
  } finally {
    await other.stop();
  }
});

test('a database that goes away and comes back leaves the answer as it would have been', async () => {
  const before_ = await ordersOf();
  const form = phone.form('Buy 2 Dec25 Wheat at 148');
  await cluster.kill();
  const asked = post(form);
  await cluster.up();
  let answer = await asked;
  // However slow the machine was: then Twilio asks again.
  for (; answer.status === 503; answer = await post(form)) isProblem(answer, 503, answer.json.code);
  assert.equal(answer.status, 200, answer.text);
  await until(async () => (await post(form)).status === 200, 'the stored reply');
  assert.equal(await ordersOf(), before_ + 1);
});

test('with no database there is a 503, in time for Twilio to ask elsewhere', async () => {
  const nowhere = await Proxy.start(cluster, { ...twilio.env });
  const form = phone.form('Help');
  try {
    await cluster.stop();
    const from = performance.now();
    const answer = await post(form, { to: nowhere });
    const took = performance.now() - from;
    isProblem(answer, 503, 'database_unavailable');
    assert.ok(took >= 5_000, `it was tried for a while: ${took} ms`);
  } finally {
    await cluster.up();
    await nowhere.stop();
  }
  await until(async () => (await post(form)).status === 200, 'the database is back');
});

test('GET is verified by the token', async () => {
  const get = (fields, to = proxy) => to.get(`${WEBHOOK}?${new URLSearchParams(fields)}`);
  const right = { 'hub.mode': 'subscribe', 'hub.verify_token': VERIFY, 'hub.challenge': '1158201444' };
  const answer = await get(right);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.text, '1158201444');
  assert.match(answer.headers['content-type'], /^text\/plain/);
  assert.equal((await get({ ...right, 'hub.challenge': '<b>é</b>' })).text, '<b>é</b>');
  assert.equal(answer.headers['x-content-type-options'], 'nosniff');
  for (const wrong of [{ 'hub.verify_token': 'x' }, { 'hub.verify_token': `${VERIFY} ` }, { 'hub.verify_token': '' }, { 'hub.mode': 'unsubscribe' }]) isProblem(await get({ ...right, ...wrong }), 403, 'verify_token_wrong');
  isProblem(await proxy.get(WEBHOOK), 403, 'verify_token_wrong');
  for (const challenge of ['', 'x'.repeat(257)]) isProblem(await get({ ...right, 'hub.challenge': challenge }), 400, 'challenge_invalid');
});

test('without an account at Twilio the webhook is shut', async () => {
  const bare = await Proxy.start(cluster, {});
  try {
    isProblem(await post(phone.form('Help'), { to: bare }), 503, 'not_configured');
    isProblem(await bare.get(`${WEBHOOK}?hub.mode=subscribe&hub.verify_token=&hub.challenge=1`), 503, 'not_configured');
    assert.equal((await bare.request('PUT', WEBHOOK)).status, 405);
  } finally {
    await bare.stop();
  }
});

test('a phone has its limit; who signs wrongly has another, and does not use up anybody\'s', async () => {
  const limited = await Proxy.start(cluster, { ...twilio.env, RATE_LIMIT: 'on', RATE_LIMIT_WEBHOOKS: '5/3600', TRUSTED_PROXIES: '127.0.0.1' }, ['--workers', '2']);
  const from = (ip) => ({ 'x-forwarded-for': ip });
  try {
    const [one, other] = [twilio.phone('+15550003101'), twilio.phone('+15550003102')];
    // All of it comes from Twilio's address.
    const send = (who) => post(who.form('Help'), { to: limited, headers: from('198.51.100.1') });
    const wrong = (ip) => post(one.form('Help'), { to: limited, token: 'another', headers: from(ip) });
    for (let i = 0; i < 5; i++) isProblem(await wrong('198.51.100.1'), 403, 'signature_wrong');
    const shut = await wrong('198.51.100.1');
    isProblem(shut, 429, 'rate_limited');
    assert.ok(Number(shut.headers['retry-after']) > 0);
    isProblem(await wrong('198.51.100.2'), 403, 'signature_wrong');
    for (let i = 0; i < 5; i++) assert.equal((await send(one)).status, 200);
    isProblem(await send(one), 429, 'rate_limited');
    assert.equal((await send(other)).status, 200, 'the other phone has its own');
    // Not even a blocked address: anybody can have Twilio's servers call here with another account's signature.
    let last;
    for (let i = 0; i < 2000 && last !== 'address_blocked'; i++) last = (await wrong('198.51.100.1')).json.code === 'rate_limited' ? (await limited.get('/api/v1/instruments', { headers: from('198.51.100.1') })).json?.code : last;
    assert.equal(last, 'address_blocked');
    assert.equal((await send(other)).status, 200, 'who signs rightly is heard');
  } finally {
    await limited.stop();
  }
});

test('the token can be changed while it runs', async () => {
  const fs = await import('node:fs');
  const file = `${twilio.dir}/proxy.env`;
  const { TWILIO_AUTH_TOKEN, ...rest } = twilio.env;
  fs.writeFileSync(file, `TWILIO_AUTH_TOKEN=${TWILIO_AUTH_TOKEN}\n`);
  const reloading = await Proxy.start(cluster, { ...rest, TRADEPOST_CONFIG: file });
  try {
    assert.equal((await post(phone.form('Help'), { to: reloading })).status, 200);
    fs.writeFileSync(file, 'TWILIO_AUTH_TOKEN=1234567890abcdef1234567890abcdef\n');
    reloading.child.kill('SIGHUP');
    await until(async () => (await post(phone.form('Help'), { to: reloading, token: '1234567890abcdef1234567890abcdef' })).status === 200, 'the new token holds');
    await refused(phone.form('Help'), { to: reloading });
  } finally {
    await reloading.stop();
  }
});

test('secrets and what people write are in no log', async () => {
  await phone.send('my secret words 4711');
  await sleep(50);
  for (const secret of [twilio.token, VERIFY, 'secret words 4711']) assert.ok(!proxy.log.includes(secret));
});
