import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createLiveness } from '../src/engine.ts';
import { engine, photo, useEngine } from '../src/test-support/engine.ts';

useEngine();

const page = readFileSync(fileURLToPath(new URL('../docs/use/library.md', import.meta.url)), 'utf8');

/** The names in the first column of the table below a heading. */
function namesBelow(heading: string): readonly string[] {
  const [, section = ''] = page.split(`## ${heading}\n`);
  const rows = section.split('\n## ')[0]!.matchAll(/^\| (`\w+`(?:, `\w+`)*) \|/gm);
  return [...rows].flatMap(([, names]) => [...names!.matchAll(/`(\w+)`/g)].map(([, name]) => name!));
}

/** The options that there are, as the message about one that there is not says. */
const thereAre = async (failing: Promise<unknown>) =>
  String(await failing.catch((error: unknown) => error))
    .split('there are ')[1]!
    .split(', ');

describe('docs/use/library.md', () => {
  it('names members that a judgement has', async () => {
    const names = namesBelow('What comes back');
    expect(names).toContain('verdict');
    expect(Object.keys(await engine.judge(photo))).toEqual(expect.arrayContaining([...names]));
  });

  it('names the options that there are', async () => {
    const given = await thereAre(createLiveness({ none: 1 } as object));
    expect([...namesBelow('Options')].sort()).toEqual([...given].sort());
  });

  it('names the options of a call', async () => {
    const [, listed = ''] = page.match(/`judge\(bytes, \{ ([^}]+) \}\)`/) ?? [];
    // `still` is how the service compares stills; a program has no use for it.
    const given = (await thereAre(engine.judge(photo, { none: 1 } as object))).filter(
      (one) => one !== 'still',
    );
    expect(listed.split(', ').sort()).toEqual(given.sort());
  });
});
