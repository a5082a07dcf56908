import { deflateSync } from 'node:zlib';
import { blankPng, calculatingProfile, chunk, jpegStart, segment, u16, u32, webp } from './file-parts.ts';
import type { HostilePicture } from './hostile-pictures.ts';
import { seeded } from './seeded.ts';

/** Files of honest pixels with metadata that is huge, wrong or packed. */
export function metadataFloods(honest: ReadonlyMap<string, Buffer>): HostilePicture[] {
  const jpeg = honest.get('jpeg') as Buffer;
  const withSegments = (...segments: Buffer[]) => Buffer.concat([jpegStart, ...segments, jpeg.subarray(2)]);
  const icc = (at: number, of: number, content: Buffer) =>
    segment(0xe2, Buffer.concat([Buffer.from('ICC_PROFILE\0', 'latin1'), Buffer.from([at, of]), content]));
  const exif = (...entries: Buffer[]) =>
    segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0MM\0*', 'latin1'), u32(8), ...entries]));
  const orientation = (value: number) =>
    Buffer.concat([u16(1), u16(0x0112), u16(3), u32(1), u16(value), u16(0), u32(0)]);
  const { bytes: random } = seeded(11);
  const zeros = deflateSync(Buffer.alloc(7_900_000, 65));
  const packed = (type: string, keyword: string) =>
    chunk(type, Buffer.concat([Buffer.from(`${keyword}\0\0`, 'latin1'), zeros]));
  return [
    {
      name: 'jpeg with 5 MB of EXIF',
      bytes: withSegments(...Array.from({ length: 80 }, () => exif(random(65_000)))),
    },
    {
      name: 'jpeg with 5 MB of XMP',
      bytes: withSegments(
        ...Array.from({ length: 80 }, () =>
          segment(0xe1, Buffer.concat([Buffer.from('http://ns.adobe.com/xap/1.0/\0'), random(65_000)])),
        ),
      ),
    },
    {
      name: 'jpeg with 255 pieces of a profile',
      bytes: withSegments(...Array.from({ length: 255 }, (_, at) => icc(at + 1, 255, random(20_000)))),
    },
    {
      name: 'jpeg with pieces of a profile missing',
      bytes: withSegments(icc(1, 9, random(500)), icc(9, 9, random(500))),
    },
    { name: 'jpeg with a profile of piece 0 of 0', bytes: withSegments(icc(0, 0, random(500))) },
    { name: 'jpeg with an empty profile', bytes: withSegments(icc(1, 1, Buffer.alloc(0))) },
    {
      name: 'jpeg with a profile that says it has 4 GB',
      bytes: withSegments(icc(1, 1, Buffer.concat([u32(0xffffffff), random(500)]))),
    },
    ...[0, 9, 255, 65_535].map((value) => ({
      name: `jpeg with orientation ${value}`,
      bytes: withSegments(exif(orientation(value))),
    })),
    {
      name: 'jpeg with EXIF that points at itself',
      bytes: withSegments(exif(u16(1), u16(0x8769), u16(4), u32(1), u32(8), u32(8))),
    },
    { name: 'jpeg with EXIF of 65 535 entries', bytes: withSegments(exif(u16(65_535), random(60_000))) },
    {
      name: 'jpeg with EXIF that points outside',
      bytes: withSegments(
        segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0II*\0', 'latin1'), u32(0xfffffff0)])),
      ),
    },
    {
      name: 'jpeg with DRI and restart marks without end',
      bytes: withSegments(
        segment(0xdd, u16(1)),
        Buffer.from(Array.from({ length: 100_000 }, (_, at) => [0xff, 0xd0 | (at & 7)]).flat()),
      ),
    },
    { name: 'png with a packed profile of 8 MB', bytes: blankPng(16, 16, packed('iCCP', 'p')) },
    {
      name: 'png with packed text of 8 MB, five hundred times',
      bytes: blankPng(16, 16, ...Array.from({ length: 500 }, () => packed('zTXt', 'c'))),
    },
    {
      name: 'png with 100 000 texts',
      bytes: blankPng(
        16,
        16,
        ...Array.from({ length: 100_000 }, (_, at) => chunk('tEXt', Buffer.from(`k${at}\0v`))),
      ),
    },
    { name: 'png with 5 MB of EXIF', bytes: blankPng(16, 16, chunk('eXIf', random(5_000_000))) },
    {
      name: 'png with impossible chromaticities',
      bytes: blankPng(16, 16, chunk('cHRM', Buffer.alloc(32, 0xff)), chunk('gAMA', u32(0))),
    },
    { name: 'png with gamma of 2^31-1', bytes: blankPng(16, 16, chunk('gAMA', u32(0x7fffffff))) },
    {
      name: 'webp with a profile of rubbish',
      bytes: webp(
        ['VP8X', Buffer.from([0x20, 0, 0, 0, 159, 0, 0, 119, 0, 0])],
        ['ICCP', random(100_000)],
        ['VP8 ', (honest.get('webp') as Buffer).subarray(20)],
      ),
    },
    {
      name: 'webp with 5 MB of EXIF',
      bytes: webp(
        ['VP8X', Buffer.from([0x08, 0, 0, 0, 159, 0, 0, 119, 0, 0])],
        ['VP8 ', (honest.get('webp') as Buffer).subarray(20)],
        ['EXIF', random(5_000_000)],
      ),
    },
    ...[10, 20_000, 300_000].map((steps) => {
      const profile = calculatingProfile(steps);
      const pieces = Array.from({ length: Math.ceil(profile.length / 65_000) }, (_, at) =>
        profile.subarray(at * 65_000, (at + 1) * 65_000),
      );
      return {
        name: `jpeg with a profile of ${steps} calculations`,
        bytes: withSegments(...pieces.map((piece, at) => icc(at + 1, pieces.length, piece))),
      };
    }),
    {
      name: 'png with a profile of 20 000 calculations',
      bytes: blankPng(
        16,
        16,
        chunk(
          'iCCP',
          Buffer.concat([Buffer.from('p\0\0', 'latin1'), deflateSync(calculatingProfile(20_000))]),
        ),
      ),
    },
  ];
}
