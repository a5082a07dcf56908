import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WeightsError } from './error.ts';
import { LOCK_FILE, loadLock, MODELS_DIR, parseLock, type WeightEntry } from './lock.ts';
import { makeEntry, noise } from './test-support/registry.ts';
import { verifyWeights } from './verify.ts';

const from = { name: 'nets', version: '1.0.0', tarball: noise('tarball', 100) };
const entry = makeEntry({ content: noise('net', 10), from });
const second: WeightEntry = { ...entry, name: 'two', file: 'two.onnx' };

const lockOf = (...weights: unknown[]) => JSON.stringify({ lockVersion: 2, weights });

function refusal(json: string): WeightsError {
  try {
    parseLock(json, 'the.lock.json');
  } catch (error) {
    if (error instanceof WeightsError) return error;
    throw error;
  }
  throw new Error(`accepted: ${json}`);
}

describe('the lock of this package', () => {
  it('is valid and names the five networks', async () => {
    const { weights } = await loadLock();
    expect(weights.map(({ name }) => name)).toEqual([
      'blazeface-back-256',
      'rfb-320',
      'minifasnet-v2-se-128',
      'minifasnet-v2-80',
      'minifasnet-v1-se-80',
    ]);
  });

  it('lies in the folder of the weights, with a card for each network', async () => {
    expect(LOCK_FILE.startsWith(MODELS_DIR)).toBe(true);
    expect(basename(LOCK_FILE)).toBe('weights.lock.json');
    for (const { name, file, sha256, package: source, convertedFrom } of (await loadLock()).weights) {
      const page = await readFile(`${MODELS_DIR}${name}/README.md`, 'utf8');
      const { licence, model, ...card } = JSON.parse(
        await readFile(`${MODELS_DIR}${name}/card.json`, 'utf8'),
      );
      for (const fact of [name, licence, sha256, source, convertedFrom?.sha256 ?? ''])
        expect(page).toContain(fact);
      expect({ name: card.name, file: model }).toEqual({ name, file });
      expect(await readFile(`${MODELS_DIR}licences/${card.licenceFile}`, 'utf8')).toContain(
        licence.slice(0, 3),
      );
      for (const said of [card.attribution, card.origin, card.unknowns]) expect(said).toMatch(/\w{3}/);
    }
  });

  it('calls optional what the profile "single" does without', async () => {
    for (const { name, optional } of (await loadLock()).weights) {
      const { role, profiles } = JSON.parse(await readFile(`${MODELS_DIR}${name}/card.json`, 'utf8'));
      expect(optional).toBe(role === 'classifier' && profiles.single === undefined);
    }
  });
});

describe('the weights of this package', () => {
  it('are in place and are those of its lock ("npm ci" puts them there)', async () => {
    const reports = await verifyWeights();
    expect(reports.map(({ file, status }) => `${file} ${status}`)).toEqual([
      'blazeface-back-256.onnx ok',
      'rfb-320.onnx ok',
      'minifasnet-v2-se-128.onnx ok',
      'minifasnet-v2-80.onnx ok',
      'minifasnet-v1-se-80.onnx ok',
    ]);
  });
});

