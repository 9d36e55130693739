// Clients that mean harm: raw bytes on a socket. Whatever comes, the proxy answers in order or hangs up, and lives.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { Cluster, openMarket } from './lib/cluster.mjs';
import { Proxy, newUser, order, sleep } from './lib/proxy.mjs';

let cluster;
let proxy;
let user;
before(async () => {
  cluster = await Cluster.start();
  await openMarket(cluster);
  proxy = await Proxy.start(cluster, { REQUEST_TIMEOUT: '2', KEEP_ALIVE_TIMEOUT: '3', BODY_LIMIT: '65536', CONNECTION_LIMIT: '300' });
  user = await newUser(proxy);
});
after(async () => {
  const broken = await cluster?.invariants();
  await proxy?.stop();
  await cluster?.end();
  assert.deepEqual(broken, []);
});

// Sends bytes (pieces with pauses), returns everything that came back until the other side closed or `wait` passed.
const raw = (pieces, { wait = 4000, pause = 0, half = false } = {}) => new Promise((ok) => {
  const socket = net.connect(proxy.port, '127.0.0.1');
  let text = '';
  const end = () => { clearTimeout(timer); socket.destroy(); ok(text); };
  const timer = setTimeout(end, wait);
  socket.on('data', (d) => { text += d.latin1Slice(); if (half && /\r\n\r\n/.test(text)) end(); });
  socket.on('close', end).on('error', end);
  socket.on('connect', async () => {
    for (const piece of [pieces].flat()) {
      if (socket.destroyed) break;
      socket.write(piece);
      if (pause) await sleep(pause);
    }
  });
});
const status = (text) => Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
const alive = async () => assert.equal((await proxy.get('/health')).status, 200);
const post = (raw_, headers = {}) => proxy.request('POST', '/api/v1/orders', { token: user.token, raw: raw_, headers });

test('bodies that are not what they should be', async () => {
  const deep = (n) => `${'['.repeat(n)}${']'.repeat(n)}`;
  for (const [body, wanted, code] of [
    ['{', 400], ['', 400], ['null', 400], ['[]', 400], ['"x"', 400], ['7', 400], ['{"a":1,}', 400], ["{'a':1}", 400], ['{"a":1}{"b":2}', 400], ['{"a":01}', 400], ['{"a":NaN}', 400],
    ['{"side":"buy","side":"sell"}', 400], [`{"a":${deep(5000)}}`, 400], [`{"a":${deep(40)}}`, 400], ['{"asset":"\\u0000"}', 400], ['{"asset":"\\ud800"}', 400],
    [`{"asset":"${'x'.repeat(70000)}"}`, 413], [`{"price":${'9'.repeat(60000)}}`, 400],
  ]) {
    const answer = await post(body);
    assert.equal(answer.status, wanted, `${body.slice(0, 60)}: ${answer.status} ${answer.text.slice(0, 200)}`);
    assert.match(answer.headers['content-type'], /problem\+json/);
    assert.match(answer.json.code, /^[a-z0-9_]+$/, code);
  }
  const bytes = Buffer.concat([Buffer.from('{"asset":"'), Buffer.from([0xff, 0xfe, 0xc0, 0xaf]), Buffer.from('"}')]);
  assert.equal((await post(bytes)).status, 400, 'invalid UTF-8');
  assert.equal((await post(Buffer.from('{"asset":"a\0b"}'))).status, 400, 'a NUL byte');
  assert.equal((await post(JSON.stringify(order()), { 'content-type': 'text/plain' })).status, 415);
  assert.equal((await post(JSON.stringify(order()), { 'content-encoding': 'gzip' })).status, 415);
  await alive();
});

