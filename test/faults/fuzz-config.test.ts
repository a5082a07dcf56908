import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { ConfigError, explainConfig, loadConfig, printableConfig, settings } from '../../src/config/load.ts';
import { fuzz, mutate, pick, type Random } from './support/fuzz.ts';

/* Configuration files and environments at random, by seed: each is taken or refused with a line for every problem. */

const kept: readonly number[] = [];
const folder = mkdtempSync(join(tmpdir(), 'livestill-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = join(folder, 'livestill.json');
const whole = Buffer.from(JSON.stringify(printableConfig(explainConfig()), null, 1));
const words = [
  '"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  'null',
  'true',
  '-1',
  '1e400',
  '0.5',
  '"__proto__":',
  '"port":',
  '\\u0000',
  '\xff',
  '\xef\xbb\xbf',
];

function someValue(random: Random, depth = 0): unknown {
  const kinds = [
    null,
    true,
    -1,
    0,
    1,
    65_536,
    Number.POSITIVE_INFINITY,
    0.5,
    '',
    'x',
    '10.0.0.0/8',
    '::/0',
    'https://a.example',
    '\0',
    '*',
  ];
  if (depth > 2 || random.below(4) > 0) return pick(random, kinds);
  const values = Array.from({ length: random.below(4) }, () => someValue(random, depth + 1));
  return random.below(2) === 0 ? values : Object.fromEntries(values.map((value, at) => [`key${at}`, value]));
}

function attempt(random: Random): string {
  const environment: Record<string, string> = {};
  if (random.below(2) === 0) {
    writeFileSync(file, mutate(whole, random, words));
  } else {
    const members = Array.from({ length: 1 + random.below(4) }, () => [
      pick(random, settings).key.split('.'),
      someValue(random),
    ]) as [string[], unknown][];
    const root: Record<string, unknown> = {};
    for (const [[first = '', second], value] of members) {
      root[first] = second === undefined ? value : { ...(root[first] as object), [second]: value };
    }
    writeFileSync(file, JSON.stringify(root));
    if (random.below(2) === 0) environment[pick(random, settings).variable] = String(someValue(random));
  }
  try {
    const config = loadConfig({ file, environment });
    expect(Object.isFrozen(config)).toBe(true);
    expect(config.port).toBeGreaterThanOrEqual(0);
    return 'taken';
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.problems.length).toBeGreaterThan(0);
    return 'refused';
  }
}

it('configuration files', async () => {
  const { outcomes } = await fuzz('configuration files', 3000, kept, attempt);
  expect(outcomes.taken).toBeGreaterThan(0);
  expect(outcomes.refused).toBeGreaterThan(0);
  expect(({} as { port?: unknown }).port).toBeUndefined();
});
