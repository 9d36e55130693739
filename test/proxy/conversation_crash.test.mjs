// Fifty phones trade while workers of the proxy, the proxy, the matcher, the follower and the whole server are killed: every message that was
// answered has one effect and keeps its answer, and every fill is told once.
//
// What may be told how: the answer to a message tells what its own order had traded by then (told_seq); each later fill of it, and each fill
// of an order that waited, is in one message of the outbox.  The stand-in's record says what people really got.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Cluster } from './lib/cluster.mjs';
import { firstTrades, openMarkets } from './lib/conversation.mjs';
import { until } from './lib/platform.mjs';
import { Proxy, newUser, sleep } from './lib/proxy.mjs';
import { Twilio } from './lib/twilio_standin.mjs';

const PHONES = 50;

let cluster;
let twilio;
let proxy;
const people = [];
before(async () => {
  cluster = await Cluster.start({ settings: { fsync: 'on' } });
  await openMarkets(cluster);
  twilio = await Twilio.start();
  twilio.callbacks = { ...twilio.callbacks, duplicates: 2, shuffled: true };
  proxy = await Proxy.start(cluster, { ...twilio.env, ACCESS_LOG: 'off' }, ['--workers', '2']);
  twilio.proxy = proxy;
  await firstTrades(proxy);
  for (let n = 0; n < PHONES; n++) {
    const phone = twilio.phone(`+155500${String(30000 + n)}`);
    const user = await newUser(proxy);
    const { status, json, text } = await proxy.post('/api/v1/users/whatsapp', { phone: phone.number }, { token: user.token });
    assert.equal(status, 201, text);
    assert.equal((await phone.send(json.text)).status, 200);
    people.push({ phone, user, answered: new Map() });
  }
});
after(async () => {
  await twilio?.settled();
  const broken = await cluster?.invariants();
  await proxy?.stop();
  await twilio?.end();
  await cluster?.end();
  assert.deepEqual(broken, []);
});

// One person's messages until the load ends.  Each is insisted on, as Twilio does; now and then an old one comes again.
async function talk(person, n, load) {
  const { phone, answered } = person;
  const heard = (answer, text) => {
    assert.ok(answer.reply, `${text} is answered`);
    answered.set(answer.sid, { text, reply: answer.reply });
  };
  for (let i = 0; load.running; i++) {
    const side = (n + i) % 2 ? 'Buy' : 'Sell';
    const text = (i + n) % 7 === 3 ? 'Orders' : `${side} ${1 + (i % 3)} Dec25 Wheat at ${149 + ((n + i) % 3)}`;
    heard(await phone.insist(text), text);
    load.messages += 1;
    if (i % 3 === 1) {
      const [sid, { reply }] = [...answered].at(-1 - (i % Math.min(answered.size, 3)));
      const again = await phone.again(sid).catch(() => ({ status: 0 }));
      if (again.status === 200) assert.equal(again.reply, reply, 'the same answer');
    }
    await sleep(100);
  }
}

async function underLoad(name, times, how) {
  const load = { running: true, messages: 0 };
  const talking = Promise.all(people.map((person, n) => talk(person, n, load)));
  for (let i = 0; i < times; i++) {
    await sleep(500 + ((i * 137) % 300));
    await how(i);
  }
  await sleep(800);
  load.running = false;
  await talking;
  assert.ok(load.messages > PHONES, `${name}: ${load.messages} messages`);
  await everythingOnce();
}

