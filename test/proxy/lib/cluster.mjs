// A PostgreSQL cluster of the test's own, with the extension; on loopback and a private socket.
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const prefix = process.env.TRADEPOST_PREFIX;
if (!prefix) throw new Error('TRADEPOST_PREFIX is not set: run this by make test');
const program = (name) => path.join(prefix, 'bin', name);

export const freePort = () => new Promise((ok, bad) => {
  const server = net.createServer().on('error', bad);
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => ok(port));
  });
});

const moment = () => new Promise((ok) => { setTimeout(ok, 20); });

const gone = (pid) => {
  try { process.kill(pid, 0); } catch { return true; }
  return false;
};
const stopped = (pid) => fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).startsWith('T');

// What a test that failed has not ended itself.
const left = new Set();
process.on('exit', () => {
  for (const cluster of left) cluster.endNow();
});

export class Cluster {
  static async start({ settings = {} } = {}) {
    const cluster = new Cluster();
    left.add(cluster);
    cluster.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tp-edge-'));
    cluster.data = path.join(cluster.dir, 'data');
    cluster.port = await freePort();
    await run(program('initdb'), ['-D', cluster.data, '-U', 'postgres', '--auth=trust', '--no-locale', '--encoding=UTF8', '--no-sync']);
    const lines = Object.entries({
      port: cluster.port, listen_addresses: "'127.0.0.1'", unix_socket_directories: `'${cluster.dir}'`,
      shared_preload_libraries: "'tradepost'", shared_buffers: '64MB', max_connections: 100, max_worker_processes: 16,
      fsync: 'off', timezone: "'UTC'", log_timezone: "'UTC'", ...settings,
    }).map(([name, value]) => `${name} = ${value}\n`);
    fs.appendFileSync(path.join(cluster.data, 'postgresql.conf'), lines.join(''));
    await cluster.up();
    await cluster.sql('CREATE ROLE gateway LOGIN', 'postgres');
    await cluster.sql('CREATE DATABASE exchange', 'postgres');
    await cluster.sql("SET client_min_messages = warning; CREATE EXTENSION tradepost; GRANT tradepost_proxy TO gateway");
    await cluster.sql("SELECT tradepost.init()");
    return cluster;
  }

  async up() {
    await run(program('pg_ctl'), ['start', '-w', '-s', '-t', '120', '-D', this.data, '-l', path.join(this.dir, 'log')]);
  }

  async stop(mode = 'fast') {
    await run(program('pg_ctl'), ['stop', '-w', '-s', '-m', mode, '-D', this.data]).catch(() => {});
  }

  // As a crash would: the postmaster and everything below it.  A postmaster that is stopped starts no others
  // meanwhile; the next one can start when all have gone, who share its memory.
  async kill() {
    const { pid } = this;
    process.kill(pid, 'SIGSTOP');
    while (!stopped(pid)) await moment();
    const { stdout } = await run('ps', ['-o', 'pid=', '--ppid', String(pid)]);
    const all = [pid, ...stdout.split('\n').map(Number).filter(Boolean)];
    for (const p of all) {
      try { process.kill(p, 'SIGKILL'); } catch { /* it is gone already */ }
    }
    while (!all.every(gone)) await moment();
  }

  get pid() {
    return Number(fs.readFileSync(path.join(this.data, 'postmaster.pid'), 'utf8').split('\n')[0]);
  }

  endNow() {
    try { process.kill(this.pid, 'SIGQUIT'); } catch { /* it does not run */ }
    fs.rmSync(this.dir, { recursive: true, force: true });
  }

  // Rows as arrays of text.
  async sql(text, database = 'exchange') {
    const { stdout } = await run(program('psql'), ['-X', '-q', '-At', '-F', '\t', '-v', 'ON_ERROR_STOP=1', '-h', this.dir, '-p', String(this.port),
      '-U', 'postgres', '-d', database, '-c', text], { maxBuffer: 1 << 28 });
    return stdout.split('\n').filter((line) => line !== '').map((line) => line.split('\t'));
  }

  // For the proxy: as its own login role, over the socket.
  get url() {
    return `postgresql://gateway@/exchange?host=${encodeURIComponent(this.dir)}&port=${this.port}`;
  }

  get log() {
    return fs.readFileSync(path.join(this.dir, 'log'), 'utf8');
  }

  // What does not hold, or why nobody can say: tests that end have more to end then.
  async invariants() {
    return this.sql('SELECT name, detail FROM tradepost.check_invariants() WHERE NOT holds').catch((e) => [e.message]);
  }

  async end() {
    await this.stop('immediate');
    left.delete(this);
    fs.rmSync(this.dir, { recursive: true, force: true });
  }
}

// Assets and instruments: two contracts of Wheat, one of Gold, a spot pair; wide bands, so that tests choose their prices.
export async function openMarket(cluster, tenant = 1) {
  const at = `tenant => ${tenant}`;
  const [[before]] = await cluster.sql("SELECT count(*) FROM tradepost.market WHERE status = 'open'");
  await cluster.sql(`
    SELECT tradepost.create_asset('USD', ${at}), tradepost.create_asset('Wheat', ${at}), tradepost.create_asset('Gold', ${at}), tradepost.create_asset('EUR', ${at});
    SELECT tradepost.create_instrument('Dec25-Wheat', 'future', 'Wheat', 'USD', 0.01, 1, 100, contract => 'Dec25', band => 90, initial_margin => 1,
      maintenance_margin => 0.5, ${at});
    SELECT tradepost.create_instrument('Mar26-Wheat', 'future', 'Wheat', 'USD', 0.01, 1, 100, contract => 'Mar26', band => 90, initial_margin => 1,
      maintenance_margin => 0.5, ${at});
    SELECT tradepost.create_instrument('Dec25-Gold', 'future', 'Gold', 'USD', 0.1, 1, 4000, contract => 'Dec25', band => 1000, initial_margin => 10,
      maintenance_margin => 5, ${at});
    SELECT tradepost.create_instrument('EURUSD', 'spot', 'EUR', 'USD', 0.0001, 100, 1.1, ${at})`);
  // Listed when the engine has decided so.
  for (let i = 0; i < 200; i++) {
    const [[open]] = await cluster.sql("SELECT count(*) FROM tradepost.market WHERE status = 'open'");
    if (Number(open) === Number(before) + 4) return;
    await new Promise((ok) => { setTimeout(ok, 50); });
  }
  throw new Error('the instruments were not listed');
}

export { run, spawn };
