// Made by generate.mjs from openapi.yaml: change those.

export type Id = number;

export type Decimal = string;

export type NullableDecimal = string | null;

/** A string is exact. A number whose fraction has more than 15 digits, as binary arithmetic makes it, is rounded to 15. */
export type DecimalIn = number | string;

export type Time = string;

export type NullableTime = string | null;

/** `null`: this is the last page */
export type NextCursor = string | null;

export type Side = "buy" | "sell";

export type OrderType = "limit" | "market" | "stop" | "stop_limit" | "take_profit";

export type TimeInForce = "day" | "gtc" | "gtd" | "ioc" | "fok";

export type OrderStatus = "pending" | "open" | "partially_filled" | "filled" | "cancelled" | "expired" | "rejected" | "untriggered";

export type Tier = "free" | "basic" | "pro" | "enterprise";

/** 8 or more characters, among them an upper-case and a lower-case letter, a digit and a symbol */
export type Password = string;

export type Registration = {
  email: string;
  password: Password;
  name?: string;
  firstName?: string;
  lastName?: string;
  /** Basic and pro begin with 14 days of trial; enterprise has none */
  subscriptionTier?: Tier;
  /** The same, as older clients know it */
  tier?: Tier;
};

export type Credentials = {
  email: string;
  password: string;
  /** Of the second factor, or a recovery code; needed where one is enrolled */
  code?: string;
};

export type User = {
  id: Id;
  email: string;
  firstName: string;
  lastName: string;
  name: string;
  tier: Tier;
  role: "user" | "admin";
  account: Id;
  emailVerified: boolean;
  /** Once it is verified */
  phone: string | null;
  language: string;
  timeZone: string;
  createdAt: Time;
};

export type Tokens = {
  user: User;
  /** The access token again, under the name that older clients know */
  token: string;
  accessToken: string;
  refreshToken: string;
  tokenType: "Bearer";
  /** Seconds until the access token expires */
  expiresIn: number;
};

/** `symbol`, or `asset` and `contract`; `quantity` or `amount`, which are the same */
export type NewOrder = {
  symbol?: string;
  asset?: string;
  contract?: string;
  side: Side;
  /** Needed by limit and stop_limit orders, refused with the others */
  price?: DecimalIn;
  /** Needed by stop, stop_limit and take_profit orders: the last trade's price at which they are let go. A buy stop waits for a rise to it, a sell stop for a fall; with take_profit the other way round. Then stop_limit becomes a limit order, the others market orders. */
  stopPrice?: DecimalIn;
  /** One's order, open or untriggered, that this one is linked to; when one of the two trades, is triggered or ends, the other is cancelled */
  oco?: Id;
  quantity?: DecimalIn;
  amount?: DecimalIn;
  type?: OrderType;
  timeInForce?: TimeInForce;
  clientOrderId?: string;
  /** With time in force gtd, which it implies */
  expiresAt?: string;
  postOnly?: boolean;
  stp?: "cancel_taker" | "cancel_maker" | "cancel_both" | "decrement" | "none";
};

export type Order = {
  id: Id;
  clientOrderId: string | null;
  symbol: string;
  asset: string;
  contract: string | null;
  side: Side;
  type: OrderType;
  timeInForce: TimeInForce;
  price: NullableDecimal;
  quantity: Decimal;
  amount: Decimal;
  filled: Decimal;
  remaining: Decimal;
  averagePrice: NullableDecimal;
  commission: Decimal;
  status: OrderStatus;
  reason: string | null;
  postOnly: boolean;
  stp: string;
  createdAt: Time;
  updatedAt: Time;
  expiresAt: NullableTime;
  stopPrice?: NullableDecimal;
  /** The other one of an OCO pair */
  linkedOrder?: number | null;
  /** The entry that this one protects; it waits for its first fill */
  parentOrder?: number | null;
};

export type OrderAnswer = {
  order: Order;
};

export type BatchResult = {
  /** What the order alone would have been answered with */
  status: number;
  order?: Order;
  id?: Id;
  problem?: Problem;
};

