// Never run: that it compiles, strictly, shows that the types of proxy/www are usable and refuse what is wrong.
// Checked by client.test.mjs.
import { ApiError, TradepostApi } from '../../proxy/www/rest.js';
import type { Market, Order } from '../../proxy/www/rest.js';
import one, { OrderBook, SocketError, WebSocketService, websocketService } from '../../proxy/www/websocket.js';

export async function rest(): Promise<string> {
  const api = new TradepostApi({ url: 'http://127.0.0.1:8000', token: async () => 'token' });
  const { markets }: { markets: Market[] } = await api.getMarket();
  const best: string | null = markets[0]?.bid ?? null;
  const { accessToken, expiresIn } = await api.login({ email: 'a@example.com', password: 'Correct-Horse-1' });
  const answer = await api.placeOrder({ asset: 'Wheat', contract: 'Dec25', side: 'buy', price: '100', amount: 1 }, { idempotencyKey: 'k', signal: new AbortController().signal });
  if ('order' in answer) {
    const order: Order = answer.order;
    order.id.toFixed();
  }
  const { trades, nextCursor } = await api.listTrades({ symbol: 'Dec25-Wheat', limit: 10 });
  const next: string | null = nextCursor;
  const nothing: void = await api.logout();
  // @ts-expect-error there are two sides
  await api.placeOrder({ asset: 'Wheat', side: 'both', price: '100', amount: 1 });
  // @ts-expect-error a password is needed
  await api.login({ email: 'a@example.com' });
  // @ts-expect-error no such parameter
  await api.listTrades({ sybmol: 'Dec25-Wheat' });
  // @ts-expect-error prices are text
  const price: number = trades[0]!.price;
  try {
    await api.getOrder(1);
  } catch (error) {
    if (error instanceof ApiError) return `${error.status} ${error.code} ${error.problem.title} ${error.retryAfter ?? ''}`;
  }
  return `${best} ${accessToken} ${expiresIn.toFixed()} ${next} ${nothing} ${price}`;
}

export async function socket(): Promise<void> {
  const service: WebSocketService = new WebSocketService({ url: 'ws://127.0.0.1:8000/ws', since: { seq: 1, part: 2 } });
  await service.connect({ token: () => 'token' });
  await websocketService.connect();
  const off: () => void = service.on('trade:executed', (trade, { seq }) => { trade.price.padEnd(seq ?? 0); });
  service.on('order:matched', ({ fillPrice, role }) => { (role satisfies 'maker' | 'taker'); fillPrice.trim(); });
  service.on('something:new', (data) => data);
  await service.subscribeToMarket('Dec25-Wheat');
  const book: OrderBook = service.subscribeToBook('Dec25-Wheat');
  book.bids[0]?.price.trim();
  const answer = await one.placeOrder({ asset: 'Wheat', contract: 'Dec25', side: 'sell', price: 101, amount: 1 }, { key: 'k' });
  if ('order' in answer) await service.cancelOrder(answer.order.id);
  // @ts-expect-error a trade has no such member
  service.on('trade:executed', (trade) => trade.colour);
  // @ts-expect-error symbols are text
  await service.subscribeToMarket(7);
  // @ts-expect-error that is for the service to say
  service.connected = true;
  service.on('error', (error) => { if (error instanceof SocketError) error.code.trim(); });
  off();
}
