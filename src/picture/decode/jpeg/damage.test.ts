import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asSharp, gradient } from '../../test-support/made.ts';
import { readJpegData } from './damage.ts';
import { TYPICAL_AC, TYPICAL_DC } from './frame.ts';

const picture = gradient(96, 64);
const baseline = () => asSharp(picture).jpeg({ optimiseCoding: false }).toBuffer();

describe('readJpegData', () => {
  it('takes the tables of T.81 where a file has none: those that encoders write', async () => {
    const jpeg = await baseline();
    for (const { counts, symbols } of [...TYPICAL_DC, ...TYPICAL_AC]) {
      expect(jpeg.includes(Buffer.concat([counts, symbols]))).toBe(true);
    }
  });

  it('a progressive picture whose last scans are missing is truncated, an end marker notwithstanding', async () => {
    const jpeg = await asSharp(picture).jpeg({ progressive: true }).toBuffer();
    expect(readJpegData(jpeg).state).toBe('whole');
    const scans: number[] = [];
    for (
      let at = jpeg.indexOf('\xff\xda', 0, 'latin1');
      at >= 0;
      at = jpeg.indexOf('\xff\xda', at + 2, 'latin1')
    ) {
      scans.push(at);
    }
    expect(scans.length).toBeGreaterThan(5);
    for (const at of scans.slice(1)) {
      const cut = Buffer.concat([jpeg.subarray(0, at), Buffer.from([0xff, 0xd9])]);
      expect(readJpegData(cut).state).toEqual({
        reason: 'truncated',
        detail: 'the file ends before its last scan',
      });
    }
  });

  it('says where the data ends if no marker does', async () => {
    const jpeg = await baseline();
    expect(readJpegData(jpeg)).toEqual({ state: 'whole', endsAt: null });
    const open = jpeg.subarray(0, -2);
    expect(readJpegData(Buffer.concat([open, Buffer.from('a trailer')]))).toEqual({
      state: 'whole',
      endsAt: expect.any(Number),
    });
  });

  it('leaves arithmetic codes and headers that contradict themselves to the decoder', async () => {
    const jpeg = Buffer.from(await baseline());
    jpeg[jpeg.indexOf('\xff\xc0', 0, 'latin1') + 1] = 0xc9;
    expect(readJpegData(jpeg).state).toBe('unread');
    expect(readJpegData(Buffer.from([0xff, 0xd8])).state).toBe('unread');
  });

  it('never throws', () => {
    const dense = fc.array(
      fc.constantFrom(0xff, 0xd8, 0xc0, 0xc2, 0xc4, 0xda, 0xd0, 0xdd, 0xdb, 0xd9, 0, 1, 2, 3, 4, 8, 17, 63),
      { maxLength: 400 },
    );
    fc.assert(
      fc.property(dense, (numbers) => {
        const { state } = readJpegData(Uint8Array.from([0xff, 0xd8, ...numbers]));
        expect(typeof state === 'string' || ['truncated', 'corrupt'].includes(state.reason)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });
});
