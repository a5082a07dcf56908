import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { registerEvaluate } from './evaluate.ts';

let folder: string;
let scores: string;

/** 20 live people of whom 2 are rejected and 1 gets no response; 200 prints of which 1 passes; 10 masks that all fail, 2 without a response. */
const rows = [
  ...Array.from({ length: 20 }, (_, i) => ({
    path: `live-${i}`,
    label: 'bona-fide',
    subject: `s${i}`,
    score: i < 2 ? 40 : i === 2 ? null : 95,
    probability: i < 2 ? 0.3 : i === 2 ? null : 0.96,
  })),
  ...Array.from({ length: 200 }, (_, i) => ({
    path: `print-${i}`,
    label: 'attack',
    species: 'print <b>',
    subject: `s${i % 20}`,
    score: i === 0 ? 92 : 5,
    probability: i === 0 ? 0.9 : 0.05,
  })),
  ...Array.from({ length: 10 }, (_, i) => ({
    path: `mask-${i}`,
    label: 'attack',
    species: 'mask',
    score: i < 2 ? null : 10,
    probability: i < 2 ? null : 0.1,
  })),
];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livestill-protocol-'));
  scores = join(folder, 'scores.ndjson');
  await writeFile(scores, rows.map((row) => JSON.stringify(row)).join('\n'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function evaluate(...words: string[]): Promise<string> {
  const program = new Command('livestill').exitOverride().configureOutput({ writeErr: () => {} });
  registerEvaluate(program);
  for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => {} });
  let printed = '';
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  try {
    await program.parseAsync(['evaluate', '--scores', scores, '--bootstrap', '0', ...words], {
      from: 'user',
    });
    return printed;
  } finally {
    out.mockRestore();
  }
}

/** The lines of the protocol's table by what they count, blanks between columns made one. */
const counted = (text: string) => text.split('\n').map((line) => line.trim().replaceAll(/ {2,}/g, ' | '));

describe('evaluate --protocol', () => {
  it.each([
    ['iso-30107-3-level1', '0.00 %', 'NO'],
    ['iso-30107-3-level2', '1.00 %', 'yes'],
  ])('%s counts by species against its limits, and claims nothing', async (name, limit, kept) => {
    const lines = counted(await evaluate('--protocol', name));
    expect(lines).toContain(
      `Protocol ${name}: ${kept === 'yes' ? 'all counts within the limits' : 'NOT within all limits'}`,
    );
    expect(lines).toContain(`accepted | print <b> | 1/200 | 0.50 % | ${limit} | ${kept} | 0`);
    expect(lines).toContain(`accepted | mask | 0/10 | 0.00 % | ${limit} | yes | 2`);
    expect(lines).toContain('BPCER | bona fide rejected | 2/19 | 10.53 % | 15.00 % | yes | 1');
    expect(lines).toContain('People: 20 bona fide, 20 attacked');
    const text = lines.join('\n');
    expect(text).toContain('no certificate');
    expect(text).toContain('people: 10 presentations name no subject');
    expect(text).toMatch(/numbers: mask: 10 presented; up to 30\.8 % accepted cannot be excluded/);
    expect(text).toContain('the plan of a laboratory');
  });

  it('says the same in JSON, in the page, and in the JSON beside it', async () => {
    const report = join(folder, 'level1.html');
    const words = ['--protocol', 'iso-30107-3-level1', '--json', '--report', report];
    const { protocol } = JSON.parse(await evaluate(...words)) as { protocol: Record<string, unknown> };
    expect(protocol).toMatchObject({
      protocol: 'iso-30107-3-level1',
      withinLimits: false,
      species: {
        'print <b>': { errors: 1, n: 200, limit: 0, within: false },
        mask: { errors: 0, n: 10, noResponse: 2 },
      },
      bonaFide: { errors: 2, n: 19, noResponse: 1, limit: 0.15, within: true },
    });
    const beside = JSON.parse(await readFile(join(folder, 'level1.json'), 'utf8')) as { protocol: unknown };
    expect(beside.protocol).toEqual(protocol);
    const page = await readFile(report, 'utf8');
    const section = /<h2>Protocol iso-30107-3-level1<\/h2>(.*?)<h2>/s.exec(page)?.[1] ?? '';
    expect(section).toContain('no certificate');
    expect(section).toContain('Not within all limits');
    expect(section).toContain('print &lt;b&gt;: attacks accepted');
    expect(section).not.toContain('print <b>');
    expect(section).toMatch(/<td class="n">1 of 200<\/td><td class="n">0\.50 %<\/td>.*NOT KEPT/);
    expect(section).toContain('<li>the plan of a laboratory');
  });

  it('is of one system, and of a protocol that is known', async () => {
    await expect(evaluate('--protocol', 'iso-30107-3-level3')).rejects.toThrow(/level1/);
    const others = ['--compare', scores, scores, '--protocol', 'iso-30107-3-level1'];
    await expect(evaluate(...others)).rejects.toThrow();
  });
});
