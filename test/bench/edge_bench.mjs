// edge_bench.mjs: the edge beside the Node stack that people use instead.
//
// Called by bench.sh, whose server it uses: starts the proxy on it, and the Node stack from ../shared/baseline, if that
// is there, in a copy of its own; measures them in turns with the same generator; adds rows to build/bench.json.
//
//	node edge_bench.mjs DIR JSON   (PGHOST, PGPORT, PGDATABASE, QUICK from the environment)
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { ASSETS, WebSocket, closedLoop, connect, now, openLoop, percentile, pick, resting, sleep, text, users } from './edge_generator.mjs';

const [dir, out] = process.argv.slice(2);
const env = process.env;
const quick = env.QUICK === '1';
const ROUNDS = quick ? 1 : 3;
const SECONDS = quick ? 4 : 8;
const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../..');
const baseline = path.resolve(root, '../shared/baseline');
const run = promisify(execFile);
const say = (line) => process.stderr.write(`bench: edge: ${line}\n`);
const children = [];

const freePort = () => new Promise((ok) => {
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => ok(port));
  });
});
const sql = async (statement) => (await run(`${env.PGBIN}/psql`, ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-c', statement], { maxBuffer: 1 << 26 })).stdout.trim();
const healthy = async (url, timeout = 120) => {
  for (const end = now() + timeout * 1000; now() < end; await sleep(100)) {
    try { if ((await fetch(`${url}/health`)).status === 200) return; } catch { /* not yet */ }
  }
  throw new Error(`${url} does not get healthy`);
};

// Processes -----------------------------------------------------------------

const read = (file) => { try { return fs.readFileSync(file, 'utf8'); } catch { return ''; } };
function tree(pids) {
  const parents = new Map();
  for (const pid of fs.readdirSync('/proc').filter((d) => /^\d+$/.test(d)).map(Number)) {
    const stat = read(`/proc/${pid}/stat`);
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    parents.set(parent, [...(parents.get(parent) ?? []), pid]);
  }
  const all = [...pids];
  for (const pid of all) all.push(...(parents.get(pid) ?? []));
  return all;
}
const cpuSeconds = (pids) => tree(pids).reduce((sum, pid) => sum + Number(read(`/proc/${pid}/schedstat`).split(' ')[0] || 0) / 1e9, 0);
const pssKb = (pids) => tree(pids).reduce((sum, pid) => sum + Number(/^Pss: *(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0), 0);

// The two sides -------------------------------------------------------------

async function startRedis() {
  const port = await freePort();
  const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], { stdio: 'ignore', cwd: dir });
  children.push(child);
  return `redis://127.0.0.1:${port}`;
}

async function startProxy(extra = {}) {
  const port = await freePort();
  const child = spawn(path.join(root, 'build/tradepost-proxy'), [], {
    stdio: ['ignore', 'ignore', fs.openSync(path.join(dir, 'proxy.log'), 'a')],
    env: { PORT: String(port), DATABASE_URL: `postgresql://edge_bench@/${env.PGDATABASE}?host=${encodeURIComponent(env.PGHOST)}&port=${env.PGPORT}`, RATE_LIMIT: 'off', ACCESS_LOG: 'off',
      CONNECTION_LIMIT: '20000', JWT_SECRET: 'bench-secret-bench-secret-bench-0123', JWT_REFRESH_SECRET: 'bench-secret-bench-secret-bench-4567', ...extra },
  });
  children.push(child);
  const url = new URL(`http://127.0.0.1:${port}`);
  await healthy(url.origin);
  return { name: 'tradepost', url, child };
}

async function prepareMarket() {
  await sql("SET client_min_messages = warning; DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'edge_bench') THEN CREATE ROLE edge_bench LOGIN; END IF; END $$; GRANT tradepost_proxy TO edge_bench");
  await sql("SELECT tradepost.init(); ALTER SYSTEM SET tradepost.demo_balance = 1000000000; SELECT pg_reload_conf()").catch(async () => {
    await sql('SELECT tradepost.init()');
    await sql('ALTER SYSTEM SET tradepost.demo_balance = 1000000000');
    await sql('SELECT pg_reload_conf()');
  });
  for (const asset of ['USD', ...ASSETS]) await sql(`SELECT tradepost.create_asset('${asset}')`);
  for (const asset of ASSETS) for (const contract of ['Dec25', 'Jan26', 'Mar26'])
    await sql(`SELECT tradepost.create_instrument('${contract}-${asset}', 'future', '${asset}', 'USD', 0.01, 1, ${contract === 'Mar26' ? 55 : 100}, contract => '${contract}', band => 50,
      initial_margin => 0.01, maintenance_margin => 0.005)`);
}

async function startNode() {
  if (!fs.existsSync(path.join(baseline, 'load.mjs'))) {
    say('../shared/baseline is not there: the edge is measured alone, by our own generator');
    return null;
  }
  const copy = path.join(dir, 'node-stack');
  fs.cpSync(baseline, copy, { recursive: true });
  await run('chmod', ['-R', 'u+rwX', copy]);
  const port = 56000 + 10 * Math.floor(Math.random() * 90);
  const settings = { ...env, RATE_LIMIT: 'off', BASE_PORT: String(port), RUN_DIR: path.join(dir, 'node-run') };
  for (const name of Object.keys(settings)) if (name.startsWith('PG') && name !== 'PG_BIN') delete settings[name];
  const start = async (mode) => {
    await run('bash', [path.join(copy, 'run.sh')], { env: { ...settings, ...mode }, maxBuffer: 1 << 26 });
    const pids = fs.readdirSync(settings.RUN_DIR).filter((f) => f.endsWith('.pid')).map((f) => Number(read(path.join(settings.RUN_DIR, f))));
    return { name: 'node', url: new URL(`http://127.0.0.1:${port}`), runDir: settings.RUN_DIR, pids };
  };
  const stop = () => run('bash', [path.join(copy, 'stop.sh')], { env: { ...settings, PURGE: '1' } }).catch(() => {});
  return { copy, start, stop };
}

// What the baseline's own generator measures of a side: its lines by measure.
async function measureBoth(side, copy, measures, conns) {
  const { stdout } = await run(process.execPath, ['load.mjs', ...measures], {
    cwd: copy, maxBuffer: 1 << 26,
    env: { ...env, BASE_URL: side.url.origin, CONNS: String(conns), DURATION: String(SECONDS), WARM_SECONDS: String(quick ? 5 : 15), RUN_DIR: side.runDir, WS: 'socketio', LABEL: side.name },
  });
  return Object.fromEntries(stdout.trim().split('\n').map((line) => JSON.parse(line)).map((r) => [r.measure, r]));
}

// Rows ----------------------------------------------------------------------

const rows = [];
const median = (list) => { const s = [...list].sort((a, b) => a - b); return s.length ? (s[(s.length - 1) >> 1] + s[s.length >> 1]) / 2 : NaN; };
// values and bases were measured in turns, one pair a round. most: the goal is an upper bound.
function row(name, unit, values, { bases = [], goal = null, most = false } = {}) {
  const ratios = bases.length === values.length && bases.length ? values.map((v, i) => v / bases[i]) : [];
  const value = median(values);
  const judged = ratios.length ? median(ratios) : value;
  const number = (x) => (Number.isFinite(x) ? Number(x.toPrecision(6)) : null);
  rows.push({ name, value: number(value), unit, baseline: bases.length ? number(median(bases)) : null, ratio: ratios.length ? number(median(ratios)) : null, goal,
    met: goal === null || !Number.isFinite(judged) || (bases.length === 0 && /ratio to Node/.test(unit)) ? null : most ? judged <= goal : judged >= goal, n: values.length,
    spread: values.length > 1 ? number((Math.max(...values) - Math.min(...values)) / value) : null });
}

async function againstNode(ours, node) {
  const lines = { tradepost: [], node: [], wide: { tradepost: [], node: [] } };
  const measures = quick ? ['warmup', 'orders', 'orderbook', 'latency_load'] : ['idle', 'warmup', 'orders', 'orderbook', 'latency', 'latency_load'];
  for (let round = 0; round < ROUNDS; round++) {
    await node.stop();
    const theirs = await node.start({ MATCH_MODE: 'immediate', DB_LAYER: 'pg', EVENT_BUS: 'local' });
    for (const side of round % 2 ? [ours, theirs] : [theirs, ours]) {
      say(`round ${round + 1} of ${ROUNDS}: ${side.name}`);
      lines[side.name].push(await measureBoth(side, node.copy, measures, 32));
      if (!quick) lines.wide[side.name].push(await measureBoth(side, node.copy, ['orders'], 256));
    }
    await node.stop();
  }
  const of = (side, measure, field) => lines[side].map((l) => l[measure]?.[field]).filter((x) => x !== undefined);
  const pair = (measure, field) => [of('tradepost', measure, field), { bases: of('node', measure, field) }];
  const add = (name, unit, measure, field, goal, most) => { const [v, o] = pair(measure, field); if (v.length) row(name, unit, v, { ...o, goal, most }); };
  add('rest_orders_c32', 'orders/s', 'orders', 'per_second', 4);
  if (!quick) row('rest_orders_c256', 'orders/s', lines.wide.tradepost.map((l) => l.orders.per_second), { bases: lines.wide.node.map((l) => l.orders.per_second), goal: 6 });
  add('rest_cpu', 'CPU ms/order', 'orders', 'server_cpu_ms_per_op', 1 / 8, true);
  add('rest_p95_c32', 'ms', 'orders', 'p95_ms');
  add('event_p50', 'ms, 300 orders/s beside', 'latency_load', 'p50_ms');
  add('event_p99', 'ms, 300 orders/s beside', 'latency_load', 'p99_ms', 1 / 2, true);
  add('event_p50_idle', 'ms', 'latency', 'p50_ms');
  add('event_p99_idle', 'ms', 'latency', 'p99_ms');
  add('book_reads_c32', 'reads/s', 'orderbook', 'per_second');
  add('book_read_cpu', 'CPU ms/read', 'orderbook', 'server_cpu_ms_per_op', 1 / 6, true);
  add('memory_pss', 'MB', 'orders', 'server_pss_mb');
  for (const side of ['tradepost', 'node']) for (const l of lines[side]) for (const m of Object.values(l)) if (m.errors || m.lost) say(`${side} ${m.measure}: ${m.errors ?? 0} errors, ${m.lost ?? 0} lost`);
}

async function alone(ours, tokens) {
  const orders = [];
  const cpu = [];
  const reads = [];
  const readCpu = [];
  const wide = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const [n, list] of [[32, orders], [256, wide]]) {
      const connections = await connect(ours.url, n);
      const before = cpuSeconds(ours.pids);
      const { latencies } = await closedLoop(connections, SECONDS, (i) => text(ours.url, 'POST', '/api/orders', tokens[i % tokens.length], resting()));
      list.push(latencies.length / SECONDS);
      if (n === 32) cpu.push(((cpuSeconds(ours.pids) - before) * 1000) / latencies.length);
      connections.forEach((c) => c.close());
    }
    const connections = await connect(ours.url, 32);
    const before = cpuSeconds(ours.pids);
    const { latencies } = await closedLoop(connections, SECONDS, () => text(ours.url, 'GET', `/api/orderbook/${pick(ASSETS.slice(0, 4))}`));
    reads.push(latencies.length / SECONDS);
    readCpu.push(((cpuSeconds(ours.pids) - before) * 1000) / latencies.length);
    connections.forEach((c) => c.close());
  }
  row('rest_orders_c32', 'orders/s', orders);
  row('rest_orders_c256', 'orders/s', wide);
  row('rest_cpu', 'CPU ms/order', cpu);
  row('book_reads_c32', 'reads/s', reads);
  row('book_read_cpu', 'CPU ms/read', readCpu);
}

