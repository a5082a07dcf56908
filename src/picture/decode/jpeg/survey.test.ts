import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asSharp, gradient } from '../../test-support/made.ts';
import { surveyJpeg } from './survey.ts';

const scan = Buffer.from([0xff, 0xda, 0, 8, 1, 1, 0, 0, 0, 0, 0x12, 0xff, 0x00, 0xda, 0xff, 0xd0, 0x34]);
const start = Buffer.from([0xff, 0xd8]);
const segment = (marker: number, content: Buffer) =>
  Buffer.concat([
    Buffer.from([0xff, marker, (content.length + 2) >> 8, (content.length + 2) & 255]),
    content,
  ]);

const scansOf = (bytes: Uint8Array, most: number) => surveyJpeg(bytes, most).scans;

describe('surveyJpeg', () => {
  it('one in a baseline JPEG, several in a progressive one', async () => {
    const picture = asSharp(gradient(64, 64));
    expect(scansOf(await picture.clone().jpeg().toBuffer(), 100)).toBe(1);
    const progressive = scansOf(await picture.clone().jpeg({ progressive: true }).toBuffer(), 100);
    expect([progressive > 4, progressive < 20]).toEqual([true, true]);
  });

  it('stuffed bytes, restarts, fill bytes and rubbish are no scans', () => {
    const fill = Buffer.from([0xff, 0xff, 0xff]);
    expect(scansOf(Buffer.concat([start, scan, scan, Buffer.from('rubbish'), fill, scan]), 100)).toBe(3);
  });

  it('scans inside a segment (a thumbnail) or behind the end are not counted', () => {
    const thumbnail = segment(0xe1, Buffer.concat([start, scan, scan]));
    const end = Buffer.from([0xff, 0xd9]);
    const first = Buffer.concat([start, thumbnail, scan, end]);
    expect(surveyJpeg(Buffer.concat([first, scan, scan]), 100)).toEqual({
      scans: 1,
      arithmetic: false,
      end: first.length,
    });
  });

  it('a file without an end ends where it ends', () => {
    expect(surveyJpeg(Buffer.concat([start, scan]), 100)).toEqual({
      scans: 1,
      arithmetic: false,
      end: start.length + scan.length,
    });
    expect(surveyJpeg(start, 100)).toEqual({ scans: 0, arithmetic: false, end: 2 });
    expect(surveyJpeg(Buffer.concat([start, Buffer.from([0xff, 0xe1, 0xff])]), 9)).toEqual({
      scans: 0,
      arithmetic: false,
      end: 5,
    });
  });

  it('tells arithmetic codes by the frame, not by a segment of conditions for them', () => {
    const frame = (marker: number) => Buffer.concat([start, segment(marker, Buffer.alloc(9)), scan]);
    const arithmetic = [0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf].map((marker) => surveyJpeg(frame(marker), 9));
    expect(arithmetic.map((one) => one.arithmetic)).toEqual(Array(6).fill(true));
    const others = [0xc0, 0xc1, 0xc2, 0xc4, 0xc8, 0xcc].map((marker) => surveyJpeg(frame(marker), 9));
    expect(others.map((one) => one.arithmetic)).toEqual(Array(6).fill(false));
  });

  it('stops counting once there are too many', () => {
    const many = Buffer.concat([start, ...Array.from({ length: 5000 }, () => scan)]);
    expect([scansOf(many, 64), scansOf(many, 5000)]).toEqual([65, 5000]);
  });

  it('ends whatever the bytes are, and counts no more than there are marks', () => {
    const dense = fc.array(fc.constantFrom(0xff, 0xda, 0xd8, 0xd9, 0, 1, 2, 8), { maxLength: 200 });
    fc.assert(
      fc.property(dense, (numbers) => {
        const bytes = Uint8Array.from(numbers);
        let marks = 0;
        for (let at = 1; at < bytes.length; at++) if (bytes[at - 1] === 0xff && bytes[at] === 0xda) marks++;
        expect(scansOf(bytes, 1000)).toBeLessThanOrEqual(marks);
      }),
      { numRuns: 2000 },
    );
  });
});
