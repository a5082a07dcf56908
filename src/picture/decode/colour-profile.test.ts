import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { asSharp, gradient } from '../test-support/made.ts';
import { isPlainProfile } from './colour-profile.ts';

async function builtIn(name: string): Promise<Buffer> {
  const png = await asSharp(gradient(8, 8)).withIccProfile(name).png().toBuffer();
  return (await sharp(png).metadata()).icc as Buffer;
}

/** A profile with these tags, all of them with the same content. */
function profile(content: string, ...names: string[]): Buffer {
  const head = Buffer.alloc(132 + names.length * 12);
  head.writeUInt32BE(names.length, 128);
  names.forEach((name, at) => {
    head.write(name, 132 + at * 12, 'latin1');
    head.writeUInt32BE(head.length, 136 + at * 12);
  });
  return Buffer.concat([head, Buffer.from(content.padEnd(20, '\0'), 'latin1')]);
}

describe('isPlainProfile', () => {
  it.each(['srgb', 'p3'])('the common profile %s is', async (name) =>
    expect(isPlainProfile(await builtIn(name))).toBe(true),
  );

  it('curves and tables are; calculations are not, whatever their tag is called', () => {
    expect(isPlainProfile(profile('curv', 'rTRC', 'gTRC', 'bTRC', 'wtpt'))).toBe(true);
    expect(isPlainProfile(profile('mft2', 'A2B0', 'B2A0'))).toBe(true);
    for (const name of ['D2B0', 'D2B3', 'B2D0', 'B2D3'])
      expect(isPlainProfile(profile('curv', name))).toBe(false);
    expect(isPlainProfile(profile('mpet', 'A2B0'))).toBe(false);
  });

  it('what is cut off or has no end of tags is not', () => {
    const whole = profile('curv', 'rTRC', 'gTRC');
    for (const length of [0, 100, 131, 150]) expect(isPlainProfile(whole.subarray(0, length))).toBe(false);
    expect(isPlainProfile(profile('curv', ...Array<string>(101).fill('rTRC')))).toBe(false);
    const outside = profile('curv', 'rTRC');
    outside.writeUInt32BE(0xfffffff0, 136);
    expect(isPlainProfile(outside)).toBe(false);
  });

  it('never throws', () => {
    const start = readFileSync(new URL(import.meta.url)).subarray(0, 128);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        return typeof isPlainProfile(Buffer.concat([start, bytes])) === 'boolean';
      }),
    );
  });
});
