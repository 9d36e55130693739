// What the tests of the platform share: signed billing events, what was delivered, Socket.IO clients that remember, and a market of currencies.
import assert from 'node:assert/strict';
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { io } from 'socket.io-client';
import twilio from 'twilio';
import { Proxy, newUser, sleep } from './proxy.mjs';

export const BILLING_SECRET = 'whsec-of-the-tests-9f2c71d04be8a65311';

// An account at Twilio. What is to be sent there goes nowhere: twilio_standin.mjs is for who wants to see it.
export const TWILIO = {
  PUBLIC_URL: 'https://trade.example.com', TWILIO_API_URL: 'http://127.0.0.1:9', TWILIO_ACCOUNT_SID: `AC${'1'.repeat(32)}`, TWILIO_AUTH_TOKEN: '5f0d2c7be94a18d3600c4f9eab217d36', TWILIO_WHATSAPP_NUMBER: '+15557654321',
  WHATSAPP_VERIFY_TOKEN: 'hub-of-the-tests-81c6',
};
export const VERIFY = `/webhooks/twilio/whatsapp?${new URLSearchParams({ 'hub.mode': 'subscribe', 'hub.verify_token': TWILIO.WHATSAPP_VERIFY_TOKEN, 'hub.challenge': '1158201444' })}`;

// A message as Twilio sends it, to webhooks/twilio/whatsapp or another path; signature null: none.
export function fromTwilio(proxy, fields, { to = '/webhooks/twilio/whatsapp', token = TWILIO.TWILIO_AUTH_TOKEN, url = `${TWILIO.PUBLIC_URL}/api/v1${to}`, signature, headers = {}, raw } = {}) {
  const form = { AccountSid: TWILIO.TWILIO_ACCOUNT_SID, MessageSid: `SM${randomBytes(16).toString('hex')}`, From: 'whatsapp:+15550001111', To: `whatsapp:${TWILIO.TWILIO_WHATSAPP_NUMBER}`, Body: 'Help', NumMedia: '0', ...fields };
  const sign = signature === undefined ? twilio.getExpectedTwilioSignature(token, url, form) : signature;
  return proxy.request('POST', `/api/v1${to}`, {
    raw: raw ?? new URLSearchParams(Object.entries(form).flatMap(([name, value]) => [value].flat().map((one) => [name, one]))).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...(sign !== null && { 'x-twilio-signature': sign }), ...headers },
  });
}

// A billing event as a payment provider's adapter sends it.
export function billing(proxy, event, { secret = BILLING_SECRET, at = Math.floor(Date.now() / 1000), signature, raw } = {}) {
  const text = raw ?? JSON.stringify({ provider: 'test', id: `evt-${randomUUID()}`, ...event });
  const mac = createHmac('sha256', secret).update(`${at}.${text}`).digest('hex');
  return proxy.request('POST', '/api/v1/webhooks/billing', {
    raw: text, headers: signature === null ? {} : { 'tradepost-signature': signature ?? `t=${at},v1=${mac}` },
  });
}

export const inDays = (days) => new Date(Date.now() + days * 86_400_000).toISOString();

// A paid subscription, as billing would give it.
export async function subscribe(proxy, user, tier, periodEnd = inDays(30)) {
  const answer = await billing(proxy, { type: 'subscription.activated', user: user.user.id, tier, periodEnd, reference: `sub-${user.user.id}` });
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

// Files that the proxy is started with: the key that seals secrets, and a command that keeps what it was to deliver.
export class Files {
  constructor() {
    this.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tp-platform-'));
    this.key = path.join(this.dir, 'secrets.key');
    this.mail = path.join(this.dir, 'mail');
    this.command = path.join(this.dir, 'deliver');
    fs.writeFileSync(this.key, `first ${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
    fs.mkdirSync(this.mail);
    // Whole or not at all: several run at once.
    fs.writeFileSync(this.command, `#!/bin/sh\ncat > '${this.mail}'/$$ && mv '${this.mail}'/$$ '${this.mail}'/$$.$(date +%s%N).json\n`, { mode: 0o700 });
    process.once('exit', () => this.end());
  }

  get env() { return { SECRETS_KEY_FILE: this.key, DELIVERY_COMMAND: this.command, BILLING_WEBHOOK_SECRET: BILLING_SECRET }; }

  // Oldest first.
  get delivered() {
    const names = fs.readdirSync(this.mail).filter((name) => name.endsWith('.json')).sort((one, other) => (BigInt(one.split('.')[1]) < BigInt(other.split('.')[1]) ? -1 : 1));
    return names.map((name) => JSON.parse(fs.readFileSync(path.join(this.mail, name), 'utf8')));
  }

  // The last one that went to somebody.
  async code(to) {
    return (await until(() => this.delivered.findLast((one) => one.kind === 'code' && one.to === to), `a code for ${to}`)).code;
  }

  end() { fs.rmSync(this.dir, { recursive: true, force: true }); }
}

// Until a condition holds; its value. How long that may take says only when to give up.
export async function until(condition, what = String(condition), ms = 30_000) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await condition();
    if (value) return value;
    assert.ok(Date.now() < end, `in time: ${what}`);
    await sleep(25);
  }
}

// A Socket.IO client, and what it heard: like TestSocket, it does not wait for ever.
const clients = new Set();
export class TestClient {
  static closeAll() { for (const client of clients) client.close(); }

  static open(proxy, token, options = {}) {
    const client = new TestClient();
    client.io = io(proxy.url, { transports: ['websocket'], auth: { token }, reconnection: false, forceNew: true, ...options });
    clients.add(client.io);
    client.heard = [];
    client.io.onAny((event, data) => client.heard.push({ event, data }));
    return new Promise((ok, bad) => { client.io.once('connect', () => ok(client)).once('connect_error', bad); });
  }

  event(name, accepts = () => true) {
    return until(() => this.heard.find((m) => m.event === name && accepts(m.data)), `Socket.IO heard ${name}`);
  }

  emit(...all) { return this.io.timeout(30_000).emitWithAck(...all); }

  async subscribe(...channels) {
    const answer = await this.emit('subscribe', { channels });
    assert.equal(answer.ok, true, JSON.stringify(answer));
  }

  close() { this.io.close(); }
}

export const startProxy = (cluster, files, env = {}, args = []) => Proxy.start(cluster, { ...files.env, ...env }, args);

export { newUser };

// The first lots of a EURUSD book that a test fills itself: a spot pair whose signals count in contracts of 100,000.
export async function openCurrencies(cluster) {
  await cluster.sql(`
    SELECT tradepost.create_asset('USD'), tradepost.create_asset('EUR');
    SELECT tradepost.create_instrument('EURUSD', 'spot', 'EUR', 'USD', 0.0001, 100, 1.185, band => 0.5, contract_size => 100000)`);
  await until(async () => (await cluster.sql("SELECT count(*) FROM tradepost.market WHERE status = 'open'"))[0][0] === '1', 'EURUSD is listed');
}