// 1,000 users, each with a connection and a socket, who look and trade every few seconds.
async function thousandUsers(ours, tokens) {
  const n = quick ? 200 : 1000;
  const connections = await connect(ours.url, n);
  const sockets = await openSockets(ours, n, ['market:Dec25-Wheat'], tokens);
  const mix = (i) => {
    const dice = Math.random();
    const token = tokens[i % tokens.length];
    if (dice < 0.25) return text(ours.url, 'POST', '/api/v1/orders', token, resting('Jan26'));
    if (dice < 0.45) return text(ours.url, 'GET', `/api/v1/orderbook/${pick(ASSETS)}`, token);
    if (dice < 0.6) return text(ours.url, 'GET', '/api/v1/market', token);
    if (dice < 0.75) return text(ours.url, 'GET', '/api/v1/orders?limit=20', token);
    if (dice < 0.9) return text(ours.url, 'GET', `/api/v1/trades?symbol=Dec25-${pick(ASSETS)}&limit=20`, token);
    return text(ours.url, 'GET', '/api/v1/account/summary', token);
  };
  const { latencies, errors } = await openLoop(connections, SECONDS, n / 2.5, mix);
  if (errors) say(`1,000 users: ${errors} requests failed`);
  row('api_p95', `ms, ${n} users`, [percentile(latencies, 0.95)], { goal: 100, most: true });
  connections.forEach((c) => c.close());
  sockets.forEach((s) => s.terminate());
}

