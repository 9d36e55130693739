// Messages to phones: each leaves once, to one phone in order, whatever Twilio, the network and the proxies do meanwhile.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Cluster } from './lib/cluster.mjs';
import { openMarkets } from './lib/conversation.mjs';
import { until } from './lib/platform.mjs';
import { Proxy, newUser, sleep } from './lib/proxy.mjs';
import { STATUS, Twilio } from './lib/twilio_standin.mjs';

let cluster;
let twilio;
let proxy;
let people = 0;

const start = (env = {}, args = []) => Proxy.start(cluster, { ...twilio.env, TWILIO_TIMEOUT: '2', ...env }, args);

before(async () => {
  cluster = await Cluster.start();
  await openMarkets(cluster);
  twilio = await Twilio.start();
  proxy = await start();
  twilio.proxy = proxy;
});
after(async () => {
  await twilio?.settled();
  const broken = await cluster?.invariants();
  await proxy?.stop();
  await twilio?.end();
  await cluster?.end();
  assert.deepEqual(broken, []);
});

// Somebody with a linked phone, which has written this many hours ago.
async function person({ hours = 0, language = 'en' } = {}) {
  const user = await newUser(proxy);
  const phone = twilio.phone(`+1555${String(1000000 + people++)}`);
  await cluster.sql(`INSERT INTO tradepost_internal.phone_links (tenant, phone, user_id, language, last_inbound_at)
    VALUES (1, '${phone.number}', ${user.user.id}, '${language}', now() - interval '${hours} hours')`);
  return { user, phone, id: user.user.id };
}

// Puts messages into the outbox, all in one transaction; their numbers.
async function queue(who, bodies, kind = 'reply') {
  const rows = await cluster.sql(`SELECT tradepost_internal.queue_whatsapp(${who.id}, '${who.phone.number}', '${kind}', b) FROM unnest(ARRAY[${bodies.map((b) => `'${b}'`)}]) WITH ORDINALITY x (b, n) ORDER BY n`);
  return rows.map(([id]) => id);
}
const row = async (id) => {
  const [[status, sid, attempts, code, error, earlier, template]] = await cluster.sql(`SELECT status, provider_sid, attempts, error_code, error, cardinality(earlier_sids), template FROM tradepost_internal.whatsapp_outbox WHERE id = ${id}`);
  return { status, sid, attempts: Number(attempts), code: code && Number(code), error, earlier: Number(earlier ?? 0), template: template === 't' };
};
const became = (id, ...statuses) => until(async () => { const found = await row(id); return statuses.includes(found.status) && found; }, `message ${id} is ${statuses}`, 60_000);
const bodies = (who) => twilio.to(who.phone.number).map((m) => m.body);
const posts = (who) => twilio.requests.filter((r) => r.method === 'POST' && new URLSearchParams(r.body).get('To') === `whatsapp:${who.phone.number}`);
const lists = (who) => twilio.requests.filter((r) => r.method === 'GET' && r.query.get('To') === `whatsapp:${who.phone.number}`);
// What waits for a while need not, unless somebody is at it.
const soon = (id) => cluster.sql(`UPDATE tradepost_internal.whatsapp_outbox SET next_at = '-infinity', sure_at = least(sure_at, now()) WHERE id = ${id} AND leased_until IS NULL`);
const taken = (id) => became(id, 'sent', 'delivered');
const resume = () => cluster.sql("UPDATE tradepost_internal.whatsapp_sender SET paused_until = '-infinity', pauses = 0");
const figure = async (which, from = proxy) => Number(new RegExp(`^tradepost_proxy_whatsapp_${which} (\\d+)`, 'm').exec((await from.get('/metrics')).text)[1]);

