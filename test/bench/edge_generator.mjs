// The edge's load, for what the baseline's generator does not measure, and in its place where that is missing.
//
// Closed and open loops over keep-alive connections of one thread; requests are made beforehand as text, answers are
// cut at their Content-Length and not parsed.
import net from 'node:net';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

const require = createRequire(new URL('../proxy/package.json', import.meta.url));
const { WebSocket } = require('ws');
export { WebSocket, sleep };

export const now = () => performance.now();
export const percentile = (list, q) => {
  const sorted = Float64Array.from(list).sort();
  return sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] : NaN;
};

export class Connection {
  constructor(url) {
    this.url = url;
    this.text = '';
    this.socket = net.connect({ host: url.hostname, port: Number(url.port), noDelay: true });
    this.ready = new Promise((ok, bad) => { this.socket.once('connect', ok).once('error', bad); });
    this.socket.on('data', (d) => this.#data(d));
    this.socket.on('close', () => this.#end(0, '')).on('error', () => {});
  }

  #end(status, body) {
    const f = this.callback;
    this.callback = null;
    f?.(status, body);
  }

  #data(chunk) {
    this.text += chunk.latin1Slice();
    const head = this.text.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(this.text.slice(0, head + 2))?.[1] ?? 0);
    if (this.text.length < head + 4 + length) return;
    const body = this.text.slice(head + 4, head + 4 + length);
    const status = Number(this.text.slice(9, 12));
    this.text = this.text.slice(head + 4 + length);
    this.#end(status, body);
  }

  send(request, callback) {
    this.callback = callback;
    if (this.socket.destroyed) this.#end(0, '');
    else this.socket.write(request, 'latin1');
  }

  ask(method, path, token, body) {
    return new Promise((ok) => { this.send(text(this.url, method, path, token, body), (status, answer) => ok({ status, text: answer })); });
  }

  close() {
    this.callback = null;
    this.socket.destroy();
  }
}

export const text = (url, method, path, token, body) => {
  const json = body === undefined ? '' : JSON.stringify(body);
  return `${method} ${path} HTTP/1.1\r\nHost: ${url.host}\r\n${token ? `Authorization: Bearer ${token}\r\n` : ''}${
    json ? `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(json)}\r\n` : ''}\r\n${json}`;
};

export async function connect(url, n) {
  const list = [];
  // Not all in one burst: the kernel's backlog is not what is measured.
  for (let i = 0; i < n; i += 100) {
    const some = Array.from({ length: Math.min(100, n - i) }, () => new Connection(url));
    await Promise.all(some.map((c) => c.ready));
    list.push(...some);
  }
  return list;
}

export async function users(url, n) {
  const [c] = await connect(url, 1);
  const tokens = [];
  for (let i = 0; i < n; i++) {
    const answer = await c.ask('POST', '/api/auth/register', null, { email: `bench-${process.pid}-${i}-${Math.floor(Math.random() * 1e9)}@example.com`, password: 'Bench-Test-1', name: 'bench' });
    if (answer.status !== 201) throw new Error(`register: ${answer.status} ${answer.text}`);
    tokens.push(JSON.parse(answer.text).token);
  }
  c.close();
  return tokens;
}

// Every connection asks again as soon as it is answered.
export async function closedLoop(connections, seconds, request) {
  const latencies = [];
  let errors = 0;
  const end = now() + seconds * 1000;
  await Promise.all(connections.map((c, i) => new Promise((finished) => {
    const go = () => {
      const begun = now();
      if (begun >= end) { finished(); return; }
      c.send(request(i), (status) => {
        const took = now() - begun;
        if (status >= 200 && status < 300) { if (begun + took <= end) latencies.push(took); } else {
          errors += 1;
          if (status === 0) { finished(); return; }
        }
        go();
      });
    };
    go();
  })));
  return { latencies, errors };
}

// So many requests a second in all, each connection one at a time; latency counts from when it was due.
export async function openLoop(connections, seconds, perSecond, request) {
  const latencies = [];
  let errors = 0;
  let sent = 0;
  const idle = connections.map((c, i) => i);
  const begun = now();
  const end = begun + seconds * 1000;
  while (now() < end) {
    const due = Math.floor(((now() - begun) * perSecond) / 1000);
    while (sent < due && idle.length) {
      const at = begun + (sent * 1000) / perSecond;
      const i = idle.splice(Math.floor(Math.random() * idle.length), 1)[0];
      sent += 1;
      connections[i].send(request(i), (status) => {
        if (status >= 200 && status < 300) latencies.push(now() - at);
        else errors += 1;
        idle.push(i);
      });
    }
    await sleep(1);
  }
  await sleep(300);
  return { latencies, errors, sent };
}

export const pick = (list) => list[Math.floor(Math.random() * list.length)];
export const ASSETS = ['Wheat', 'Gold', 'Oil', 'Silver', 'Corn', 'Copper', 'Sugar', 'Coffee'];

// Rests: bids below 100, asks above 101, in four books.
export const resting = (contract = 'Dec25') => {
  const side = Math.random() < 0.5 ? 'buy' : 'sell';
  const price = (side === 'buy' ? 90 : 101) + Math.floor(Math.random() * 900) / 100;
  return { asset: ASSETS[Math.floor(Math.random() * 4)], contract, side, price, amount: 1 + Math.floor(Math.random() * 100) };
};
