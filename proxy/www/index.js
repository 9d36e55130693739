// The page at /: every market, the book of one of them, and the trades of all, live. What it
// knows comes from the public API and the socket alone.
import { TradepostApi } from './rest.js';
import { websocketService } from './websocket.js';

const LEVELS = 12;
const TRADES = 25;
const find = (id) => document.getElementById(id);
const rows = new Map();
const trades = [];
let chosen = null;
let book = null;
let stale = false;

const cell = (row, text, kind = '') => {
  const made = row.insertCell();
  made.textContent = text ?? '–';
  made.className = kind;
  return made;
};

function choose(symbol) {
  if (chosen === symbol) return;
  if (chosen) websocketService.unsubscribeFromBook(chosen).catch(report);
  rows.get(chosen)?.classList.remove('chosen');
  chosen = symbol;
  rows.get(chosen).classList.add('chosen');
  find('book-title').textContent = `Book of ${symbol}`;
  book = websocketService.subscribeToBook(symbol);
  draw();
}

function showMarket(market) {
  let row = rows.get(market.symbol);
  if (!row) {
    row = find('markets').insertRow();
    const name = document.createElement('th');
    const button = document.createElement('button');
    name.scope = 'row';
    button.textContent = market.symbol;
    button.addEventListener('click', () => choose(market.symbol));
    name.append(button);
    row.append(name);
    for (let i = 0; i < 4; i++) cell(row);
    rows.set(market.symbol, row);
  }
  [market.bid, market.ask, market.last, market.mark].forEach((value, i) => { row.cells[i + 1].textContent = value ?? '–'; });
}

// The asks above the bids, the best of both in the middle.
function drawBook() {
  const made = document.createElement('tbody');
  made.id = 'book';
  for (const { price, quantity } of (book?.asks ?? []).slice(0, LEVELS).reverse()) {
    const row = made.insertRow();
    cell(row, '');
    cell(row, price, 'sell');
    cell(row, quantity);
  }
  for (const { price, quantity } of (book?.bids ?? []).slice(0, LEVELS)) {
    const row = made.insertRow();
    cell(row, quantity);
    cell(row, price, 'buy');
    cell(row, '');
  }
  find('book').replaceWith(made);
}

function drawTape() {
  const made = document.createElement('tbody');
  made.id = 'tape';
  for (const trade of trades) {
    const row = made.insertRow();
    cell(row, new Date(trade.executedAt).toLocaleTimeString());
    cell(row, trade.symbol);
    cell(row, trade.price, trade.side);
    cell(row, trade.quantity);
  }
  find('tape').replaceWith(made);
}

// However much happens, a frame is drawn once.
function draw() {
  if (stale) return;
  stale = true;
  requestAnimationFrame(() => {
    stale = false;
    drawBook();
    drawTape();
  });
}

function say(text, live = false) {
  find('state').textContent = text;
  find('state').classList.toggle('live', live);
}

function report(error) { say(error.message); }

function addTrade(trade) {
  trades.unshift(trade);
  trades.length = Math.min(trades.length, TRADES);
  draw();
}

websocketService.on('connect', () => say('live', true));
websocketService.on('disconnect', () => say('the connection broke: connecting again'));
websocketService.on('market:update', showMarket);
websocketService.on('trade:executed', addTrade);
websocketService.on('book', draw);

try {
  const api = new TradepostApi();
  const [{ markets }, { trades: past }] = await Promise.all([api.getMarket(), api.listTrades({ limit: TRADES })]);
  markets.forEach(showMarket);
  trades.push(...past);
  draw();
  await websocketService.connect();
  await websocketService.subscribe(markets.map(({ symbol }) => `market:${symbol}`));
  if (markets.length > 0) choose(markets[0].symbol);
  else say('no market is open', true);
} catch (error) {
  report(error);
}
