// The exchange's events and commands over one WebSocket, for browsers and Node.
//
// Written so that its user need not know that connections break: it comes back by itself,
// names the last event it had (`since`, `part`), and hands on each event exactly once.
// Order books are kept whole from snapshot and deltas. No dependencies; where there is no
// global WebSocket (Node before 22) give the `ws` package's: new WebSocketService({ WebSocket }).

const FIRST_WAIT = 250;
const LONGEST_WAIT = 15_000;
const QUIET = 25_000;
const ANSWER = 10_000;
const NOT_AGAIN = new Set([4001, 1003, 1007, 1009]);
// These have numbers of their own (`push`): what the exchange does has its `seq`.
const PUSHED = new Set(['signals', 'notifications', 'account']);
// What was missed cannot be had any more.
const GONE = new Set(['since_too_old', 'since_unknown']);

export class SocketError extends Error {
  constructor(code, detail, more = {}) {
    super(detail ?? code);
    this.name = 'SocketError';
    this.code = code;
    Object.assign(this, more);
  }
}

const randomKey = () => globalThis.crypto?.randomUUID?.() ?? `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}${Math.random().toString(36).slice(2)}`;

function defaultUrl() {
  const { location } = globalThis;
  if (!location?.host) throw new SocketError('url_missing', 'say where to connect: new WebSocketService({ url })');
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`;
}

const asWebSocket = (url) => {
  const text = String(url).replace(/^http/, 'ws').replace(/\/+$/, '');
  return /^wss?:\/\/[^/]+$/.test(text) ? `${text}/ws` : text;
};

// CRC-32, for the books' checksums.
const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xEDB88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});
const crc32 = (text) => {
  let c = 0xFFFFFFFF;
  for (let i = 0; i < text.length; i++) c = crcTable[(c ^ text.charCodeAt(i)) & 0xFF] ^ (c >>> 8);
  return (c ^ 0xFFFFFFFF) >>> 0;
};

// Decimals as text, of any length: by value.
function compareDecimals(a, b) {
  const negative = a.startsWith('-');
  if (negative !== b.startsWith('-')) return negative ? -1 : 1;
  const [[ai, af = ''], [bi, bf = '']] = [a, b].map((t) => t.replace('-', '').split('.'));
  const size = ai.length - bi.length;
  const way = size !== 0 ? size : ai < bi ? -1 : ai > bi ? 1 : af < bf ? -1 : af > bf ? 1 : 0;
  return negative ? -way : way;
}

/** A book that follows its deltas. */
export class OrderBook {
  constructor(symbol) {
    this.symbol = symbol;
    this.seq = 0;
    this.bids = [];
    this.asks = [];
    this.complete = false;
  }

  snapshot(data) {
    const levels = (list) => list.map(({ price, quantity, orders }) => ({ price, quantity, orders }));
    this.seq = data.seq;
    this.bids = levels(data.bids);
    this.asks = levels(data.asks);
    this.complete = this.checksum() === data.checksum;
    return this.complete;
  }

  // False: it does not follow from what is here.
  delta({ first, last, checksum, changes }) {
    if (!this.complete || last <= this.seq) return this.complete;
    this.complete = first - 1 === this.seq;
    if (!this.complete) return false;
    for (const [side, price, quantity] of changes) this.set(side, price, quantity);
    this.seq = last;
    this.complete = this.checksum() === checksum;
    return this.complete;
  }

  set(side, price, quantity) {
    const levels = side === 'buy' ? this.bids : this.asks;
    const way = side === 'buy' ? -1 : 1;
    let low = 0;
    let high = levels.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareDecimals(levels[middle].price, price) * way < 0) low = middle + 1;
      else high = middle;
    }
    const there = levels[low]?.price === price;
    if (quantity === '0') {
      if (there) levels.splice(low, 1);
    } else levels.splice(low, there ? 1 : 0, { price, quantity });
  }

  // Of the 25 best levels of each side, a bid and an ask in turn.
  checksum() {
    const parts = [];
    for (let i = 0; i < 25; i++) {
      for (const side of [this.bids, this.asks]) if (side[i]) parts.push(side[i].price, side[i].quantity);
    }
    return crc32(parts.join(':'));
  }
}

export class WebSocketService {
  constructor({ url, token, WebSocket = globalThis.WebSocket, since } = {}) {
    this.url = url;
    this.token = token;
    this.Socket = WebSocket;
    this.handlers = new Map();
    this.channels = new Set();
    this.books = new Map();
    this.waiting = new Map();
    this.nextId = 1;
    this.failures = 0;
    this.wanted = false;
    this.state = 'closed';
    // The last event that was handed on: all of `seq` up to `part` (null: all of it).
    this.seq = since?.seq ?? since ?? null;
    this.part = since?.part ?? null;
    this.push = null;
    this.user = null;
    this.options = null;
  }

  get connected() { return this.state === 'open'; }

  /** Resolves when events flow; goes on trying until disconnect(). */
  connect(options = {}) {
    if (typeof options === 'string') options = { token: options };
    if ('token' in options) this.token = options.token;
    if ('url' in options) this.url = options.url;
    if (!this.wanted) {
      this.wanted = true;
      this.failures = 0;
      this.opened = new Promise((resolve, reject) => { this.settle = { resolve, reject }; });
      this.opened.catch(() => {});
      this.dial();
    }
    return this.opened;
  }

  disconnect() {
    this.wanted = false;
    clearTimeout(this.retry);
    this.drop(1000);
    for (const [id, call] of this.waiting) {
      this.waiting.delete(id);
      call.reject(new SocketError('disconnected', 'disconnect() was called'));
    }
    this.settle?.reject(new SocketError('disconnected', 'disconnect() was called'));
  }

  /** fn(data, {event, seq, part, of}); returns what takes it off again. '*' hears all. */
  on(event, fn) {
    if (!this.handlers.has(event)) this.handlers.set(event, new Set());
    this.handlers.get(event).add(fn);
    return () => this.off(event, fn);
  }

  off(event, fn) { this.handlers.get(event)?.delete(fn); }

  once(event, fn) {
    const off = this.on(event, (...all) => { off(); fn(...all); });
    return off;
  }

  async subscribe(...names) {
    const fresh = names.flat().filter((name) => !this.channels.has(name));
    for (const name of fresh) this.channels.add(name);
    if (fresh.length === 0 || !this.connected) return;
    let answer;
    try {
      answer = await this.send({ op: 'subscribe', channels: fresh });
    } catch (error) {
      // The next connection subscribes to them.
      if (error.code === 'connection_lost' && this.wanted) return;
      for (const name of fresh) this.channels.delete(name);
      throw error;
    }
    this.reach(answer.seq);
    this.reachPush(answer.push);
    for (const { channel, code } of answer.failed ?? []) {
      this.channels.delete(channel);
      throw new SocketError(code, `${channel}: ${code}`, { channel });
    }
  }

  async unsubscribe(...names) {
    const gone = names.flat().filter((name) => this.channels.delete(name));
    if (gone.length > 0 && this.connected) await this.send({ op: 'unsubscribe', channels: gone });
  }

  subscribeToMarket(symbol) { return this.subscribe(`market:${symbol}`); }

  unsubscribeFromMarket(symbol) { return this.unsubscribe(`market:${symbol}`); }

  subscribeToTrades(symbol) { return this.subscribe(`trades:${symbol}`); }

  subscribeToOrders() { return this.subscribe('orders'); }

  /** The book, kept up to date; event 'book' after each change. */
  subscribeToBook(symbol) {
    let book = this.books.get(symbol);
    if (!book) {
      book = new OrderBook(symbol);
      this.books.set(symbol, book);
      this.subscribe(`book:${symbol}`).catch((error) => this.emit('error', error));
    }
    return book;
  }

  unsubscribeFromBook(symbol) {
    this.books.delete(symbol);
    return this.unsubscribe(`book:${symbol}`);
  }

  /** Another token for the same user, or the first one. */
  async setToken(token) {
    this.token = token;
    if (this.connected) await this.authenticate();
  }

  /** Cancels the user's orders when this connection goes and is not back within `grace` seconds. */
  async cancelOnDisconnect(on = true, grace = 0) {
    this.options = { cancelOnDisconnect: on, grace };
    if (this.connected) await this.send({ op: 'session', ...this.options });
  }

  // A key makes it safe to say it again: after a break it is, until it is answered.
  placeOrder(order, { key = order.clientOrderId ?? randomKey() } = {}) { return this.command('order.place', order, key); }

  cancelOrder(id) { return this.command('order.cancel', { id }); }

  amendOrder(id, changes) { return this.command('order.amend', { id, ...changes }); }

  cancelAllOrders(which = {}) { return this.command('orders.cancel_all', which); }

  orders(query = {}) { return this.command('orders.list', query); }

  accountSummary() { return this.command('account.summary', {}); }

  async command(op, data, key) {
    const { data: answer } = await this.send({ op, data, ...(key !== undefined && { key }) }, { again: key !== undefined });
    return answer;
  }

  // Inside -------------------------------------------------------------------

  emit(event, data, about = { event }) {
    for (const name of [event, '*']) for (const fn of [...this.handlers.get(name) ?? []]) fn(data, about);
  }

  dial() {
    this.state = 'connecting';
    this.deaf = false;
    let socket;
    try {
      if (!this.Socket) throw new SocketError('websocket_missing', 'there is no global WebSocket: new WebSocketService({ WebSocket })');
      socket = new this.Socket(this.url ? asWebSocket(this.url) : defaultUrl());
    } catch (error) {
      this.wanted = false;
      this.state = 'closed';
      this.settle.reject(error);
      return;
    }
    this.socket = socket;
    socket.addEventListener('open', () => { if (socket === this.socket) this.greet(socket); });
    socket.addEventListener('message', ({ data }) => { if (socket === this.socket) this.hear(String(data)); });
    socket.addEventListener('close', ({ code, reason }) => { if (socket === this.socket) this.lost(code, String(reason ?? '')); });
    socket.addEventListener('error', () => { /* close follows */ });
  }

  // Who one is, what one listens to and where one was: then events flow.
  async greet(socket) {
    try {
      this.watch();
      if (this.token) await this.authenticate();
      if (this.options) await this.send({ op: 'session', ...this.options });
      if (this.channels.size > 0) await this.resume();
      if (socket !== this.socket) return;
      this.state = 'open';
      this.failures = 0;
      for (const call of [...this.waiting.values()]) if (!call.sent) this.write(call);
      this.settle.resolve(this);
      this.emit('connect', { seq: this.seq });
    } catch (error) {
      if (socket !== this.socket) return;
      this.emit('error', error);
      const fatal = error.status === 401 && typeof this.token !== 'function';
      this.drop(fatal ? 4001 : 4000);
      this.lost(fatal ? 4001 : 4000, error.code);
    }
  }

  async authenticate() {
    const token = typeof this.token === 'function' ? await this.token() : this.token;
    const { user, account, tier, expires } = await this.send({ op: 'auth', token }, { early: true });
    this.user = { user, account, tier, expires };
    clearTimeout(this.renew);
    // Tokens that can be had anew are, before they end.
    if (typeof this.token === 'function') {
      const left = Date.parse(expires) - Date.now();
      this.renew = setTimeout(() => this.authenticate().catch((error) => this.emit('error', error)), Math.max(left * 0.8, 1000));
      this.renew.unref?.();
    }
  }

  async resume() {
    const [events, pushes] = [false, true].map((pushed) => [...this.channels].filter((name) => PUSHED.has(name) === pushed));
    if (events.length > 0) {
      await this.resumeFrom(events, this.seq, this.part === null ? {} : { part: this.part }, () => { Object.assign(this, { seq: null, part: null }); });
    }
    if (pushes.length > 0) await this.resumeFrom(pushes, this.push, {}, () => { this.push = null; });
  }

  async resumeFrom(channels, since, more, forget) {
    const ask = (where, refused) => this.send({ op: 'subscribe', channels, ...where }, { early: true, refused });
    let answer;
    try {
      // New events come behind a refusal too: without what was missed they must not count, but for what is gone for good.
      answer = await ask(since === null ? {} : { since, ...more }, ({ code }) => {
        if (!GONE.has(code)) this.deaf = true;
        else {
          this.emit('gap', { since });
          forget();
        }
      });
    } catch (error) {
      if (!GONE.has(error.code)) throw error;
      answer = await ask({});
    }
    this.reach(answer.seq);
    this.reachPush(answer.push);
    for (const { channel, code } of answer.failed ?? []) {
      // A server that has just begun does not know its instruments: the next try will tell.
      if (code === 'unavailable') throw new SocketError(code, `${channel}: ${code}`, { channel });
      this.channels.delete(channel);
      this.emit('error', new SocketError(code, `${channel}: ${code}`, { channel }));
    }
  }

  // All of it, and what was before, has come.
  reach(seq) {
    if (!Number.isInteger(seq) || (this.seq !== null && seq < this.seq)) return;
    this.seq = seq;
    this.part = null;
  }

  reachPush(push) {
    if (Number.isInteger(push) && (this.push === null || push > this.push)) this.push = push;
  }

  send(message, { early = false, again = false, refused = null } = {}) {
    return new Promise((resolve, reject) => {
      const id = this.nextId++;
      const call = { id, message: { ...message, id }, again, refused, resolve, reject, sent: false };
      if (!early && !this.connected && !(again && this.wanted) && !(message.op === 'session' && this.state === 'connecting')) {
        reject(new SocketError('not_connected', 'there is no connection now'));
        return;
      }
      this.waiting.set(id, call);
      if (early || this.connected || message.op === 'session') this.write(call);
    });
  }

  write(call) {
    call.sent = true;
    this.socket.send(JSON.stringify(call.message));
  }

  hear(text) {
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return;
    }
    this.heard = Date.now();
    if (message.op) this.answered(message);
    else if (message.event) this.happened(message);
  }

  answered({ op, id, ...rest }) {
    const call = this.waiting.get(id);
    if (!call) return;
    this.waiting.delete(id);
    if (op !== 'ack') call.refused?.(rest);
    if (op === 'ack') call.resolve(rest);
    else call.reject(new SocketError(rest.code, rest.detail, rest));
  }

  happened({ event, seq, part, of, push, data }) {
    if (this.deaf) return;
    if (Number.isInteger(push)) {
      if (this.push !== null && push <= this.push) return;
      this.push = push;
    }
    if (Number.isInteger(seq)) {
      // Of states the newest counts; what happened is told once, part by part where a seq has several.
      if (event !== 'market:update' && !event.startsWith('book:')) {
        if (this.seq !== null && (seq < this.seq || (seq === this.seq && (this.part === null || (part ?? 1) <= this.part)))) return;
        this.seq = seq;
        this.part = part === of ? null : part;
      } else this.reach(seq);
    }
    if (event === 'auth:expired' && typeof this.token === 'function') {
      this.authenticate().then(() => (['orders', ...PUSHED].some((name) => this.channels.has(name)) ? this.resume() : null)).catch((error) => this.emit('error', error));
    }
    if (event === 'book:snapshot' || event === 'book:delta') this.follow(event, data);
    this.emit(event, data, { event, seq, part, of, ...(push !== undefined && { push }) });
  }

  follow(event, data) {
    const book = this.books.get(data.symbol);
    if (!book) return;
    const was = book.complete;
    if (event === 'book:snapshot') book.snapshot(data);
    else if (!book.delta(data) && was) {
      // Begin anew: who subscribes gets a snapshot.
      const channel = `book:${data.symbol}`;
      this.send({ op: 'unsubscribe', channels: [channel] }, { early: true })
        .then(() => this.send({ op: 'subscribe', channels: [channel] }, { early: true }))
        .catch(() => { /* the connection is gone, and the next one begins with a snapshot */ });
    }
    if (book.complete) this.emit('book', book, { event: 'book', seq: book.seq });
  }

  // A browser does not show pings: ask when nothing comes.
  watch() {
    clearInterval(this.watcher);
    this.heard = Date.now();
    this.watcher = setInterval(() => {
      const quiet = Date.now() - this.heard;
      if (quiet > QUIET + ANSWER) {
        this.drop(4000);
        this.lost(1006, 'silent');
      } else if (quiet > QUIET) this.socket.send('{"op":"ping"}');
    }, 5000);
    this.watcher.unref?.();
  }

  drop(code) {
    const { socket } = this;
    clearInterval(this.watcher);
    clearTimeout(this.renew);
    this.socket = null;
    this.state = 'closed';
    try {
      socket?.close(code === 1000 ? 1000 : 4000);
    } catch { /* it was closing */ }
  }

  lost(code, reason) {
    const was = this.state;
    this.drop(4000);
    for (const book of this.books.values()) book.complete = false;
    for (const [id, call] of this.waiting) {
      call.sent = false;
      if (call.again && this.wanted && !NOT_AGAIN.has(code)) continue;
      this.waiting.delete(id);
      call.reject(new SocketError('connection_lost', `the connection broke (${code}): whether it was done is not known`, { closeCode: code }));
    }
    if (was === 'open') this.emit('disconnect', { code, reason });
    if (!this.wanted) return;
    if (NOT_AGAIN.has(code)) {
      this.wanted = false;
      this.settle.reject(new SocketError(code === 4001 ? 'session_revoked' : 'refused', reason || `closed with ${code}`, { closeCode: code }));
      this.emit('closed', { code, reason });
      return;
    }
    if (was === 'open') {
      this.opened = new Promise((resolve, reject) => { this.settle = { resolve, reject }; });
      this.opened.catch(() => {});
    }
    // Not all at once, when a server comes back.
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.failures++) * (0.5 + Math.random() / 2);
    this.retry = setTimeout(() => this.dial(), wait);
  }
}

/** One for the page. */
export const websocketService = new WebSocketService();

export default websocketService;
