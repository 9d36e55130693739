// Notifications: one for what happened, kept, counted, read, pushed to every window of the user and to nobody else's.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Cluster, openMarket } from './lib/cluster.mjs';
import { Files, TestClient, newUser, startProxy, until } from './lib/platform.mjs';
import { TestSocket } from './lib/socket.mjs';

const files = new Files();
let cluster;
let proxy;
let alice;
let bob;
before(async () => {
  cluster = await Cluster.start();
  await openMarket(cluster);
  proxy = await startProxy(cluster, files);
  [alice, bob] = await Promise.all([0, 1].map(() => newUser(proxy)));
});
after(async () => {
  TestSocket.closeAll();
  TestClient.closeAll();
  await proxy?.stop();
  await cluster?.end();
  files.end();
});

const call = (who, method, at, body) => proxy.request(method, `/api/v1${at}`, { token: who.token, body });
async function must(status, who, method, at, body) {
  const answer = await call(who, method, at, body);
  assert.equal(answer.status, status, `${method} ${at}: ${answer.text}`);
  return answer.json;
}
const place = async (who, fields) => (await must(201, who, 'POST', '/orders', { symbol: 'Dec25-Wheat', side: 'buy', quantity: 1, timeInForce: 'gtc', ...fields })).order;
const list = (who, query = '') => must(200, who, 'GET', `/notifications${query}`);
const tell = (who, kind, title) => cluster.sql(`SELECT tradepost_internal.notify_user(${who.user.id}, '${kind}', '${title}', 'body', '{"n": 1}')`);
const open = async (who) => {
  const socket = await TestSocket.open(proxy, { token: who.token });
  assert.equal((await socket.ask({ op: 'subscribe', channels: ['notifications'] })).op, 'ack');
  return socket;
};

test('a fill is told once an order, to both sides, in the list and over both kinds of socket', async () => {
  const socket = await open(alice);
  const client = await TestClient.open(proxy, alice.token);
  await client.subscribe('notifications');
  for (let i = 0; i < 5; i++) await place(bob, { side: 'sell', price: 100 + i / 100 });
  const bid = await place(alice, { price: 101, quantity: 5 });
  assert.equal(bid.status, 'filled');
  const pushed = await socket.event('notification:created', (one) => one.kind === 'fills');
  assert.ok(pushed.push > 0, 'pushes have numbers of their own');
  assert.ok(JSON.stringify(pushed.data).includes(String(bid.id)), 'it names the order');
  await client.event('notification:created', (one) => one.kind === 'fills');
  const { notifications, unread } = await until(async () => { const l = await list(alice, '?kind=fills'); return l.notifications.length > 0 && l; }, 'a notification');
  assert.equal(notifications.length, 1, 'five trades of one order are one piece of news');
  assert.ok(unread >= 1);
  assert.equal(notifications[0].read, false);
  await until(async () => (await list(bob, '?kind=fills')).notifications.length === 5, 'the maker\'s five orders');
  client.close();
  await socket.close();
});

test('an order that expires is told', async () => {
  const who = await newUser(proxy);
  const gone = await place(who, { price: 90, timeInForce: 'gtd', expiresAt: new Date(Date.now() + 1500).toISOString() });
  const { notifications } = await until(async () => { const l = await list(who, '?kind=expiries'); return l.notifications.length > 0 && l; }, 'told of the end');
  assert.ok(JSON.stringify(notifications[0]).includes(String(gone.id)));
});

test('pages newest first, filters, counts; marked one by one, by many, and all', async () => {
  const who = await newUser(proxy);
  for (let i = 0; i < 7; i++) await tell(who, i % 2 ? 'signals' : 'security', `no ${i}`);
  const all = (await list(who, '?limit=200')).notifications.filter((one) => /^no \d$/.test(one.title));
  assert.deepEqual(all.map((one) => one.title), ['no 6', 'no 5', 'no 4', 'no 3', 'no 2', 'no 1', 'no 0']);
  assert.deepEqual(all[0].data, { n: 1 });
  const pages = [];
  let cursor = '';
  do {
    const page = await list(who, `?limit=3${cursor && `&cursor=${cursor}`}`);
    pages.push(...page.notifications);
    cursor = page.nextCursor;
  } while (cursor);
  assert.deepEqual(pages.filter((one) => /^no \d$/.test(one.title)).map((one) => one.id), all.map((one) => one.id));
  const { unread } = await list(who);
  const other = await open(who);
  const read = (await must(200, who, 'PATCH', `/notifications/${all[0].id}`, { read: true })).notification;
  assert.ok(read.read && read.readAt);
  assert.equal((await list(who)).unread, unread - 1);
  await other.event('notification:read', (data) => data.ids?.includes(all[0].id));
  assert.equal((await must(200, who, 'POST', '/notifications/read', { ids: [all[1].id, all[2].id, all[0].id] })).marked, 2);
  assert.deepEqual((await list(who, '?unread=true&kind=signals')).notifications.map((one) => one.title).filter((t) => /^no/.test(t)), ['no 3', 'no 1']);
  await must(200, who, 'POST', '/notifications/read', { all: true });
  await other.event('notification:read', (data) => data.all === true);
  assert.equal((await list(who)).unread, 0);
  // Another's: unknown; and it stays unread.
  await tell(alice, 'security', 'hers');
  const hers = (await list(alice)).notifications.find((one) => one.title === 'hers');
  assert.equal((await call(who, 'PATCH', `/notifications/${hers.id}`, { read: true })).status, 404);
  assert.equal((await must(200, who, 'POST', '/notifications/read', { ids: [hers.id] })).marked, 0);
  assert.equal((await list(alice)).notifications.find((one) => one.title === 'hers').read, false);
  for (const body of [{}, { ids: 'x' }, { ids: [1], all: true }, { ids: ['x'] }, { ids: Array.from({ length: 1001 }, (_, i) => i + 1) }, { all: 'yes' }, { ids: [1.5] }, { ids: [-1] }, { ids: [1e30] }, { ids: [null] }, { ids: [[1]] }, { read: true }]) {
    assert.equal((await call(who, 'POST', '/notifications/read', body)).status, 400, JSON.stringify(body));
  }
  for (const query of ['?limit=0', '?limit=201', '?kind=x', '?unread=x', '?cursor=x', '?x=1']) assert.equal((await call(who, 'GET', `/notifications${query}`)).status, 400, query);
  await other.close();
});