test('a message leaves as Twilio wants it, and its callbacks say what became of it', async () => {
  const ada = await person();
  twilio.callbacks.statuses = ['sent', 'delivered', 'read'];
  const [id] = await queue(ada, ['Bought 5 Wheat @ 150 & más: 50 % ✓']);
  const heard = await ada.phone.heard();
  assert.equal(heard.body, 'Bought 5 Wheat @ 150 & más: 50 % ✓');
  assert.equal(heard.from, `whatsapp:${twilio.number}`);
  assert.equal(heard.callback, `${twilio.publicUrl}${STATUS}?outbox=${id}`);
  const read = await became(id, 'read');
  assert.equal(read.sid, heard.sid);
  assert.equal(read.attempts, 1);
  assert.deepEqual(heard.callbacks.map((c) => c.answered), [204, 204, 204]);
  twilio.callbacks.statuses = ['sent', 'delivered'];
  assert.ok(await figure('sent_total') >= 1 && await figure('statuses_total') >= 3);
});

test('each of many leaves when it is there, not when a timer comes', async () => {
  const ada = await person();
  const took = [];
  for (let n = 0; n < 20; n++) {
    const at = Date.now();
    await queue(ada, [`n${n}`]);
    took.push((await ada.phone.heard((m) => m.body === `n${n}`)).at - at);
  }
  // A sender that only looked once a second would need half of that for the median; asking for it costs some as well.
  console.log(`# from the statement to Twilio: ${took.sort((a, b) => a - b)[10]} ms, median of 20`);
});

test('a thousand messages to fifty phones, each once, to each phone in order', async () => {
  const all = await Promise.all(Array.from({ length: 50 }, () => person()));
  await cluster.sql(`SELECT count(tradepost_internal.queue_whatsapp(l.user_id, l.phone, 'reply', 'no ' || n)) FROM
    (SELECT l.*, n FROM generate_series(1, 20) n, tradepost_internal.phone_links l WHERE l.user_id = ANY (ARRAY[${all.map((a) => a.id)}]) ORDER BY n, l.user_id) l`);
  await until(() => all.every((who) => bodies(who).length >= 20), 'all are there', 120_000);
  for (const who of all) assert.deepEqual(bodies(who), Array.from({ length: 20 }, (_, n) => `no ${n + 1}`));
  await twilio.settled();
  assert.deepEqual(await cluster.sql(`SELECT DISTINCT status, attempts FROM tradepost_internal.whatsapp_outbox WHERE user_id = ANY (ARRAY[${all.map((a) => a.id)}])`), [['delivered', '1']]);
});

test('while one phone hangs others go on, and its own next message waits', async () => {
  const slow = await start({ TWILIO_TIMEOUT: '60' });
  await proxy.stop();
  proxy = slow;
  twilio.proxy = proxy;
  const [ada, bob] = [await person(), await person()];
  twilio.fault({ accept: true, hang: true });
  const [first, second] = await queue(ada, ['one', 'two']);
  await ada.phone.heard((m) => m.body === 'one');
  await queue(bob, ['three']);
  await bob.phone.heard();
  // Its callbacks settle it, although nobody has answered the request.
  await became(first, 'delivered');
  await became(second, 'delivered');
  assert.equal(posts(ada)[0].answered, null);
  assert.deepEqual(bodies(ada), ['one', 'two']);
});

test('without callbacks nothing follows what is not known', async () => {
  const [ada, bob] = [await person(), await person()];
  twilio.callbacks.off = true;
  twilio.fault({ accept: true, hang: true });
  const [first, second] = await queue(ada, ['one', 'two']);
  await ada.phone.heard((m) => m.body === 'one');
  await queue(bob, ['three']);
  await bob.phone.heard();
  assert.equal((await row(first)).status, 'sending');
  assert.equal((await row(second)).status, 'queued');
  // The proxy is killed between the request and its note. Another finds the message in Twilio's list.
  await proxy.kill();
  await cluster.sql(`UPDATE tradepost_internal.whatsapp_outbox SET leased_until = now() WHERE id = ${first}`);
  proxy = await start();
  twilio.proxy = proxy;
  await taken(first);
  await taken(second);
  assert.deepEqual(bodies(ada), ['one', 'two']);
  assert.equal(posts(ada).length, 2);
  assert.ok(lists(ada).length >= 1);
  twilio.callbacks.off = false;
});

