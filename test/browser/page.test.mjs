// The page at / in a real browser: the market as it is, and as it becomes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Cluster, openMarket } from '../proxy/lib/cluster.mjs';
import { Proxy, newUser, order } from '../proxy/lib/proxy.mjs';
import { Browser } from './lib/chromium.mjs';

let cluster;
let proxy;
let browser;
let page;
let alice;
let bob;
before(async () => {
  cluster = await Cluster.start();
  await openMarket(cluster);
  proxy = await Proxy.start(cluster, { ORDER_DECISION_TIMEOUT_MS: '30000' });
  alice = await newUser(proxy);
  bob = await newUser(proxy);
  await place(alice, { side: 'buy', price: '99', amount: 5 });
  await place(alice, { side: 'sell', price: '101', amount: 4 });
  await place(bob, { side: 'buy', price: '101', amount: 1 });
  browser = await Browser.launch();
  page = await browser.page(`${proxy.url}/#Dec25-Wheat`);
});
after(async () => {
  await browser?.end();
  await proxy?.stop();
  await cluster?.end();
});

async function place(user, fields) {
  const answer = await proxy.post('/api/v1/orders', order(fields), { token: user.token });
  assert.equal(answer.status, 201, answer.text);
  return answer.json.order;
}

// The texts of a table's rows, a row as 'a|b|c'.
const rows = (selector) => [...document.querySelectorAll(`${selector} tbody tr`)].map((row) => [...row.cells].map((cell) => cell.innerText.trim()).join('|'));
const shows = (selector, wanted) => page.until(`(selector, wanted) => { const rows = ${rows}; return JSON.stringify(rows(selector)) === JSON.stringify(wanted); }`, selector, wanted);
const has = (selector, pattern) => page.until(`(selector, pattern) => { const rows = ${rows}; return rows(selector).some((row) => new RegExp(pattern).test(row)); }`, selector, pattern);
const live = () => page.until(() => document.querySelector('#state').textContent === 'live');
// Trades without their time, which is the browser's own.
const tape = (wanted) => page.until(`(wanted) => { const rows = ${rows}; return JSON.stringify(rows('#trades').map((r) => r.replace(/^[^|]+[|]/, ''))) === JSON.stringify(wanted); }`, wanted);

test('what was there before: markets, book, trades', async () => {
  await live();
  assert.match(browser.version, /Chrom/);
  await has('#markets', '^Dec25-Wheat\\|99\\|101\\|101\\|');
  await has('#markets', '^EURUSD\\|');
  assert.equal((await page.run(rows, '#markets')).length, 4);
  await shows('#bids', ['5|99']);
  await shows('#asks', ['101|3']);
  await tape(['buy|101|1']);
});

test('what happens: ladder, tape and best prices follow', async () => {
  await place(alice, { side: 'buy', price: '98', amount: 2 });
  await place(alice, { side: 'buy', price: '99.5', amount: 7 });
  await shows('#bids', ['7|99.5', '5|99', '2|98']);
  await place(bob, { side: 'sell', price: '99.5', amount: 6 });
  await shows('#bids', ['1|99.5', '5|99', '2|98']);
  await tape(['sell|99.5|6', 'buy|101|1']);
  await has('#markets', '^Dec25-Wheat\\|99.5\\|101\\|99.5\\|');
  const mine = await proxy.request('DELETE', '/api/v1/orders?symbol=Dec25-Wheat', { token: alice.token });
  assert.equal(mine.status, 200);
  await shows('#bids', []);
  await shows('#asks', []);
  await has('#markets', '^Dec25-Wheat\\|–\\|–\\|99.5\\|');
});

test('another market is a click away', async () => {
  await place(alice, { asset: 'Gold', side: 'sell', price: '4001.5', amount: 2 });
  await page.run(() => { [...document.querySelectorAll('#markets a')].find((a) => a.textContent === 'Dec25-Gold').click(); });
  await shows('#asks', ['4001.5|2']);
  await tape([]);
  assert.deepEqual(await page.run(() => [document.querySelector('#chosen').textContent, location.hash, document.querySelector('[aria-current]').textContent]),
    ['Dec25-Gold', '#Dec25-Gold', 'Dec25-Gold']);
  await place(bob, { asset: 'Gold', side: 'buy', price: '4001.5', amount: 1 });
  await shows('#asks', ['4001.5|1']);
  await tape(['buy|4001.5|1']);
  // Trades elsewhere are not told here.
  await place(alice, { side: 'sell', price: '100', amount: 1 });
  await place(bob, { side: 'buy', price: '100', amount: 1 });
  await has('#markets', '^Dec25-Wheat\\|–\\|–\\|100\\|');
  await tape(['buy|4001.5|1']);
  await page.run(() => { history.back(); });
  await tape(['buy|100|1', 'sell|99.5|6', 'buy|101|1']);
});

test('nothing is amiss: no error, no policy violated', async () => {
  assert.deepEqual(page.complaints, []);
});

