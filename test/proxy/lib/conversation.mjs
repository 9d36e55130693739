// What tests that talk to the exchange by WhatsApp share: the markets of the examples that people are given, and the way from an account to a linked phone.
import assert from 'node:assert/strict';
import { until } from './platform.mjs';
import { newUser } from './proxy.mjs';

const MARKETS = [['Dec25', 'Wheat', 150, 0.25], ['Jan26', 'Gold', 2000, 0.5], ['Dec25', 'Oil', 10, 0.01], ['Dec25', 'Silver', 25, 0.01]];

export async function openMarkets(cluster) {
  await cluster.sql(`SELECT tradepost.create_asset(name) FROM unnest(ARRAY['USD', 'Wheat', 'Gold', 'Oil', 'Silver']) AS name;
    ${MARKETS.map(([contract, asset, price, tick]) => `SELECT tradepost.create_instrument('${contract}-${asset}', 'future', '${asset}', 'USD', ${tick}, 1, ${price},
      contract => '${contract}', band => ${price * 0.9}, initial_margin => 1, maintenance_margin => 0.5);`).join('\n')}`);
  await until(async () => (await cluster.sql("SELECT count(*) FROM tradepost.market WHERE status = 'open'"))[0][0] === String(MARKETS.length), 'the markets are open');
}

export async function place(proxy, who, fields) {
  const { status, json, text } = await proxy.post('/api/v1/orders', { symbol: 'Dec25-Wheat', side: 'buy', quantity: 1, timeInForce: 'gtc', ...fields }, { token: who.token });
  assert.equal(status, 201, text);
  return json.order;
}

// The first trade of each market, so that there is a last price to be near to or far from.
export async function firstTrades(proxy) {
  const [one, other] = [await newUser(proxy), await newUser(proxy)];
  for (const [contract, asset, price] of MARKETS) {
    await place(proxy, one, { symbol: `${contract}-${asset}`, side: 'sell', price });
    assert.equal((await place(proxy, other, { symbol: `${contract}-${asset}`, price })).status, 'filled');
  }
  return { one, other };
}

// The code that an account asks for, and what to write from the phone.
export async function linkCode(proxy, user, phone) {
  const { status, json, text } = await proxy.post('/api/v1/users/whatsapp', { phone: phone.number }, { token: user.token });
  assert.equal(status, 201, text);
  assert.match(json.code, /^\d{6}$/);
  return json;
}

// A user whose phone is linked, with the language that the account was told.
export async function linkedUser(proxy, phone, language) {
  const user = await newUser(proxy);
  const { text } = await linkCode(proxy, user, phone);
  const answer = await phone.send(text);
  assert.equal(answer.status, 200, answer.text);
  const { status, json, text: said } = await proxy.get('/api/v1/users/whatsapp', { token: user.token });
  assert.equal(status, 200, said);
  assert.equal(json.link?.phone, phone.number, `linked: ${answer.text}`);
  if (language) assert.equal((await proxy.request('PATCH', '/api/v1/users/whatsapp', { token: user.token, body: { language } })).status, 200);
  return Object.assign(user, { phone });
}

// Codes of a reply that asks to be confirmed: the four digits after YES, SI or SIM, in the order of the choices.
export const codes = (reply) => [...reply.matchAll(/\b(?:YES|S[IÍ]|SIM)\s+(\d{4})\b/gi)].map(([, code]) => code);