async function openSockets(ours, n, channels, tokens, onMessage) {
  const sockets = [];
  for (let i = 0; i < n; i += 100) {
    const some = Array.from({ length: Math.min(100, n - i) }, (_, k) => new WebSocket(`ws://${ours.url.host}/ws`, { perMessageDeflate: false, headers: tokens ? { authorization: `Bearer ${tokens[(i + k) % tokens.length]}` } : {} }));
    await Promise.all(some.map((s) => new Promise((ok, bad) => { s.once('open', ok).once('error', bad); })));
    sockets.push(...some);
  }
  if (channels.length) {
    for (const s of sockets) {
      if (onMessage) s.on('message', onMessage);
      s.send(JSON.stringify({ op: 'subscribe', id: 1, channels }));
    }
    await sleep(1000);
  }
  return sockets;
}

// Makes trades at a rate: a resting ask, then the bid that takes it; calls made(orderId, time) when that is sent.
async function trader(ours, tokens, seconds, perSecond, symbol, made) {
  const [contract, asset] = symbol.split('-');
  const connections = await connect(ours.url, 16);
  const end = now() + seconds * 1000;
  await Promise.all(connections.map(async (c, i) => {
    while (now() < end) {
      const body = (side) => ({ asset, contract, side, price: 100, amount: 1 });
      const maker = await c.ask('POST', '/api/v1/orders', tokens[i % tokens.length], body('sell'));
      const id = JSON.parse(maker.text).order?.id;
      if (id !== undefined) made(id, now());
      await c.ask('POST', '/api/v1/orders', tokens[(i + 1) % tokens.length], body('buy'));
      await sleep((connections.length * 1000) / perSecond * (0.5 + Math.random()));
    }
  }));
  await sleep(500);
  connections.forEach((c) => c.close());
}

