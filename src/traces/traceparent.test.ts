import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTraceparent } from './traceparent.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';
const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });

describe('traceparent', () => {
  it.each([
    [`00-${traceId}-${spanId}-01`, true],
    [`00-${traceId}-${spanId}-00`, false],
    [`00-${traceId}-${spanId}-03`, true],
    [` 00-${traceId}-${spanId}-01 `, true],
    // A later version may say more.
    [`cc-${traceId}-${spanId}-01-what-the-future-holds`, true],
  ])('%s', (header, isSampled) => {
    expect(readTraceparent(header)).toEqual({ traceId, spanId, isSampled });
  });

  it.each([
    undefined,
    '',
    `ff-${traceId}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}-01-more`,
    `cc-${traceId}-${spanId}-01.more`,
    `00-${traceId}-${spanId}`,
    `00-${traceId}-${spanId}-0`,
    `00-${traceId}-${spanId}-01${' '.repeat(600)}`,
    [`00-${traceId}-${spanId}-01`, `00-${traceId}-${spanId}-01`],
  ])('is not %s', (header) => {
    expect(readTraceparent(header)).toBeNull();
  });

  it('reads what is written, and never fails', () => {
    fc.assert(
      fc.property(hex(32), hex(16), hex(2), (trace, span, flags) => {
        const isNothing = /^0+$/.test(trace) || /^0+$/.test(span);
        const isSampled = Number.parseInt(flags, 16) % 2 === 1;
        expect(readTraceparent(`00-${trace}-${span}-${flags}`)).toEqual(
          isNothing ? null : { traceId: trace, spanId: span, isSampled },
        );
      }),
    );
    fc.assert(
      fc.property(fc.string({ maxLength: 700 }), (text) => {
        const found = readTraceparent(text);
        if (found !== null) expect(text).toContain(found.traceId);
      }),
    );
  });
});