test('silence after Twilio has taken it: looked up, not sent again', async () => {
  const ada = await person();
  // Of the same words, sent and known: not the one that is looked for.
  const [known] = await queue(ada, ['same']);
  await taken(known);
  twilio.callbacks.off = true;
  twilio.fault({ accept: true, hang: true });
  const [id] = await queue(ada, ['same']);
  const found = await taken(id);
  twilio.callbacks.off = false;
  assert.deepEqual(bodies(ada), ['same', 'same']);
  assert.equal(posts(ada).length, 2);
  assert.notEqual(found.sid, (await row(known)).sid);
  assert.ok(await figure('unknown_total') >= 1);
});

test('a list that comes late is asked again; one without the message lets it be sent again', async () => {
  const ada = await person();
  twilio.callbacks.off = true;
  twilio.lag = 4000;
  twilio.fault({ accept: true, cut: true });
  const [late] = await queue(ada, ['late']);
  await taken(late);
  twilio.lag = 0;
  assert.equal(posts(ada).length, 1);
  assert.ok(lists(ada).length >= 2);
  twilio.fault({ cut: true });
  const [lost] = await queue(ada, ['lost']);
  await until(() => posts(ada).length === 2 && lists(ada).length >= 3);
  assert.equal((await row(lost)).status, 'sending');
  await until(async () => { await soon(lost); return (await row(lost)).sid; });
  assert.equal((await row(lost)).attempts, 2);
  twilio.callbacks.off = false;
  assert.deepEqual(bodies(ada), ['late', 'lost']);
});

test('the list is read page by page', async () => {
  const ada = await person();
  twilio.callbacks.off = true;
  const many = Array.from({ length: 120 }, (_, n) => `page ${n}`);
  twilio.fault({ accept: true, cut: true, when: (m) => m.body === 'page 0' });
  // Lost at first; while it is looked up, others come to the phone's list from elsewhere.
  twilio.fault({ on: 'list', raw: 'gone', status: 500, when: (r) => r.query.get('To') === `whatsapp:${ada.phone.number}` });
  const [id] = await queue(ada, many.slice(0, 1));
  await ada.phone.heard();
  for (const body of many.slice(1)) twilio.messages.push({ sid: `SM${body.length.toString(16).padStart(2, '0')}${body.slice(5).padStart(30, '0')}`, at: Date.now(), to: `whatsapp:${ada.phone.number}`, from: `whatsapp:${twilio.number}`, body, status: 'sent', callbacks: [] });
  await taken(id);
  twilio.callbacks.off = false;
  assert.equal(posts(ada).length, 1);
  assert.ok(lists(ada).some((r) => r.query.get('Page') === '1'), 'the second page');
  twilio.messages = twilio.messages.filter((m) => m.life);
});

test("Twilio's own failures are looked up first, and tried again", async () => {
  const ada = await person();
  twilio.callbacks.off = true;
  twilio.fault({ status: 500 });
  const [refused] = await queue(ada, ['again']);
  await until(async () => { await soon(refused); return posts(ada).length === 2; });
  const done = await taken(refused);
  assert.equal(done.attempts, 2);
  assert.ok(lists(ada).length >= 1 && lists(ada)[0].at < posts(ada)[1].at, 'looked up before');
  twilio.fault({ accept: true, raw: '<html>Bad gateway</html>', status: 502 });
  const [bad] = await queue(ada, ['taken']);
  await until(async () => { await soon(bad); return (await row(bad)).sid; });
  twilio.callbacks.off = false;
  assert.deepEqual(bodies(ada), ['again', 'taken']);
  assert.equal(posts(ada).length, 3);
});