describe('parseLock', () => {
  it('gives back what the file says', () => {
    expect(parseLock(lockOf(entry, second), 'x').weights).toEqual([entry, second]);
  });

  it.each<[keyof WeightEntry, unknown, string]>([
    ['name', 'Two Words', 'expected lower-case words joined by - or ., found "Two Words"'],
    ['file', '../one.onnx', 'expected a plain file name that ends in .onnx, found "../one.onnx"'],
    ['file', 'one.bin', 'expected a plain file name that ends in .onnx, found "one.bin"'],
    ['size', 0, 'expected a whole number of bytes from 1 to 1073741824, found 0'],
    ['size', 1.5, 'expected a whole number of bytes from 1 to 1073741824, found 1.5'],
    ['size', '10', 'expected a whole number of bytes from 1 to 1073741824, found "10"'],
    ['sha256', 'AB', 'expected 64 lower-case hex digits, found "AB"'],
    ['package', 'nets; rm x', 'expected a package name, found "nets; rm x"'],
    ['version', '^1.0.0', 'expected an exact version such as 1.2.0, found "^1.0.0"'],
    ['version', '1.0.0 & x', 'expected an exact version such as 1.2.0, found "1.0.0 & x"'],
    [
      'pathInArchive',
      'package/../x',
      'expected a relative path with / and without . or .. parts, found "package/../x"',
    ],
    ['pathInArchive', '/x', 'expected a relative path with / and without . or .. parts, found "/x"'],
    ['archiveSha256', undefined, 'expected 64 lower-case hex digits, found nothing'],
    ['archiveSize', null, 'expected a whole number of bytes from 1 to 1073741824, found null'],
    ['registry', 'pip', 'expected one of "npm", "pypi", found "pip"'],
    ['optional', 'no', 'expected true or false, found "no"'],
  ])('says exactly what is wrong with %s = %j', (key, value, message) => {
    const error = refusal(lockOf(second, { ...entry, [key]: value }));
    expect(error.reason).toBe('bad_lock');
    expect(error.file).toBe('the.lock.json');
    expect(error.found).toBe(`weights[1].${key}: ${message}`);
  });

  it.each([
    ['', /^not JSON: /],
    ['[]', /^expected an object, found \[\]$/],
    [
      '{}',
      /^lockVersion: expected 2, found nothing; weights: expected a list with at least one entry, found nothing$/,
    ],
    [JSON.stringify({ lockVersion: 1, weights: [entry] }), /^lockVersion: expected 2, found 1$/],
    [
      JSON.stringify({ lockVersion: 2, weights: [entry], more: 1 }),
      /^more: unknown key, expected only lockVersion, weights$/,
    ],
    [lockOf(), /^weights: expected a list with at least one entry, found \[\]$/],
    [lockOf(3), /^weights\[0\]: expected an object, found 3$/],
    [
      lockOf({ ...entry, colour: 'red' }),
      /^weights\[0\]\.colour: unknown key, expected only name, file, size, /,
    ],
    [
      lockOf(entry, entry),
      /^weights\[1\]\.name: "one" is already used by weights\[0\]; weights\[1\]\.file: "one.onnx" is/,
    ],
    [
      lockOf(entry, { ...second, archiveSize: 99 }),
      /^weights\[1\]\.archiveSize: the entry "one" says 100 of the same nets@1\.0\.0, found 99$/,
    ],
  ])('refuses %j', (json, found) => {
    expect(refusal(json).found).toMatch(found);
  });

  it('names all mistakes at once', () => {
    const { found } = refusal(lockOf({ ...entry, size: -1, registry: '' }));
    expect(found).toContain('weights[0].size: ');
    expect(found).toContain('weights[0].registry: ');
  });

  it('never fails in another way, whatever the text is', () => {
    const anything = fc.oneof(
      fc.string(),
      fc.json(),
      fc.jsonValue().map((value) => lockOf(value)),
      fc
        .tuple(fc.constantFrom(...Object.keys(entry)), fc.jsonValue())
        .map(([key, value]) => lockOf({ ...entry, [key]: value })),
    );
    fc.assert(
      fc.property(anything, (json) => {
        try {
          expect(parseLock(json, 'x').weights.length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(WeightsError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('lets no package, version, file or path through that a shell or a file system could read otherwise', () => {
    const risky = fc
      .tuple(
        fc.constantFrom('package', 'version', 'file', 'pathInArchive') as fc.Arbitrary<keyof WeightEntry>,
        fc.string(),
        fc.constantFrom('"', '\\', '\n', '\0', ':'),
        fc.string(),
      )
      .map(([key, before, bad, after]) => ({ key, value: `${before}${bad}${after}` }))
      .filter(({ key, value }) => key !== 'pathInArchive' || /[\\:]/.test(value));
    fc.assert(
      fc.property(risky, ({ key, value }) => {
        expect(refusal(lockOf({ ...entry, [key]: value })).found).toContain(`weights[0].${key}: expected`);
      }),
    );
  });
});

describe('loadLock', () => {
  it('names a lock file that is not there', async () => {
    await expect(loadLock('/no/such/lock.json')).rejects.toMatchObject({
      name: 'WeightsError',
      reason: 'bad_lock',
      file: '/no/such/lock.json',
      found: expect.stringContaining('ENOENT'),
    });
  });
});
