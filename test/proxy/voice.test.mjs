// Voice notes from the webhook to the answer: fetched from Twilio's stand-in, heard by pocketsphinx or by a stand-in of a transcription service,
// answered by a message, and never executed without a word in writing.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import { Cluster } from './lib/cluster.mjs';
import { codes, firstTrades, openMarkets } from './lib/conversation.mjs';
import { until } from './lib/platform.mjs';
import { Proxy, newUser } from './lib/proxy.mjs';
import { Twilio } from './lib/twilio_standin.mjs';
import { Transcriber, canSpeak, note, sound } from './lib/voice.mjs';

const skip = canSpeak ? false : 'espeak-ng, flite, sox and opus-tools are needed';
let cluster;
let twilio;
let service;
let proxy;
let number = 0;
before(async () => {
  cluster = await Cluster.start();
  await openMarkets(cluster);
  twilio = await Twilio.start();
  service = await Transcriber.start();
  await restart(service.env);
  await firstTrades(proxy);
});
after(async () => {
  await twilio?.settled();
  const broken = await cluster?.invariants();
  await proxy?.stop();
  service?.end();
  await twilio?.end();
  await cluster?.end();
  assert.deepEqual(broken, []);
});

async function restart(env) {
  await proxy?.stop();
  proxy = await Proxy.start(cluster, { ...twilio.env, ...env, SPEECH_MAX_SECONDS: 10, SPEECH_MAX_BYTES: 200000, SPEECH_TIMEOUT: 20, RATE_LIMIT: 'off' });
  twilio.proxy = proxy;
}
// How a phone is linked is another test's matter.
async function user(language) {
  const phone = twilio.phone(`+155500002${String(++number).padStart(2, '0')}`);
  const who = await newUser(proxy);
  await cluster.sql(`INSERT INTO tradepost_internal.phone_links (tenant, phone, user_id, language) VALUES (1, '${phone.number}', '${who.user.id}', '${language}')`);
  return Object.assign(who, { phone });
}
const orders = async (who) => Number((await cluster.sql(`SELECT count(*) FROM tradepost.orders WHERE account = ${who.user.account}`))[0][0]);
const state = async (sid) => (await cluster.sql(`SELECT voice_state, attempts, coalesce(fault, '') FROM tradepost_internal.whatsapp_messages WHERE message_sid = '${sid}'`))[0];

// Sends a note: there is no answer at once, and later one message.
async function speak(who, bytes, options) {
  const answer = await who.phone.speak(bytes, options);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.reply, null, 'nothing is said before it is heard');
  const message = await who.phone.heard(() => true, 60_000);
  return { sid: answer.sid, body: message.body };
}

for (const [language, said, bought] of [['es', 'Compra 100 Dic25 Trigo a 150.', 'Trigo'], ['pt', 'Compre 100 Dez25 Trigo a 150.', 'Trigo'], ['en', 'Buy 100 Dec25 Wheat at 150.', 'Wheat']]) {
  test(`${language}: a transcription service hears an order, which is placed once it is confirmed in writing`, { skip }, async () => {
    const me = await user(language);
    const from = twilio.requests.length;
    service.answers.push(said);
    const { sid, body } = await speak(me, note(`some words in ${language}`));
    assert.ok(body.includes(said), `what was heard is shown: ${body}`);
    const [code] = codes(body);
    assert.ok(code, `it asks: ${body}`);
    assert.equal(await orders(me), 0, 'nothing was placed');
    assert.equal((await state(sid))[0], 'done');
    const { path, headers, fields } = service.requests.at(-1);
    assert.equal(path, '/v1/audio/transcriptions');
    assert.equal(headers.authorization, `Bearer ${service.key}`);
    assert.equal(fields.language, language);
    assert.equal(fields.model, 'stand-in-1');
    assert.match(fields.prompt, /Wheat/);
    const media = twilio.requests.slice(from).filter((r) => r.store || r.path.includes('/Media/'));
    assert.deepEqual(media.map((r) => [r.store, Boolean(r.headers.authorization), r.answered]), [[false, true, 307], [true, false, 200]], 'the token goes to the first host alone');
    const answer = await me.phone.send(`${{ es: 'Sí', pt: 'SIM', en: 'YES' }[language]} ${code}`);
    assert.ok(answer.reply.length > 0);
    assert.equal(await orders(me), 1, `${bought}: placed: ${answer.reply}`);
    // Again by Twilio: nothing new is heard or said.
    const heard = service.requests.length;
    assert.equal((await me.phone.again(sid)).reply, null);
    assert.equal(service.requests.length, heard);
  });
}

test('what is spoken confirms nothing, stops nothing and cancels nothing', { skip }, async () => {
  const me = await user('en');
  const asked = await me.phone.send('Buy 5 Dec25 Wheat at market');
  const [code] = codes(asked.reply);
  assert.ok(code, asked.reply);
  for (const said of [`yes ${code}`, 'yes', 'stop', 'cancel all']) {
    service.answers.push(said);
    const { body } = await speak(me, note(`saying ${said}`));
    assert.ok(body.length > 0);
    assert.equal(await orders(me), 0, `${said}: ${body}`);
  }
  const [opted] = await cluster.sql(`SELECT count(*) FROM tradepost_internal.phone_links WHERE user_id = '${me.user.id}' AND opted_out_at IS NULL`);
  assert.equal(opted[0], '1');
});

