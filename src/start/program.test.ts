import { spawn } from 'node:child_process';
import { cp, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WORKER_FLAGS } from '../fleet/worker-process.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** A copy of what is built, to be spoilt. */
let copy: string;
beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'livestill-program-'));
  for (const name of ['bin', 'dist', 'package.json'])
    await cp(join(root, name), join(copy, name), {
      recursive: true,
      filter: (path) => !path.endsWith('.map'),
    });
  for (const name of ['node_modules', 'models', 'native'])
    await symlink(join(root, name), join(copy, name), 'junction');
});
afterAll(() => rm(copy, { recursive: true, force: true }));

function run(...args: string[]): Promise<{ status: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end();
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, out, err })));
}

/** Loads a program in a process with these flags: whether the code that was kept of each bundle was of use, or undefined where there is none. */
async function keptOf(program: string, ...flags: string[]): Promise<Record<string, boolean | undefined>> {
  const files = await readdir(join(copy, 'dist', 'program'));
  const bundle = files.find((name) => name.startsWith(`${program}-`) && name.endsWith('.cjs'));
  const loader = pathToFileURL(join(copy, 'dist', 'start', 'program.js')).href;
  const code = `import { writeSync } from 'node:fs';
    import { loadProgram, loadedPrograms } from ${JSON.stringify(loader)};
    loadProgram(${JSON.stringify(bundle)});
    const found = Array.from(loadedPrograms(), ([name, { cachedDataRejected }]) => [name, cachedDataRejected === false]);
    writeSync(1, JSON.stringify(Object.fromEntries(found)));
    process.exit();`;
  const { out, err } = await run(...flags, '--input-type=module', '--eval', code);
  expect(err).toBe('');
  return JSON.parse(out) as Record<string, boolean | undefined>;
}

it.each([
  ['the command line', 'cli-main', []],
  ['a worker process', 'fleet-worker', WORKER_FLAGS],
])('the runtime takes the code that the build kept of all that %s loads', async (_name, program, flags) => {
  const kept = Object.values(await keptOf(program, ...flags));
  expect(kept.length).toBeGreaterThan(3);
  expect(kept).toEqual(kept.map(() => true));
});

it('without that code, with half of it or with that of other flags all runs as ever', async () => {
  const folder = join(copy, 'dist', 'program');
  const codes = (await readdir(folder)).filter((name) => name.endsWith('.code'));
  const version = () => run(join(copy, 'bin', 'livestill.js'), '--version');
  const whole = await version();
  expect(whole).toEqual({ status: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), err: '' });
  const other = Object.values(await keptOf('cli-main', '--max-old-space-size=500'));
  expect(other).toEqual(other.map(() => false));
  for (const name of codes) await writeFile(join(folder, name), 'none');
  expect(await version()).toEqual(whole);
  await Promise.all(codes.map((name) => rm(join(folder, name))));
  expect(await version()).toEqual(whole);
});