test('answers without sense, of every kind, do no harm', async () => {
  const ada = await person();
  twilio.callbacks.off = true;
  const [known] = await queue(ada, ['known']);
  const { sid } = await taken(known);
  for (const raw of ['', '{', '[]', 'null', '{"sid": 7}', '{"sid": "SM1"}', `{"sid": "${sid}"}`, '['.repeat(30_000), `{"sid": "${'SM'.padEnd(34, '0')}", "x": "${'x'.repeat(70_000)}"}`, '{"sid":"SM\\u0000"}',
    '{"code": 1e99, "message": {}}', '\xff\xfe']) {
    twilio.fault({ accept: true, raw });
    const body = `raw ${raw.length} ${raw.charCodeAt(0)}`;
    const [id] = await queue(ada, [body]);
    await ada.phone.heard((m) => m.body === body);
    await until(async () => { await soon(id); return (await row(id)).sid; }, `${raw.slice(0, 20)} is looked up`);
    assert.equal((await row(id)).sid, twilio.to(ada.phone.number).at(-1).sid);
  }
  for (const raw of ['{}', '{"messages": 7}', '{"messages": [], "next_page_uri": "https://elsewhere.example/"}', '{"messages": [], "next_page_uri": "/2010-04-01/Accounts/AC/Messages.json?"}', '{"messages": [], "next_page_uri": 7}',
    `{"messages": [{"sid": "${sid}", "body": "hidden", "date_created": "${new Date().toUTCString()}", "status": "sent"}, 7, null, {"sid": null}], "next_page_uri": "//x"}`]) {
    twilio.fault({ on: 'list', raw });
    twilio.fault({ accept: true, cut: true });
    const body = `list ${raw.length} of ${raw.slice(-5, -2)}`.replaceAll("'", '');
    const [id] = await queue(ada, [body]);
    await until(() => twilio.faults.length === 0);
    await until(async () => { await soon(id); return (await row(id)).sid; }, `${raw} is asked again`);
  }
  twilio.callbacks.off = false;
  assert.equal(posts(ada).length, bodies(ada).length);
  assert.equal(new Set(bodies(ada)).size, bodies(ada).length);
});

test('429: all wait as long as Twilio wants, and the message comes once', async () => {
  const [ada, bob] = [await person(), await person()];
  twilio.fault({ status: 429, code: 20429, message: 'Too Many Requests', headers: { 'retry-after': '2' } });
  const [id] = await queue(ada, ['patience']);
  await until(() => posts(ada).length === 1);
  await queue(bob, ['also']);
  await taken(id);
  await bob.phone.heard();
  assert.equal(posts(ada).length, 2);
  for (const later of [posts(ada)[1], posts(bob)[0]]) assert.ok(later.at - posts(ada)[0].at >= 1900, `after ${later.at - posts(ada)[0].at} ms`);
  assert.deepEqual(bodies(ada), ['patience']);
});

test('63018: the phone waits, and others do not; by an answer and by a callback', async () => {
  const [ada, bob, eve] = [await person(), await person(), await person()];
  twilio.fault({ status: 429, code: 63018, message: 'Rate limit exceeded for Channel' });
  const [answered, next] = await queue(ada, ['one', 'two']);
  await until(() => posts(ada).length === 1);
  await queue(bob, ['three']);
  await bob.phone.heard();
  assert.deepEqual(bodies(ada), []);
  await became(answered, 'delivered');
  await became(next, 'delivered');
  assert.deepEqual(bodies(ada), ['one', 'two']);
  twilio.fault({ outcome: [['sent'], ['failed', 63018]] });
  const [called] = await queue(eve, ['four']);
  const done = await became(called, 'delivered');
  assert.deepEqual(bodies(eve), ['four', 'four']);
  assert.equal(done.earlier, 1);
  assert.equal(done.sid, twilio.to(eve.phone.number)[1].sid);
});

test("63038: the day's limit lets all wait, and says so", async () => {
  const [ada, bob] = [await person(), await person()];
  twilio.fault({ outcome: [['failed', 63038]] });
  const [id] = await queue(ada, ['tomorrow']);
  await until(async () => (await row(id)).code === 63038);
  await queue(bob, ['also']);
  await until(async () => (await figure('paused')) === 1);
  assert.ok((await proxy.get('/health/detailed')).json.missing.some((m) => m.part === 'whatsapp'));
  assert.deepEqual(await cluster.sql("SELECT paused_until > now() + interval '30 seconds' FROM tradepost_internal.whatsapp_sender"), [['t']]);
  assert.deepEqual(bodies(bob), []);
  await resume();
  await became(id, 'delivered');
  await bob.phone.heard();
  await until(async () => (await figure('paused')) === 0);
});

