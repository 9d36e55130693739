// A trader's day on WhatsApp, in three languages, against the stand-in of Twilio: link, ask, order, confirm, be told, cancel.
//
// Every message comes as Twilio may bring it: twice at once, and again later.  Twilio's API fails, breaks off and keeps silent in between; its
// callbacks come doubled and in disorder.  In the end every order is there once, and every event was told once.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Cluster } from './lib/cluster.mjs';
import { codes, firstTrades, linkCode, openMarkets, place } from './lib/conversation.mjs';
import { until } from './lib/platform.mjs';
import { Proxy, newUser } from './lib/proxy.mjs';
import { Twilio } from './lib/twilio_standin.mjs';

let cluster;
let twilio;
let proxy;
let maker;
before(async () => {
  cluster = await Cluster.start();
  await openMarkets(cluster);
  twilio = await Twilio.start();
  twilio.callbacks = { ...twilio.callbacks, statuses: ['queued', 'sent', 'delivered', 'read'], duplicates: 2, shuffled: true };
  proxy = await Proxy.start(cluster, { ...twilio.env });
  twilio.proxy = proxy;
  ({ one: maker } = await firstTrades(proxy));
});
after(async () => {
  await twilio?.settled();
  const broken = await cluster?.invariants();
  await proxy?.stop();
  await twilio?.end();
  await cluster?.end();
  assert.deepEqual(broken, []);
});

// What each language says, and what it must hear.
const LANGUAGES = {
  en: {
    market: 'Market', one: 'Market Dec25 Wheat', order: 'Buy 100 Dec25 Wheat at 150', quote: 'Bid 75 Dec25 Oil 10', buyMarket: 'Buy 2 Dec25 Silver at market', yes: 'YES', no: 'no',
    orders: 'Orders', trades: 'Trades', positions: 'Positions', balance: 'Balance', help: 'Help', cancel: 'Cancel', cancelAll: 'Cancel all', stop: 'stop', start: 'start', thanks: 'thank you',
    question: 'Should I buy 100 Dec25 Wheat at 150?', missing: 'Buy Dec25 Wheat at 150', unknown: 'Buy 5 Dec25 Unobtainium at 150', amend: (id) => `Change ${id} price 9.5`,
  },
  es: {
    market: 'Mercado', one: 'Mercado Dic25 Trigo', order: 'Compra 100 Dic25 Trigo a 150', quote: 'Oferta de compra 75 Dic25 Petróleo 10', buyMarket: 'Compra 2 Dic25 Plata a mercado', yes: 'Sí', no: 'no',
    orders: 'Órdenes', trades: 'Operaciones', positions: 'Posiciones', balance: 'Saldo', help: 'Ayuda', cancel: 'Cancelar', cancelAll: 'Cancelar todo', stop: 'parar', start: 'alta', thanks: 'muchas gracias',
    question: '¿Compro 100 Dic25 Trigo a 150?', missing: 'Compra Dic25 Trigo a 150', unknown: 'Compra 5 Dic25 Kryptonita a 150', amend: (id) => `Cambiar ${id} precio 9,5`,
  },
  pt: {
    market: 'Mercado', one: 'Mercado Dez25 Trigo', order: 'Compre 100 Dez25 Trigo a 150', quote: 'Oferta de compra 75 Dez25 Petróleo 10', buyMarket: 'Compre 2 Dez25 Prata a mercado', yes: 'SIM', no: 'não',
    orders: 'Ordens', trades: 'Negócios', positions: 'Posições', balance: 'Saldo', help: 'Ajuda', cancel: 'Cancelar', cancelAll: 'Cancelar tudo', stop: 'parar', start: 'iniciar', thanks: 'muito obrigado',
    question: 'Compro 100 Dez25 Trigo a 150?', missing: 'Compre Dez25 Trigo a 150', unknown: 'Compre 5 Dez25 Kryptonita a 150', amend: (id) => `Alterar ${id} preço 9,5`,
  },
};

// As Twilio may bring it: twice at the same time, and once more; all are answered alike.
async function say(phone, text, how = 'send') {
  const sid = `SM${randomBytes(16).toString('hex')}`;
  const form = { fields: { MessageSid: sid, SmsSid: sid, SmsMessageSid: sid, ...(how === 'press' && { MessageType: 'button', ButtonPayload: text, ButtonText: text }) } };
  const [one, other] = await Promise.all([phone.send(text, form), phone.send(text, form)]);
  const third = await phone.again(sid);
  for (const answer of [one, other, third]) assert.equal(answer.status, 200, answer.text);
  assert.equal(other.reply, one.reply, `two at once: ${text}`);
  assert.equal(third.reply, one.reply, `again: ${text}`);
  return one.reply;
}
const orders = async (user) => (await cluster.sql(`SELECT id, symbol, side, type, price, quantity, filled, status FROM tradepost.orders WHERE account = ${user.user.account} ORDER BY id`))
  .map(([id, symbol, side, type, price, quantity, filled, status]) => ({ id, line: [symbol, side, type, price, quantity, filled, status].join(' ') }));
const lines = async (user) => (await orders(user)).map((o) => o.line);