async function busySockets(ours, tokens) {
  const n = quick ? 200 : 1000;
  const sent = new Map();
  const latencies = [];
  let delivered = 0;
  const onMessage = (data) => {
    delivered += 1;
    if (delivered % 97) return; // to parse all of them would measure the generator
    const m = JSON.parse(data);
    if (m.event === 'trade:executed' && sent.has(m.data.sellOrderId)) latencies.push(now() - sent.get(m.data.sellOrderId));
  };
  const sockets = await openSockets(ours, n, ['market:Dec25-Coffee'], null, onMessage);
  delivered = 0;
  const before = cpuSeconds([ours.child.pid]);
  const begun = now();
  await trader(ours, tokens, SECONDS, 40, 'Dec25-Coffee', (id, at) => sent.set(id, at));
  const took = (now() - begun) / 1000;
  row('sockets_busy_events', `events/s to ${n} sockets`, [delivered / took]);
  row('sockets_busy_cpu', 'CPU us/event in the proxy', [((cpuSeconds([ours.child.pid]) - before) * 1e6) / delivered]);
  row('sockets_busy_p99', 'ms, POST of the taker to event', [percentile(latencies, 0.99)]);
  sockets.forEach((s) => s.terminate());

  const few = [];
  const probe = await openSockets(ours, 1, ['trades:Dec25-Sugar'], null, (data) => {
    const m = JSON.parse(data);
    if (m.event === 'trade:executed' && sent.has(m.data.sellOrderId)) few.push(now() - sent.get(m.data.sellOrderId));
  });
  await trader(ours, tokens, SECONDS, 40, 'Dec25-Sugar', (id, at) => sent.set(id, at));
  row('ws_latency', 'ms p95, POST to event', [percentile(few, 0.95)], { goal: 50, most: true });
  probe[0].terminate();
}

async function idleSockets(ours) {
  const n = quick ? 1000 : 5000;
  await sleep(500);
  const before = pssKb([ours.child.pid]);
  const sockets = await openSockets(ours, n, []);
  for (const s of sockets) s.send('{"op":"subscribe","id":1,"channels":["trades:Mar26-Corn"]}');
  await sleep(2000);
  row('sockets_idle_memory', `KB each, ${n} sockets`, [(pssKb([ours.child.pid]) - before) / n]);
  sockets.forEach((s) => s.terminate());
}

const metric = (page, pattern) => [...page.matchAll(pattern)].reduce((sum, m) => sum + Number(m[1]), 0);

