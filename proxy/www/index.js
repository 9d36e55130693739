// The page at /: every market, live. What it knows comes from the public API alone.
import { TradepostApi } from './rest.js';
import { websocketService } from './websocket.js';

const state = document.querySelector('#state');
const body = document.querySelector('#markets');
const rows = new Map();

const show = (market) => {
  let row = rows.get(market.symbol);
  if (!row) {
    row = body.insertRow();
    for (let i = 0; i < 5; i++) row.insertCell();
    rows.set(market.symbol, row);
  }
  [market.symbol, market.bid, market.ask, market.last, market.mark].forEach((value, i) => { row.cells[i].textContent = value ?? '–'; });
};

websocketService.on('connect', () => { state.textContent = 'live'; });
websocketService.on('disconnect', () => { state.textContent = 'connecting'; });
websocketService.on('market:update', show);
try {
  const { markets } = await new TradepostApi({ url: location.origin }).getMarket();
  markets.forEach(show);
  await websocketService.connect();
  for (const { symbol } of markets) websocketService.subscribeToMarket(symbol);
  if (!markets.length) state.textContent = 'no market is open';
} catch (e) {
  state.textContent = e.message;
}
