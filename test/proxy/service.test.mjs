// The proxy as a service: health, metrics, headers, compression, configuration, TLS, shutdown.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { WebSocket } from 'ws';
import { Cluster, freePort, openMarket } from './lib/cluster.mjs';
import { Proxy, SECRET, newUser, order, sleep } from './lib/proxy.mjs';

const program = process.env.TRADEPOST_PROXY;
let cluster;
let proxy;
before(async () => {
  cluster = await Cluster.start();
  await openMarket(cluster);
  proxy = await Proxy.start(cluster, { FRONTEND_URL: 'https://app.example.com,http://localhost:3000' });
});
after(async () => {
  await proxy?.stop();
  await cluster?.end();
});
const until = async (what, condition, ms = 15000) => {
  const end = Date.now() + ms;
  while (!await condition()) {
    assert.ok(Date.now() < end, what);
    await sleep(30);
  }
};

test('it listens on 127.0.0.1 only unless told otherwise', async () => {
  const listening = (port) => execFileSync('ss', ['-Hltn', `sport = :${port}`]).toString().trim().split('\n').map((l) => l.split(/\s+/)[3]);
  assert.deepEqual([...new Set(listening(proxy.port))], [`127.0.0.1:${proxy.port}`]);
  const wide = await Proxy.start(cluster, { HOST: '0.0.0.0' });
  assert.deepEqual([...new Set(listening(wide.port))], [`0.0.0.0:${wide.port}`]);
  await wide.stop();
});

test('a second proxy does not share the port of the first', () => {
  const { status, stderr } = spawnSync(program, [], { env: proxy.env, encoding: 'utf8', timeout: 20000 });
  assert.notEqual(status, 0);
  assert.match(stderr, new RegExp(`PORT ${proxy.port}`));
});

test('promtool accepts the metrics, which count what happened', async () => {
  const user = await newUser(proxy);
  await proxy.post('/api/v1/orders', order({ price: '50' }), { token: user.token });
  const { text, headers } = await proxy.get('/metrics');
  assert.match(headers['content-type'], /text\/plain/);
  const check = spawnSync('promtool', ['check', 'metrics'], { input: text });
  assert.equal(check.status, 0, `${check.error ?? ''}${check.stdout}${check.stderr}`);
  for (const name of ['http_requests_total', 'request_duration_seconds_bucket', 'orders_total', 'trades_total', 'sockets', 'event_lag_seconds', 'pool', 'cache', 'engine'])
    assert.match(text, new RegExp(`^tradepost_\\w*${name}`, 'm'), name);
});

