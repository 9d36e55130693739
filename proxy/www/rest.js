// Made by generate.mjs from openapi.yaml: change those.

const operations = {
  register: ["POST", "/auth/register", false, true, {}, {"xTenant":"X-Tenant"}],
  login: ["POST", "/auth/login", false, true, {}, {"xTenant":"X-Tenant"}],
  refresh: ["POST", "/auth/refresh", false, true, {}, {}],
  logout: ["POST", "/auth/logout", false, true, {}, {}],
  changePassword: ["POST", "/auth/change-password", false, true, {}, {}],
  getProfile: ["GET", "/auth/profile", false, false, {}, {}],
  updateProfile: ["PATCH", "/auth/profile", false, true, {}, {}],
  listOrders: ["GET", "/orders", false, false, {"status":"status","symbol":"symbol","asset":"asset","contract":"contract","side":"side","limit":"limit","cursor":"cursor"}, {}],
  placeOrder: ["POST", "/orders", false, true, {}, {"idempotencyKey":"Idempotency-Key","prefer":"Prefer"}],
  cancelAllOrders: ["DELETE", "/orders", false, false, {"symbol":"symbol","asset":"asset","contract":"contract"}, {}],
  placeOrders: ["POST", "/orders/batch", false, true, {}, {"prefer":"Prefer"}],
  getOrder: ["GET", "/orders/{id}", false, false, {}, {}],
  amendOrder: ["PATCH", "/orders/{id}", false, true, {}, {}],
  cancelOrder: ["DELETE", "/orders/{id}", false, false, {}, {}],
  getMarket: ["GET", "/market", false, false, {}, {"xTenant":"X-Tenant"}],
  listInstruments: ["GET", "/instruments", false, false, {}, {"xTenant":"X-Tenant"}],
  listTrades: ["GET", "/trades", false, false, {"symbol":"symbol","asset":"asset","contract":"contract","mine":"mine","limit":"limit","cursor":"cursor"}, {"xTenant":"X-Tenant"}],
  getOrderBook: ["GET", "/orderbook/{asset}", false, false, {"contract":"contract","depth":"depth"}, {"xTenant":"X-Tenant"}],
  getCandles: ["GET", "/candles/{symbol}", false, false, {"resolution":"resolution","since":"since","until":"until","limit":"limit"}, {"xTenant":"X-Tenant"}],
  getAccountSummary: ["GET", "/account/summary", false, false, {}, {}],
  getSecondFactor: ["GET", "/mfa", false, false, {}, {}],
  removeSecondFactor: ["DELETE", "/mfa", false, true, {}, {}],
  enrollSecondFactor: ["POST", "/mfa/enroll", false, false, {}, {}],
  verifySecondFactor: ["POST", "/mfa/verify", false, true, {}, {}],
  renewRecoveryCodes: ["POST", "/mfa/recovery-codes", false, true, {}, {}],
  enrollSecondFactorUnderAuth: ["POST", "/auth/mfa/enroll", false, false, {}, {}],
  verifySecondFactorUnderAuth: ["POST", "/auth/mfa/verify", false, true, {}, {}],
  listApiKeys: ["GET", "/users/api-keys", false, false, {}, {}],
  createApiKey: ["POST", "/users/api-keys", false, true, {}, {}],
  revokeApiKey: ["DELETE", "/users/api-keys/{id}", false, false, {}, {}],
  listSessions: ["GET", "/users/sessions", false, false, {}, {}],
  endSession: ["DELETE", "/users/sessions/{id}", false, false, {}, {}],
  verifyEmail: ["POST", "/users/email/verify", false, false, {}, {}],
  confirmEmail: ["POST", "/users/email/confirm", false, true, {}, {}],
  setPhone: ["POST", "/users/phone", false, true, {}, {}],
  confirmPhone: ["POST", "/users/phone/confirm", false, true, {}, {}],
  withdraw: ["POST", "/account/withdrawals", false, true, {}, {"idempotencyKey":"Idempotency-Key"}],
  listMt5Accounts: ["GET", "/trading/mt5-accounts", false, false, {}, {}],
  addMt5Account: ["POST", "/trading/mt5-accounts", false, true, {}, {}],
  showMt5Credentials: ["POST", "/trading/mt5-accounts/{id}/credentials", false, true, {}, {}],
  whatsappLink: ["GET", "/users/whatsapp", false, false, {}, {}],
  linkWhatsapp: ["POST", "/users/whatsapp", false, true, {}, {}],
  setWhatsappLanguage: ["PATCH", "/users/whatsapp", false, true, {}, {}],
  unlinkWhatsapp: ["DELETE", "/users/whatsapp", false, false, {}, {}],
  billingEvent: ["POST", "/webhooks/billing", false, true, {}, {"tradepostSignature":"Tradepost-Signature"}],
  whatsappStatus: ["POST", "/webhooks/twilio/status", false, true, {"outbox":"outbox"}, {"xTwilioSignature":"X-Twilio-Signature"}],
  verifyWhatsapp: ["GET", "/webhooks/twilio/whatsapp", false, false, {"hub.mode":"hub.mode","hub.verify_token":"hub.verify_token","hub.challenge":"hub.challenge"}, {}],
  whatsappMessage: ["POST", "/webhooks/twilio/whatsapp", false, true, {}, {"xTwilioSignature":"X-Twilio-Signature"}],
  listSignals: ["GET", "/trading/signals", false, false, {"symbol":"symbol","status":"status","type":"type","access":"access","minConfidence":"minConfidence","since":"since","author":"author","limit":"limit","cursor":"cursor"}, {}],
  postSignals: ["POST", "/trading/signals", false, true, {}, {}],
  executeSignal: ["POST", "/trading/signals/execute", false, true, {}, {"idempotencyKey":"Idempotency-Key"}],
  getSignal: ["GET", "/trading/signals/{id}", false, false, {}, {}],
  cancelSignal: ["DELETE", "/trading/signals/{id}", false, false, {}, {}],
  listExecutions: ["GET", "/trading/executions", false, false, {"signal":"signal","limit":"limit","cursor":"cursor"}, {}],
  getExecution: ["GET", "/trading/executions/{id}", false, false, {}, {}],
  getPerformance: ["GET", "/trading/performance", false, false, {"period":"period","since":"since","until":"until","symbol":"symbol","source":"source","currency":"currency"}, {}],
  removeMt5Account: ["DELETE", "/trading/mt5-accounts/{id}", false, false, {}, {}],
  listNotifications: ["GET", "/notifications", false, false, {"unread":"unread","kind":"kind","limit":"limit","cursor":"cursor"}, {}],
  readNotifications: ["POST", "/notifications/read", false, true, {}, {}],
  getNotificationPreferences: ["GET", "/notifications/preferences", false, false, {}, {}],
  setNotificationPreferences: ["PATCH", "/notifications/preferences", false, true, {}, {}],
  readNotification: ["PATCH", "/notifications/{id}", false, true, {}, {}],
  listTiers: ["GET", "/tiers", false, false, {}, {"xTenant":"X-Tenant"}],
  getSubscription: ["GET", "/users/subscription", false, false, {}, {}],
  changeSubscription: ["POST", "/users/subscription", false, true, {}, {}],
  cancelSubscription: ["POST", "/users/subscription/cancel", false, false, {}, {}],
  resumeSubscription: ["POST", "/users/subscription/resume", false, false, {}, {}],
  getSystemMetrics: ["GET", "/system/metrics", false, false, {}, {}],
  getHealth: ["GET", "/health", true, false, {}, {}],
  getHealthDetailed: ["GET", "/health/detailed", true, false, {}, {}],
  getMetrics: ["GET", "/metrics", true, false, {}, {}],
  getOpenapi: ["GET", "/openapi.yaml", true, false, {}, {}],
};

