import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { serve } from '../contract/support/process.ts';
import { samplePath } from './pictures.ts';

const execute = promisify(execFile);
const program = fileURLToPath(new URL('../../bin/livestill.js', import.meta.url));

export const documentedApp = {
  appid: '1000001',
  secretId: 'AKIDdocs00000000000000000000000000',
  secretKey: 'keykeykeykeykeykeykeykeykeykeyke',
};

/** Where the commands of the pages are run: a service, and folders as the pages assume them. */
export interface DocumentedPlace {
  /** Of the running service, `http://…`. */
  readonly address: string;
  readonly signature: string;
  readonly apiKey: string;
  readonly apiKeyId: string;
  /** Of a judged request without a reference; another one has the reference `case-7`. */
  readonly requestId: string;
  /** Makes a folder with pictures and, unless `data` is false, a data folder with an app and judged requests. */
  folder(data: boolean): Promise<string>;
  /** Runs a script in such a folder with `livestill` and `npx livestill` on its path; what it printed. */
  run(folder: string, script: string): Promise<string>;
  close(): Promise<void>;
}

/** Programs under names that the pages use; curl fails where the answer is no success, and goes through no proxy. */
const PROGRAMS = {
  livestill: `exec '${process.execPath}' '${program}' "$@"`,
  npx: '[ "$1" = livestill ] || exit 97\nshift\nexec livestill "$@"',
  curl: `exec "$(PATH="\${PATH#*:}" command -v curl)" --fail-with-body --noproxy '*' "$@"`,
};

async function makePrograms(folder: string): Promise<void> {
  await mkdir(folder);
  for (const [name, body] of Object.entries(PROGRAMS)) {
    await writeFile(join(folder, name), `#!/bin/bash\n${body}\n`, { mode: 0o755 });
  }
}

async function makePictures(folder: string): Promise<void> {
  for (const [from, to] of [
    ['T1.jpg', 'selfie.jpg'],
    ['T1.jpg', 'first.jpg'],
    ['T1.jpg', 'second.jpg'],
    ['T1.jpg', 'third.jpg'],
    ['F1.jpg', 'print-attack.jpg'],
    ['T1.jpg', 'photos/1.jpg'],
    ['F1.jpg', 'photos/2.jpg'],
    ['T1.jpg', 'pictures/bona-fide/1.jpg'],
    ['F1.jpg', 'pictures/attack/print/1.jpg'],
    ['F2.jpg', 'pictures/attack/print/2.jpg'],
  ]) {
    await mkdir(join(folder, to, '..'), { recursive: true });
    await copyFile(samplePath(from), join(folder, to));
  }
  await sharp(samplePath('T1.jpg')).blur(8).toFile(join(folder, 'blurred.jpg'));
}

/** Starts the service and makes what the folders begin with. @throws {Error} when a step of that fails */
export async function documentedPlace(): Promise<DocumentedPlace> {
  const root = await mkdtemp(join(tmpdir(), 'livestill-docs-'));
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(LIVESTILL_|NODE_|VITEST)/.test(name)),
  );
  const env = {
    ...environment,
    HOME: root,
    TMPDIR: root,
    PATH: `${join(root, 'programs')}:${process.env.PATH}`,
    LIVESTILL_PORT: '0',
    LIVESTILL_ADMIN_PORT: '0',
    LIVESTILL_WORKERS: '1',
  };
  const run = async (folder: string, script: string) => {
    const { stdout } = await execute('bash', ['-euo', 'pipefail', '-c', script], {
      cwd: folder,
      env,
    });
    return stdout;
  };
  try {
    await makePrograms(join(root, 'programs'));
    const start = join(root, 'start');
    const empty = join(root, 'empty');
    await mkdir(empty);
    await makePictures(empty);
    const { appid, secretId, secretKey } = documentedApp;
    await run(
      root,
      `livestill app create --appid ${appid} --secret-id ${secretId} --secret-key ${secretKey} --data live`,
    );
    const [made, signed, service] = await Promise.all([
      run(root, `livestill key create --kind api --appid ${appid} --data live --json`),
      run(root, `livestill sign --data live --appid ${appid} --json`),
      serve(join(root, 'live'), ['--workers', '1'], { LIVESTILL_QUEUE_WAIT_MS: '120000' }),
    ]);
    const { apiKey, keyId } = JSON.parse(made) as { apiKey: string; keyId: string };
    const { signature } = JSON.parse(signed) as { signature: string };
    const address = `http://127.0.0.1:${service.port}`;
    const judge = (more: string) =>
      run(
        empty,
        `curl -sS ${more} -H 'Authorization: Bearer ${apiKey}' -H 'Content-Type: image/jpeg' --data-binary @selfie.jpg ${address}/v1/liveness`,
      );
    const [, answered] = [
      await judge(`-H 'X-Reference: case-7'`),
      JSON.parse(await judge('')) as { requestId: string },
    ];
    await cp(empty, start, { recursive: true });
    await Promise.all([
      run(
        start,
        'livestill backup --with-keys --data ../live --to ../start.tar && livestill restore ../start.tar --data data',
      ),
      run(start, 'livestill batch photos --out results.csv --no-report'),
    ]);
    await writeFile(join(start, 'livestill.json'), '{"dataDir":"data"}');
    let folders = 0;
    return {
      address,
      signature,
      apiKey,
      apiKeyId: keyId,
      requestId: answered.requestId,
      folder: async (data) => {
        folders += 1;
        const folder = join(root, `page-${folders}`);
        await cp(data ? start : empty, folder, { recursive: true });
        return folder;
      },
      run,
      close: async () => {
        await service.stop();
        await rm(root, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(root, { recursive: true, force: true });
    throw error;
  }
}
