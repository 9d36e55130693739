// The page's part for who logs in: the tier, signals and notifications, live.
//
// The tokens are in memory and nowhere else: another page, or this one loaded again, has to
// ask again. The socket is the one that the market comes over.
import { TradepostApi } from './rest.js';
import { websocketService } from './websocket.js';

const LINES = 20;
const EARLY = 60_000; // before a token ends, another is fetched

const find = (selector) => document.querySelector(selector);
const [form, mine, problem, who, unreadCount] = ['#login', '#mine', '#login-problem', '#who', '#unread'].map(find);
const [signalRows, noticeRows] = ['#signals tbody', '#notifications tbody'].map(find);

let tokens = null;
let signals = new Map();
// What came by itself since the list was last asked for: the answer may be older.
let arrived = new Map();
let notices = new Map();

const open = new TradepostApi();
const keep = ({ accessToken, refreshToken, expiresIn, user }) => {
  tokens = { accessToken, refreshToken, until: Date.now() + expiresIn * 1000 };
  return user;
};
// One at a time: a refresh token that is used twice ends the session.
let refreshing = null;
async function token() {
  if (Date.now() < tokens.until - EARLY) return tokens.accessToken;
  refreshing ??= open.refresh({ refreshToken: tokens.refreshToken }).then(keep).finally(() => { refreshing = null; });
  await refreshing;
  return tokens.accessToken;
}
const api = new TradepostApi({ token });

// Drawing ----------------------------------------------------------------------

function fill(body, lists) {
  body.replaceChildren(...lists.map((texts) => {
    const row = document.createElement('tr');
    for (const text of texts) row.insertCell().textContent = text ?? '–';
    return row;
  }));
}

const newest = (map) => [...map.values()].sort((a, b) => b.id - a.id).slice(0, LINES);

function drawSignals() {
  signals = new Map(newest(signals).map((signal) => [signal.id, signal]));
  fill(signalRows, newest(signals).map((s) => [s.symbol, s.type, s.entry_price, s.stop_loss, s.take_profit, `${s.confidence} %`, s.outcome ? s.outcome.replace('_', ' ') : s.status]));
}

function drawNotices() {
  notices = new Map(newest(notices).map((notice) => [notice.id, notice]));
  fill(noticeRows, newest(notices).map((n) => [new Date(n.createdAt).toLocaleTimeString(), n.title, n.body]));
  newest(notices).forEach((notice, i) => noticeRows.rows[i].classList.toggle('unread', !notice.read));
}

function drawUnread(count) { unreadCount.textContent = count > 0 ? `${count} unread` : 'all read'; }

function drawUser({ name, email, tier }) { who.textContent = `${name || email}, ${tier}`; }

// What is known ------------------------------------------------------------------

async function readNotices() {
  const { notifications, unread } = await api.listNotifications({ limit: LINES });
  notices = new Map(notifications.map((notice) => [notice.id, notice]));
  drawNotices();
  drawUnread(unread);
}

async function readSignals() {
  arrived = new Map();
  const { signals: list } = await api.listSignals({ limit: LINES });
  signals = new Map([...list.map((signal) => [signal.id, signal]), ...arrived]);
  drawSignals();
}

const read = () => Promise.all([api.getProfile().then(({ user }) => drawUser(user)), readNotices(), readSignals()]);

const attempt = (work) => work().catch((error) => { problem.textContent = error.message; });

async function login() {
  const { email, password, code } = Object.fromEntries(new FormData(form));
  problem.textContent = '';
  try {
    keep(await open.login({ email, password, ...(code && { code }) }));
  } catch (error) {
    if (error.code === 'mfa_required') find('#code').hidden = false;
    throw error;
  }
  form.reset();
  form.hidden = true;
  mine.hidden = false;
  await websocketService.setToken(token);
  await websocketService.subscribe('signals', 'notifications', 'account');
  await read();
}

async function logout() {
  await api.logout();
  location.reload();
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  attempt(login);
});
find('#logout').addEventListener('click', () => attempt(logout));
find('#read-all').addEventListener('click', () => attempt(async () => {
  await api.readNotifications({ all: true });
  await readNotices();
}));

for (const event of ['signal:created', 'signal:updated']) {
  websocketService.on(event, (signal) => {
    signals.set(signal.id, signal);
    arrived.set(signal.id, signal);
    drawSignals();
  });
}
for (const event of ['notification:created', 'notification:read']) websocketService.on(event, () => attempt(readNotices));
// What one may see has changed with it.
websocketService.on('subscription:changed', () => attempt(read));
// After a break, whatever it was.
websocketService.on('connect', () => { if (tokens) attempt(read); });