test('outside the 24 hours: a template in the language, or nothing, which can be seen', async () => {
  const late = await person({ hours: 25 });
  const [dropped] = await queue(late, ['too late'], 'security');
  const { error } = await became(dropped, 'dropped');
  assert.match(error, /24 hours.*no template/);
  // Ours is open, Twilio's is not.
  const closed = await person();
  twilio.closeWindow(closed.phone.number);
  const [refused] = await queue(closed, ['closed']);
  const gone = await became(refused, 'dropped');
  assert.equal(gone.code, 63016);

  await proxy.stop();
  proxy = await start(twilio.templateEnv);
  twilio.proxy = proxy;
  const ana = await person({ hours: 25, language: 'es' });
  const [lines] = await queue(ana, ['```Compra 5\n  Dec25 Wheat```\n\na "150"'], 'security');
  await became(lines, 'delivered');
  const [sent] = twilio.to(ana.phone.number);
  assert.equal(sent.contentSid, twilio.template('es'));
  assert.deepEqual(sent.variables, { 1: 'Compra 5 | Dec25 Wheat | a "150"' });
  assert.equal(posts(ana).length, 1);
  const bia = await person({ language: 'pt' });
  twilio.closeWindow(bia.phone.number);
  const [again] = await queue(bia, ['fechado']);
  const done = await became(again, 'delivered');
  assert.equal(done.template, true);
  assert.deepEqual(twilio.to(bia.phone.number).map((m) => m.contentSid), [null, twilio.template('pt')]);
  // One that was lost is found by the words that are in it.
  twilio.callbacks.off = true;
  twilio.fault({ accept: true, cut: true });
  const [lost] = await queue(ana, ['otra\nvez'], 'security');
  await taken(lost);
  twilio.callbacks.off = false;
  assert.equal(posts(ana).length, 2);
});

test('callbacks twice and in any order; forged ones; ones of nobody', async () => {
  const ada = await person();
  twilio.callbacks = { statuses: ['queued', 'sent', 'delivered', 'read'], duplicates: 3, shuffled: true, early: true, off: false };
  const ids = await queue(ada, ['one', 'two', 'three', 'four', 'five']);
  for (const id of ids) await became(id, 'read');
  await twilio.settled();
  for (const id of ids) assert.equal((await row(id)).status, 'read');
  assert.deepEqual(bodies(ada), ['one', 'two', 'three', 'four', 'five']);
  twilio.callbacks = { statuses: ['sent', 'delivered'], duplicates: 1, shuffled: false, early: false, off: false };
  const message = twilio.to(ada.phone.number)[0];
  assert.equal((await twilio.post(message.callback, { AccountSid: twilio.account, MessageSid: message.sid, MessageStatus: 'failed' }, { signature: null })).status, 403);
  // The number of the outbox is signed as well.
  const { signature } = { signature: (await import('twilio')).default.getExpectedTwilioSignature(twilio.token, message.callback, { AccountSid: twilio.account, MessageSid: message.sid, MessageStatus: 'failed' }) };
  assert.equal((await twilio.post(message.callback.replace(/\d+$/, '1'), { AccountSid: twilio.account, MessageSid: message.sid, MessageStatus: 'failed' }, { signature })).status, 403);
  assert.equal((await twilio.post(message.callback, { AccountSid: twilio.account, MessageSid: message.sid, MessageStatus: 'failed', ErrorCode: '63024' })).status, 204);
  assert.equal((await row(ids[0])).status, 'read', 'what was read has not failed');
  for (const query of ['', '?outbox=', '?outbox=999999999', '?outbox=x', '?outbox=99999999999999999999'])
    assert.equal((await twilio.post(`${twilio.publicUrl}${STATUS}${query}`, { AccountSid: twilio.account, MessageSid: `SM${'0'.repeat(32)}`, MessageStatus: 'delivered' })).status, 204, query);
  assert.equal((await twilio.post(`${twilio.publicUrl}${STATUS}`, { AccountSid: twilio.account, MessageStatus: 'delivered' })).status, 400);
});