export class ApiError extends Error {
  constructor(status, problem, headers) {
    super(problem.detail ?? problem.title ?? `status ${status}`);
    this.name = 'ApiError';
    this.status = status;
    this.code = problem.code;
    this.problem = problem;
    this.retryAfter = headers.has('retry-after') ? Number(headers.get('retry-after')) : undefined;
  }
}

async function call(client, [method, path, root, hasBody, query, headers], args) {
  const taken = [...args];
  const filled = path.replace(/{[^}]+}/g, () => encodeURIComponent(taken.shift()));
  const body = hasBody ? taken.shift() : undefined;
  const options = taken.shift() ?? {};
  const token = typeof client.token === 'function' ? await client.token() : client.token;
  const search = new URLSearchParams();
  const sent = new Headers(options.headers);
  for (const [name, wire] of Object.entries(query)) if (options[name] !== undefined) search.append(wire, String(options[name]));
  for (const [name, wire] of Object.entries(headers)) if (options[name] !== undefined) sent.set(wire, String(options[name]));
  if (token) sent.set('Authorization', `Bearer ${token}`);
  if (body !== undefined) sent.set('Content-Type', 'application/json');
  const text = search.toString();
  const response = await client.fetch(`${client.url}${root ? '' : '/api/v1'}${filled}${text ? `?${text}` : ''}`, {
    method, headers: sent, signal: options.signal, ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const json = /json/.test(response.headers.get('content-type') ?? '');
  const answer = response.status === 204 ? undefined : json ? await response.json() : await response.text();
  if (!response.ok) throw new ApiError(response.status, json ? answer : { detail: answer }, response.headers);
  return answer;
}

export class TradepostApi {
  constructor({ url = globalThis.location?.origin, token, fetch = globalThis.fetch.bind(globalThis) } = {}) {
    this.url = String(url).replace(/\/+$/, '');
    this.token = token;
    this.fetch = fetch;
  }
}

for (const [name, operation] of Object.entries(operations)) {
  TradepostApi.prototype[name] = function request(...args) { return call(this, operation, args); };
}
