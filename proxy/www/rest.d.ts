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
  stopPrice: NullableDecimal;
  /** The other one of an OCO pair */
  linkedOrder: number | null;
  /** The entry that this one protects; it waits for its first fill */
  parentOrder: number | null;
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

export type UserAnswer = {
  user: User;
};

export type CodeSent = {
  sent: true;
  expiresAt: Time;
};

export type Code = {
  code: string;
};

export type TierDescription = {
  tier: Tier;
  /** A month */
  price: Decimal;
  currency: string;
  features: string[];
  limits: TierLimits;
  support: Support;
};

/** `null`: no limit */
export type TierLimits = {
  openOrders: number | null;
  apiKeys: number | null;
  sockets: number | null;
};

export type Support = {
  channel: string | null;
  responseHours: number | null;
};

export type SubscriptionAnswer = {
  subscription: Subscription;
};

export type SubscriptionChange = {
  status: "changed" | "scheduled" | "payment_required";
  preview: boolean;
  tier: Tier;
  /** For what was paid and will not be used, by the seconds left of the period */
  credit: Decimal;
  /** For what will be used instead */
  charge: Decimal;
  /** Charge less credit; negative is money back */
  amount: Decimal;
  currency: string;
  effectiveAt: NullableTime;
  subscription: Subscription;
};

export type WhatsappLink = {
  link: {
    phone: string;
    /** null: found out from each message */
    language: string | null;
    linkedAt: string;
    /** It has written STOP; it gets answers alone */
    optedOut: boolean;
    lastMessageAt: NullableTime;
    /** The exchange's */
    number: string | null;
  } | null;
  /** The code that waits for its phone */
  pending: {
    phone: string;
    expiresAt: string;
  } | null;
};

/** Fields as Twilio names them; there may be any others */
export type WhatsappStatus = {
  /** That of TWILIO_ACCOUNT_SID */
  AccountSid: string;
  MessageSid: string;
  MessageStatus: string;
  ErrorCode?: string;
};

/** Fields as Twilio names them; there may be any others */
export type WhatsappMessage = {
  /** That of TWILIO_ACCOUNT_SID */
  AccountSid: string;
  MessageSid: string;
  From: string;
  To?: string;
  /** What was written; more than 4096 characters are read by nobody */
  Body?: string;
  ProfileName?: string;
  /** Of a button that was pressed, and then the message in the place of Body */
  ButtonPayload?: string;
  /** The same where there is no payload */
  ButtonText?: string;
  /** More than 0, and a MediaContentType0 of audio, is a voice note */
  NumMedia?: string;
  MediaUrl0?: string;
  MediaContentType0?: string;
};

export type BillingResult = {
  applied: boolean;
  /** Why it was not */
  reason: string | null;
  repeated: boolean;
  user: Id;
  tier: Tier;
  status: string;
  periodEnd: NullableTime;
};

export type Session = {
  id: Id;
  createdAt: Time;
  lastUsedAt: NullableTime;
  expiresAt: NullableTime;
  ip: string | null;
  userAgent: string | null;
  current: boolean;
};

export type NewApiKey = {
  name: string;
  scopes: Scope[];
  /** Addresses and CIDR ranges that it may be used from; none, any */
  ips?: string[];
  expiresAt?: string;
  /** Of the second factor, where one is enrolled */
  code?: string;
};

export type ApiKey = {
  id: Id;
  name: string;
  /** How the key begins */
  hint: string;
  scopes: Scope[];
  ips: string[];
  createdAt: Time;
  expiresAt: NullableTime;
  lastUsedAt: NullableTime;
  lastIp: string | null;
};

export type SecondFactor = {
  enrolled: boolean;
  /** Begun, and not yet verified */
  pending: boolean;
  enrolledAt: NullableTime;
  recoveryCodesLeft: number;
};

export type SecondFactorSecret = {
  /** Base32 */
  secret: string;
  uri: string;
  /** An SVG image of the URI */
  qr: string;
};

export type RecoveryCodes = {
  enrolled?: true;
  /** Each works once, in place of a code */
  recoveryCodes: string[];
};

export type WithdrawalAnswer = {
  withdrawal: {
    id: Id;
    asset: string;
    amount: Decimal;
    status: "completed" | "pending";
  };
};

