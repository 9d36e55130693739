// The other side of the second factor: an authenticator made of Node's own crypto, and files of keys.
import { createHmac, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export const unbase32 = (text) => {
  const bits = [...text].map((c) => ALPHABET.indexOf(c).toString(2).padStart(5, '0')).join('');
  return Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
};

// RFC 4226 by the letter: the code of a step, as an authenticator with this secret shows it.
export const codeOf = (secret, step, digits = 6) => {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', unbase32(secret)).update(counter).digest();
  const number = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff;
  return String(number % 10 ** digits).padStart(digits, '0');
};

export const step = () => Math.floor(Date.now() / 30000);
export const code = (secret, away = 0) => codeOf(secret, step() + away);

// A file of keys, newest first: [id, hexadecimal].
const files = [];
process.on('exit', () => {
  for (const file of files) fs.rmSync(path.dirname(file), { recursive: true, force: true });
});
export const newKey = () => randomBytes(32).toString('hex');
export function keyFile(...keys) {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'tp-keys-')), 'keys');
  fs.writeFileSync(file, keys.map(([id, hex]) => `${id} ${hex}\n`).join(''), { mode: 0o600 });
  files.push(file);
  return file;
}

// Enrols the user: {secret, recoveryCodes}. What is proven once is spent, so tests that need more codes than there are
// steps let the database forget, by another().
export async function enrol(proxy, user) {
  const { token } = user;
  const begun = await proxy.post('/api/v1/mfa/enroll', undefined, { token });
  if (begun.status !== 201) throw new Error(begun.text);
  const done = await proxy.post('/api/v1/mfa/verify', { code: code(begun.json.secret) }, { token });
  if (done.status !== 200) throw new Error(done.text);
  return { secret: begun.json.secret, recoveryCodes: done.json.recoveryCodes };
}

export async function another(cluster, user, secret) {
  await cluster.sql(`UPDATE tradepost_internal.factors SET last_step = 0 WHERE user_id = ${user.user.id}`);
  return code(secret);
}