test('workers count together', async () => {
  const many = await Proxy.start(cluster, {}, ['--workers', '3']);
  for (let i = 0; i < 30; i++) await many.get('/api/v1/instruments', { headers: { connection: 'close' } });
  const { text } = await many.get('/metrics');
  const total = [...text.matchAll(/^tradepost_proxy_http_requests_total\{[^}]*route="[^"]*instruments"[^}]*status="200"[^}]*\} (\d+)/gm)].reduce((s, m) => s + Number(m[1]), 0);
  assert.equal(total, 30);
  await many.stop();
});

test('a worker that is killed is replaced, and its neighbours go on', async () => {
  const many = await Proxy.start(cluster, {}, ['--workers', '2']);
  const children = () => execFileSync('ps', ['-o', 'pid=', '--ppid', String(many.child.pid)]).toString().split('\n').map(Number).filter(Boolean);
  const old = children();
  assert.equal(old.length, 2);
  process.kill(old[0], 'SIGKILL');
  await until('replaced', async () => { const now = children(); return now.length === 2 && !now.includes(old[0]); });
  many.agent.destroy(); // it may keep a connection to the one that is gone
  for (let i = 0; i < 20; i++) assert.equal((await many.get('/health', { headers: { connection: 'close' } })).status, 200);
  await many.stop();
});

test('health says so when the database is away, and comes back by itself', async () => {
  const own = await Cluster.start();
  await openMarket(own);
  const lonely = await Proxy.start(own);
  const user = await newUser(lonely);
  await own.stop('immediate');
  await until('unavailable', async () => (await lonely.get('/health')).status === 503);
  const answer = await lonely.post('/api/v1/orders', order(), { token: user.token });
  assert.equal(answer.status, 503);
  assert.ok(Number(answer.headers['retry-after']) > 0);
  assert.match(answer.headers['content-type'], /problem\+json/);
  await own.up();
  await until('back', async () => (await lonely.get('/health')).status === 200);
  await until('orders again', async () => (await lonely.post('/api/v1/orders', order({ price: '50' }), { token: user.token })).status === 201);
  // Read-only: a standby, or a cluster that was told so.
  await own.sql("ALTER SYSTEM SET default_transaction_read_only = on; SELECT pg_reload_conf()").catch(() => {});
  await own.sql("ALTER ROLE gateway SET default_transaction_read_only = on");
  await own.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'gateway'");
  await until('read-only', async () => {
    const { status, headers } = await lonely.post('/api/v1/orders', order({ price: '50' }), { token: user.token });
    return status === 503 && Number(headers['retry-after']) > 0;
  });
  await lonely.stop();
  await own.end();
});

test('an engine that stands still shows in /health/detailed', async () => {
  // A second, as it is by default; the other tests' proxies wait longer for a machine that is busy.
  const hasty = await Proxy.start(cluster, { ORDER_DECISION_TIMEOUT_MS: '1000' });
  const user = await newUser(hasty);
  const [[pid]] = await cluster.sql("SELECT pid FROM tradepost.engine_status");
  assert.equal((await proxy.get('/health/detailed')).json.status, 'ok');
  process.kill(Number(pid), 'SIGSTOP');
  try {
    const answer = await hasty.post('/api/v1/orders', order({ price: '52' }), { token: user.token });
    assert.equal(answer.status, 202, 'taken, not decided');
    await until('stalled', async () => (await proxy.get('/health/detailed')).json.status === 'stalled', 30000);
    assert.equal((await proxy.get('/health/detailed')).status, 503);
  } finally {
    process.kill(Number(pid), 'SIGCONT');
  }
  await until('ok again', async () => (await proxy.get('/health/detailed')).json.status === 'ok');
  await hasty.stop();
});

test('answers above 1 KB are compressed for who accepts it', async () => {
  const plain = await proxy.get('/openapi.yaml');
  const packed = await proxy.get('/openapi.yaml', { headers: { 'accept-encoding': 'gzip, br' } });
  assert.equal(packed.headers['content-encoding'], 'gzip');
  assert.equal(gunzipSync(packed.bytes).toString(), plain.text);
  assert.ok(packed.bytes.length < plain.bytes.length / 2);
  assert.match(packed.headers.vary ?? '', /Accept-Encoding/i);
  assert.equal(plain.headers['content-encoding'], undefined);
  assert.equal((await proxy.get('/health', { headers: { 'accept-encoding': 'gzip' } })).headers['content-encoding'], undefined, 'a small one is not');
  assert.equal((await proxy.get('/openapi.yaml', { headers: { 'accept-encoding': 'gzip;q=0' } })).headers['content-encoding'], undefined);
});

test('CORS goes by FRONTEND_URL', async () => {
  const ask = (origin) => proxy.request('OPTIONS', '/api/v1/orders', { headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type' } });
  for (const origin of ['https://app.example.com', 'http://localhost:3000']) {
    const answer = await ask(origin);
    assert.equal(answer.status, 204);
    assert.equal(answer.headers['access-control-allow-origin'], origin);
    assert.match(answer.headers['access-control-allow-headers'], /authorization/i);
    assert.match(answer.headers['access-control-allow-methods'], /POST/);
    assert.match(answer.headers['access-control-expose-headers'], /Idempotency-Replayed/);
    assert.equal((await proxy.get('/health', { headers: { origin } })).headers['access-control-allow-origin'], origin);
  }
  for (const origin of ['https://evil.example.com', 'https://app.example.com.evil.com', 'null', 'http://app.example.com'])
    assert.equal((await ask(origin)).headers['access-control-allow-origin'], undefined, origin);
});

test('security headers and request ids', async () => {
  const { headers } = await proxy.get('/health', { headers: { 'x-request-id': 'abc-123' } });
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.equal(headers['x-request-id'], 'abc-123');
  assert.ok(headers['referrer-policy']);
  assert.equal(headers['x-powered-by'], undefined);
  const odd = await proxy.get('/health', { headers: { 'x-request-id': `"><script>${'x'.repeat(300)}` } });
  assert.match(odd.headers['x-request-id'], /^[\w-]{8,40}$/, 'what is no id is replaced');
  const page = await proxy.get('/');
  assert.equal(page.status, 200);
  assert.match(page.headers['content-security-policy'], /default-src|script-src/);
  assert.match(page.headers['x-frame-options'] ?? page.headers['content-security-policy'], /DENY|frame-ancestors/);
});

test('HEAD, OPTIONS and conditional requests', async () => {
  const head = await proxy.request('HEAD', '/openapi.yaml');
  assert.equal(head.status, 200);
  assert.equal(head.bytes.length, 0);
  assert.ok(Number(head.headers['content-length']) > 1000);
});

test('log lines are JSON, with request ids', async () => {
  const logging = await Proxy.start(cluster, { ACCESS_LOG: 'on' });
  await logging.get('/api/v1/instruments', { headers: { 'x-request-id': 'find-me' } });
  await until('logged', async () => logging.log.includes('find-me'));
  const line = logging.lines.find((l) => JSON.stringify(l).includes('find-me'));
  assert.equal(line.status, 200);
  assert.ok(line.route.includes('instruments'));
  for (const text of logging.log.split('\n').filter(Boolean)) assert.doesNotThrow(() => JSON.parse(text), text);
  await logging.stop();
});

test('--check-config prints what is in force, secrets masked', () => {
  const { stdout, status } = spawnSync(program, ['--check-config'], {
    env: { JWT_SECRET: SECRET, JWT_REFRESH_SECRET: `${SECRET}x`, DATABASE_URL: 'postgresql://gateway:very-secret-word@db.example.com/exchange', REDIS_URL: 'redis://:redis-secret-word@r/0', REDIS_PASSWORD: 'another-secret-word',
      TWILIO_AUTH_TOKEN: 'twilio-secret-word', PORT: '9123', LSAN_OPTIONS: process.env.TRADEPOST_LSAN_OPTIONS ?? '' }, encoding: 'utf8',
  });
  assert.equal(status, 0, stdout);
  assert.match(stdout, /PORT=9123/);
  for (const secret of [SECRET, 'very-secret-word', 'redis-secret-word', 'another-secret-word', 'twilio-secret-word']) assert.ok(!stdout.includes(secret), secret);
  for (const name of ['HOST', 'DATABASE_URL', 'JWT_SECRET', 'JWT_REFRESH_SECRET', 'REDIS_URL', 'REDIS_PASSWORD', 'FRONTEND_URL', 'TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'TWILIO_WHATSAPP_NUMBER', 'WHATSAPP_VERIFY_TOKEN',
    'BASIC_TIER_PRICE', 'PRO_TIER_PRICE', 'ENTERPRISE_TIER_PRICE']) assert.match(stdout, new RegExp(`^${name}=`, 'm'));
});

test('.env.example lists every variable that --check-config knows', () => {
  const { stdout } = spawnSync(program, ['--check-config'], { env: { JWT_SECRET: SECRET, JWT_REFRESH_SECRET: `${SECRET}x`, DATABASE_URL: 'postgresql://x/y' }, encoding: 'utf8' });
  const known = [...stdout.matchAll(/^([A-Z][A-Z0-9_]+)=/gm)].map((m) => m[1]);
  const example = fs.readFileSync(path.join(process.env.TRADEPOST_ROOT, '.env.example'), 'utf8');
  assert.ok(known.length > 30);
  for (const name of [...known, 'POSTGRES_HOST', 'POSTGRES_PASSWORD', 'SECRET_KEY', 'NODE_ENV']) assert.match(example, new RegExp(`^#? ?${name}=`, 'm'), name);
});

test('weak or default secrets are refused in production, by name', () => {
  const start = (env) => spawnSync(program, ['--check-config'], { env: { NODE_ENV: 'production', DATABASE_URL: 'postgresql://x/y', JWT_SECRET: SECRET, JWT_REFRESH_SECRET: `${SECRET}x`, ...env }, encoding: 'utf8' });
  assert.equal(start({}).status, 0, start({}).stderr);
  for (const [env, name] of [[{ JWT_SECRET: 'secret' }, 'JWT_SECRET'], [{ JWT_SECRET: 'a'.repeat(64) }, 'JWT_SECRET'], [{ JWT_SECRET: 'changeme-changeme-changeme-changeme' }, 'JWT_SECRET'], [{ JWT_REFRESH_SECRET: 'short' }, 'JWT_REFRESH_SECRET'],
    ...['your-super-secret-jwt-key-change-in-production', 'dev-secret-key-do-not-use-in-production', '0123456789'.repeat(4), 'change-this-to-a-random-secret-key-please'].map((JWT_SECRET) => [{ JWT_SECRET }, 'JWT_SECRET']),
    [{ FRONTEND_URL: '*' }, 'FRONTEND_URL']]) {
    const { status, stderr, stdout } = start(env);
    assert.notEqual(status, 0, JSON.stringify(env));
    assert.match(stderr + stdout, new RegExp(name));
    for (const value of Object.values(env)) if (value.length > 8) assert.ok(!(stderr + stdout).includes(value));
  }
  assert.notEqual(start({ JWT_SECRET: '', JWT_REFRESH_SECRET: '' }).status, 0);
});

test('settings that cannot be are refused, by name and limit; flags beat variables beat the file', () => {
  const run = (env, args = []) => spawnSync(program, ['--check-config', ...args], { env: { DATABASE_URL: 'postgresql://x/y', JWT_SECRET: SECRET, JWT_REFRESH_SECRET: `${SECRET}x`, ...env }, encoding: 'utf8' });
  for (const [env, name] of [[{ PORT: 'x' }, 'PORT'], [{ PORT: '70000' }, 'PORT'], [{ WORKERS: '0' }, 'WORKERS'], [{ RATE_LIMIT_AUTH: 'many' }, 'RATE_LIMIT_AUTH'], [{ TRUSTED_PROXIES: '300.1.1.1' }, 'TRUSTED_PROXIES'], [{ HOST: 'no such host!' }, 'HOST'],
    [{ TLS_CERT: '/nonexistent' }, 'TLS_'], [{ REDIS_URL: 'http://x' }, 'REDIS_URL']]) {
    const { status, stderr, stdout } = run(env);
    assert.notEqual(status, 0, JSON.stringify(env));
    assert.match(stderr + stdout, new RegExp(name));
  }
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tp-conf-'));
  const file = path.join(dir, 'env');
  fs.writeFileSync(file, 'PORT=9001\nLOG_LEVEL=warn\nWORKERS=3\n# a comment\n');
  const { stdout } = run({ PORT: '9002', WORKERS: '2' }, ['--config', file, '--port', '9003']);
  assert.match(stdout, /^PORT=9003/m);
  assert.match(stdout, /^WORKERS=2/m);
  assert.match(stdout, /^LOG_LEVEL=warn/m);
  fs.rmSync(dir, { recursive: true });
});

test('TLS by certificate files, reloaded without a restart', async () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tp-tls-'));
  const cert = path.join(dir, 'cert.pem');
  const key = path.join(dir, 'key.pem');
  const make = (name) => execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', `/CN=${name}`], { stdio: 'ignore' });
  make('first.example.com');
  const port = await freePort();
  const child = spawn(program, [], { env: { ...proxy.env, PORT: String(port), TLS_CERT: cert, TLS_KEY: key }, stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (d) => { log += d; });
  const get = () => new Promise((ok) => {
    https.get({ host: '127.0.0.1', port, path: '/health', rejectUnauthorized: false, agent: false }, (r) => {
      const name = r.socket.getPeerCertificate().subject?.CN;
      r.resume().on('end', () => ok({ status: r.statusCode, name }));
    }).on('error', () => ok({}));
  });
  await until('up', async () => (await get()).status === 200);
  assert.equal((await get()).name, 'first.example.com');
  const socket = new WebSocket(`wss://127.0.0.1:${port}/ws`, { rejectUnauthorized: false });
  await new Promise((ok, bad) => { socket.on('open', ok).on('error', bad); });
  make('second.example.com');
  child.kill('SIGHUP');
  await until('reloaded', async () => (await get()).name === 'second.example.com');
  assert.equal(socket.readyState, WebSocket.OPEN, 'open connections stay');
  // A broken file is refused, and the old one stays.
  fs.writeFileSync(cert, 'not a certificate');
  child.kill('SIGHUP');
  await sleep(300);
  assert.equal((await get()).status, 200);
  child.kill('SIGTERM');
  const code = await new Promise((ok) => { child.once('exit', ok); });
  assert.equal(code, 0, log);
  fs.rmSync(dir, { recursive: true });
});

test('a graceful end: what is under way is answered, sockets close with 1001', async () => {
  const leaving = await Proxy.start(cluster);
  const user = await newUser(leaving);
  const socket = new WebSocket(`${leaving.ws}/ws`);
  await new Promise((ok, bad) => { socket.on('open', ok).on('error', bad); });
  const closed = new Promise((ok) => { socket.on('close', (code) => ok(code)); });
  const answers = Promise.all(Array.from({ length: 20 }, () => leaving.post('/api/v1/orders', order({ price: '51' }), { token: user.token }).then((a) => a.status, () => 0)));
  await sleep(5);
  const begun = Date.now();
  await leaving.stop();
  assert.equal(await closed, 1001);
  const statuses = await answers;
  const placed = Number((await cluster.sql('SELECT count(*) FROM tradepost.orders WHERE price = 51'))[0][0]);
  assert.equal(statuses.filter((s) => s === 201).length, placed, `every order that is there was answered: ${statuses}`);
  assert.ok(Date.now() - begun < 20000);
});

test('the systemd unit is understood', async () => {
  const unit = path.join(process.env.TRADEPOST_ROOT, 'proxy/tradepost-proxy.service');
  const text = fs.readFileSync(unit, 'utf8');
  for (const word of ['ExecStart=', 'ExecReload=', 'NoNewPrivileges=', 'EnvironmentFile=']) assert.ok(text.includes(word), word);
  await promisify(execFile)('systemd-analyze', ['verify', unit]).catch((e) => {
    // Where systemd is, only the program's absence may be its complaint.
    if (e.code !== 'ENOENT') assert.doesNotMatch(e.stderr ?? '', /Unknown|Failed to parse|Invalid/, e.stderr);
  });
});
