// What Twilio is to the proxy, on loopback: its Messages API, its media, its status callbacks and, by Phone, the webhooks that
// people's messages become.  Signatures are made by npm's `twilio`, Twilio's own library; TwiML is read by a parser of XML.
//
//   const twilio = await Twilio.start();                                // before the proxy: it gives the settings
//   const proxy = await Proxy.start(cluster, { ...twilio.env });        // PUBLIC_URL, TWILIO_*, OUTGOING_CA_FILE
//   twilio.proxy = proxy;                                               // where webhooks and callbacks for PUBLIC_URL really go
//   const phone = twilio.phone('+15550000001');                         // somebody's WhatsApp
//   const answer = await phone.send('Help');                            // {status, text, reply, replies, sid}: reply is null without a <Message>
//   await phone.again(answer.sid);                                      // the same webhook once more, as Twilio does when it heard nothing
//   await phone.press('YES 4821'); await phone.speak(bytes);            // a button; a voice note
//   await phone.send('Help', { fields: {...}, signature, url, token });  // other fields, or what a forger would send
//   await phone.heard((m) => /filled/.test(m.body));                    // the first message to it that the API accepted (waits)
//   twilio.to(phone.number); twilio.messages; twilio.requests;          // the record: messages accepted, every request and its answer
//
// A message is {sid, to, from, body, contentSid, variables, callback, status, at, callbacks: [{status, answered}]}.
//
// Faults are used up one a request, in order:
//   twilio.fault({ status: 429, code: 20429, headers: { 'retry-after': '1' } });   // refused
//   twilio.fault({ status: 400, code: 63024, message: '...' });
//   twilio.fault({ accept: true, cut: true });     // it takes the message, and the connection breaks: the sender cannot know
//   twilio.fault({ accept: true, hang: true });    // ... or nobody ever answers
//   twilio.fault({ cut: true });                   // it takes nothing, and the connection breaks
//   twilio.fault({ accept: true, raw: '<html>', status: 502 });    // it takes the message, and says so badly
//   twilio.fault({ late: 500 });                   // all is well, after a while
//   twilio.fault({ outcome: [['failed', 63018]] });                 // taken; its callbacks say what became of it
//   ... with on: 'send' (default), 'list', 'fetch' or 'media'; when: (message or request) => boolean; times: 3
// Callbacks: twilio.callbacks = { statuses: ['sent', 'delivered'], duplicates: 1, shuffled: false, early: false, off: false }.
// twilio.lag = ms until a message shows in lists.  twilio.closeWindow(number): free text fails there by 63016.
// twilio.down() and up(): the API does not answer at its port, and does again.  await twilio.settled(): callbacks have been made.
//
// Media: url = twilio.media(bytes, 'audio/ogg') is at https://localhost:PORT/..., wants Basic auth, and sends on (307) to the store at
// https://127.0.0.2:PORT/..., which refuses requests that bring an Authorization (as S3 does); media(bytes, type, { to: URL })
// sends on elsewhere, { plain: true } nowhere, { chunk, pause } drips.  The certificate's CA is env.OUTGOING_CA_FILE.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import twilio from 'twilio';

export const WEBHOOK = '/api/v1/webhooks/twilio/whatsapp';
export const STATUS = '/api/v1/webhooks/twilio/status';
const PUBLIC = 'https://trade.example.com';
const STORE = '127.0.0.2';

const hex = (n) => randomBytes(n / 2).toString('hex');
const sid = (prefix) => prefix + hex(32);

