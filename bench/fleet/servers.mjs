/** The servers that a fleet stands on, real ones in folders of their own on free ports: PostgreSQL, Redis, HAProxy. */
import { execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const ended = [];
process.once('exit', () => {
  for (const end of ended.reverse()) end();
});

/** A program with a folder of its own that goes with this process. */
function ownFolder(name) {
  const folder = mkdtempSync(join(tmpdir(), `livestill-bench-${name}-`));
  ended.push(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

function start(program, args, options = {}) {
  const child = spawn(program, args, { stdio: 'ignore', ...options });
  child.on('error', (error) => {
    throw new Error(`${program}: ${error.message}`);
  });
  ended.push(() => child.kill('SIGKILL'));
  return child;
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** As who PostgreSQL runs: it refuses to be root. */
function postgresUser() {
  if (process.getuid() !== 0) return {};
  const id = (flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** PostgreSQL as it comes (every commit on the disk), with counts of statements. */
export async function startPostgres() {
  const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : [];
  const version = versions.sort((a, b) => b - a)[0];
  if (version === undefined)
    throw new Error('PostgreSQL is not installed (Debian: apt-get install postgresql)');
  const bin = join('/usr/lib/postgresql', version, 'bin');
  const folder = ownFolder('postgres');
  const user = postgresUser();
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const run = { ...user, cwd: folder, stdio: 'ignore' };
  execFileSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'livestill', '-A', 'trust', '-E', 'UTF8', '--locale=C'],
    run,
  );
  const port = await freePort();
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: folder,
    max_connections: 200,
    shared_preload_libraries: 'pg_stat_statements',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = start(join(bin, 'postgres'), ['-D', data, ...args], run);
  const urlOf = (database) => `postgres://livestill@127.0.0.1:${port}/${database}`;
  const query = async (database, text) => {
    const client = new pg.Client({ connectionString: urlOf(database) });
    await client.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  };
  await untilIt(() => query('postgres', 'create extension pg_stat_statements'));
  return {
    pid: child.pid,
    port,
    version,
    urlOf,
    query,
    async newDatabase(name) {
      await query('postgres', `create database ${name}`);
      return urlOf(name);
    },
  };
}

/** Redis as it comes, with nothing kept on disk. */
export async function startRedis() {
  const port = await freePort();
  const folder = ownFolder('redis');
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder];
  const child = start('redis-server', args);
  return { pid: child.pid, port, url: `redis://127.0.0.1:${port}` };
}

/** HAProxy in front of these ports of the loopback, to the one with the fewest calls under way. */
export async function startProxy(ports) {
  const port = await freePort();
  const file = join(ownFolder('proxy'), 'haproxy.cfg');
  const lines = [
    'defaults',
    '  mode http',
    '  timeout connect 2s',
    '  timeout client 60s',
    '  timeout server 60s',
    'frontend calls',
    `  bind 127.0.0.1:${port}`,
    '  default_backend nodes',
    'backend nodes',
    '  balance leastconn',
    ...ports.map((node, i) => `  server node${i} 127.0.0.1:${node}`),
    '',
  ];
  writeFileSync(file, lines.join('\n'));
  const child = start('haproxy', ['-db', '-f', file]);
  await untilIt(async () => (await fetch(`http://127.0.0.1:${port}/`)).text());
  return { pid: child.pid, port, stop: () => child.kill('SIGKILL') };
}

async function untilIt(work) {
  for (let tries = 0; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (tries > 200) throw error;
      await sleep(50);
    }
  }
}