test('a note from elsewhere, too large, too long or no note at all is answered in words, and costs no transcription', { skip }, async () => {
  const me = await user('en');
  const before = service.requests.length;
  const port = new URL(twilio.media(Buffer.from(''))).port;
  const elsewhere = [
    [note('a note'), { url: `https://127.0.0.3:${port}/note.ogg` }],
    [note('a note'), { media: { to: `https://127.0.0.3:${port}/note.ogg` } }],
    [note('a note'), { media: { to: `http://127.0.0.2:${port}/note.ogg` } }],
  ];
  const from = twilio.requests.length;
  for (const [bytes, options] of elsewhere) {
    const { sid, body } = await speak(me, bytes, options);
    assert.deepEqual((await state(sid)).slice(0, 1), ['failed'], body);
  }
  assert.ok(twilio.requests.slice(from).filter((r) => !r.store && !r.path.includes('/Media/')).every((r) => r.headers.host !== `127.0.0.3:${port}`), 'nobody asked there');
  const others = [
    [Buffer.alloc(200_001, 1), /too long/],
    [sound(['sine', '300'], 12), /too long/],
    [Buffer.from('ID3 this is no Ogg'), /no voice note/],
    [note('cut off').subarray(0, 3000), /no voice note/],
    [Buffer.from(note('one byte').map((byte, at) => (at === 2500 ? byte ^ 1 : byte))), /no voice note/],
  ];
  for (const [bytes, words] of others) {
    const { sid, body } = await speak(me, bytes);
    assert.match(body, words);
    assert.equal((await state(sid))[0], 'failed');
  }
  assert.equal(service.requests.length, before);
});

test('a service that fails is asked three times in all; then the user is told', { skip }, async () => {
  const me = await user('en');
  const before = service.requests.length;
  service.answers.push({ status: 500 }, { status: 503 }, { status: 500 });
  const { sid, body } = await speak(me, note('nobody hears this'));
  assert.match(body, /could not be understood/);
  assert.equal(service.requests.length, before + 3);
  assert.deepEqual((await state(sid)).slice(0, 2), ['failed', '3']);
  service.answers.push({ status: 500 }, 'orders');
  assert.match((await speak(me, note('this is heard at last'))).body, /orders/);
});

// The process that hears, of this proxy's first worker.
function hearers() {
  const of = (pid) => fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop().split(' ');
  const all = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const childOf = (parent) => all.filter((pid) => { try { return of(pid)[1] === String(parent); } catch { return false; } });
  return proxy.workers.flatMap(childOf).filter((pid) => { try { return fs.readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('tradepost-speec'); } catch { return false; } });
}

test('the process is killed in the middle of a note: another hears the note, and it is answered once', { skip }, async () => {
  const me = await user('en');
  const before = service.requests.length;
  service.answers.push({ hang: true }, 'Buy 7 Dec25 Wheat at 150');
  const answer = await me.phone.speak(note('the process is killed'));
  await until(() => service.requests.length === before + 1, 'the note is being heard');
  const [first] = hearers();
  assert.ok(first, 'it runs');
  assert.ok(!fs.readFileSync(`/proc/${first}/cmdline`, 'utf8').includes(service.key), 'its arguments hold no key');
  process.kill(Number(first), 'SIGKILL');
  const { body } = await me.phone.heard(() => true, 60_000);
  assert.match(body, /Buy 7 Dec25 Wheat at 150/);
  assert.equal(service.requests.length, before + 2);
  assert.deepEqual(await state(answer.sid), ['done', '2', '']);
  assert.notEqual(hearers()[0], first);
  assert.equal(await orders(me), 0);
});

test('each life of the process ends in the note: three times, then the user is told', { skip }, async () => {
  const me = await user('en');
  service.answers.push({ hang: true }, { hang: true }, { hang: true });
  const answer = await me.phone.speak(note('whoever hears this dies'));
  for (let n = service.requests.length, i = 1; i <= 3; i++) {
    await until(() => service.requests.length >= n + i || service.answers.length === 3 - i, `try ${i}`);
    process.kill(Number(hearers()[0]), 'SIGKILL');
  }
  assert.match((await me.phone.heard(() => true, 60_000)).body, /could not be understood/);
  assert.deepEqual((await state(answer.sid)).slice(0, 2), ['failed', '3']);
});

test('pocketsphinx hears English orders; noise and talk are not understood; Spanish is not its language', { skip }, async (t) => {
  await restart({ SPEECH_PROVIDER: 'pocketsphinx' });
  await until(async () => (await proxy.get('/health/detailed')).text.includes('"engine"'), 'it answers');
  const detailed = (await proxy.get('/health/detailed')).json;
  await until(async () => !(await proxy.get('/health/detailed')).json.missing.some((m) => m.part === 'voice') || !fs.existsSync('/usr/share/pocketsphinx'), 'it is ready');
  if ((await proxy.get('/health/detailed')).json.missing.some((m) => m.part === 'voice')) { t.skip('built without pocketsphinx'); return; }
  assert.ok(detailed);
  const me = await user('en');
  const { body } = await speak(me, note('buy one hundred december twenty five wheat at one hundred fifty'));
  assert.match(body, /buy one hundred Dec25 Wheat at one hundred fifty/);
  const [code] = codes(body);
  assert.ok(code, body);
  assert.equal(await orders(me), 0);
  await me.phone.send(`YES ${code}`);
  assert.equal(await orders(me), 1);
  const [line] = await cluster.sql(`SELECT symbol, side, quantity, price FROM tradepost.orders WHERE account = ${me.user.account}`);
  assert.deepEqual(line, ['Dec25-Wheat', 'buy', '100', '150']);
  for (const bytes of [sound(['pinknoise', 'vol', '0.3']), note('the weather is rather nice today and I will go to the beach with my sister'), note('yes four eight two one'), note('cancel all of my orders')]) {
    const told = await speak(me, bytes);
    assert.equal(codes(told.body).length, 0, told.body);
    assert.equal((await state(told.sid))[0], 'failed', told.body);
  }
  assert.match((await speak(await user('es'), note('compra cien'))).body, /solo se entienden en inglés/);
});