test('who has opted out hears nothing but answers; whom Twilio cannot reach is given up', async () => {
  const [ada, bob] = [await person(), await person()];
  twilio.fault({ status: 400, code: 21610, message: 'Attempt to send to unsubscribed recipient' });
  const [refused, waiting] = await queue(ada, ['one', 'two'], 'security');
  await became(refused, 'failed');
  assert.match((await became(waiting, 'dropped')).error, /opted out/);
  assert.deepEqual(await queue(ada, ['three'], 'security'), []);
  const [answer] = await queue(ada, ['an answer']);
  await became(answer, 'delivered');
  assert.deepEqual(bodies(ada), ['an answer']);
  twilio.fault({ outcome: [['undelivered', 63024]] });
  twilio.fault({ status: 400, code: 21211, message: 'Invalid number' });
  const [unreached, invalid, fine] = await queue(bob, ['x', 'y', 'z']);
  assert.equal((await became(unreached, 'failed')).code, 63024);
  assert.equal((await became(invalid, 'failed')).code, 21211);
  await became(fine, 'delivered');
});

test('Twilio is away, or does not know us: nothing is lost', async () => {
  const ada = await person();
  await twilio.down();
  const [id] = await queue(ada, ['later']);
  await until(async () => (await row(id)).error !== null && (await row(id)).status === 'queued');
  await twilio.up();
  assert.equal((await became(id, 'delivered')).attempts, 1);
  twilio.fault({ status: 401, code: 20003, message: 'Authenticate' });
  const [wrong] = await queue(ada, ['credentials']);
  await until(async () => (await row(wrong)).code === 20003);
  assert.equal((await row(wrong)).status, 'queued');
  await resume();
  await became(wrong, 'delivered');
  assert.deepEqual(bodies(ada), ['later', 'credentials']);
});

test('two proxies: each message once, in order; one that ends finishes what it has begun', async () => {
  const other = await start();
  const all = await Promise.all(Array.from({ length: 10 }, () => person()));
  const before = await figure('sent_total');
  for (const n of [1, 2, 3, 4]) {
    await cluster.sql(`SELECT count(tradepost_internal.queue_whatsapp(l.user_id, l.phone, 'reply', n::text)) FROM
      (SELECT l.*, n FROM generate_series(${n * 10 - 9}, ${n * 10}) n, tradepost_internal.phone_links l WHERE l.user_id = ANY (ARRAY[${all.map((a) => a.id)}]) ORDER BY n, l.user_id) l`);
    await until(() => all.every((who) => bodies(who).length >= n * 5));
  }
  await until(() => all.every((who) => bodies(who).length >= 40), 'all are there', 120_000);
  for (const who of all) assert.deepEqual(bodies(who), Array.from({ length: 40 }, (_, n) => String(n + 1)));
  await until(async () => (await figure('sent_total', other)) + (await figure('sent_total')) - before === 400);
  const last = all[0];
  twilio.fault({ late: 1000, times: 2 });
  const [id, next] = await queue(last, ['slow', 'next']);
  await until(() => posts(last).length === 41);
  await Promise.all([other.stop(), proxy.stop()]);
  // Whichever had it: it waited for the answer, and noted it.
  assert.ok(['sent', 'delivered'].includes((await row(id)).status), 'sent before the proxy ended');
  proxy = await start();
  twilio.proxy = proxy;
  await taken(next);
  assert.deepEqual(bodies(last).slice(40), ['slow', 'next']);
});

test('nothing of credentials, phones and messages is in the log', async () => {
  const ada = await person();
  twilio.fault({ status: 400, code: 21211, message: `Invalid ${ada.phone.number}` });
  const [id] = await queue(ada, ['a secret of Ada']);
  await became(id, 'failed');
  await until(() => proxy.log.includes('refused a message'));
  for (const secret of [twilio.token, Buffer.from(`${twilio.account}:${twilio.token}`).toString('base64'), ada.phone.number.slice(1), 'secret of Ada']) assert.ok(!proxy.log.includes(secret), secret);
  await sleep(0);
});