async function everythingOnce() {
  const accounts = people.map((p) => p.user.user.account).join(', ');
  // Every answered message: one row, one order if it was one, and the same answer again.
  const rows = new Map((await cluster.sql(`SELECT message_sid, coalesce(order_id, 0), replace(reply, E'\\n', E'\\x01') FROM tradepost_internal.whatsapp_messages`)).map(([sid, id, reply]) => [sid, { id, reply: reply?.replaceAll('\x01', '\n') }]));
  const keys = new Map((await cluster.sql(`SELECT k.key, count(*) FROM tradepost_internal.command_keys k JOIN tradepost_internal.orders o ON o.id = k.command_id WHERE k.key LIKE 'wa-%' GROUP BY 1`)).map(([key, count]) => [key, count]));
  let orders = 0;
  for (const { phone, answered } of people) {
    for (const [sid, { text, reply }] of answered) {
      const row = rows.get(sid);
      assert.ok(row, `${text}: its row`);
      assert.equal(row.reply, reply, `${text}: the answer that was given is the answer that is kept`);
      if (text !== 'Orders') {
        orders += 1;
        assert.equal(keys.get(`wa-${sid}`), '1', `${text}: one order`);
      }
    }
    const [[sid, { reply }]] = answered;
    assert.equal((await phone.again(sid)).reply, reply, 'the first answer, still');
  }
  assert.equal(keys.size, orders, 'and no order that nobody sent');

  // What is to be told leaves: each row of the outbox once, and the API took nothing that is no row.
  await until(async () => (await cluster.sql('SELECT behind FROM tradepost.follower_status').catch(() => [['?']]))[0]?.[0] !== '?', 'the follower can be asked');
  await until(async () => (await cluster.sql(`SELECT (SELECT count(*) FROM tradepost_internal.whatsapp_outbox WHERE status IN ('queued', 'sending')) + (SELECT count(*) FROM tradepost_internal.whatsapp_messages WHERE outcome_told_at IS NULL AND order_id IS NOT NULL)`))[0][0] === '0', 'all is told', 180_000);
  await twilio.settled();
  const outbox = await cluster.sql("SELECT id, provider_sid, status FROM tradepost_internal.whatsapp_outbox WHERE status <> 'dropped'");
  const took = new Map();
  for (const m of twilio.messages) {
    const id = new URL(m.callback).searchParams.get('outbox');
    assert.equal(took.get(id), undefined, `message ${id} went out once: ${m.body}`);
    took.set(id, m.sid);
  }
  assert.deepEqual(new Map(outbox.map(([id, sid]) => [id, sid])), took, 'what the outbox calls sent is what the API took');
  assert.deepEqual(await cluster.invariants(), []);
  return accounts;
}

test('workers of the proxy are killed again and again', () => underLoad('worker', 6, (i) => { const w = proxy.workers; process.kill(w[i % w.length], 'SIGKILL'); }));

test('the whole proxy is killed', () => underLoad('proxy', 2, async () => { await proxy.kill(); await proxy.up(); }));

test('the matcher and the follower are ended', () => underLoad('matcher', 4, (i) => cluster.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type LIKE 'tradepost ${i % 2 ? 'follower' : 'matcher'}%'`)));

test('PostgreSQL crashes and recovers', () => underLoad('crash', 3, async () => { await cluster.kill(); await cluster.up(); }));

test('Twilio\'s API is away, then breaks off after it took messages', () => underLoad('api', 3, async () => {
  await twilio.down();
  await sleep(400);
  await twilio.up();
  for (let n = 0; n < 3; n++) twilio.fault({ accept: true, cut: true });
}));

test('every fill was told once: by the answer to the order, or by one message', async () => {
  // By order: what it traded in all, and what its owner was told.
  const traded = await cluster.sql(`SELECT o.id, o.filled FROM tradepost_internal.orders o JOIN tradepost_internal.command_keys k ON k.command_id = o.id WHERE k.key LIKE 'wa-%' AND o.filled > 0`);
  assert.ok(traded.length > 100, `${traded.length} orders traded`);
  const told = new Map();
  const tell = (id, quantity) => told.set(id, (told.get(id) ?? 0) + quantity);
  for (const [id, quantity] of await toldFills()) tell(id, Number(quantity));
  assert.deepEqual(traded.filter(([id, filled]) => told.get(id) !== Number(filled)).map(([id, filled]) => `${id}: ${filled} traded, ${told.get(id)} told`), []);
});
