import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCommandLine } from '../../src/cli/shared/command-line.ts';
import { createProgram } from '../../src/cli/shared/program.ts';

const bin = fileURLToPath(new URL('../../bin/livestill.js', import.meta.url));
const page = readFileSync(new URL('../../docs/run/operations.md', import.meta.url), 'utf8');

let root: string;
const before = process.cwd();
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'livestill-status-'));
  writeFileSync(join(root, 'text.jpg'), 'no picture');
  process.chdir(root);
});
afterAll(() => {
  process.chdir(before);
  rmSync(root, { recursive: true, force: true });
});

let said = '';
beforeEach(() => {
  said = '';
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = 0;
});

type Ended = readonly [status: number | null, said: string];

/** The whole command line in this process, down to its exit status. */
async function status(args: readonly string[]): Promise<Ended> {
  process.exitCode = 0;
  said = '';
  await runCommandLine(args);
  return [Number(process.exitCode), said];
}

/** The same as a process of its own. */
const statusOfProcess = (args: readonly string[]) =>
  new Promise<Ended>((resolve) => {
    const child = execFile(process.execPath, [bin, ...args], { cwd: root }, (_error, _out, err) =>
      resolve([child.exitCode, err]),
    );
  });

/** The commands in the first column of the table. */
const documented = Array.from(page.matchAll(/^\| ((?:`[a-z]+`(?:, )?)+) \|.*\|.*\|.*\|$/gm), ([, cell]) =>
  Array.from(String(cell).matchAll(/`([a-z]+)`/g), ([, name]) => String(name)),
).flat();

describe('exit statuses', () => {
  it('stand in docs/run/operations.md for every command', async () => {
    const { commands } = await createProgram(new Command(), []);
    expect(documented.sort()).toEqual(commands.map((one) => one.name()).sort());
  });

  it('2 for an unknown option, with every command', async () => {
    const { commands } = await createProgram(new Command(), []);
    const found = [];
    for (const one of commands) found.push([one.name(), (await status([one.name(), '--no-such-option']))[0]]);
    expect(found).toEqual(commands.map((one) => [one.name(), 2]));
  });

  // A process of each status, of commands that set it in different ways, and of those that end the process themselves.
  it.each<readonly [expected: number, args: string]>([
    [0, '--version'],
    [0, 'config check'],
    [1, 'sign --check YWJj'],
    [1, 'score text.jpg'],
    [1, 'serve --data text.jpg --port 0 --admin-port 0'],
    [2, 'serve --config nowhere.json'],
    [2, 'app list --data nowhere'],
    [2, 'score --no-such-option'],
    [2, 'batch nowhere --out b.ndjson'],
  ])('%i: livestill %s, as a process', async (expected, args) => {
    const [found, err] = await statusOfProcess(args.split(' '));
    expect([found, err]).toEqual([
      expected,
      expected === 2 ? expect.stringMatching(/./) : expect.any(String),
    ]);
  });

  it.each<readonly [expected: number, args: string]>([
    [0, 'app create --appid 1 --data data'],
    [2, 'app show 2 --data data'],
    [2, 'app list --data nowhere'],
    [0, 'key list --data data'],
    [2, 'key disable AKIDnone --data data'],
    [0, 'sign --data data'],
    [1, 'sign --check YWJj'],
    [0, 'ledger verify --data data'],
    [2, 'ledger show no-such-request --data data'],
    [2, 'ledger erase --reference a --data data'],
    [0, 'log admin --data data'],
    [0, 'backup --data data --to b.tar'],
    [2, 'backup --data data --to b.tar'],
    // Into a folder of its own: this process may still have the other one's database open.
    [0, 'backup --data data --to keys.tar --with-keys'],
    [0, 'restore keys.tar --data restored'],
    [2, 'restore text.jpg --data data'],
    [0, 'migrate status --data data'],
    [2, 'migrate down --to 0001-first --data data'],
    [2, 'store copy --from nowhere --to copied'],
    [0, 'store copy --from data --to copied'],
    [2, 'store copy --from data --to copied'],
    [0, 'config check'],
    [2, 'config check --config nowhere.json'],
    [1, 'doctor --data nowhere'],
    [1, 'score text.jpg'],
    [2, 'score'],
    [2, 'batch nowhere --out b.ndjson'],
    [2, 'evaluate nowhere'],
    [2, 'simulate nowhere --out s'],
    [0, 'models verify'],
    [1, 'models verify --dir nowhere'],
  ])('%i: livestill %s', async (expected, args) => {
    const [found, err] = await status(args.split(' '));
    expect([found, err]).toEqual([expected, expect.any(String)]);
    if (expected === 2) expect(err).not.toBe('');
  });
});
