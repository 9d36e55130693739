// The page at /: every market, and the book and the trades of one, live.
//
// What it knows comes from the public API alone, by the two clients beside it. Events come
// faster than one reads: what they change is marked, and drawn once a frame.
import { TradepostApi } from './rest.js';
import { websocketService } from './websocket.js';

const LEVELS = 12;
const TRADES = 25;
const AT_ONCE = 50;

const find = (selector) => document.querySelector(selector);
const state = find('#state');
const title = find('#chosen');
const [marketRows, bidRows, askRows, tradeRows] = ['#markets', '#bids', '#asks', '#trades'].map((table) => find(`${table} tbody`));
const api = new TradepostApi();

const markets = new Map();
const rows = new Map();
const followed = new Set();
let chosen = null;
let book = null;
let trades = new Map();

const say = (text, live = false) => {
  state.textContent = text;
  state.classList.toggle('live', live);
};

// Drawing ----------------------------------------------------------------------

const stale = new Map();
const redraw = (what, draw = what) => {
  if (stale.size === 0) requestAnimationFrame(drawAll);
  stale.set(what, draw);
};

function drawAll() {
  const now = [...stale.values()];
  stale.clear();
  for (const draw of now) draw();
}

function drawMarket({ symbol, bid, ask, last, mark, status }) {
  let row = rows.get(symbol);
  if (!row) {
    row = marketRows.insertRow();
    const name = document.createElement('th');
    name.scope = 'row';
    const link = document.createElement('a');
    link.href = `#${encodeURIComponent(symbol)}`;
    name.append(link);
    row.append(name);
    for (let i = 0; i < 4; i++) row.insertCell();
    rows.set(symbol, row);
  }
  const link = row.querySelector('a');
  link.textContent = status && status !== 'open' ? `${symbol} (${status})` : symbol;
  row.classList.toggle('chosen', symbol === chosen);
  if (symbol === chosen) link.setAttribute('aria-current', 'true');
  else link.removeAttribute('aria-current');
  [bid, ask, last, mark].forEach((value, i) => { row.cells[i + 1].textContent = value ?? '–'; });
}

// As many rows as lists of texts.
function fill(body, lists, each = () => {}) {
  while (body.rows.length > lists.length) body.deleteRow(-1);
  lists.forEach((texts, i) => {
    const row = body.rows[i] ?? body.insertRow();
    texts.forEach((text, j) => {
      const cell = row.cells[j] ?? row.insertCell();
      if (cell.textContent !== text) cell.textContent = text;
    });
    each(row, i);
  });
}

// Between a break and the next snapshot what is shown is old, but better than nothing.
function drawBook() {
  if (!book?.complete) return;
  const sides = [book.bids, book.asks].map((levels) => levels.slice(0, LEVELS));
  const deepest = Math.max(...sides.flat().map(({ quantity }) => Number(quantity)), 0);
  sides.forEach((levels, side) => {
    fill(side === 0 ? bidRows : askRows, levels.map(({ price, quantity }) => (side === 0 ? [quantity, price] : [price, quantity])), (row, i) => {
      row.style.setProperty('--share', `${Math.round((100 * Number(levels[i].quantity)) / deepest)}%`);
    });
  });
}

function pruneTrades() {
  const newest = [...trades.values()].sort((a, b) => b.id - a.id).slice(0, TRADES);
  trades = new Map(newest.map((trade) => [trade.id, trade]));
  return newest;
}

function drawTrades() {
  const newest = pruneTrades();
  fill(tradeRows, newest.map(({ executedAt, side, price, quantity }) => [new Date(executedAt).toLocaleTimeString(), side, price, quantity]), (row, i) => {
    row.dataset.id = newest[i].id;
    row.className = newest[i].side;
  });
}

// What is known ------------------------------------------------------------------

// What events said since the list of markets was asked for: it is newer than the list.
let heard = new Map();

function update(market) {
  const { symbol } = market;
  markets.set(symbol, { ...markets.get(symbol), ...market });
  redraw(symbol, () => drawMarket(markets.get(symbol)));
}

function hear(market) {
  heard.set(market.symbol, { ...heard.get(market.symbol), ...market });
  update(market);
}

function addTrade(trade) {
  trades.set(trade.id, trade);
  // A page in the background draws nothing: keep no more than a few screens for it.
  if (trades.size > 8 * TRADES) pruneTrades();
  redraw(drawTrades);
}

// Trades come by events and by a list; each counts once, by its id.
async function readTrades(symbol) {
  const { trades: list } = await api.listTrades({ symbol, limit: TRADES });
  if (symbol !== chosen) return;
  list.forEach(addTrade);
}

async function choose(symbol) {
  if (symbol === chosen || !markets.has(symbol)) return;
  const before = chosen;
  chosen = symbol;
  title.textContent = symbol;
  document.title = `${symbol} – Tradepost`;
  trades = new Map();
  for (const body of [bidRows, askRows, tradeRows]) body.replaceChildren();
  for (const name of [before, symbol]) if (name !== null) update({ symbol: name });
  book = websocketService.subscribeToBook(symbol);
  if (before !== null) websocketService.unsubscribeFromBook(before).catch(() => { /* with the connection it is gone */ });
  await readTrades(symbol);
}

const wanted = () => {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return '';
  }
};

// Asked anew at each connection: markets may have come, and events too old to be told again.
// And once more after subscribing, for what changed in between.
async function read() {
  for (;;) {
    heard = new Map();
    const { markets: list } = await api.getMarket();
    for (const market of list) update({ ...market, ...heard.get(market.symbol) });
    const fresh = list.map(({ symbol }) => `market:${symbol}`).filter((channel) => !followed.has(channel));
    if (fresh.length === 0) break;
    for (let i = 0; i < fresh.length; i += AT_ONCE) await websocketService.subscribe(fresh.slice(i, i + AT_ONCE));
    for (const channel of fresh) followed.add(channel);
  }
  if (chosen !== null) await readTrades(chosen);
  else if (markets.size > 0) await choose(markets.has(wanted()) ? wanted() : markets.keys().next().value);
  say(markets.size > 0 ? 'live' : 'no market is open', markets.size > 0);
}

const attempt = (work) => work().catch((error) => say(error.message));

websocketService.on('connect', () => attempt(read));
websocketService.on('disconnect', () => say('the connection broke, trying again'));
websocketService.on('closed', ({ reason }) => say(`closed: ${reason}`));
websocketService.on('error', (error) => say(error.message));
websocketService.on('market:update', hear);
websocketService.on('book', (changed) => { if (changed === book) redraw(drawBook); });
websocketService.on('trade:executed', (trade) => {
  hear({ symbol: trade.symbol, last: trade.price });
  if (trade.symbol === chosen) addTrade(trade);
});
// Many change at once when a month expires: they are read together.
let soon;
for (const event of ['market:listed', 'market:halted', 'market:resumed', 'market:expired']) {
  websocketService.on(event, () => {
    clearTimeout(soon);
    soon = setTimeout(() => attempt(read), 200);
  });
}
addEventListener('hashchange', () => attempt(() => choose(wanted())));

attempt(() => websocketService.connect());
