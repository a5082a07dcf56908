import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { operatingPoints as measure } from '../../evaluation/operating-points.ts';
import type { Presentation } from '../../evaluation/types.ts';
import { UsageError } from '../../faults.ts';
import { readBuiltInCards } from '../../liveness/built-in.ts';
import { operatingPoints, publishedTables } from './operating-points.ts';
import { readOwnTable } from './own-operating-points.ts';
import { operatingPointsSchema } from './schemas.ts';

const row = (label: 'bona-fide' | 'attack', score: number, i: number): Presentation =>
  ({
    label,
    score,
    species: label === 'attack' ? 'print' : null,
    subject: `s${i}`,
    response: 'scored',
  }) as never;
const rows = [95, 91, 60, 99]
  .map((s, i) => row('bona-fide', s, i))
  .concat([10, 92, 30].map((s, i) => row('attack', s, i)));
const measured = measure(rows, {
  description: 'door cameras, autumn',
  scoresSha256: 'a'.repeat(64),
  system: { version: '0.1.0', profile: 'careful', models: [] },
});

describe('readOwnTable', () => {
  it('publishes what was measured, before the published tables, in the form of the API', async () => {
    const own = readOwnTable('points.json', JSON.stringify(measured));
    const published = publishedTables(await readBuiltInCards());
    const body = operatingPoints(87, 'fast', [own, ...published]);
    expect(Value.Check(operatingPointsSchema, body)).toBe(true);
    expect(body.tables[0]).toBe(own);
    expect(body.tables.length).toBeGreaterThan(1);
    const at87 = own.points.find((p) => p.threshold === 87)!;
    expect(at87.bpcer.rate).toBeCloseTo(1 / 4, 12);
    expect(at87.apcer.rate).toBeCloseTo(1 / 3, 12);
    expect(at87.apcer.interval).toMatchObject({ method: 'Clopper-Pearson, 95 %' });
    expect(own.data).toMatchObject({ pictures: 7 });
    expect(own.data.description).toContain('4 bona fide, 3 attack presentations');
  });

  it('names points by the worst species, and none of few or simulated attacks', () => {
    const named = (of: readonly Presentation[]) => {
      const about = { description: 'x', scoresSha256: 'a'.repeat(64), system: measured.system };
      const { points } = readOwnTable('p', JSON.stringify(measure(of, about)));
      return points.flatMap(({ name, threshold }) => (name === null ? [] : [`${name} ${threshold}`]));
    };
    const live = [row('bona-fide', 95, 0)];
    const species = (name: string, n: number, scoreOf: (i: number) => number) =>
      Array.from({ length: n }, (_, i) => ({ ...row('attack', scoreOf(i), i), species: name }));
    const prints = species('print', 150, (i) => (i < 3 ? 90 : i < 7 ? 70 : i < 22 ? 40 : 5));
    expect(named([...live, ...prints])).toEqual(['lenient 5', 'balanced 40', 'strict 70']);
    const masks = (n: number) => species('mask', n, (i) => (i < n / 10 ? 80 : 5));
    expect(named([...live, ...prints, ...masks(150)])).toEqual(['lenient 5', 'strict 80']);
    expect(named([...live, ...prints, ...masks(20)])).toEqual(['lenient 5']);
    expect(named([...live, ...prints.map((one) => ({ ...one, species: 'simulated-print' }))])).toEqual([]);
    expect(named(rows)).toEqual([]);
  });

  it('reads a file of a version without names', () => {
    const old = { ...measured, points: measured.points.map(({ name: _, ...rest }) => rest) };
    expect(readOwnTable('p', JSON.stringify(old)).points.every(({ name }) => name === null)).toBe(true);
  });

  it('says so when attacks were simulated', () => {
    const simulated = { ...measured, data: { ...measured.data, simulated: true } };
    expect(readOwnTable('p', JSON.stringify(simulated)).data.held).toContain('SIMULATED');
  });

  it.each([
    ['no JSON', '{', /points\.json: it is not valid JSON/],
    ['something else', '{"format":2}', /points\.json: .*livestill evaluate --operating-points/],
    [
      'scores of another system',
      JSON.stringify({ ...measured, system: { ...measured.system, profile: null } }),
      /points\.json: \/system\/profile .*of livestill itself/,
    ],
  ])('refuses %s', (_, text, message) => {
    expect(() => readOwnTable('points.json', text)).toThrow(UsageError);
    expect(() => readOwnTable('points.json', text)).toThrow(message);
  });
});