test('heads that are not what they should be', async () => {
  const h = 'Host: x\r\n';
  for (const [text, wanted] of [
    [`POST /api/v1/orders HTTP/1.1\r\n${h}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, [411, 501]],
    [`POST /api/v1/orders HTTP/1.1\r\n${h}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`, [400, 411]],
    [`POST /api/v1/orders HTTP/1.1\r\n${h}Content-Length: 5\r\nContent-Length: 6\r\n\r\nxxxxx`, [400]],
    [`POST /api/v1/orders HTTP/1.1\r\n${h}Content-Length: -5\r\n\r\n`, [400]],
    [`POST /api/v1/orders HTTP/1.1\r\n${h}Content-Length: 5x\r\n\r\nxxxxx`, [400]],
    [`POST /api/v1/orders HTTP/1.1\r\n${h}Content-Length: 99999999999999999999\r\n\r\n`, [400, 413]],
    [`GET /health HTTP/1.1\r\n${h}Bad Header: x\r\n\r\n`, [400]], [`GET /health HTTP/1.1\r\n${h}A: b\r\n folded\r\n\r\n`, [400]],
    [`GET /health HTTP/1.1\r\n${h}A: b\0c\r\n\r\n`, [400]], [`GET /health HTTP/1.1\n${h}\n`, [0, 400]], ['GET /health HTTP/1.1\r\n\r\n', [200, 400]],
    [`GET /health HTTP/1.1\r\n${h}${h}\r\n`, [400]], [`GET /health HTTP/3.0\r\n${h}\r\n`, [0, 400, 505]], [`GET  /health HTTP/1.1\r\n${h}\r\n`, [0, 400]], ['\r\n\r\n\r\n', [0, 400]],
    [`G\x01T /health HTTP/1.1\r\n${h}\r\n`, [0, 400]], [`GET /hea\x01lth HTTP/1.1\r\n${h}\r\n`, [0, 400]], [`GET ${'/x'.repeat(20000)} HTTP/1.1\r\n${h}\r\n`, [0, 400, 414, 431]],
    [`GET /health HTTP/1.1\r\n${h}${Array.from({ length: 500 }, (_, i) => `X-${i}: y\r\n`).join('')}\r\n`, [0, 431]], [`GET /health HTTP/1.1\r\n${h}X: ${'y'.repeat(100000)}\r\n\r\n`, [0, 431]],
    ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', [0, 400]], [Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919) & 255)), [0, 400]],
  ]) {
    const answer = await raw(text, { half: true });
    assert.ok(wanted.includes(status(answer)), `${text.slice(0, 70).toString().replaceAll('\r\n', '|')}: ${answer.slice(0, 100)}`);
  }
  await alive();
});

test('paths that try to get out', async () => {
  for (const path of ['/../etc/passwd', '/%2e%2e/etc/passwd', '/%2e%2e%2f%2e%2e%2fetc/passwd', '/..%5c..%5cetc', '/api/v1/../../metrics/../health/x', '/%00', '/health%00', '/api/v1/orders/%2e%2e',
    '//health', '/health/', '/./health', '/api/v1//orders', '/%', '/%zz', '/%c0%ae%c0%ae/', '/index.html%00.js', '/.env', '/.git/config', '/proxy/src/auth.c', `/${'a/'.repeat(500)}`]) {
    const answer = await raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    assert.ok([400, 404, 301, 308, 401, 403].includes(status(answer)), `${path}: ${answer.slice(0, 120)}`);
    assert.doesNotMatch(answer, /root:|tp_auth|DATABASE_URL/);
  }
  await alive();
});

test('unknown routes and methods', async () => {
  assert.equal((await proxy.get('/api/v1/nothing')).status, 404);
  assert.equal((await proxy.get('/api/v2/orders')).status, 404);
  const answer = await proxy.request('PUT', '/api/v1/orders', { token: user.token, body: {} });
  assert.equal(answer.status, 405);
  for (const method of ['GET', 'POST', 'DELETE']) assert.match(answer.headers.allow, new RegExp(method));
  assert.equal(status(await raw('BREW /api/v1/orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')), 405);
  assert.equal((await proxy.request('TRACE', '/health')).status, 405);
});

test('query strings that are not', async () => {
  for (const query of ['a=%zz', 'limit=%00', 'a=%ff', 'limit=1&limit=2', '=x', '&&&', 'limit', `x=${'y'.repeat(5000)}`, Array.from({ length: 300 }, (_, i) => `q${i}=1`).join('&')]) {
    const answer = await proxy.get(`/api/v1/orders?${query}`, { token: user.token });
    assert.ok([200, 400, 414].includes(answer.status), `${query.slice(0, 40)}: ${answer.status}`);
    if (query !== '&&&') assert.notEqual(answer.status, 200, query.slice(0, 40));
  }
});

test('slow-loris connections are closed, and do not keep others out', async () => {
  const begun = Date.now();
  const slow = Array.from({ length: 50 }, () => raw([...'GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: '].concat(Array(200).fill('y')), { pause: 100, wait: 20000 }));
  const body = Array.from({ length: 20 }, () => raw(['POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n', ...Array(200).fill('{')], { pause: 100, wait: 20000 }));
  await alive();
  const answers = await Promise.all([...slow, ...body]);
  assert.ok(Date.now() - begun < 15000, 'closed long before they were done');
  for (const answer of answers) assert.ok([0, 408].includes(status(answer)), answer.slice(0, 80));
});

test('connections beyond the limit are refused, and taken again later', async () => {
  const sockets = [];
  for (let i = 0; i < 400; i++) sockets.push(net.connect(proxy.port, '127.0.0.1').on('error', () => {}));
  await sleep(500);
  for (const s of sockets) s.destroy();
  for (let i = 0; ; i++) {
    try {
      await alive();
      break;
    } catch (e) {
      if (i > 100) throw e;
      await sleep(50);
    }
  }
});

test('pipelined and split requests are each answered, in order', async () => {
  const one = 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n';
  const last = 'GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
  assert.equal((await raw(one.repeat(20) + last)).match(/HTTP\/1\.1 200/g).length, 21);
  assert.equal((await raw([...last], { pause: 5 })).match(/HTTP\/1\.1 200/g).length, 1);
  const text = JSON.stringify(order({ price: '40' }));
  const head = `POST /api/v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${user.token}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n`;
  const both = await raw(head + text + head + text + last);
  assert.equal(both.match(/HTTP\/1\.1 201/g).length, 2);
});

test('clients that leave while their order is on its way', async () => {
  const text = JSON.stringify(order({ price: '41' }));
  const head = `POST /api/v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${user.token}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n`;
  const [[before]] = await cluster.sql('SELECT count(*) FROM tradepost.orders WHERE price = 41');
  await Promise.all(Array.from({ length: 40 }, (_, i) => new Promise((ok) => {
    const socket = net.connect(proxy.port, '127.0.0.1', () => {
      socket.write(head + text);
      setTimeout(() => { socket.resetAndDestroy(); ok(); }, i % 10);
    });
    socket.on('error', () => {});
  })));
  await alive();
  await sleep(300);
  const [[now]] = await cluster.sql('SELECT count(*) FROM tradepost.orders WHERE price = 41');
  assert.ok(Number(now) - Number(before) <= 40);
});

test('random bytes, thousands of times', async () => {
  let seed = 20261121;
  const random = (n) => { seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff; return (seed >>> 8) % n; };
  const good = `POST /api/v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${user.token}\r\nContent-Type: application/json\r\nContent-Length: 72\r\n\r\n${JSON.stringify(order({ price: '42' }))}`;
  for (let round = 0; round < 60; round++) {
    await Promise.all(Array.from({ length: 25 }, () => {
      const bytes = Buffer.from(good, 'latin1');
      for (let i = random(8); i >= 0; i--) bytes[random(bytes.length)] = random(256);
      return raw(bytes.subarray(0, 1 + random(bytes.length)), { wait: 30 });
    }));
  }
  await alive();
});
