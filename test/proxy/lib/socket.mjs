// A WebSocket for tests: what it heard, and waiting for what it will.
import WebSocket from 'ws';

const WAIT = 30_000;

const all = new Set();

export class TestSocket {
  // Without a word: what a failed test has left open would keep its process alive.
  static closeAll() { for (const socket of all) socket.ws.terminate(); }

  // Resolves when it is open; rejects with {status, json} when the server refuses.
  static open(proxy, { path = '/ws', token, ...options } = {}) {
    const socket = new TestSocket();
    const headers = { ...options.headers, ...(token && { authorization: `Bearer ${token}` }) };
    return new Promise((ok, bad) => {
      const ws = new WebSocket(`${proxy.ws}${path}`, options.protocols ?? [], { ...options, headers });
      socket.ws = ws;
      all.add(socket);
      socket.messages = [];
      socket.waiters = new Set();
      socket.closed = new Promise((done) => { ws.on('close', (code, reason) => { socket.code = code; socket.look(); done({ code, reason: reason.toString() }); }); });
      ws.on('message', (data, binary) => {
        const text = binary ? data : data.toString();
        socket.messages.push(typeof text === 'string' && text.startsWith('{') ? JSON.parse(text) : text);
        socket.look();
      });
      ws.on('open', () => ok(socket));
      ws.on('error', bad);
      ws.on('unexpected-response', (_, response) => {
        let text = '';
        response.on('data', (d) => { text += d; }).on('end', () => bad(Object.assign(new Error(text), { status: response.statusCode, json: JSON.parse(text) })));
      });
    });
  }

  look() { for (const waiter of this.waiters) waiter(); }

  // The first message, heard or to come, that the test accepts.
  until(accepts, what = String(accepts)) {
    return new Promise((ok, bad) => {
      const timer = setTimeout(() => done(bad, new Error(`nothing came: ${what}; heard: ${JSON.stringify(this.messages).slice(0, 2000)}`)), WAIT);
      const done = (end, value) => { clearTimeout(timer); this.waiters.delete(look); end(value); };
      const look = () => {
        const found = this.messages.find(accepts);
        if (found !== undefined) done(ok, found);
        else if (this.code !== undefined) done(bad, new Error(`closed with ${this.code} before: ${what}; heard: ${JSON.stringify(this.messages).slice(0, 2000)}`));
      };
      this.waiters.add(look);
      look();
    });
  }

  event(name, accepts = () => true) { return this.until((m) => m.event === name && accepts(m.data, m), name); }

  events(name) { return this.messages.filter((m) => m.event === name); }

  send(message) { this.ws.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message)); }

  // Sends, and waits for its answer.
  ask(message) {
    this.id = (this.id ?? 0) + 1;
    const { id } = this;
    this.send({ ...message, id });
    return this.until((m) => m.op && m.id === id, `the answer to ${JSON.stringify(message)}`);
  }

  async close() {
    this.ws.close();
    return this.closed;
  }
}