/** `entryPrice`, `stopLoss`, `takeProfit` and `expiresAt` are the same in other words */
export type NewSignal = {
  symbol: string;
  type: Side;
  entry_price?: DecimalIn;
  stop_loss?: DecimalIn;
  take_profit?: DecimalIn;
  /** In contracts; of EURUSD 0.1 are 10,000 euros */
  volume: DecimalIn;
  /** 0 to 100 */
  confidence?: DecimalIn;
  reasoning?: string;
  /** Who sees it; advanced ones need Pro */
  access?: "basic" | "advanced";
  source?: string;
  /** Else in 24 hours; 30 days at most */
  expires_at?: string;
  entryPrice?: DecimalIn;
  stopLoss?: DecimalIn;
  takeProfit?: DecimalIn;
  expiresAt?: string;
};

export type Signal = {
  id: Id;
  symbol: string;
  type: Side;
  entry_price: Decimal;
  stop_loss: Decimal;
  take_profit: Decimal;
  volume: Decimal;
  confidence: number;
  reasoning: string | null;
  access: "basic" | "advanced";
  source: string;
  /** `triggered`: the market has reached the entry */
  status: "active" | "triggered" | "expired" | "closed" | "cancelled";
  outcome: "hit_target" | "hit_stop" | "expired" | null;
  created_at: Time;
  triggered_at: NullableTime;
  closed_at: NullableTime;
  expires_at: Time;
  /** The user who posted it */
  author: Id;
};

export type SignalAnswer = {
  signal: Signal;
};

export type Execution = {
  id: Id;
  signal: Id;
  symbol: string;
  type: Side;
  volume: Decimal;
  quantity: Decimal;
  orderType: "limit" | "market";
  /** The entry's; `closed` when a protective order has traded whole */
  status: "pending" | "open" | "partially_filled" | "filled" | "closed" | "cancelled" | "expired" | "rejected";
  outcome: "hit_target" | "hit_stop" | null;
  reason: string | null;
  filled: Decimal;
  averagePrice: NullableDecimal;
  /** Ids, for GET orders/{id} */
  orders: {
    entry: Id;
    stopLoss: number | null;
    takeProfit: number | null;
  };
  source: string;
  clientOrderId: string | null;
  mt5AccountId: number | null;
  createdAt: Time;
};

export type Mt5Account = {
  id: Id;
  login: string;
  server: string;
  name: string | null;
  terminal: "not_connected" | "connected";
  createdAt: Time;
};

export type PerformanceAnswer = {
  performance: Performance;
};

export type NotificationKind = "fills" | "expiries" | "cancels" | "signals" | "security" | "subscription";

export type Notification = {
  id: Id;
  createdAt: Time;
  read: boolean;
  kind: NotificationKind;
  title: string;
  body: string;
  data: unknown;
  readAt: NullableTime;
};

export type Preferences = {
  fills?: Channels;
  expiries?: Channels;
  cancels?: Channels;
  signals?: Channels;
  security?: Channels;
  subscription?: Channels;
};

export type PreferencesAnswer = {
  preferences: Preferences;
};

export type SystemMetrics = {
  time: Time;
  engine: Record<string, unknown>;
  follower: Record<string, unknown>;
  database: {
    /** The slowest, if pg_stat_statements is loaded; else null */
    statements: Record<string, unknown>[] | null;
  };
  subscriptions: {
    users: number;
    byTier: Record<string, unknown>;
    byStatus: Record<string, unknown>;
  };
  edge: Record<string, unknown>;
};

export type Subscription = {
  /** The one that holds now */
  tier: Tier;
  status: "trial" | "active" | "past_due" | "cancelled" | "expired";
  trial: boolean;
  trialEnd: NullableTime;
  periodStart: NullableTime;
  /** `null`: it does not end */
  periodEnd: NullableTime;
  /** With the days of grace that a payment may be late */
  holdsUntil: NullableTime;
  cancelAtPeriodEnd: boolean;
  pending: {
    tier: Tier;
    status: "scheduled" | "payment_required";
    effectiveAt: NullableTime;
  } | null;
  /** A month */
  price: Decimal;
  currency: string;
  features: string[];
  limits: TierLimits;
  support: Support;
};