test('preferences: by kind and channel; what is not wanted does not come', async () => {
  const who = await newUser(proxy);
  const { preferences } = await must(200, who, 'GET', '/notifications/preferences');
  assert.deepEqual(Object.keys(preferences), ['fills', 'expiries', 'cancels', 'signals', 'security', 'subscription']);
  assert.deepEqual(preferences.fills, { inapp: true, websocket: true, email: false, whatsapp: true });
  const set = await must(200, who, 'PATCH', '/notifications/preferences', { preferences: { signals: { websocket: false }, fills: { inapp: false } } });
  assert.deepEqual([set.preferences.signals, set.preferences.fills.inapp, set.preferences.security], [{ inapp: true, websocket: false, email: false, whatsapp: true }, false, preferences.security]);
  const socket = await open(who);
  await tell(who, 'signals', 'in the list only');
  await tell(who, 'fills', 'on the socket only');
  await tell(who, 'security', 'both');
  await socket.event('notification:created', (one) => one.title === 'both');
  assert.deepEqual(socket.events('notification:created').map((m) => m.data.title).filter((t) => /only|both/.test(t)), ['on the socket only', 'both']);
  assert.deepEqual((await list(who)).notifications.map((one) => one.title).filter((t) => /only|both/.test(t)), ['both', 'in the list only']);
  for (const bad of [{}, { preferences: 1 }, { preferences: { x: {} } }, { preferences: { fills: { sms: true } } }, { preferences: { fills: { email: 1 } } }, { preferences: { fills: true } }, { user: 1, preferences: {} }]) {
    assert.equal((await call(who, 'PATCH', '/notifications/preferences', bad)).status, 400, JSON.stringify(bad));
  }
  assert.deepEqual((await must(200, alice, 'GET', '/notifications/preferences')).preferences.fills, preferences.fills, 'of nobody else');
  await socket.close();
});

test('who was away hears what he missed, once, in order; nobody hears another\'s', async () => {
  const first = await open(alice);
  await tell(alice, 'security', 'before');
  const { push } = await first.event('notification:created', (one) => one.title === 'before');
  await first.close();
  for (let i = 0; i < 20; i++) {
    await tell(alice, 'security', `away ${i}`);
    await tell(bob, 'security', `secret ${i}`);
  }
  const back = await TestSocket.open(proxy, { token: alice.token });
  assert.equal((await back.ask({ op: 'subscribe', channels: ['notifications'], since: push })).op, 'ack');
  await back.event('notification:created', (one) => one.title === 'away 19');
  await tell(alice, 'security', 'after');
  await back.event('notification:created', (one) => one.title === 'after');
  const titles = back.events('notification:created').map((m) => m.data.title);
  assert.deepEqual(titles, [...Array.from({ length: 20 }, (_, i) => `away ${i}`), 'after']);
  const pushes = back.events('notification:created').map((m) => m.push);
  assert.deepEqual(pushes, [...pushes].sort((a, b) => a - b));
  assert.ok(!back.messages.some((m) => /secret/.test(JSON.stringify(m))));
  for (const channels of [[`notifications:${bob.user.id}`], [`account:${bob.user.id}`], ['pushes'], ['push:1'], ['notifications:*']]) {
    const answer = await back.ask({ op: 'subscribe', channels });
    assert.equal(answer.op, 'error', JSON.stringify(answer));
  }
  const nobody = await TestSocket.open(proxy);
  for (const channel of ['notifications', 'account', 'signals']) {
    const answer = await nobody.ask({ op: 'subscribe', channels: [channel] });
    assert.deepEqual([answer.op, answer.code], ['error', 'authentication_required'], channel);
  }
  await nobody.close();
  await back.close();
});