export type Market = {
  symbol: string;
  asset: string;
  contract: string | null;
  status: "open" | "halted" | "expired";
  last: NullableDecimal;
  mark: NullableDecimal;
  bid: NullableDecimal;
  bidQuantity: NullableDecimal;
  ask: NullableDecimal;
  askQuantity: NullableDecimal;
  volume24h: Decimal;
  high24h: NullableDecimal;
  low24h: NullableDecimal;
  trades24h: number;
  openInterest: NullableDecimal;
};

export type Instrument = {
  symbol: string;
  kind: "spot" | "future";
  asset: string;
  contract: string | null;
  quote: string;
  tick: Decimal;
  lot: Decimal;
  multiplier: Decimal;
  /** The quantity in a volume of 1.0, as signals count it */
  contractSize: Decimal;
  status: "open" | "halted" | "expired";
};

export type Trade = {
  id: Id;
  symbol: string;
  asset: string;
  contract: string | null;
  price: Decimal;
  quantity: Decimal;
  amount: Decimal;
  /** The taker's; with mine=true one's own */
  side: Side;
  executedAt: Time;
  orderId?: Id;
  role?: "maker" | "taker";
  /** `closed_out` and `taken_over`: forced by a liquidation */
  kind?: "trade" | "closed_out" | "taken_over";
  commission?: Decimal;
};

export type Level = {
  price: Decimal;
  quantity: Decimal;
  amount: Decimal;
  orders: number;
};

export type Book = {
  symbol: string;
  asset: string;
  contract: string | null;
  /** The event that the book is the state after */
  seq: number;
  /** CRC-32 of the best 25 levels, as in the deltas of channel book */
  checksum: number;
  /** Best first */
  bids: Level[];
  /** Best first */
  asks: Level[];
  updatedAt: Time;
};

export type Candle = {
  time: Time;
  open: Decimal;
  high: Decimal;
  low: Decimal;
  close: Decimal;
  volume: Decimal;
  trades: number;
};

export type AccountSummary = {
  account: Record<string, unknown>;
  balances: {
    asset: string;
    total: Decimal;
    reserved: Decimal;
    free: Decimal;
  }[];
  positions: {
    symbol: string;
    quantity: Decimal;
  }[];
  orders: Record<string, unknown>;
};

export type Health = {
  status: "ok" | "down" | "stopping";
};

export type HealthDetailed = {
  /** `degraded`: Redis is configured and away; `stalled`: the engine is off, or has left a command undecided for 5 seconds */
  status: "ok" | "degraded" | "stalled" | "down" | "stopping";
};

export type Problem = {
  type: string;
  title: string;
  status: number;
  /** Stable; snake_case */
  code: string;
  detail?: string;
  hint?: string;
  instance?: string;
  requestId?: string;
};

export interface Common { headers?: Record<string, string>; signal?: AbortSignal }

