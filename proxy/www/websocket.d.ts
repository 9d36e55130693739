// Types of websocket.js.
export type Decimal = string;
export type Side = 'buy' | 'sell';

export interface About { event: string; seq?: number; part?: number; of?: number; push?: number }
export type Handler<T = any> = (data: T, about: About) => void;

export interface Order {
  id: number;
  clientOrderId: string | null;
  symbol: string;
  asset: string;
  contract: string | null;
  side: Side;
  type: string;
  timeInForce: string;
  price: Decimal | null;
  quantity: Decimal;
  amount: Decimal;
  filled: Decimal;
  remaining: Decimal;
  averagePrice: Decimal | null;
  commission: Decimal;
  status: 'open' | 'partially_filled' | 'filled' | 'cancelled' | 'expired' | 'rejected' | 'untriggered';
  stopPrice: Decimal | null;
  linkedOrder: number | null;
  parentOrder: number | null;
  reason: string | null;
  postOnly: boolean;
  stp: string;
  createdAt: string;
  updatedAt: string;
  expiresAt: string | null;
}

export interface MatchedOrder extends Order { tradeId: number; fillPrice: Decimal; fillQuantity: Decimal; role: 'maker' | 'taker'; fillCommission: Decimal }

export interface Trade {
  id: number;
  symbol: string;
  asset: string;
  contract: string | null;
  price: Decimal;
  quantity: Decimal;
  amount: Decimal;
  side: Side;
  buyOrderId: number;
  sellOrderId: number;
  executedAt: string;
}

export interface MarketUpdate {
  symbol: string;
  asset: string;
  contract: string | null;
  bid: Decimal | null;
  ask: Decimal | null;
  bidQuantity: Decimal | null;
  askQuantity: Decimal | null;
  last: Decimal | null;
  mark: Decimal | null;
  updatedAt: string;
}

export interface Events {
  'order:created': Order;
  'order:matched': MatchedOrder;
  'order:cancelled': Order;
  'order:expired': Order;
  'order:rejected': Order;
  'order:amended': Order;
  'order:triggered': Order;
  'signal:created': any;
  'signal:updated': any;
  'notification:created': any;
  'notification:read': { ids?: number[]; all?: true };
  'subscription:changed': any;
  'trade:executed': Trade;
  'market:update': MarketUpdate;
  'auth:expired': { expiredAt: string };
  /** The book that subscribeToBook() gave, after each change. */
  book: OrderBook;
  connect: { seq: number | null };
  disconnect: { code: number; reason: string };
  /** It does not try again: the session was revoked, or the server cannot be spoken with. */
  closed: { code: number; reason: string };
  /** What happened after `since` was too long ago to be told: read the state anew. */
  gap: { since: number };
  error: SocketError | Error;
}

export interface NewOrder {
  symbol?: string;
  asset?: string;
  contract?: string;
  side: Side;
  price?: Decimal | number;
  stopPrice?: Decimal | number;
  /** An order that this one is linked to: when one goes, the other is cancelled. */
  oco?: number;
  quantity?: Decimal | number;
  amount?: Decimal | number;
  type?: string;
  timeInForce?: string;
  clientOrderId?: string;
  expiresAt?: string;
  postOnly?: boolean;
  stp?: string;
}

export class SocketError extends Error {
  constructor(code: string, detail?: string, more?: object);
  code: string;
  status?: number;
  hint?: string;
  retryAfter?: number;
  closeCode?: number;
  channel?: string;
}

export interface Level { price: Decimal; quantity: Decimal; orders?: number }

export class OrderBook {
  constructor(symbol: string);
  readonly symbol: string;
  /** The event that this is the state after. */
  readonly seq: number;
  /** Best first. */
  readonly bids: Level[];
  readonly asks: Level[];
  /** Whether it is up to date; false between a break and the next snapshot. */
  readonly complete: boolean;
  checksum(): number;
}

export type Token = string | (() => string | Promise<string>);

export interface Options {
  /** http(s) or ws(s); the page's own host by default. */
  url?: string;
  /** An access token, or what gets one: then it is renewed before it ends. */
  token?: Token;
  /** For Node before 22: that of the package `ws`. */
  WebSocket?: unknown;
  /** Where to go on: the last event that was seen. */
  since?: number | { seq: number; part?: number | null };
}

export class WebSocketService {
  constructor(options?: Options);
  readonly connected: boolean;
  readonly state: 'closed' | 'connecting' | 'open';
  /** The last event handed on, and the last part of it (null: all of it). */
  readonly seq: number | null;
  readonly part: number | null;
  /** The last signal, notification or change of the account that was handed on. */
  readonly push: number | null;
  readonly user: { user: number; account: number; tier: string; expires: string } | null;
  connect(options?: string | { token?: Token; url?: string }): Promise<this>;
  disconnect(): void;
  on<K extends keyof Events>(event: K, fn: Handler<Events[K]>): () => void;
  on(event: string, fn: Handler): () => void;
  once<K extends keyof Events>(event: K, fn: Handler<Events[K]>): () => void;
  once(event: string, fn: Handler): () => void;
  off(event: string, fn: Handler): void;
  subscribe(...channels: (string | string[])[]): Promise<void>;
  unsubscribe(...channels: (string | string[])[]): Promise<void>;
  subscribeToMarket(symbol: string): Promise<void>;
  unsubscribeFromMarket(symbol: string): Promise<void>;
  subscribeToTrades(symbol: string): Promise<void>;
  subscribeToOrders(): Promise<void>;
  subscribeToBook(symbol: string): OrderBook;
  unsubscribeFromBook(symbol: string): Promise<void>;
  setToken(token: Token): Promise<void>;
  cancelOnDisconnect(on?: boolean, graceSeconds?: number): Promise<void>;
  placeOrder(order: NewOrder, options?: { key?: string }): Promise<{ order: Order } | { id: number; status: 'pending' }>;
  cancelOrder(id: number): Promise<{ order: Order }>;
  amendOrder(id: number, changes: { price?: Decimal | number; stopPrice?: Decimal | number; quantity?: Decimal | number; amount?: Decimal | number }): Promise<{ order: Order }>;
  cancelAllOrders(which?: { symbol?: string; asset?: string; contract?: string }): Promise<{ cancelled: number }>;
  orders(query?: Record<string, string | number>): Promise<{ orders: Order[]; nextCursor: string | null }>;
  accountSummary(): Promise<any>;
}

export const websocketService: WebSocketService;
export default websocketService;