// Readers who look at what people look at: mostly a few instruments' tapes, candles, the market; trades go on meanwhile.
async function cacheRate(tokens) {
  const redis = await startRedis();
  const cached = await startProxy({ REDIS_URL: redis });
  cached.pids = [cached.child.pid];
  const symbols = ASSETS.map((a) => `Dec25-${a}`);
  const zipf = () => symbols[Math.min(symbols.length - 1, Math.floor(-Math.log(1 - Math.random()) * 1.5))];
  const connections = await connect(cached.url, 64);
  const trading = trader(cached, tokens, SECONDS, 5, 'Dec25-Wheat', () => {});
  await openLoop(connections, SECONDS, 600, () => {
    const dice = Math.random();
    if (dice < 0.3) return text(cached.url, 'GET', `/api/v1/orderbook/${zipf()}`);
    if (dice < 0.5) return text(cached.url, 'GET', '/api/v1/market');
    if (dice < 0.75) return text(cached.url, 'GET', `/api/v1/trades?symbol=${zipf()}&limit=50`);
    if (dice < 0.9) return text(cached.url, 'GET', `/api/v1/candles/${zipf()}?resolution=${pick(['1m', '1h'])}`);
    return text(cached.url, 'GET', '/api/v1/instruments');
  });
  await trading;
  const page = await (await fetch(`${cached.url.origin}/metrics`)).text();
  const hits = metric(page, /^tradepost_proxy_cache_hits_total (\d+)/gm);
  const misses = metric(page, /^tradepost_proxy_cache_misses_total (\d+)/gm);
  row('cache_hit_rate', 'share of reads, with Redis', [hits / (hits + misses)], { goal: 0.85 });
  connections.forEach((c) => c.close());
  cached.child.kill('SIGTERM');
}

// The quantile of a Prometheus histogram: the upper bound of the bucket that it falls into.
async function queryTime(ours) {
  const page = await (await fetch(`${ours.url.origin}/metrics`)).text();
  const buckets = [...page.matchAll(/^tradepost_proxy_database_call_seconds_bucket\{le="([^"]+)"\} (\d+)/gm)].map(([, le, count]) => [Number(le.replace('+Inf', 'Infinity')), Number(count)]);
  if (!buckets.length) throw new Error('the proxy has no histogram of its database calls');
  const total = buckets.at(-1)[1];
  row('database_query_p95', 'ms, upper bound of the bucket', [buckets.find(([, count]) => count >= 0.95 * total)[0] * 1000], { goal: 10, most: true });
}

function print() {
  const cell = (x) => (x === null || x === undefined ? '' : typeof x === 'number' ? String(Number(x.toPrecision(4))) : String(x));
  const table = [['name', 'value', 'unit', 'Node', 'ratio', 'goal', 'met', 'n', 'spread'], ...rows.map((r) => [r.name, cell(r.value), r.unit, cell(r.baseline), cell(r.ratio), cell(r.goal), r.met === null ? '' : r.met ? 'yes' : 'NO', cell(r.n), cell(r.spread)])];
  const widths = table[0].map((_, i) => Math.max(...table.map((l) => l[i].length)));
  for (const line of table) console.log(line.map((c, i) => (i === 0 || i === 2 ? c.padEnd(widths[i]) : c.padStart(widths[i]))).join('  ').trimEnd());
}

async function main() {
  await prepareMarket();
  const ours = await startProxy();
  const postmaster = Number(env.BENCH_POSTMASTER);
  ours.runDir = path.join(dir, 'run');
  fs.mkdirSync(ours.runDir, { recursive: true });
  fs.writeFileSync(path.join(ours.runDir, 'postgres.pid'), `${postmaster}\n`);
  fs.writeFileSync(path.join(ours.runDir, 'proxy.pid'), `${ours.child.pid}\n`);
  ours.pids = [postmaster, ours.child.pid];
  const node = await startNode();
  try {
    if (node) {
      await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: node.copy, maxBuffer: 1 << 26 });
      await againstNode(ours, node);
    }
    const tokens = await users(ours.url, 16);
    if (!node) await alone(ours, tokens);
    say('sockets and users');
    await thousandUsers(ours, tokens);
    await busySockets(ours, tokens);
    await queryTime(ours);
    await idleSockets(ours);
    await cacheRate(tokens);
  } finally {
    await node?.stop();
    for (const child of children) child.kill('SIGTERM');
    const earlier = fs.existsSync(out) ? JSON.parse(fs.readFileSync(out, 'utf8')) : [];
    const names = new Set(rows.map((r) => r.name));
    fs.writeFileSync(out, `${JSON.stringify([...earlier.filter((r) => !names.has(r.name)), ...rows], null, 1)}\n`);
    print();
  }
  const [[broken]] = [(await sql('SELECT count(*) FROM tradepost.check_invariants() WHERE NOT holds')).split('\n')];
  if (broken !== '0') throw new Error(`${broken} invariants do not hold after the load`);
}

await main();
process.exit(0);