/** What an answer of 400 and above becomes. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly problem: Problem;
  readonly retryAfter?: number;
}

export class TradepostApi {
  constructor(options?: { url?: string; token?: string | (() => string | Promise<string>); fetch?: typeof globalThis.fetch });
  url: string;
  token?: string | (() => string | Promise<string>);
  /** POST /auth/register: Open a user's account, with play money */
  register(body: Registration, options?: {
    xTenant?: string;
  } & Common): Promise<Tokens>;
  /** POST /auth/login: Log in */
  login(body: Credentials, options?: {
    xTenant?: string;
  } & Common): Promise<Tokens>;
  /** POST /auth/refresh: New tokens for a refresh token */
  refresh(body: {
    refreshToken: string;
  }, options?: Common): Promise<Tokens>;
  /** POST /auth/logout: End this session, or all of one's sessions */
  logout(body?: {
    everywhere?: boolean;
  }, options?: Common): Promise<void>;
  /** POST /auth/change-password: Change one's password */
  changePassword(body: {
    currentPassword: string;
    newPassword: Password;
  }, options?: Common): Promise<void>;
  /** GET /auth/profile: Who one is */
  getProfile(options?: Common): Promise<{
    user: User;
  }>;
  /** GET /orders: One's orders, newest first */
  listOrders(options?: {
    status?: "active" | "open" | "partially_filled" | "untriggered" | "filled" | "cancelled" | "expired" | "rejected";
    symbol?: string;
    asset?: string;
    contract?: string;
    side?: Side;
    limit?: number;
    cursor?: string;
  } & Common): Promise<{
    orders: Order[];
    nextCursor: NextCursor;
  }>;
  /** POST /orders: Place an order */
  placeOrder(body: NewOrder, options?: {
    idempotencyKey?: string;
    prefer?: string;
  } & Common): Promise<OrderAnswer | {
    id: Id;
    status: "pending";
    clientOrderId?: string | null;
  }>;
  /** DELETE /orders: Cancel all of one's orders, or all in one instrument */
  cancelAllOrders(options?: {
    symbol?: string;
    asset?: string;
    contract?: string;
  } & Common): Promise<{
    cancelled: number;
  } | {
    id: Id;
    status: "pending";
    clientOrderId?: string | null;
  }>;
  /** POST /orders/batch: Place many orders in one request */
  placeOrders(body: {
    orders: NewOrder[];
  }, options?: {
    prefer?: string;
  } & Common): Promise<{
    results: BatchResult[];
  }>;
  /** GET /orders/{id}: One order */
  getOrder(id: Id, options?: Common): Promise<OrderAnswer>;
  /** PATCH /orders/{id}: Change an order's price or quantity */
  amendOrder(id: Id, body: {
    price?: DecimalIn;
    stopPrice?: DecimalIn;
    quantity?: DecimalIn;
    amount?: DecimalIn;
  }, options?: Common): Promise<OrderAnswer | {
    id: Id;
    status: "pending";
    clientOrderId?: string | null;
  }>;
  /** DELETE /orders/{id}: Cancel an order */
  cancelOrder(id: Id, options?: Common): Promise<OrderAnswer | {
    id: Id;
    status: "pending";
    clientOrderId?: string | null;
  }>;
  /** GET /market: Prices of every instrument, now and over 24 hours */
  getMarket(options?: {
    xTenant?: string;
  } & Common): Promise<{
    markets: Market[];
  }>;
  /** GET /instruments: What is listed */
  listInstruments(options?: {
    xTenant?: string;
  } & Common): Promise<{
    instruments: Instrument[];
  }>;
  /** GET /trades: Trades, newest first; with mine=true one's own */
  listTrades(options?: {
    symbol?: string;
    asset?: string;
    contract?: string;
    mine?: "true" | "false";
    limit?: number;
    cursor?: string;
    xTenant?: string;
  } & Common): Promise<{
    trades: Trade[];
    nextCursor: NextCursor;
  }>;
  /** GET /orderbook/{asset}: The book of an instrument, or of every contract of an asset */
  getOrderBook(asset: string, options?: {
    contract?: string;
    depth?: number;
    xTenant?: string;
  } & Common): Promise<{
    asset: string;
    books: Book[];
  }>;
  /** GET /candles/{symbol}: Candles of an instrument */
  getCandles(symbol: string, options?: {
    resolution?: "1m" | "5m" | "15m" | "1h" | "1d";
    since?: string;
    until?: string;
    limit?: number;
    xTenant?: string;
  } & Common): Promise<{
    symbol: string;
    resolution: string;
    candles: Candle[];
  }>;
  /** GET /account/summary: Balances, positions and open orders */
  getAccountSummary(options?: Common): Promise<AccountSummary>;
  /** GET /health: Whether the exchange takes orders */
  getHealth(options?: Common): Promise<Health>;
  /** GET /health/detailed: The state of each part */
  getHealthDetailed(options?: Common): Promise<HealthDetailed>;
  /** GET /metrics: Metrics for Prometheus */
  getMetrics(options?: Common): Promise<string>;
  /** GET /openapi.yaml: This document */
  getOpenapi(options?: Common): Promise<string>;
}
