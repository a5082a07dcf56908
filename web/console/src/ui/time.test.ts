import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { localTime, pickerTime, typedTime } from './time.ts';

describe('a moment in a field', () => {
  it('is read back from what is shown, to the minute', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (seconds) => {
        const iso = new Date(Math.floor(seconds / 60) * 60_000).toISOString();
        const shown = localTime(iso);
        expect(shown).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d$/);
        expect(localTime(typedTime(shown) ?? undefined)).toBe(shown);
        expect(typedTime(pickerTime(iso))).toBe(typedTime(shown));
      }),
    );
  });

  it('is taken with or without a time, and with other signs between', () => {
    const noon = new Date(2026, 10, 29, 12, 5).toISOString();
    for (const text of ['2026-11-29 12:05', '2026/11/29 12:05', ' 2026-11-29T12:05 ', '2026-11-29 12:05:00'])
      expect(typedTime(text)).toBe(noon);
    expect(typedTime('2026-11-29')).toBe(new Date(2026, 10, 29).toISOString());
  });

  it('is none where there is no such day or time', () => {
    for (const text of ['', '2026', '2026-02-30', '2026-13-01', '2026-01-01 24:00', '2026-01-01 10:60', 'x'])
      expect(typedTime(text)).toBeNull();
    expect(localTime('x')).toBe('');
    expect(localTime(undefined)).toBe('');
  });
});
