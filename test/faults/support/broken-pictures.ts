import {
  jpegEnd,
  jpegFrame,
  jpegScan,
  jpegStart,
  jpegTables,
  pngHeader,
  pngStart,
  webp,
} from './file-parts.ts';
import type { HostilePicture } from './hostile-pictures.ts';
import { seeded } from './seeded.ts';

/** Each file cut off at every hundredth of its length. */
export function truncations(honest: ReadonlyMap<string, Buffer>): HostilePicture[] {
  return [...honest].flatMap(([name, bytes]) =>
    Array.from({ length: 99 }, (_, at) => ({
      name: `${name} cut at ${at + 1} %`,
      bytes: bytes.subarray(0, Math.floor((bytes.length * (at + 1)) / 100)),
    })),
  );
}

/** What files of each kind begin with; the first ones lead a decoder deep into its work. */
const beginnings: readonly [string, Buffer][] = [
  [
    'jpeg, frame and tables',
    Buffer.concat([jpegStart, jpegFrame(0xc0, 200, 200), jpegTables(0), jpegScan(0, 63, 0, Buffer.alloc(0))]),
  ],
  [
    'progressive jpeg, frame and tables',
    Buffer.concat([
      jpegStart,
      jpegFrame(0xc2, 200, 200),
      jpegTables(0x11),
      jpegScan(0, 0, 0, Buffer.alloc(0)),
    ]),
  ],
  ['jpeg', Buffer.from([0xff, 0xd8, 0xff])],
  ['jpeg, APP0', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0])],
  [
    'jpeg, APP1',
    Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe1, 0x40, 0]), Buffer.from('Exif\0\0MM\0*', 'latin1')]),
  ],
  ['png', pngStart],
  ['png, header', Buffer.concat([pngStart, pngHeader(200, 200)])],
  ['webp VP8', Buffer.from('RIFF\x00\x10\x00\x00WEBPVP8 \xf0\x0f\x00\x00', 'latin1')],
  [
    'webp VP8, frame',
    webp(['VP8 ', Buffer.from([0x10, 0x42, 0, 0x9d, 1, 0x2a, 200, 0, 200, 0])]).subarray(0, 30),
  ],
  ['webp VP8L', Buffer.from('RIFF\x00\x10\x00\x00WEBPVP8L\xf0\x0f\x00\x00\x2f', 'latin1')],
  ['webp VP8X', Buffer.from('RIFF\x00\x10\x00\x00WEBPVP8X\x0a\x00\x00\x00', 'latin1')],
  ['bmp', Buffer.from('BM')],
  [
    'bmp, 40-byte header',
    Buffer.from(
      'BM\x00\x10\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00\x20\x00\x00\x00\x20\x00\x00\x00',
      'latin1',
    ),
  ],
  ['gif', Buffer.from('GIF89a')],
  ['heif', Buffer.from('\0\0\0\x18ftypheic', 'latin1')],
  ['avif', Buffer.from('\0\0\0\x18ftypavif', 'latin1')],
  ['tiff', Buffer.from('II*\0')],
  ['pdf', Buffer.from('%PDF-1.7')],
  ['jpeg xl', Buffer.from([0xff, 0x0a])],
  ['svg', Buffer.from('<svg xmlns="')],
  ['nothing', Buffer.alloc(0)],
];

/** Random bytes behind each beginning. */
export function randomTails(seed: number, each: number): HostilePicture[] {
  const random = seeded(seed);
  return beginnings.flatMap(([name, start]) =>
    Array.from({ length: each }, (_, at) => {
      const tail = random.bytes(random.below(4000));
      return {
        name: `${name} and random bytes, ${seed}/${at}`,
        bytes: Buffer.concat([start, tail, at % 2 === 0 ? jpegEnd : Buffer.alloc(0)]),
      };
    }),
  );
}

/** Honest files with a few bytes changed, left out, doubled or moved. */
export function mutations(honest: ReadonlyMap<string, Buffer>, seed: number, each: number): HostilePicture[] {
  const random = seeded(seed);
  return [...honest].flatMap(([name, bytes]) =>
    Array.from({ length: each }, (_, at) => ({
      name: `${name} changed, ${seed}/${at}`,
      bytes: mutated(bytes, random),
    })),
  );
}

function mutated(bytes: Buffer, { below }: ReturnType<typeof seeded>): Buffer {
  let copy = Buffer.from(bytes);
  for (let left = 1 + below(8); left > 0; left--) {
    // Mostly near the beginning, where the headers are.
    const at = below(below(2) === 0 ? Math.min(200, copy.length) : copy.length);
    const length = below(20);
    switch (below(5)) {
      case 0:
        copy[at] = below(256);
        break;
      case 1:
        copy[at] = [0, 255, 127, 128][below(4)] ?? 0;
        break;
      case 2:
        copy = Buffer.concat([copy.subarray(0, at), copy.subarray(at + length)]);
        break;
      case 3:
        copy = Buffer.concat([copy.subarray(0, at), copy.subarray(at, at + length), copy.subarray(at)]);
        break;
      default:
        copy.fill(below(256), at, Math.min(copy.length, at + length));
    }
    if (copy.length === 0) return copy;
  }
  return copy;
}
