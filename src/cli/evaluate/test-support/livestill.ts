import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, vi } from 'vitest';
import { createRandom } from '../../../evaluation/metrics/random.ts';
import { registerEvaluate } from '../evaluate.ts';
import { registerSimulate } from '../simulate.ts';

/** The folder of the tests of a file. */
export let folder: string;
/** What the command wrote to standard error when it ran last. */
export let said = '';

/** Makes that folder before the tests of the file, and removes it afterwards. */
export function useFolder(): void {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'livestill-evaluate-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
}

/** Runs the command line here and gives what it printed; `said` is what it wrote to standard error. */
export async function livestill(...words: string[]): Promise<string> {
  const program = new Command('livestill').exitOverride().configureOutput({ writeErr: () => {} });
  registerEvaluate(program);
  registerSimulate(program);
  let printed = '';
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  said = '';
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
  try {
    for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => {} });
    await program.parseAsync(words, { from: 'user' });
    return printed;
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

/** Rows as lines of JSON. */
export const ndjson = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join('\n');

/** Scores of 200 pictures by turns bona fide and attack, that far from 50. */
export function madeScores(shift: number) {
  const random = createRandom(5);
  return Array.from({ length: 200 }, (_, i) => {
    const attack = i % 2 === 1;
    return {
      path: `p${i}`,
      label: attack ? 'attack' : 'bona-fide',
      species: attack ? (i % 4 === 1 ? 'print' : 'replay') : null,
      subject: `s${i % 40}`,
      group: `g${i % 3}`,
      score: Math.min(100, Math.max(0, Math.round(50 + (attack ? -shift : shift) + 20 * random.normal()))),
    };
  });
}
