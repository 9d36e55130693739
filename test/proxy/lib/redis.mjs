// A Redis of the test's own, with a password, on loopback.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { freePort } from './cluster.mjs';
import { sleep } from './proxy.mjs';

export const REDIS_PASSWORD = 'redis-test-password';

// What a test that failed has not ended itself.
const left = new Set();
process.on('exit', () => {
  for (const child of left) child.kill('SIGKILL');
});

export class Redis {
  static async start() {
    const redis = new Redis();
    redis.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tp-redis-'));
    redis.port = await freePort();
    await redis.up();
    return redis;
  }

  async up() {
    this.child = spawn('redis-server', ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.dir, '--requirepass', REDIS_PASSWORD, '--appendonly', 'yes', '--save', ''], { stdio: 'ignore' });
    const { child } = this;
    left.add(child);
    this.exited = new Promise((ok) => { child.once('exit', () => { left.delete(child); ok(); }); });
    for (;;) {
      if (await new Promise((ok) => { const s = net.connect(this.port, '127.0.0.1', () => { s.destroy(); ok(true); }).on('error', () => ok(false)); })) return;
      await sleep(20);
    }
  }

  get url() { return `redis://127.0.0.1:${this.port}/0`; }

  // A connection that speaks just enough RESP: returns lines as they come.
  async connect() {
    const socket = net.connect(this.port, '127.0.0.1');
    await new Promise((ok) => { socket.once('connect', ok); });
    const listener = { socket, text: '' };
    socket.on('data', (d) => { listener.text += d; }).on('error', () => {});
    listener.send = (...words) => socket.write(`*${words.length}\r\n${words.map((w) => `$${Buffer.byteLength(w)}\r\n${w}\r\n`).join('')}`);
    listener.send('AUTH', REDIS_PASSWORD);
    return listener;
  }

  async stop(signal = 'SIGTERM') {
    this.child.kill(signal);
    await this.exited;
  }
}