test('what the policy forbids does not run', async () => {
  const other = await browser.page(`${proxy.url}/`);
  await other.run(() => {
    const script = document.createElement('script');
    script.textContent = 'window.ran = true';
    document.body.append(script);
    const link = document.createElement('a');
    link.href = 'javascript:window.ran = true';
    document.body.append(link);
    link.click();
    const style = document.createElement('style');
    style.textContent = 'body { display: none }';
    document.body.append(style);
  });
  for (let i = 0; i < 600 && other.complaints.length < 3; i++) await other.run(() => new Promise((ok) => { setTimeout(ok, 20); }));
  assert.equal(other.complaints.length, 3, other.complaints.join('\n'));
  for (const complaint of other.complaints) assert.match(complaint, /Content Security Policy/);
  assert.deepEqual(await other.run(() => [typeof window.ran, getComputedStyle(document.body).display]), ['undefined', 'block']);
  await other.close();
});

test('it can be read without seeing it, and on a phone', async () => {
  assert.deepEqual(await page.run(() => ({
    lang: document.documentElement.lang,
    h1: document.querySelectorAll('h1').length,
    headings: [...document.querySelectorAll('h1, h2')].every((h) => h.textContent.trim() !== ''),
    captions: [...document.querySelectorAll('table')].every((t) => t.caption?.textContent.trim()),
    columns: [...document.querySelectorAll('thead th')].every((th) => th.scope === 'col' && th.textContent.trim()),
    status: document.querySelector('[role=status]').textContent,
  })), { lang: 'en', h1: 1, headings: true, captions: true, columns: true, status: 'live' });
  await page.send('Emulation.setDeviceMetricsOverride', { width: 360, height: 740, deviceScaleFactor: 2, mobile: true });
  const { wide, widest } = await page.run(() => ({
    wide: innerWidth,
    widest: Math.max(...[...document.querySelectorAll('h1, h2, table, footer')].map((e) => e.getBoundingClientRect().right), document.documentElement.scrollWidth),
  }));
  assert.equal(wide, 360);
  assert.ok(widest <= 360, `${widest} wide`);
  await page.send('Emulation.clearDeviceMetricsOverride');
});

test('a proxy that is killed and comes back: the page goes on by itself, each trade once', async () => {
  await proxy.kill();
  await page.until(() => /broke/.test(document.querySelector('#state').textContent));
  await proxy.up();
  for (let i = 1; i <= 3; i++) {
    await place(alice, { side: 'sell', price: '100', amount: 10 + i });
    await place(bob, { side: 'buy', price: '100', amount: 10 + i });
  }
  await live();
  await place(alice, { side: 'sell', price: '103', amount: 2 });
  await shows('#asks', ['103|2']);
  await tape(['buy|100|13', 'buy|100|12', 'buy|100|11', 'buy|100|1', 'sell|99.5|6', 'buy|101|1']);
});

test('who logs in sees the tier, signals and notifications, and hears of new ones', async () => {
  const author = await newUser(proxy, { subscriptionTier: 'pro', firstName: 'Dora', lastName: 'Diaz' });
  const post = async (confidence) => {
    const signal = { symbol: 'EURUSD', type: 'buy', entry_price: 1.1, stop_loss: 1.05, take_profit: 1.2, volume: 100, confidence };
    assert.equal((await proxy.post('/api/v1/trading/signals', signal, { token: author.token })).status, 201);
  };
  await post(85);
  const fill = (values) => page.run((given) => {
    for (const [name, value] of Object.entries(given)) document.querySelector(`#login [name=${name}]`).value = value;
    document.querySelector('#login button').click();
  }, values);
  await fill({ email: author.email, password: 'Wrong-Horse-1' });
  await page.until(() => document.querySelector('#login-problem').textContent !== '');
  await fill({ email: author.email, password: author.password });
  await page.until(() => document.querySelector('#who').textContent === 'Dora Diaz, pro');
  await has('#signals', '^EURUSD\\|buy\\|1\\.1\\|1\\.05\\|1\\.2\\|85 %\\|active$');
  await post(86);
  await has('#signals', '\\|86 %\\|active$');
  // What comes while the connection is gone comes with the next one.
  await proxy.kill();
  await page.until(() => /broke/.test(document.querySelector('#state').textContent));
  await proxy.up();
  await post(87);
  await live();
  await has('#signals', '\\|87 %\\|active$');
  await post(88);
  await has('#signals', '\\|88 %\\|active$');
  await cluster.sql(`SELECT tradepost_internal.notify_user(${author.user.id}, 'security', 'A title', 'and a body', NULL)`);
  await has('#notifications', '\\|A title\\|and a body$');
  await page.until(() => /unread$/.test(document.querySelector('#unread').textContent));
  await page.run(() => { document.querySelector('#read-all').click(); });
  await page.until(() => document.querySelector('#unread').textContent === 'all read');
  await cluster.sql(`SELECT tradepost.set_tier(${author.user.id}, 'free')`);
  await page.until(() => document.querySelector('#who').textContent === 'Dora Diaz, free');
  await page.run(() => { document.querySelector('#logout').click(); });
  // While it loads anew, nothing of it is there.
  await page.until(() => document.querySelector('#login')?.hidden === false && document.querySelector('#mine')?.hidden);
});