export type Scope = "read" | "trade" | "withdraw";

/** Amounts are in `currency`; what would divide by zero is null */
export type Performance = {
  period: string | null;
  since: NullableTime;
  until: Time;
  symbol: string | null;
  source: string | null;
  currency: string | null;
  /** Each is what one closing order closed */
  trades: number;
  wins: number;
  losses: number;
  winRate: NullableDecimal;
  profitFactor: NullableDecimal;
  expectancy: NullableDecimal;
  averageWin: NullableDecimal;
  averageLoss: NullableDecimal;
  grossPnl: Decimal;
  commission: Decimal;
  netPnl: Decimal;
  averageHoldingSeconds: NullableDecimal;
  maxDrawdown: Decimal;
  sharpe: NullableDecimal;
  sortino: NullableDecimal;
  equityCurve: {
    time: Time;
    equity: Decimal;
    drawdown: Decimal;
  }[];
  bySymbol: {
    symbol: string;
    trades: number;
    winRate: NullableDecimal;
    netPnl: Decimal;
  }[] | null;
  bySource: {
    source: string;
    trades: number;
    winRate: NullableDecimal;
    netPnl: Decimal;
  }[] | null;
};

export type Channels = {
  inapp?: boolean;
  websocket?: boolean;
  email?: boolean;
  whatsapp?: boolean;
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
  /** PATCH /auth/profile: Change one's name, language or time zone */
  updateProfile(body: {
    firstName?: string;
    lastName?: string;
    language?: string;
    timeZone?: string;
  }, options?: Common): Promise<UserAnswer>;
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
  /** GET /mfa: Whether a second factor is enrolled */
  getSecondFactor(options?: Common): Promise<SecondFactor>;
  /** DELETE /mfa: Do without a second factor from now on */
  removeSecondFactor(body: {
    password: string;
    code: string;
  }, options?: Common): Promise<void>;
  /** POST /mfa/enroll: Begin with a second factor */
  enrollSecondFactor(options?: Common): Promise<SecondFactorSecret>;
  /** POST /mfa/verify: Finish enrolment by a first code */
  verifySecondFactor(body: Code, options?: Common): Promise<RecoveryCodes>;
  /** POST /mfa/recovery-codes: New recovery codes; the old ones are void */
  renewRecoveryCodes(body: Code, options?: Common): Promise<RecoveryCodes>;
  /** POST /auth/mfa/enroll: Begin with a second factor */
  enrollSecondFactorUnderAuth(options?: Common): Promise<SecondFactorSecret>;
  /** POST /auth/mfa/verify: Finish enrolment by a first code */
  verifySecondFactorUnderAuth(body: Code, options?: Common): Promise<RecoveryCodes>;
  /** GET /users/api-keys: One's API keys, without their secrets */
  listApiKeys(options?: Common): Promise<{
    apiKeys: ApiKey[];
  }>;
  /** POST /users/api-keys: Make an API key (Pro) */
  createApiKey(body: NewApiKey, options?: Common): Promise<{
    apiKey: ApiKey;
    /** Send it as `X-API-Key` or `Authorization` (Bearer) */
    key: string;
  }>;
  /** DELETE /users/api-keys/{id}: Revoke an API key */
  revokeApiKey(id: Id, options?: Common): Promise<void>;
  /** GET /users/sessions: One's sessions */
  listSessions(options?: Common): Promise<{
    sessions: Session[];
  }>;
  /** DELETE /users/sessions/{id}: End one of one's sessions */
  endSession(id: Id, options?: Common): Promise<void>;
  /** POST /users/email/verify: Have a code sent to one's e-mail address */
  verifyEmail(options?: Common): Promise<CodeSent>;
  /** POST /users/email/confirm: Show that the e-mail address is one's own, by its code */
  confirmEmail(body: Code, options?: Common): Promise<UserAnswer>;
  /** POST /users/phone: Name one's telephone, and have a code sent to it */
  setPhone(body: {
    /** With the plus and the country's code; blanks, dots, dashes and brackets are taken out */
    phone: string;
  }, options?: Common): Promise<CodeSent>;
  /** POST /users/phone/confirm: Show that the telephone is one's own, by its code */
  confirmPhone(body: Code, options?: Common): Promise<UserAnswer>;
  /** POST /account/withdrawals: Take money out */
  withdraw(body: {
    asset: string;
    amount: DecimalIn;
    code?: string;
    key?: string;
  }, options?: {
    idempotencyKey?: string;
  } & Common): Promise<WithdrawalAnswer>;
  /** GET /trading/mt5-accounts: One's MetaTrader accounts, without their passwords */
  listMt5Accounts(options?: Common): Promise<{
    accounts: Mt5Account[];
  }>;
  /** POST /trading/mt5-accounts: Add a MetaTrader account */
  addMt5Account(body: {
    login: string;
    server: string;
    password: string;
    name?: string;
  }, options?: Common): Promise<{
    account: Mt5Account;
  }>;
  /** POST /trading/mt5-accounts/{id}/credentials: Show a MetaTrader account's password */
  showMt5Credentials(id: Id, body?: {
    code?: string;
  }, options?: Common): Promise<{
    credentials: {
      id: Id;
      login: string;
      server: string;
      password: string;
    };
  }>;
  /** GET /users/whatsapp: The phone that trades for one by WhatsApp */
  whatsappLink(options?: Common): Promise<WhatsappLink>;
  /** POST /users/whatsapp: A code that links a phone */
  linkWhatsapp(body?: {
    /** With the plus and the country's code; else the one that was verified */
    phone?: string;
  }, options?: Common): Promise<{
    code: string;
    text: string;
    phone: string;
    /** The exchange's */
    number: string | null;
    expiresAt: string;
  }>;
  /** PATCH /users/whatsapp: The language of what the phone is told */
  setWhatsappLanguage(body: {
    /** null: found out from each message */
    language: "en" | "es" | "pt" | null;
  }, options?: Common): Promise<WhatsappLink>;
  /** DELETE /users/whatsapp: The phone trades for one no more */
  unlinkWhatsapp(options?: Common): Promise<void>;
  /** POST /webhooks/billing: What a payment provider's adapter has to say */
  billingEvent(body: {
    provider?: string;
    id: string;
    type: "subscription.activated" | "subscription.renewed" | "payment.failed" | "payment.succeeded" | "subscription.cancelled";
    user: Id;
    tier?: Tier;
    tenant?: Id;
    periodStart?: string;
    periodEnd?: string;
    /** What is older than the last one that counted does not */
    occurredAt?: string;
    reference?: string;
    amount?: DecimalIn;
    currency?: string;
    immediately?: boolean;
  }, options?: {
    tradepostSignature?: string;
  } & Common): Promise<BillingResult>;
  /** POST /webhooks/twilio/status: What became of a message that went out by Twilio */
  whatsappStatus(body: WhatsappStatus, options?: {
    outbox?: Id;
    xTwilioSignature?: string;
  } & Common): Promise<void>;
  /** GET /webhooks/twilio/whatsapp: Says to a hook of Meta's kind that it has come to the right place */
  verifyWhatsapp(options?: {
    "hub.mode"?: "subscribe";
    "hub.verify_token"?: string;
    "hub.challenge"?: string;
  } & Common): Promise<string>;
  /** POST /webhooks/twilio/whatsapp: A message that somebody has written by WhatsApp, brought by Twilio */
  whatsappMessage(body: WhatsappMessage, options?: {
    xTwilioSignature?: string;
  } & Common): Promise<string>;
  /** GET /trading/signals: Signals, newest first; free and basic see basic ones */
  listSignals(options?: {
    symbol?: string;
    status?: "live" | "active" | "triggered" | "expired" | "closed" | "cancelled";
    type?: Side;
    access?: "basic" | "advanced";
    minConfidence?: number;
    since?: string;
    author?: string;
    limit?: number;
    cursor?: string;
  } & Common): Promise<{
    signals: Signal[];
    nextCursor: NextCursor;
  }>;
  /** POST /trading/signals: Post a signal, or up to 500 at once (Pro) */
  postSignals(body: NewSignal | {
    signals: NewSignal[];
  }, options?: Common): Promise<SignalAnswer | {
    signals: Signal[];
  }>;
  /** POST /trading/signals/execute: Trade a signal */
  executeSignal(body: {
    signalId?: Id;
    signal_id?: Id;
    /** Else the signal's */
    volume?: DecimalIn;
    orderType?: "limit" | "market";
    mt5AccountId?: Id;
    clientOrderId?: string;
  }, options?: {
    idempotencyKey?: string;
  } & Common): Promise<{
    execution: Execution;
    /** Whether an earlier request had executed it */
    repeated: boolean;
  }>;
  /** GET /trading/signals/{id}: One signal */
  getSignal(id: Id, options?: Common): Promise<SignalAnswer>;
  /** DELETE /trading/signals/{id}: Take back a signal of one's own */
  cancelSignal(id: Id, options?: Common): Promise<SignalAnswer>;
  /** GET /trading/executions: Signals that one has traded, newest first */
  listExecutions(options?: {
    signal?: Id;
    limit?: number;
    cursor?: string;
  } & Common): Promise<{
    executions: Execution[];
    nextCursor: NextCursor;
  }>;
  /** GET /trading/executions/{id}: One execution, as it is now */
  getExecution(id: Id, options?: Common): Promise<{
    execution: Execution;
  }>;
  /** GET /trading/performance: How one's trades did (Pro) */
  getPerformance(options?: {
    period?: "1d" | "7d" | "30d" | "90d" | "1y" | "all";
    since?: string;
    until?: string;
    symbol?: string;
    source?: string;
    currency?: string;
  } & Common): Promise<PerformanceAnswer>;
  /** DELETE /trading/mt5-accounts/{id}: Forget a MetaTrader account */
  removeMt5Account(id: Id, options?: Common): Promise<void>;
  /** GET /notifications: One's notifications, newest first */
  listNotifications(options?: {
    unread?: "true" | "false";
    kind?: NotificationKind;
    limit?: number;
    cursor?: string;
  } & Common): Promise<{
    notifications: Notification[];
    /** How many there are in all, counted to 10,000 */
    unread: number;
    nextCursor: NextCursor;
  }>;
  /** POST /notifications/read: Mark notifications as read, or all of them */
  readNotifications(body: {
    ids?: Id[];
    all?: boolean;
  }, options?: Common): Promise<{
    marked: number;
  }>;
  /** GET /notifications/preferences: What one is told of, and how */
  getNotificationPreferences(options?: Common): Promise<PreferencesAnswer>;
  /** PATCH /notifications/preferences: Change what one is told of; what is not named stays */
  setNotificationPreferences(body: {
    preferences: Preferences;
  }, options?: Common): Promise<PreferencesAnswer>;
  /** PATCH /notifications/{id}: Mark one notification as read */
  readNotification(id: Id, body: {
    read: true;
  }, options?: Common): Promise<{
    notification: Notification;
  }>;
  /** GET /tiers: The tiers of subscription, their prices, features and limits */
  listTiers(options?: {
    xTenant?: string;
  } & Common): Promise<{
    tiers: TierDescription[];
  }>;
  /** GET /users/subscription: One's subscription, what it includes, and who helps */
  getSubscription(options?: Common): Promise<SubscriptionAnswer>;
  /** POST /users/subscription: Upgrade or downgrade */
  changeSubscription(body: {
    tier?: Tier;
    /** The same */
    subscriptionTier?: Tier;
    preview?: boolean;
    immediately?: boolean;
  }, options?: Common): Promise<SubscriptionChange>;
  /** POST /users/subscription/cancel: Let the subscription end with its period */
  cancelSubscription(options?: Common): Promise<SubscriptionAnswer>;
  /** POST /users/subscription/resume: Take a cancellation or a downgrade back before it takes effect */
  resumeSubscription(options?: Common): Promise<SubscriptionAnswer>;
  /** GET /system/metrics: Engine, edge, database and subscriptions in figures (Enterprise) */
  getSystemMetrics(options?: Common): Promise<SystemMetrics>;
  /** GET /health: Whether the exchange takes orders */
  getHealth(options?: Common): Promise<Health>;
  /** GET /health/detailed: The state of each part */
  getHealthDetailed(options?: Common): Promise<HealthDetailed>;
  /** GET /metrics: Metrics for Prometheus */
  getMetrics(options?: Common): Promise<string>;
  /** GET /openapi.yaml: This document */
  getOpenapi(options?: Common): Promise<string>;
}
