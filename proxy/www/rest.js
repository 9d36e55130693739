// Made by generate.mjs from openapi.yaml: change those.

const operations = {
  register: ["POST", "/auth/register", false, true, {}, {"xTenant":"X-Tenant"}],
  login: ["POST", "/auth/login", false, true, {}, {"xTenant":"X-Tenant"}],
  refresh: ["POST", "/auth/refresh", false, true, {}, {}],
  logout: ["POST", "/auth/logout", false, true, {}, {}],
  changePassword: ["POST", "/auth/change-password", false, true, {}, {}],
  getProfile: ["GET", "/auth/profile", false, false, {}, {}],
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
