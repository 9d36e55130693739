// The stand-in of Twilio is taken for Twilio by Twilio's own library: what it sends, lists and validates there is what the proxy's tests rest on.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';
import library from 'twilio';
import { STATUS, Twilio, WEBHOOK, readTwiml } from './lib/twilio_standin.mjs';

let twilio;
let client;
let server;
const came = [];
before(async () => {
  twilio = await Twilio.start();
  const base = new library.RequestClient();
  client = library(twilio.account, twilio.token, {
    httpClient: { request: (options) => base.request({ ...options, uri: options.uri.replace('https://api.twilio.com', twilio.apiUrl) }) },
  });
  // In the proxy's place: what comes is kept as express would give it to the library.
  server = http.createServer((request, response) => {
    let text = '';
    request.on('data', (d) => { text += d; }).on('end', () => {
      came.push({ url: twilio.publicUrl + request.url, signature: request.headers['x-twilio-signature'], form: Object.fromEntries(new URLSearchParams(text)) });
      response.writeHead(200, { 'content-type': 'text/xml' }).end(request.url === WEBHOOK ? '<?xml version="1.0" encoding="UTF-8"?><Response><Message>1 &lt; 2 &amp; 3</Message></Response>' : '');
    });
  });
  await new Promise((ok) => { server.listen(0, '127.0.0.1', ok); });
  twilio.proxy = {
    request: (method, path, { raw, headers }) => new Promise((ok, bad) => {
      const request = http.request({ port: server.address().port, host: '127.0.0.1', method, path, headers }, (response) => {
        let text = '';
        response.on('data', (d) => { text += d; }).on('end', () => ok({ status: response.statusCode, headers: response.headers, text }));
      });
      request.on('error', bad).end(raw);
    }),
  };
});
after(async () => {
  await twilio?.settled();
  server?.close();
  server?.closeAllConnections();
  await twilio?.end();
});

const send = (more) => client.messages.create({ from: `whatsapp:${twilio.number}`, to: 'whatsapp:+15550000001', body: 'a message', statusCallback: `${twilio.publicUrl}${STATUS}?outbox=7`, ...more });

test('messages are taken, fetched and listed, and what is wrong has Twilio\'s codes', async () => {
  const message = await send();
  assert.match(message.sid, /^SM[0-9a-f]{32}$/);
  assert.equal((await client.messages(message.sid).fetch()).body, 'a message');
  for (let n = 0; n < 4; n++) await send({ body: `no ${n}` });
  const listed = await client.messages.list({ to: 'whatsapp:+15550000001', dateSentAfter: new Date(Date.now() - 86_400_000), pageSize: 2 });
  assert.deepEqual(listed.map((m) => m.body), ['no 3', 'no 2', 'no 1', 'no 0', 'a message']);
  assert.deepEqual(await client.messages.list({ to: 'whatsapp:+15550000002' }), []);
  for (const [fields, code] of [[{ to: '+15550000001' }, 21211], [{ from: 'whatsapp:+15550000009' }, 63007], [{ body: 'x'.repeat(1601) }, 21617], [{ body: '' }, 21619]]) await assert.rejects(send(fields), { code });
  twilio.fault({ status: 429, code: 63018 });
  await assert.rejects(send(), { status: 429, code: 63018 });
  await assert.rejects(library(twilio.account, 'wrong', { httpClient: client.httpClient }).messages.list(), { status: 401 });
});

test('a template says its variable, which has no line ends', async () => {
  const template = { body: undefined, contentSid: twilio.template('es') };
  assert.equal((await send({ ...template, contentVariables: JSON.stringify({ 1: 'one' }) })).body, 'Tradepost (es): one');
  await assert.rejects(send({ ...template, contentVariables: JSON.stringify({ 1: 'one\ntwo' }) }), { code: 21656 });
});

test('its webhooks and callbacks are signed as the library wants them', async () => {
  const answer = await twilio.phone('+15550000003').send('  Compra 1 trigo, ¿sí? ñ & = + % ');
  assert.equal(answer.reply, '1 < 2 & 3');
  await twilio.settled();
  assert.ok(came.length > 5);
  for (const { url, signature, form } of came) assert.ok(library.validateRequest(twilio.token, signature, url, form), JSON.stringify(form));
  assert.ok(came.some((c) => c.url.endsWith('?outbox=7') && c.form.MessageStatus === 'delivered'));
});

test('what is no TwiML is found out', () => {
  for (const bad of ['', '<Response>', '<Response><Message>a & b</Message></Response>', '<Response>text</Response>', '<Response><Say>x</Say></Response>', '<Response/><Response/>']) assert.throws(() => readTwiml(bad), undefined, bad);
  assert.deepEqual(readTwiml('<?xml version="1.0" encoding="UTF-8"?><Response/>'), []);
});
