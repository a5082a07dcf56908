import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestIdFrom } from './request-id.ts';

describe('requestIdFrom', () => {
  it('gives only what can stand in a header and a log line, whatever it is given', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.array(fc.string())), (header) => {
        expect(requestIdFrom(header)).toMatch(/^[A-Za-z0-9][\x21-\x7e]{0,127}$/);
      }),
    );
  });

  it('takes a well-formed one and makes a new one otherwise', () => {
    expect(requestIdFrom('abc-1')).toBe('abc-1');
    expect(requestIdFrom(undefined)).toMatch(/^[0-9a-f]{8}-/);
    expect(requestIdFrom(['a'])).toMatch(/^[0-9a-f]{8}-/);
  });
});
