// A proxy of the test's own. Its exit status and what sanitizers say are part of every test.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './cluster.mjs';

const program = process.env.TRADEPOST_PROXY;
if (!program) throw new Error('TRADEPOST_PROXY is not set: run this by make test');

export const SECRET = 'mGv4pTqW9zLrXcB2nYdK7sHfJ3eUaR6oQw';

// What a test that failed has not ended itself.
const left = new Set();
process.on('exit', () => {
  for (const child of left) child.kill('SIGKILL');
});

export class Proxy {
  static async start(cluster, env = {}, args = []) {
    const proxy = new Proxy();
    proxy.port = Number(env.PORT ?? await freePort());
    proxy.host = env.TEST_HOST ?? '127.0.0.1';
    proxy.args = args;
    proxy.env = {
      PATH: process.env.PATH, PORT: String(proxy.port), DATABASE_URL: cluster.url, JWT_SECRET: SECRET, JWT_REFRESH_SECRET: `${SECRET}-refresh`,
      RATE_LIMIT: 'off', ARGON2_MEMORY_KIB: '1024', ARGON2_PASSES: '1', DRAIN_TIMEOUT: '3', ORDER_DECISION_TIMEOUT_MS: '20000',
      ASAN_OPTIONS: 'detect_leaks=1:abort_on_error=0:exitcode=99', UBSAN_OPTIONS: 'halt_on_error=1:exitcode=99',
      LSAN_OPTIONS: process.env.TRADEPOST_LSAN_OPTIONS ?? '', ...env,
    };
    proxy.agent = new http.Agent({ keepAlive: true, maxSockets: 256 });
    await proxy.up();
    return proxy;
  }

  async up() {
    this.log = '';
    this.child = spawn(program, this.args, { env: this.env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout.on('data', (d) => { this.log += d; });
    this.child.stderr.on('data', (d) => { this.log += d; });
    const { child } = this;
    left.add(child);
    // A test that failed without stopping it is not to keep Node alive.
    for (const handle of [child, child.stdout, child.stderr]) handle.unref();
    this.exited = new Promise((ok) => { child.once('exit', (code, signal) => { left.delete(child); ok({ code, signal }); }); });
    this.closed = new Promise((ok) => { child.once('close', ok); });
    let over = null;
    this.exited.then((e) => { over = e; });
    for (;;) {
      if (over) throw new Error(`the proxy ended: ${JSON.stringify(over)}\n${this.log}`);
      try {
        const { status } = await this.get('/health');
        if (status === 200) return;
      } catch { /* not there yet */ }
      await sleep(30);
    }
  }

  get url() { return `http://${this.host}:${this.port}`; }

  get ws() { return `ws://${this.host}:${this.port}`; }

  // Lines that the proxy wrote, as objects.
  get lines() {
    return this.log.split('\n').filter((l) => l.startsWith('{')).map((l) => JSON.parse(l));
  }

  request(method, path, { token, body, headers = {}, raw } = {}) {
    const text = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    return new Promise((ok, bad) => {
      const request = http.request({
        agent: this.agent, host: this.host, port: this.port, method, path,
        headers: {
          ...(token && { authorization: `Bearer ${token}` }),
          ...(text !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
          ...headers,
        },
      }, (response) => {
        const parts = [];
        response.on('data', (d) => parts.push(d)).on('error', bad).on('end', () => {
          const bytes = Buffer.concat(parts);
          const answer = { status: response.statusCode, headers: response.headers, bytes, text: bytes.toString('utf8') };
          if (/json/.test(response.headers['content-type'] ?? '') && !response.headers['content-encoding']) answer.json = bytes.length ? JSON.parse(answer.text) : undefined;
          ok(answer);
        });
      });
      request.on('error', bad);
      request.end(text);
    });
  }

  get(path, options) { return this.request('GET', path, options); }

  post(path, body, options) { return this.request('POST', path, { body, ...options }); }

  // Kills without asking, as the kernel would: all of it. Workers whose supervisor dies would end well,
  // and a supervisor replaces workers that die, so it is stopped while they do.
  async kill() {
    const { child } = this;
    for (const handle of [child, child.stdout, child.stderr]) handle.ref();
    child.kill('SIGSTOP');
    for (const pid of this.workers) process.kill(pid, 'SIGKILL');
    child.kill('SIGKILL');
    // Its end is not theirs: they hold the pipes, and the port.
    await this.closed;
  }

  get workers() {
    const { stdout } = spawnSync('ps', ['-o', 'pid=', '--ppid', String(this.child.pid)], { encoding: 'utf8' });
    return stdout.split('\n').map(Number).filter(Boolean);
  }

  // Ends it well: exit status 0, and no word from a sanitizer.
  async stop() {
    for (const handle of [this.child, this.child.stdout, this.child.stderr]) handle.ref();
    this.child.kill('SIGTERM');
    const { code, signal } = await this.exited;
    this.agent.destroy();
    assert.equal(/(?:AddressSanitizer|LeakSanitizer|runtime error:)[^]{0,3000}/.exec(this.log)?.[0], undefined, 'sanitizers are silent');
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, `the proxy ends well\n${this.log.slice(-4000)}`);
  }
}

let users = 0;
// A registered user: {token, user, email, password, ...}; with the headers that he sends, such as X-Tenant.
export async function newUser(proxy, fields = {}, headers = {}) {
  const email = fields.email ?? `user-${process.pid}-${users++}@example.com`;
  const password = fields.password ?? 'Correct-Horse-1';
  const answer = await proxy.post('/api/v1/auth/register', { email, password, ...fields }, { headers });
  assert.equal(answer.status, 201, answer.text);
  return { ...answer.json, email, password, headers };
}

export const order = (fields = {}) => ({ asset: 'Wheat', contract: 'Dec25', side: 'buy', price: '100', amount: 1, ...fields });

export { sleep };
