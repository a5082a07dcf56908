import sharp, { type Sharp } from 'sharp';
import { surveyJpeg } from '../../../src/picture/decode/jpeg/survey.ts';
import type { HostilePicture } from './hostile-pictures.ts';
import { withRestarts } from './jpeg-restarts.ts';
import { seeded } from './seeded.ts';

/** A drawn scene with edges, flat areas and grain, so that blocks of all kinds are in it. */
export function scene(width: number, height: number, seed: number): Sharp {
  const { below } = seeded(seed);
  const data = Buffer.alloc(width * height * 3);
  const [cx, cy, r] = [width * (0.3 + below(40) / 100), height * (0.3 + below(40) / 100), width / 4];
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      const inside = Math.hypot(x - cx, y - cy) < r;
      const grain = y > height * 0.85 ? 0 : below(24);
      data[at] = inside ? 190 + grain : 60 + (x * 90) / width + grain;
      data[at + 1] = inside ? 140 + grain : 70 + (y * 90) / height + grain;
      data[at + 2] = inside ? 115 + grain : 110 + grain;
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** Whole JPEGs as encoders write them: kinds of scans, tables, subsampling, restart intervals, one to four components. */
export async function wholeJpegs(
  seed: number,
  width = 232,
  height = 168,
): Promise<ReadonlyMap<string, Buffer>> {
  const of = () => scene(width, height, seed);
  const plain = { quality: 80, optimiseCoding: false } as const;
  const baseline = await of().jpeg(plain).toBuffer();
  return new Map([
    ['baseline', baseline],
    ['optimised', await of().jpeg({ quality: 90 }).toBuffer()],
    [
      '4:4:4',
      await of()
        .jpeg({ ...plain, chromaSubsampling: '4:4:4' })
        .toBuffer(),
    ],
    ['progressive', await of().jpeg({ quality: 85, progressive: true }).toBuffer()],
    ['mozjpeg', await of().jpeg({ quality: 75, mozjpeg: true }).toBuffer()],
    ['restarts every row', withRestarts(baseline, Math.ceil(width / 16))],
    ['restarts every 4 units', withRestarts(baseline, 4)],
    ['grey', await of().toColourspace('b-w').jpeg(plain).toBuffer()],
    ['cmyk', await of().toColourspace('cmyk').jpeg({ quality: 80 }).toBuffer()],
  ]);
}

/** Where a JPEG's entropy-coded data begins (its first scan's) and where the data ends, in front of the end marker. */
function dataOf(jpeg: Buffer): { readonly from: number; readonly to: number } {
  const sos = jpeg.indexOf(Buffer.from([0xff, 0xda]));
  return { from: sos + 2 + jpeg.readUInt16BE(sos + 2), to: surveyJpeg(jpeg, 100).end - 2 };
}

const end = Buffer.from([0xff, 0xd9]);
type Spoil = (jpeg: Buffer, at: number, size: number, to: number) => Buffer;

/** What cameras with short buffers, lost chunks and bad memory do. `at`: a place in the data; `size`: bytes. */
const KINDS: readonly [string, Spoil][] = [
  ['cut, end marker behind', (jpeg, at) => Buffer.concat([jpeg.subarray(0, at), end])],
  ['cut without end marker', (jpeg, at) => jpeg.subarray(0, at)],
  [
    'cut and filled with zeros, end marker behind',
    (jpeg, at, _, to) => Buffer.concat([jpeg.subarray(0, at), Buffer.alloc(to - at), end]),
  ],
  [
    'cut and filled with zeros, no end marker',
    (jpeg, at) => Buffer.concat([jpeg.subarray(0, at), Buffer.alloc(jpeg.length - at)]),
  ],
  [
    'cut and filled with 0xff',
    (jpeg, at, _, to) => Buffer.concat([jpeg.subarray(0, at), Buffer.alloc(to - at, 255), end]),
  ],
  [
    'chunk lost',
    (jpeg, at, size, to) => Buffer.concat([jpeg.subarray(0, at), jpeg.subarray(Math.min(to, at + size))]),
  ],
  ['hole of zeros', (jpeg, at, size, to) => Buffer.from(jpeg).fill(0, at, Math.min(to, at + size))],
  ['hole of 0x55', (jpeg, at, size, to) => Buffer.from(jpeg).fill(0x55, at, Math.min(to, at + size))],
  [
    'chunk doubled',
    (jpeg, at, size, to) =>
      Buffer.concat([jpeg.subarray(0, at), jpeg.subarray(at, Math.min(to, at + size)), jpeg.subarray(at)]),
  ],
];

/** Every kind of damage at `places` places in several sizes, of each file. Places are taken from a seed. */
export function damagedJpegs(
  whole: ReadonlyMap<string, Buffer>,
  seed: number,
  places: number,
): HostilePicture[] {
  const { below } = seeded(seed);
  return [...whole].flatMap(([name, jpeg]) => {
    const { from, to } = dataOf(jpeg);
    return KINDS.flatMap(([kind, spoil]) =>
      Array.from({ length: places }, (_, i) => {
        const room = to - from;
        const size = Math.floor(room * [0.05, 0.1, 0.25, 0.5][i % 4]!);
        const most = kind.startsWith('cut') ? Math.floor(room * 0.95) : room - size;
        const at = from + below(Math.max(1, most));
        return {
          name: `${name}: ${kind} at ${at} of ${to}, ${size} bytes`,
          bytes: spoil(jpeg, at, size, to),
        };
      }),
    );
  });
}

const trailer = Buffer.concat([
  Buffer.from('\0\0\x01\x0a\x0e\0\0\0Image_UTC_Data1700000000000', 'latin1'),
  Buffer.from('\0\0\0\x18ftypmp42\0\0\0\0isommp42', 'latin1'),
  seeded(77).bytes(6000),
  Buffer.from('SEFHk\0\0\0SEFT', 'latin1'),
]);

/** Good pictures whose files are odd in ways that cameras and senders make: all must be decoded. */
export function oddJpegs(whole: ReadonlyMap<string, Buffer>, seed: number): HostilePicture[] {
  const { below, bytes } = seeded(seed);
  return [...whole].flatMap(([name, jpeg]) => {
    const { to } = dataOf(jpeg);
    const sos = jpeg.indexOf(Buffer.from([0xff, 0xda]));
    const body = jpeg.subarray(0, to);
    const noTables = withoutTables(jpeg);
    const header = Buffer.from(jpeg);
    header[sos + 2 + jpeg.readUInt16BE(sos + 2) - 2] = 0;
    // No zero and no 0xff, which would be a stuffed byte or a marker.
    const stray = (n: number) => Buffer.from(bytes(n).map((b) => (b % 254) + 1));
    const put = (at: number, piece: Buffer) =>
      Buffer.concat([jpeg.subarray(0, at), piece, jpeg.subarray(at)]);
    const odd: [string, Buffer][] = [
      ['as it is', jpeg],
      ['stray bytes in front of a scan', put(sos, stray(1 + below(60)))],
      ['fill bytes in front of a scan', put(sos, Buffer.alloc(1 + below(40), 255))],
      ['stray bytes in front of the end marker', put(to, stray(1 + below(16)))],
      ['zeros in front of the end marker', put(to, Buffer.alloc(1 + below(4000)))],
      ['fill bytes in front of the end marker', put(to, Buffer.alloc(1 + below(4000), 255))],
      ['no end marker, trailer', Buffer.concat([body, trailer])],
      ['no end marker, zeros', Buffer.concat([body, Buffer.alloc(1 + below(4000))])],
      ['trailer', Buffer.concat([jpeg, trailer])],
      ['comment in front of the scan', put(sos, Buffer.from('\xff\xfe\0\x06\xff\xd9\xff\xda', 'latin1'))],
    ];
    if (name === 'baseline' || name === '4:4:4') odd.push(['no Huffman tables', noTables]);
    if (!['progressive', 'mozjpeg'].includes(name)) odd.push(['scan header says 0 to 0', header]);
    return odd.map(([what, file]) => ({ name: `${name}: ${what}`, bytes: file }));
  });
}

/** The file without its Huffman tables, as frames of motion JPEG are. */
function withoutTables(jpeg: Buffer): Buffer {
  let left = jpeg;
  for (let at = left.indexOf('\xff\xc4', 0, 'latin1'); at >= 0; at = left.indexOf('\xff\xc4', at, 'latin1')) {
    if (at > left.indexOf('\xff\xda', 0, 'latin1')) break;
    left = Buffer.concat([left.subarray(0, at), left.subarray(at + 2 + left.readUInt16BE(at + 2))]);
  }
  return left;
}