for (const [number, [language, words]] of Object.entries(LANGUAGES).entries()) {
  const phone = () => twilio.phone(`+1555000010${number}`);
  let me;
  let mine;

  test(`${language}: a phone that nobody has linked gets help and nothing else`, async () => {
    mine = phone();
    me = await newUser(proxy);
    const before = await cluster.sql('SELECT count(*) FROM tradepost_internal.orders');
    const [help, tried] = [await say(mine, words.help), await say(mine, words.order)];
    assert.ok(help && tried);
    for (const reply of [help, tried]) assert.match(reply, /LINK|VINCULAR/i, 'it says how to link');
    assert.deepEqual(await cluster.sql('SELECT count(*) FROM tradepost_internal.orders'), before);
    assert.equal(codes(tried).length, 0, 'nothing to confirm');
  });

  test(`${language}: the code of the account links the phone it was made for, once, and no other`, async () => {
    const { text, number: where } = await linkCode(proxy, me, mine);
    assert.equal(where, twilio.number);
    const stranger = twilio.phone(`+1555000020${number}`);
    await say(stranger, text);
    assert.equal((await proxy.get('/api/v1/users/whatsapp', { token: me.token })).json.link, null, 'not by another phone');
    await say(mine, text);
    const { link } = (await proxy.get('/api/v1/users/whatsapp', { token: me.token })).json;
    assert.equal(link.phone, mine.number);
    assert.equal((await proxy.request('PATCH', '/api/v1/users/whatsapp', { token: me.token, body: { language } })).status, 200);
    const warned = (await proxy.get('/api/v1/notifications?kind=security', { token: me.token })).json.notifications;
    assert.ok(warned.length >= 1, 'the owner is told of the link');
  });

  test(`${language}: the market, help and empty lists`, async () => {
    const market = await say(mine, words.market);
    for (const symbol of ['Wheat', 'Gold', 'Oil', 'Silver']) assert.match(market, new RegExp(symbol), market);
    assert.match(await say(mine, words.one), /150/);
    const help = await say(mine, words.help);
    assert.ok(help.length <= 1500);
    for (const what of ['orders', 'trades', 'positions', 'balance']) assert.ok(await say(mine, words[what]), what);
    assert.deepEqual(await lines(me), []);
  });

  test(`${language}: what must not trade does not`, async () => {
    for (const what of ['question', 'missing', 'unknown', 'thanks']) {
      const reply = await say(mine, words[what]);
      assert.equal(codes(reply ?? '').length, 0, `${words[what]}: ${reply}`);
    }
    assert.deepEqual(await lines(me), []);
  });

  test(`${language}: a plain order is placed at once, and once`, async () => {
    const reply = await say(mine, words.order);
    const [order] = await orders(me);
    assert.deepEqual(await lines(me), ['Dec25-Wheat buy limit 150 100 0 open'], reply);
    assert.match(reply, new RegExp(`\\b${order.id}\\b`), reply);
    assert.match(await say(mine, words.orders), new RegExp(`\\b${order.id}\\b`));
  });

  test(`${language}: a bare quote is confirmed by its code, the likelier reading second; once, and only by it`, async () => {
    const asked = await say(mine, words.quote);
    const [first, second] = codes(asked);
    assert.ok(first && second && first !== second, `two readings: ${asked}`);
    assert.equal((await lines(me)).length, 1, 'nothing yet');
    await say(mine, words.yes);
    assert.equal((await lines(me)).length, 1, 'a bare yes does not choose between two');
    const wrong = ['1111', '2222', '3333'].find((code) => ![first, second].includes(code));
    await say(mine, `${words.yes} ${wrong}`);
    assert.equal((await lines(me)).length, 1, 'a wrong code does nothing');
    const placed = await say(mine, `${words.yes} ${second}`, 'press');
    assert.equal((await lines(me))[1], 'Dec25-Oil buy limit 10 75 0 open', placed);
    for (const code of [first, second]) await say(mine, `${words.yes} ${code}`);
    assert.equal((await lines(me)).length, 2, 'both codes are spent');
  });

  test(`${language}: an order is changed by its number`, async () => {
    const [, oil] = await orders(me);
    const reply = await say(mine, words.amend(oil.id));
    assert.match(reply, language === 'en' ? /\b9\.5\b/ : /\b9,5\b/, 'in the language\'s own decimals');
    await until(async () => (await lines(me))[1] === 'Dec25-Oil buy limit 9.5 75 0 open', reply);
  });

  test(`${language}: a market order is confirmed; no is no`, async () => {
    await place(proxy, maker, { symbol: 'Dec25-Silver', side: 'sell', price: 25, quantity: 2 });
    const refused = await say(mine, words.buyMarket);
    assert.equal(codes(refused).length, 1, refused);
    await say(mine, words.no);
    await say(mine, `${words.yes} ${codes(refused)[0]}`);
    assert.equal((await lines(me)).length, 2, 'rejected');
    const asked = await say(mine, words.buyMarket);
    const told = twilio.to(mine.number).length;
    const reply = await say(mine, words.yes);
    assert.equal((await lines(me))[2], 'Dec25-Silver buy market  2 2 filled', `${asked} ${reply}`);
    assert.match(reply, /25/, 'it says at what price');
    assert.match(await say(mine, words.trades), /Silver/);
    assert.match(await say(mine, words.positions), /Silver/);
    assert.equal(twilio.to(mine.number).length, told, 'what the reply has said is no message of its own');
  });

  test(`${language}: fills are told once each, whatever becomes of the API and its callbacks`, async () => {
    const [{ id }] = await orders(me);
    const before = twilio.to(mine.number).length;
    const faults = [{ status: 429, code: 20429, headers: { 'retry-after': '1' } }, { status: 500 }, { accept: true, cut: true }, { cut: true }, { accept: true, raw: '<html>502</html>', status: 502 }];
    for (const [n, fault] of faults.entries()) {
      twilio.fault({ ...fault, when: (m) => m.to === `whatsapp:${mine.number}` });
      await place(proxy, maker, { side: 'sell', price: 150, quantity: n + 1 });
      await until(() => twilio.to(mine.number).length > before + n, `fill ${n} is told`, 120_000);
    }
    const told = twilio.to(mine.number).slice(before);
    assert.equal(told.length, faults.length, JSON.stringify(told.map((m) => m.body)));
    for (const [n, message] of told.entries()) {
      assert.match(message.body, new RegExp(`\\b${id}\\b`), message.body);
      assert.match(message.body, new RegExp(`\\b${n + 1}\\b`), message.body);
      assert.match(message.body, /150/);
    }
    assert.equal(new Set(told.map((m) => m.body)).size, faults.length);
  });

  test(`${language}: cancelled by its number, which tells nobody again; all by a confirmation`, async () => {
    const [wheat, oil] = await orders(me);
    const before = twilio.to(mine.number).length;
    await say(mine, `${words.cancel} ${wheat.id}`);
    assert.equal((await lines(me))[0], 'Dec25-Wheat buy limit 150 100 15 cancelled');
    const asked = await say(mine, words.cancelAll);
    assert.equal((await lines(me))[1], 'Dec25-Oil buy limit 9.5 75 0 open', 'not before it is confirmed');
    await say(mine, `${words.yes} ${codes(asked)[0]}`);
    await until(async () => (await lines(me))[1] === 'Dec25-Oil buy limit 9.5 75 0 cancelled', 'all are cancelled');
    assert.ok(await say(mine, `${words.cancel} ${oil.id}`), 'says that it is over');
    assert.ok(await say(mine, `${words.cancel} 999999999`), 'says that there is none');
    assert.equal(twilio.to(mine.number).length, before, 'no message about what one did oneself');
  });

  test(`${language}: stop is the end of messages, not of orders; start is their return`, async () => {
    await say(mine, words.order);
    await say(mine, words.stop);
    assert.equal((await lines(me)).at(-1), 'Dec25-Wheat buy limit 150 100 0 open', 'not a cancel');
    assert.equal((await proxy.get('/api/v1/users/whatsapp', { token: me.token })).json.link.optedOut, true);
    const before = twilio.to(mine.number).length;
    await place(proxy, maker, { side: 'sell', price: 150, quantity: 9 });
    await until(async () => (await proxy.get('/api/v1/notifications?kind=fills', { token: me.token })).json.notifications.some((n) => JSON.stringify(n).includes('9')), 'told in the list');
    assert.ok(await say(mine, words.orders), 'who asks is answered');
    await say(mine, words.start);
    await place(proxy, maker, { side: 'sell', price: 150, quantity: 8 });
    await until(() => twilio.to(mine.number).length > before, 'told again');
    const told = twilio.to(mine.number).slice(before);
    assert.equal(told.length, 1, JSON.stringify(told.map((m) => m.body)));
    assert.match(told[0].body, /\b8\b/);
  });

  test(`${language}: the orders are these, each decided once; the outbox has nothing left to say`, async () => {
    assert.deepEqual(await lines(me), ['Dec25-Wheat buy limit 150 100 15 cancelled', 'Dec25-Oil buy limit 9.5 75 0 cancelled', 'Dec25-Silver buy market  2 2 filled', 'Dec25-Wheat buy limit 150 100 17 partially_filled']);
    await twilio.settled();
    await until(async () => (await cluster.sql(`SELECT status, count(*) FROM tradepost_internal.whatsapp_outbox WHERE phone = '${mine.number}' AND status IN ('queued', 'sending') GROUP BY 1`)).length === 0, 'nothing waits');
    const known = await cluster.sql(`SELECT provider_sid, status FROM tradepost_internal.whatsapp_outbox WHERE phone = '${mine.number}' AND provider_sid IS NOT NULL`);
    assert.deepEqual(new Map(known.map(([sid]) => [sid, 'read'])), new Map(twilio.to(mine.number).map((m) => [m.sid, 'read'])), 'what the API took is what the outbox knows');
    assert.deepEqual(known.filter(([, status]) => status !== 'read'), [], 'callbacks in any order end in the last status');
    assert.deepEqual(await cluster.invariants(), []);
  });
}