// A CA and a server's certificate of its own, good for every name that the tests use on loopback.
function certificates(dir) {
  const at = (name) => path.join(dir, name);
  const openssl = (...args) => execFileSync('openssl', args, { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=CA of the tests', '-addext', 'keyUsage=critical,keyCertSign');
  openssl('req', '-new', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=localhost');
  fs.writeFileSync(at('names'), `subjectAltName=DNS:localhost,DNS:*.localhost,IP:127.0.0.1,IP:${STORE},IP:127.0.0.3\n`);
  openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names', '-out', 'server.pem');
  return { ca: at('ca.pem'), key: fs.readFileSync(at('server.key')), cert: fs.readFileSync(at('server.pem')) };
}

// TwiML as Twilio would take it: well-formed, one Response, of Messages only; what the library itself writes for the same texts reads the same.
export function readTwiml(text) {
  assert.equal(XMLValidator.validate(text), true, `TwiML is XML: ${text}`);
  const read = (xml) => new XMLParser({ trimValues: false, parseTagValue: false, ignoreDeclaration: true, preserveOrder: true }).parse(xml);
  const tree = read(text).filter((node) => !('#text' in node && node['#text'].trim() === ''));
  assert.equal(tree.length, 1, text);
  const children = tree[0].Response;
  assert.ok(children, `one Response: ${text}`);
  const replies = [];
  for (const node of children) {
    if ('#text' in node) { assert.equal(node['#text'].trim(), '', `no text beside Message: ${text}`); continue; }
    assert.ok(node.Message, `only Message: ${text}`);
    assert.ok(node.Message.every((part) => '#text' in part), `only text in a Message: ${text}`);
    replies.push(node.Message.map((part) => part['#text']).join(''));
  }
  const same = new twilio.twiml.MessagingResponse();
  for (const reply of replies) same.message(reply);
  assert.deepEqual(readTexts(read(same.toString())), replies, 'as the library writes it');
  return replies;
}
const readTexts = (tree) => (tree.find((n) => n.Response).Response ?? []).filter((n) => n.Message).map((n) => n.Message.map((p) => p['#text']).join(''));

const left = new Set();
process.on('exit', () => { for (const dir of left) fs.rmSync(dir, { recursive: true, force: true }); });

async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

export class Twilio {
  static async start({ publicUrl = PUBLIC } = {}) {
    const it = new Twilio();
    Object.assign(it, {
      account: sid('AC'), token: hex(32), number: '+15557654321', publicUrl, proxy: null,
      messages: [], requests: [], faults: [], files: new Map(), templates: new Map(), closed: new Set(), lag: 0,
      callbacks: { statuses: ['sent', 'delivered'], duplicates: 1, shuffled: false, early: false, off: false },
    });
    it.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tp-twilio-'));
    left.add(it.dir);
    const { ca, key, cert } = certificates(it.dir);
    it.ca = ca;
    for (const language of ['en', 'es', 'pt']) it.templates.set(it.template(language), `Tradepost (${language}): {{1}}`);
    const handle = (store) => (request, response) => { it.#answer(request, response, store).catch((e) => { it.broken = e; request.socket.destroy(); }); };
    it.servers = { api: http.createServer(handle(false)), https: https.createServer({ key, cert }, handle(false)), store: https.createServer({ key, cert }, handle(true)) };
    it.ports = {};
    it.sockets = new Set();
    for (const [name, server] of Object.entries(it.servers)) {
      server.keepAliveTimeout = 60_000;
      for (const event of ['connection', 'secureConnection']) server.on(event, (socket) => { it.sockets.add(socket); socket.unref?.(); socket.on('close', () => it.sockets.delete(socket)); });
      await it.#listen(name);
    }
    return it;
  }

  async #listen(name) {
    const server = this.servers[name];
    await new Promise((ok, bad) => { server.once('error', bad).listen(this.ports[name] ?? 0, name === 'store' ? STORE : '127.0.0.1', ok); });
    this.ports[name] = server.address().port;
    server.unref();
  }

  template(language) { return `HX${language.charCodeAt(0).toString(16)}${language.charCodeAt(1).toString(16)}${'0'.repeat(28)}`; }

  get apiUrl() { return `http://127.0.0.1:${this.ports.api}`; }

  // The proxy's settings; templates are a matter of the test: {...twilio.env, ...twilio.templateEnv}.
  get env() {
    return {
      PUBLIC_URL: this.publicUrl, TWILIO_API_URL: this.apiUrl, TWILIO_ACCOUNT_SID: this.account, TWILIO_AUTH_TOKEN: this.token, TWILIO_WHATSAPP_NUMBER: this.number,
      TWILIO_MEDIA_HOSTS: `localhost:${this.ports.https},${STORE}:${this.ports.store}`, OUTGOING_CA_FILE: this.ca,
    };
  }

  get templateEnv() { return Object.fromEntries(['en', 'es', 'pt'].map((l) => [`TWILIO_TEMPLATE_${l.toUpperCase()}`, this.template(l)])); }

  phone(number, profileName = 'Somebody') { return new Phone(this, number, profileName); }

  to(number) { return this.messages.filter((m) => m.to === `whatsapp:${number}`); }

  fault(fault) { this.faults.push({ on: 'send', times: 1, ...fault }); }

  closeWindow(number) { this.closed.add(`whatsapp:${number}`); }

  async down() {
    this.servers.api.close();
    this.servers.api.closeAllConnections();
  }

  async up() { await this.#listen('api'); }

  #fault(on, what) {
    const fault = this.faults.find((f) => f.on === on && f.times > 0 && (!f.when || f.when(what)));
    if (!fault) return {};
    fault.times -= 1;
    if (fault.times === 0) this.faults.splice(this.faults.indexOf(fault), 1);
    return fault;
  }

  // ---- The API

  async #answer(request, response, store) {
    const url = new URL(request.url, 'http://it');
    const record = { at: Date.now(), method: request.method, path: url.pathname, query: url.searchParams, headers: request.headers, body: await bodyOf(request), secure: Boolean(request.socket.encrypted), store, answered: null };
    this.requests.push(record);
    response.on('finish', () => { record.answered = response.statusCode; });
    if (store || url.pathname.includes('/Media/')) return this.#media(record, response, store);
    const say = (status, body, headers = {}) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...headers }).end(text);
    };
    const refuse = (status, code, message, headers) => say(status, { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status }, headers);

    if (!this.#authorized(record)) return refuse(401, 20003, 'Authenticate', { 'www-authenticate': 'Basic realm="Twilio API"' });
    const base = `/2010-04-01/Accounts/${this.account}/Messages`;
    const one = new RegExp(`^${base}/([A-Z]{2}[0-9a-f]{32})\\.json$`).exec(url.pathname);
    const on = request.method === 'POST' && url.pathname === `${base}.json` ? 'send' : request.method === 'GET' && url.pathname === `${base}.json` ? 'list' : request.method === 'GET' && one ? 'fetch' : null;
    if (!on) return refuse(404, 20404, `The requested resource ${url.pathname} was not found`);
    const form = new URLSearchParams(record.body);
    const asked = on === 'send' ? this.#message(form, record) : record;
    const fault = this.#fault(on, asked);
    if (fault.late) await sleep(fault.late);
    if (on === 'send') {
      const wrong = fault.accept || (!fault.cut && !fault.hang && !(fault.status >= 300)) ? this.#wrong(asked, record) : null;
      if (wrong) return refuse(...wrong);
      if (fault.accept || (!fault.cut && !fault.hang && !(fault.status >= 300))) {
        this.messages.push(asked);
        asked.life = this.#life(asked, fault);
        if (fault.early ?? this.callbacks.early) await asked.life;
      }
    }
    if (fault.hang) return undefined;
    if (fault.cut) return request.socket.destroy();
    if (fault.raw !== undefined) return say(fault.status ?? 200, fault.raw, { 'content-type': 'text/html' });
    if (fault.status >= 300) return refuse(fault.status, fault.code ?? 20500, fault.message ?? 'Told to fail', fault.headers);
    if (on === 'send') return say(201, this.#shown(asked));
    if (on === 'list') return say(200, this.#list(url));
    const message = this.messages.find((m) => m.sid === one[1]);
    return message ? say(200, this.#shown(message)) : refuse(404, 20404, 'The requested resource was not found');
  }

  #authorized({ headers }) { return headers.authorization === `Basic ${Buffer.from(`${this.account}:${this.token}`).toString('base64')}`; }

  #message(form, record) {
    const variables = form.get('ContentVariables');
    const message = {
      sid: sid('SM'), at: record.at, to: form.get('To'), from: form.get('From'), body: form.get('Body'), contentSid: form.get('ContentSid'),
      variables: null, callback: form.get('StatusCallback'), status: 'queued', error: null, callbacks: [],
    };
    try { message.variables = variables && JSON.parse(variables); } catch { message.variables = 'invalid'; }
    const template = this.templates.get(message.contentSid);
    if (template && message.variables && typeof message.variables === 'object') message.body = template.replace(/\{\{(\w+)\}\}/g, (_, name) => message.variables[name] ?? '');
    return message;
  }

  // What Twilio refuses at once: [status, code, text].
  #wrong(m, record) {
    if (record.headers['content-type']?.split(';')[0] !== 'application/x-www-form-urlencoded') return [415, 20415, 'Unsupported media type'];
    if (!/^whatsapp:\+[1-9]\d{4,14}$/.test(m.to ?? '')) return [400, 21211, `Invalid 'To' Phone Number: ${m.to}`];
    if (m.from !== `whatsapp:${this.number}`) return [400, 63007, 'Twilio could not find a Channel with the specified From address'];
    if (m.contentSid) {
      if (!this.templates.has(m.contentSid)) return [400, 21655, 'The ContentSid is Invalid'];
      const values = m.variables && typeof m.variables === 'object' ? Object.values(m.variables) : null;
      // WhatsApp takes no line ends, tabs or runs of blanks in a variable.
      if (!values || values.some((v) => typeof v !== 'string' || v === '' || /[\n\t]| {5}/.test(v))) return [400, 21656, 'The ContentVariables Parameter is invalid'];
    } else if (!m.body) return [400, 21619, 'A text message body or media urls must be specified'];
    if ([...m.body].length > 1600) return [400, 21617, 'The concatenated message body exceeds the 1600 character limit'];
    return null;
  }

  #shown(m) {
    const date = (ms) => new Date(ms).toUTCString().replace('GMT', '+0000');
    return {
      sid: m.sid, account_sid: this.account, api_version: '2010-04-01', body: m.body, direction: 'outbound-api', from: m.from, to: m.to, status: m.status,
      error_code: m.error, error_message: null, date_created: date(m.at), date_updated: date(m.at), date_sent: m.status === 'queued' ? null : date(m.at), num_media: '0', num_segments: '1',
      messaging_service_sid: null, price: null, price_unit: null, uri: `/2010-04-01/Accounts/${this.account}/Messages/${m.sid}.json`,
    };
  }

  // Newest first, in pages, filtered by To, From and the day or moment it was sent.
  #list(url) {
    const of = (name) => url.searchParams.get(name);
    const day = (text) => Date.parse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
    const found = this.messages.filter((m) => m.at + this.lag <= Date.now() && (!of('To') || m.to === of('To')) && (!of('From') || m.from === of('From'))
      && (!of('DateSent>') || m.at >= day(of('DateSent>'))) && (!of('DateSent<') || m.at < day(of('DateSent<')) + 86_400_000)
      && (!of('DateSent') || (m.at >= day(of('DateSent')) && m.at < day(of('DateSent')) + 86_400_000))).reverse();
    const size = Math.min(Number(of('PageSize') ?? 50), 1000);
    const page = Number(of('Page') ?? 0);
    const next = new URLSearchParams(url.searchParams);
    next.set('Page', page + 1);
    next.set('PageSize', size);
    next.set('PageToken', `PA${found[page * size]?.sid ?? ''}`);
    const more = (page + 1) * size < found.length;
    return {
      messages: found.slice(page * size, (page + 1) * size).map((m) => this.#shown(m)), page, page_size: size, start: page * size, end: page * size + size - 1,
      first_page_uri: `${url.pathname}?Page=0`, next_page_uri: more ? `${url.pathname}?${next}` : null, previous_page_uri: null, uri: url.pathname + url.search,
    };
  }

  // ---- What becomes of a message, told to its StatusCallback

  async #life(m, fault) {
    const how = { ...this.callbacks, ...fault.callbacks };
    const free = this.closed.has(m.to) && !m.contentSid;
    const steps = fault.outcome ?? (free ? [['failed', 63016]] : how.statuses.map((status) => [status]));
    if (!(fault.early ?? this.callbacks.early)) await sleep(10);
    let tell = steps.flatMap((step) => Array.from({ length: how.duplicates }, () => step));
    if (how.shuffled) tell = tell.map((step) => [Math.random(), step]).sort((a, b) => a[0] - b[0]).map(([, step]) => step);
    [m.status, m.error = null] = steps.at(-1) ?? ['queued'];
    if (how.off || !m.callback) return;
    for (const [status, error] of tell) {
      const told = { status, answered: null };
      m.callbacks.push(told);
      told.answered = await this.tell(m, status, error);
    }
  }

  // One status callback; its HTTP status, or null when nobody could be reached, which is tried once more.
  async tell(m, status, error) {
    const form = {
      AccountSid: this.account, ApiVersion: '2010-04-01', ChannelInstallSid: sid('XE'), ChannelPrefix: 'whatsapp', ChannelToAddress: m.to, From: m.from, To: m.to,
      MessageSid: m.sid, SmsSid: m.sid, MessageStatus: status, SmsStatus: status, ...(error && { ErrorCode: String(error), ErrorMessage: 'Told to fail' }), ...(status === 'read' && { EventType: 'READ' }),
    };
    for (let attempt = 0; attempt < 2; attempt++) {
      try { return (await this.#post(m.callback, form)).status; } catch { await sleep(100); }
    }
    return null;
  }

  settled() { return Promise.all(this.messages.map((m) => m.life)); }

  // POSTs a form to a URL below PUBLIC_URL as Twilio would, signed; it goes to the proxy of the test.
  async #post(url, form, { signature, token = this.token, headers = {}, raw, proxy = this.proxy } = {}) {
    assert.ok(url.startsWith(`${this.publicUrl}/`), `${url} is below PUBLIC_URL`);
    const text = raw ?? encode(form);
    const sign = signature === undefined ? twilio.getExpectedTwilioSignature(token, url, form) : signature;
    return proxy.request('POST', url.slice(this.publicUrl.length), {
      raw: text, headers: { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8', 'user-agent': 'TwilioProxy/1.1', 'i-twilio-idempotency-token': hex(32), ...(sign !== null && { 'x-twilio-signature': sign }), ...headers },
    });
  }

  post(url, form, options) { return this.#post(url, form, options); }

  // ---- Media

  media(bytes, type = 'audio/ogg', options = {}) {
    const id = sid('ME');
    this.files.set(id, { bytes, type, ...options });
    return `https://localhost:${this.ports.https}/2010-04-01/Accounts/${this.account}/Messages/${sid('MM')}/Media/${id}`;
  }

  async #media(record, response, store) {
    const say = (status, text = '', headers = {}) => response.writeHead(status, headers).end(text);
    const file = this.files.get(record.path.split('/').at(-1));
    const fault = this.#fault('media', record);
    if (fault.late) await sleep(fault.late);
    if (fault.hang) return undefined;
    if (fault.cut) return response.socket.destroy();
    if (fault.status) return say(fault.status, 'Told to fail');
    if (!record.secure) return say(400, 'media are fetched by TLS');
    if (store && record.headers.authorization) return say(400, 'Only one auth mechanism allowed');
    if (!store && !this.#authorized(record)) return say(401, 'Authenticate', { 'www-authenticate': 'Basic realm="Twilio API"' });
    if (!file) return say(404);
    if (!store && !file.plain) return say(307, '', { location: file.to ?? `https://${STORE}:${this.ports.store}/store/${record.path.split('/').at(-1)}` });
    if (!file.chunk) return say(200, file.bytes, { 'content-type': file.type, 'content-length': file.bytes.length });
    response.writeHead(200, { 'content-type': file.type });
    for (let at = 0; at < file.bytes.length && !response.destroyed; at += file.chunk) {
      response.write(file.bytes.subarray(at, at + file.chunk));
      await sleep(file.pause ?? 1);
    }
    return response.end();
  }

  async end() {
    for (const server of Object.values(this.servers)) {
      server.close();
      server.closeAllConnections();
    }
    left.delete(this.dir);
    fs.rmSync(this.dir, { recursive: true, force: true });
    assert.equal(this.broken, undefined);
  }
}

// A form as browsers and Twilio write it; a list is a repeated key.
export function encode(form) {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(form)) for (const one of [value].flat()) pairs.append(name, one);
  return pairs.toString();
}

// Somebody's WhatsApp: what it sends are webhooks, what it gets is in the stand-in's record.
export class Phone {
  constructor(twilio_, number, profileName) { Object.assign(this, { twilio: twilio_, number, profileName, sent: new Map() }); }

  form(body, fields = {}) {
    const id = fields.MessageSid ?? sid('SM');
    return {
      SmsMessageSid: id, NumMedia: '0', ProfileName: this.profileName, MessageType: 'text', SmsSid: id, WaId: this.number.slice(1), SmsStatus: 'received', Body: body,
      To: `whatsapp:${this.twilio.number}`, NumSegments: '1', ReferralNumMedia: '0', MessageSid: id, AccountSid: this.twilio.account, From: `whatsapp:${this.number}`, ApiVersion: '2010-04-01',
      ...fields,
    };
  }

  // Options: fields (added or replaced), url, token, signature (null: none), raw, headers, proxy.
  async send(body, { fields, url = this.twilio.publicUrl + WEBHOOK, ...options } = {}) {
    const form = this.form(body, fields);
    this.sent.set(form.MessageSid, { form, url, options });
    return this.again(form.MessageSid);
  }

  press(payload, text = payload) { return this.send(text, { fields: { MessageType: 'button', ButtonPayload: payload, ButtonText: text } }); }

  speak(bytes, { type = 'audio/ogg', media = {}, url = this.twilio.media(bytes, type, media), ...options } = {}) {
    return this.send('', { ...options, fields: { NumMedia: '1', MessageType: 'audio', MediaContentType0: type, MediaUrl0: url, ...options.fields } });
  }

  // The same webhook again: same MessageSid, same fields.
  async again(id, more = {}) {
    const { form, url, options } = this.sent.get(id);
    const answer = await this.twilio.post(url, form, { ...options, ...more });
    const replies = answer.status === 200 ? readTwiml(answer.text) : [];
    if (answer.status === 200) assert.match(answer.headers['content-type'], /^(text|application)\/xml/);
    return { ...answer, sid: form.MessageSid, replies, reply: replies.length ? replies.join('\n') : null };
  }

  // Until Twilio hears an answer, as it goes on trying: while the proxy or its database is away.
  async insist(body, { tries = 600, pause = 50, ...options } = {}) {
    const form = this.form(body, options.fields);
    this.sent.set(form.MessageSid, { form, url: options.url ?? this.twilio.publicUrl + WEBHOOK, options: {} });
    for (let n = 0; n < tries; n++) {
      const answer = await this.again(form.MessageSid).catch((e) => { if (e.code === 'ERR_ASSERTION') throw e; return { status: 0 }; });
      if (answer.status === 200) return answer;
      assert.ok([0, 502, 503].includes(answer.status), `${answer.status} ${answer.text}`);
      await sleep(pause);
    }
    throw new Error(`${this.number} never got an answer to ${body}`);
  }

  // The first message to this phone, not asked for before, that the test accepts.
  async heard(accepts = () => true, ms = 30_000) {
    const end = Date.now() + ms;
    for (;;) {
      const mine = this.twilio.to(this.number);
      const found = mine.findIndex((m) => !m.asked && accepts(m));
      if (found >= 0) {
        mine[found].asked = true;
        return mine[found];
      }
      assert.ok(Date.now() < end, `in time: ${accepts}; heard: ${JSON.stringify(mine.map((m) => m.body))}`);
      await sleep(20);
    }
  }
}
