// A real browser, spoken to in its own protocol over two pipes: nothing to install but the
// browser, no port to find, and it ends when the test does.
//
// Used by the tests beside it. It loads the tests' own pages only, from loopback.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PROGRAM = process.env.TRADEPOST_CHROMIUM ?? 'chromium';
const FLAGS = ['--headless', '--remote-debugging-pipe', '--no-first-run', '--no-default-browser-check', '--disable-gpu', '--disable-dev-shm-usage',
  '--disable-extensions', '--disable-sync', '--disable-background-networking', '--disable-component-update', '--disable-breakpad',
  // Pages that nobody looks at run as if somebody did.
  '--disable-background-timer-throttling', '--disable-backgrounding-occluded-windows', '--disable-renderer-backgrounding'];

// What a test that failed has not ended itself.
const left = new Set();
process.on('exit', () => {
  for (const browser of left) browser.endNow();
});

export class Browser {
  static async launch() {
    // Its sandbox is not for root, and wants user namespaces, which containers often refuse.
    const ways = process.getuid() === 0 ? [['--no-sandbox']] : [[], ['--no-sandbox']];
    let why;
    for (const way of ways) {
      const browser = new Browser(way);
      try {
        browser.version = (await browser.send('Browser.getVersion')).product;
        return browser;
      } catch (error) {
        why = `${error.message}\n${browser.errors.slice(-2000)}`;
        browser.endNow();
      }
    }
    throw new Error(`${PROGRAM} does not start: ${why}`);
  }

  constructor(flags) {
    this.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tp-browser-'));
    this.waiting = new Map();
    this.pages = new Map();
    this.nextId = 1;
    this.errors = '';
    this.child = spawn(PROGRAM, [...FLAGS, ...flags, `--user-data-dir=${this.dir}`, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'], env: { PATH: process.env.PATH, HOME: this.dir, TZ: 'UTC', LANG: 'C.UTF-8' },
    });
    left.add(this);
    const [, , errors, to, from] = this.child.stdio;
    this.to = to;
    this.exited = new Promise((ok) => { this.child.once('close', () => ok()).once('error', () => ok()); });
    this.exited.then(() => {
      for (const { reject, method } of this.waiting.values()) reject(new Error(`the browser ended before it answered ${method}`));
      this.waiting.clear();
      this.over = true;
    });
    errors.on('data', (d) => { this.errors += d; });
    to.on('error', () => { /* it ended */ });
    let early = [];
    from.on('data', (d) => {
      let rest = d;
      for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
        const message = Buffer.concat([...early, rest.subarray(0, end)]).toString('utf8');
        early = [];
        rest = rest.subarray(end + 1);
        this.hear(JSON.parse(message));
      }
      if (rest.length > 0) early.push(rest);
    });
  }

  send(method, params = {}, sessionId = undefined) {
    return new Promise((resolve, reject) => {
      if (this.over) {
        reject(new Error('the browser has ended'));
        return;
      }
      const id = this.nextId++;
      this.waiting.set(id, { resolve, reject, method });
      this.to.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  hear({ id, result, error, method, params, sessionId }) {
    if (id === undefined) {
      this.pages.get(sessionId)?.happened(method, params);
      return;
    }
    const { resolve, reject, method: asked } = this.waiting.get(id);
    this.waiting.delete(id);
    if (error) reject(new Error(`${asked}: ${error.message}`));
    else resolve(result);
  }

  // A page; it goes to url, if there is one.
  async page(url) {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank', newWindow: true });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page(this, targetId, sessionId);
    this.pages.set(sessionId, page);
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await page.send(`${domain}.enable`);
    if (url) await page.open(url);
    return page;
  }

  async end() {
    await this.send('Browser.close').catch(() => { /* it was quicker than its answer */ });
    await this.exited;
    this.endNow();
  }

  endNow() {
    left.delete(this);
    this.child.kill('SIGKILL');
    fs.rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

class Page {
  constructor(browser, targetId, sessionId) {
    Object.assign(this, { browser, targetId, sessionId });
    // What a developer would see in red or yellow: exceptions, console, network, policies.
    this.complaints = [];
    this.loads = 0;
  }

  send(method, params) { return this.browser.send(method, params, this.sessionId); }

  happened(method, params) {
    if (method === 'Page.loadEventFired') this.loads += 1;
    if (method === 'Runtime.exceptionThrown') this.complaints.push(`exception: ${params.exceptionDetails.exception?.description ?? params.exceptionDetails.text}`);
    if (method === 'Runtime.consoleAPICalled' && ['error', 'warning', 'assert'].includes(params.type)) {
      this.complaints.push(`console.${params.type}: ${params.args.map((a) => a.value ?? a.description).join(' ')}`);
    }
    if (method === 'Log.entryAdded' && ['error', 'warning'].includes(params.entry.level)) {
      this.complaints.push(`${params.entry.source}: ${params.entry.text} ${params.entry.url ?? ''}`);
    }
  }

  async open(url) {
    const { loads } = this;
    const { errorText } = await this.send('Page.navigate', { url });
    if (errorText) throw new Error(`${url}: ${errorText}`);
    for (let i = 0; this.loads === loads; i++) {
      if (i === 1500) throw new Error(`${url}: it is never loaded`);
      await sleep(20);
    }
  }

  // What fn, a function without ties to here, gives in the page.
  async run(fn, ...args) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      expression: `(${fn})(...${JSON.stringify(args)})`, awaitPromise: true, returnByValue: true,
    });
    if (exceptionDetails) throw new Error(`in the page: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
    return result.value;
  }

  // Until fn gives something true in the page.
  async until(fn, ...args) {
    for (let i = 0; i < 600; i++) {
      const value = await this.run(fn, ...args);
      if (value) return value;
      await sleep(50);
    }
    throw new Error(`never in the page: ${fn} ${JSON.stringify(args)}; it complains: ${JSON.stringify(this.complaints)}; it shows: ${await this.run(() => document.body.innerText.slice(0, 1500))}`);
  }

  async close() {
    await this.browser.send('Target.closeTarget', { targetId: this.targetId });
    this.browser.pages.delete(this.sessionId);
  }
}
