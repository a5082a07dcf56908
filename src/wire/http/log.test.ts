import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../faults.ts';
import { createLog } from './log.ts';
import { errorForLog } from './log-error.ts';

/** The line that logging `fields` leaves. */
function lineOf(fields: object): string {
  let line = '';
  const log = createLog('info', {
    write: (text) => {
      line += text;
    },
  });
  log.info(fields, 'said');
  return line;
}

const parsed = (line: string) => JSON.parse(line) as Record<string, unknown>;

/** Everything that a terminal or a reader of lines acts on. */
const raw = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

describe('errors in the log', () => {
  it('have fixed fields, whatever members they have', () => {
    const error = Object.assign(new Error('Parse Error: Expected HTTP/'), {
      code: 'HPE_INVALID_CONSTANT',
      reason: 'Expected HTTP/',
      bytesParsed: 0,
      rawPacket: randomBytes(63_000),
      data: randomBytes(100).toString('latin1'),
      cert: { raw: randomBytes(100) },
    });
    const { err } = parsed(lineOf({ event: 'x', err: error })) as { err: object };
    expect(Object.keys(err).sort()).toEqual(['code', 'message', 'reason', 'stack', 'type']);
    expect(lineOf({ event: 'x', err: error }).length).toBeLessThan(6000);
  });

  it('are bounded: message, names, stack, causes and their number', () => {
    const huge = 'é'.repeat(63_009);
    let error: Error = new Error(huge);
    error.name = huge;
    for (let at = 0; at < 50; at++) error = new AggregateError(Array(50).fill(error), huge, { cause: error });
    error.stack = `${huge}\n${'    at x (y:1:1)\n'.repeat(10_000)}`;
    const line = lineOf({ err: Object.assign(error, { code: huge, reason: huge }) });
    expect(line.length).toBeLessThan(20_000);
    expect(parsed(line).err).toMatchObject({
      message: expect.stringMatching(/^é{500}… \(62509 more characters\)$/),
    });
  });

  it('tell the cause, its code, and where the error was made', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED 192.0.2.1:80'), { code: 'ECONNREFUSED' });
    expect(
      errorForLog(new Fault('engine_failed', 'engine_failed', 'The store is gone.', { cause })),
    ).toMatchObject({
      type: 'Fault',
      code: 213,
      reason: 'engine_failed',
      message: 'The store is gone.',
      stack: expect.stringMatching(/^at .*log\.test\.ts/),
      cause: { type: 'Error', code: 'ECONNREFUSED', message: cause.message },
    });
  });

  it('a message that looks like a stack is no part of the stack', () => {
    const error = new Error('x\n    at secret (/a/picture:1:1)\n    at b');
    expect(errorForLog(error).stack).not.toContain('secret');
  });

  it('anything thrown is described, and nothing of it runs', () => {
    const traps = new Error('trap');
    Object.defineProperty(traps, 'message', {
      get() {
        throw new Error('no');
      },
    });
    expect(errorForLog(traps)).toEqual({ type: 'unknown', message: 'an error that cannot be described' });
    for (const thrown of ['text', 7, null, undefined, { data: 'secret' }, Symbol('s')]) {
      expect(JSON.stringify(errorForLog(thrown))).not.toContain('secret');
    }
  });
});

describe('a line of the log', () => {
  it('has no control character raw, wherever a text stands, and says the same', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 50 }),
      fc.constantFrom(
        '\u001b]0;owned\u0007',
        '\u009b31m',
        '\u202e',
        '\u2028',
        '\u007f',
        '\ufeff',
        '\u{e0041}',
        '\u00ad',
      ),
    );
    fc.assert(
      fc.property(text, text, text, (detail, nested, message) => {
        const line = lineOf({ detail, deep: { nested: [nested] }, err: new Error(message) });
        expect(line.endsWith('\n')).toBe(true);
        expect(line.slice(0, -1)).not.toMatch(raw);
        const back = parsed(line) as { detail: string; deep: { nested: string[] } };
        const sound = (value: string) => !/[\ud800-\udfff]/.test(value);
        if (sound(detail)) expect(back.detail).toBe(detail);
        if (sound(nested)) expect(back.deep.nested).toEqual([nested]);
      }),
      { numRuns: 500 },
    );
  });

  it('has no text without end', () => {
    const line = lineOf({ claimedAppid: 'x'.repeat(100_000), other: 'y' });
    expect(line.length).toBeLessThan(2500);
    expect(parsed(line)).toMatchObject({
      other: 'y',
      msg: 'said',
      claimedAppid: expect.stringMatching(/98000 more/),
    });
  });
});
