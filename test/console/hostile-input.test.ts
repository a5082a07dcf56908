import { describe, expect, it } from 'vitest';
import { activityArea } from '../../src/wire/admin/activity.ts';
import { decisionArea } from '../../src/wire/admin/decisions.ts';
import { thresholdArea } from '../../src/wire/admin/threshold.ts';
import { startConsole } from './support.ts';

/** What nobody writes who means well: places past every date, no number, other forms of numbers, long texts. */
const HOSTILE = [
  '',
  '0',
  '-1',
  '1.5',
  '1e3',
  '1e400',
  'Infinity',
  'NaN',
  '0x10',
  '9007199254740991',
  '9007199254740991.1',
  '-9007199254740991.-9007199254740991',
  '8640000000000001.1',
  '.',
  '1.',
  '\u0000',
  'a\u0000b',
  '%',
  "'; drop table app; --",
  '2026-99-99T99:99:99Z',
  '0000-00-00T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
  '2026-02-31T00:00:00Z',
  '2026-12-31T23:59:60Z',
  'true',
  'null',
  '[]',
  '__proto__',
  'x'.repeat(5000),
] as const;

interface Parameter {
  readonly name: string;
  readonly in: string;
}

interface Operation {
  readonly parameters: readonly Parameter[];
}

/** A path with each hostile value in one of its parameters. */
function hostile(path: string, { name, in: place }: Parameter): string[] {
  return HOSTILE.map((value) => {
    const encoded = encodeURIComponent(value);
    if (place === 'path') return path.replace(`{${name}}`, encoded);
    // Both ends of a period, where a route wants both.
    const period = { from: '2026-11-01T00%3A00%3A00Z', to: '2026-11-02T00%3A00%3A00Z' };
    const given = Object.entries(
      path.endsWith('/activity') ? { ...period, [name]: encoded } : { [name]: encoded },
    );
    return `${path.replace(/\{\w+\}/g, 'x')}?${given.map((one) => one.join('=')).join('&')}`;
  });
}

describe('a query that nobody writes who means well', () => {
  it('is answered or refused, and never as a fault of the service', async () => {
    const started = await startConsole({
      areas: ({ ledger, chains }) => [
        activityArea({ ledger, clock: Date.now }),
        decisionArea({ ledger, chains }),
        thresholdArea({ ledger, clock: Date.now, tables: [], reviewLimits: {} }),
      ],
    });
    const browser = await started.signedIn('administrator');
    const { body } = await started.call('GET', '/admin/v1/openapi.json');
    const paths = Object.entries(body.paths as Record<string, { readonly get?: Operation }>);
    const targets = paths.flatMap(([path, { get }]) =>
      path.endsWith('/live') ? [] : (get?.parameters ?? []).flatMap((one) => hostile(path, one)),
    );
    expect(targets.length).toBeGreaterThan(500);
    const faults: unknown[] = [];
    const next = targets.values();
    const some = async () => {
      for (const target of next) {
        const { status } = await browser.call('GET', target);
        if (status >= 500) faults.push([target, status]);
      }
    };
    await Promise.all([some(), some(), some(), some()]);
    expect(faults).toEqual([]);
  });
});

describe('a body with a NUL character', () => {
  it.each([
    ['POST', '/sign-in', { name: 'Ann\u0000', password: 'x' }],
    ['POST', '/users', { name: 'Ann\u0000', role: 'viewer' }],
    ['POST', '/apps', { name: 'shop', buckets: ['a\u0000'] }],
    ['PUT', '/review/x', { mark: 'right', note: '\u0000' }],
  ])('is refused as such: %s %s', async (method, path, body) => {
    const started = await startConsole();
    const browser = await started.signedIn('administrator');
    const reply = await browser.call(method, `/admin/v1${path}`, { body });
    expect(reply).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(reply.body.detail).toContain('NUL');
  });
});
