import { spawn } from 'node:child_process';
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../bin/livestill.js', import.meta.url));
const running = new Set();
process.once('exit', () => {
  for (const node of running) node.end();
});

function run(args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.on('exit', (code) =>
      code === 0 ? resolve(out) : reject(new Error(`livestill ${args.join(' ')} ended with ${code}`)),
    );
  });
}

/** An installation on these stores: tables made, with one app. */
export async function install(stores) {
  const env = {
    ...stores,
    LIVESTILL_MASTER_KEY: randomBytes(32).toString('base64'),
    LIVESTILL_LOG_LEVEL: 'warn',
  };
  const data = mkdtempSync(join(tmpdir(), 'livestill-bench-'));
  running.add({ end: () => rmSync(data, { recursive: true, force: true }) });
  const at = ['--data', data];
  if (stores.LIVESTILL_STORE !== undefined) await run(['migrate', 'up', ...at], env);
  const app = JSON.parse(await run(['app', 'create', '--json', ...at], env));
  const { apiKey } = JSON.parse(
    await run(['key', 'create', app.appid, '--kind', 'api', '--json', ...at], env),
  );
  return { env, app, apiKey, data };
}

/** A node of an installation, ready for calls. On SQLite there is one, in the installation's own folder. */
export async function startNode({ env, data: first }, name, { profile = 'careful', workers = 1 } = {}) {
  const shares = env.LIVESTILL_STORE !== undefined;
  const data = shares ? mkdtempSync(join(tmpdir(), 'livestill-bench-')) : first;
  const args = ['serve', '--data', data, '--port', '0', '--admin-port', '0', '--workers', String(workers)];
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...env,
      LIVESTILL_LOG_LEVEL: 'info',
      LIVESTILL_NODE: name,
      LIVESTILL_PROFILE: profile,
    },
  });
  const node = {
    pid: child.pid,
    end() {
      child.kill('SIGKILL');
      if (shares) rmSync(data, { recursive: true, force: true });
    },
    async stop() {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await gone;
      node.end();
      running.delete(node);
    },
  };
  running.add(node);
  let [out, err] = ['', ''];
  const ready = await new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      out += chunk;
      const line = out.split('\n').find((one) => one.includes('"event":"ready"'));
      if (line !== undefined) resolve(JSON.parse(line));
      if (out.length > 1e6) out = '';
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    child.once('exit', (code) => reject(new Error(`the node ended with ${code}: ${err}`)));
  });
  return Object.assign(node, { port: ready.port, adminPort: ready.adminPort });
}

/** A call of the old API with a signature that may be used again and again. */
export function legacyCall(app, picture, fileid = '') {
  const now = Math.floor(Date.now() / 1000);
  const plain = `a=${app.appid}&k=${app.secretId}&e=${fileid === '' ? now + 86_400 : 0}&t=${now}&r=1&f=${fileid}`;
  const mac = createHmac('sha1', app.secretKey).update(plain).digest();
  const boundary = `livestill-${randomUUID()}`;
  const body = Buffer.concat([
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="appid"\r\n\r\n${app.appid}\r\n--${boundary}\r\n` +
        'Content-Disposition: form-data; name="image"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n',
    ),
    picture,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  const headers = {
    authorization: Buffer.concat([mac, Buffer.from(plain)]).toString('base64'),
    'content-type': `multipart/form-data; boundary=${boundary}`,
  };
  return { path: '/face/livedetectpicture', headers, body };
}

/** A call of the v1 API. */
export function v1Call(apiKey, picture) {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'image/jpeg' };
  return { path: '/v1/liveness', headers, body: picture };
}
