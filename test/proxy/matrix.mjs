// Makes matrix.tsv: for every (endpoint, role, tier) what the answer has to be.
//
//	node test/proxy/matrix.mjs [--check]
//
// The rules are written down here from what the product promises, not from the proxy's table of routes or from the SQL: matrix.test.mjs calls every cell, and fails
// where an endpoint of openapi.yaml has none. --check writes nothing and fails if the file is not what it would write.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const file = fileURLToPath(new URL('matrix.tsv', import.meta.url));

export const TIERS = ['free', 'basic', 'pro', 'enterprise', 'expired pro'];
// A key has one scope, or none of those that do things; `stranger` is another user of the tenant, `foreigner` one of another tenant: both name what is the user's.
export const ROLES = ['anonymous', 'user', 'admin', 'key read', 'key trade', 'key withdraw', 'stranger', 'foreigner'];

// need: what of a key, or 'login' (no key may), 'open' (nobody is looked at), 'public' (everybody may, but bad credentials are refused)
// least: the tier that it takes; ok: the answer; whose: of the thing named by id: 'own' (others: 404) or 'tenant' (all of the tenant: it is public there)
// by: what differs, by role, or by tier
const open = (ok) => ({ need: 'open', ok });
const publicly = { need: 'public', ok: 200 };
const login = (ok, more = {}) => ({ need: 'login', ok, ...more });
const read = (more = {}) => ({ need: 'read', ok: 200, ...more });
const trade = (ok, more = {}) => ({ need: 'trade', ok, ...more });
const own = { whose: 'own' };
const orders = { whose: 'own', unknown: 'order_unknown' };
const tenants = { whose: 'tenant' };

export const RULES = {
  'POST /auth/register': open(201),
  'POST /auth/login': open(200),
  'POST /auth/refresh': open(200),
  'POST /auth/logout': login(204),
  'POST /auth/change-password': login(204),
  'GET /auth/profile': login(200),
  'PATCH /auth/profile': login(200),
  'POST /orders': trade(201),
  'GET /orders': read(),
  'DELETE /orders': trade(200),
  'POST /orders/batch': trade(200),
  'GET /orders/{id}': read(orders),
  'PATCH /orders/{id}': trade(200, orders),
  'DELETE /orders/{id}': trade(200, orders),
  'GET /market': publicly,
  'GET /instruments': publicly,
  'GET /trades': publicly,
  'GET /orderbook/{asset}': publicly,
  'GET /candles/{symbol}': publicly,
  'GET /account/summary': read(),
  'POST /account/withdrawals': { need: 'withdraw', ok: 201 },
  'GET /tiers': publicly,
  'GET /users/subscription': read(),
  'POST /users/subscription': login(200),
  // There is nothing to cancel, or to resume, where nothing is paid.
  'POST /users/subscription/cancel': login(200, { by: { free: '409 conflict', 'expired pro': '409 conflict' } }),
  'POST /users/subscription/resume': login(200, { by: { free: '409 conflict', 'expired pro': '409 conflict' } }),
  'GET /users/sessions': login(200),
  'DELETE /users/sessions/{id}': login(204, own),
  'GET /users/api-keys': login(200),
  'POST /users/api-keys': login(201, { least: 'pro' }),
  'DELETE /users/api-keys/{id}': login(204, own),
  'POST /users/email/verify': login(202),
  'POST /users/email/confirm': login(200),
  'POST /users/phone': login(202),
  'POST /users/phone/confirm': login(200),
  'GET /users/whatsapp': login(200),
  'POST /users/whatsapp': login(201),
  // Nobody's phone is linked; but a code waits for one.
  'PATCH /users/whatsapp': login('404 not_found'),
  'DELETE /users/whatsapp': login(204),
  'GET /mfa': login(200),
  'POST /mfa/enroll': login(201),
  'POST /mfa/verify': login(200),
  'POST /mfa/recovery-codes': login(200),
  'DELETE /mfa': login(204),
  'POST /auth/mfa/enroll': login(201),
  'POST /auth/mfa/verify': login(200),
  'GET /trading/signals': read(),
  'POST /trading/signals': trade(201, { least: 'pro' }),
  'GET /trading/signals/{id}': read(tenants),
  'DELETE /trading/signals/{id}': trade(200, { ...own, by: { admin: 200 } }),
  'POST /trading/signals/execute': trade(201, tenants),
  'GET /trading/executions': read(),
  'GET /trading/executions/{id}': read(own),
  'GET /trading/mt5-accounts': read(),
  'POST /trading/mt5-accounts': login(201),
  // Before it is gone.
  'POST /trading/mt5-accounts/{id}/credentials': login(200, own),
  'DELETE /trading/mt5-accounts/{id}': login(204, own),
  'GET /trading/performance': read({ least: 'pro' }),
  'GET /notifications': read(),
  'POST /notifications/read': login(200),
  'PATCH /notifications/{id}': login(200, own),
  'GET /notifications/preferences': read(),
  'PATCH /notifications/preferences': login(200),
  'GET /system/metrics': read({ least: 'enterprise' }),
  'POST /webhooks/billing': open(200),
  'POST /webhooks/twilio/status': open(204),
  'GET /webhooks/twilio/whatsapp': open(200),
  'POST /webhooks/twilio/whatsapp': open(200),
  'GET /health': open(200),
  'GET /health/detailed': open(200),
  'GET /metrics': open(200),
  'GET /openapi.yaml': open(200),
};

// The tier that counts: what has ended is free.
const RANK = { free: 0, basic: 1, pro: 2, enterprise: 3, 'expired pro': 0 };

export function expected(rule, role, tier) {
  const key = role.startsWith('key ') ? role.slice(4) : null;
  if (rule.need === 'open') return String(rule.ok);
  if (role === 'anonymous') return rule.need === 'public' ? String(rule.ok) : '401 token_missing';
  // API keys are a feature of Pro, each time they are used.
  if (key && RANK[tier] < RANK.pro) return '403 tier_required';
  if (key && key !== (rule.need === 'public' ? 'read' : rule.need)) return '403 scope_missing';
  if (rule.least && RANK[tier] < RANK[rule.least]) return '403 tier_required';
  if (rule.by?.[role] !== undefined) return String(rule.by[role]);
  if (rule.whose && (role === 'foreigner' || (role === 'stranger' && rule.whose === 'own'))) return `404 ${rule.unknown ?? 'not_found'}`;
  return String(rule.by?.[tier] ?? rule.ok);
}

export function table() {
  const rows = Object.entries(RULES).flatMap(([endpoint, rule]) => ROLES.map((role) => [endpoint, role, ...TIERS.map((tier) => expected(rule, role, tier))]));
  return `${[['endpoint', 'role', ...TIERS], ...rows].map((row) => row.join('\t')).join('\n')}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = table();
  if (!process.argv.includes('--check')) writeFileSync(file, text);
  else if (readFileSync(file, 'utf8') !== text) {
    console.error('matrix.tsv is not what matrix.mjs says: run node test/proxy/matrix.mjs');
    process.exitCode = 1;
  }
}
