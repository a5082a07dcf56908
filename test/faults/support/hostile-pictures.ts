import { deflateSync, gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { heicFile } from '../../../src/picture/test-support/heic-files.ts';
import { asSharp, gradient } from '../../../src/picture/test-support/made.ts';
import {
  blankPng,
  bmp,
  chunk,
  jpegEnd,
  jpegFrame,
  jpegScan,
  jpegStart,
  jpegTables,
  manyScans,
  pngHeader,
  pngStart,
  segment,
  u32,
  webp,
} from './file-parts.ts';

/** One file made to do harm. */
export interface HostilePicture {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Honest small files of every format that is judged. */
export async function honestPictures(): Promise<ReadonlyMap<string, Buffer>> {
  const picture = gradient(160, 120);
  const grained = asSharp({ ...picture, data: picture.data.map((value, at) => value ^ ((at * 31) & 15)) });
  const rgb = await grained.clone().raw().toBuffer();
  const pixels = Buffer.alloc(160 * 120 * 3);
  for (let at = 0; at < pixels.length; at += 3)
    for (let c = 0; c < 3; c++) pixels[at + c] = rgb[at + 2 - c] ?? 0;
  return new Map([
    ['jpeg', await grained.clone().jpeg({ quality: 85 }).toBuffer()],
    [
      'progressive jpeg',
      await grained
        .clone()
        .jpeg({ progressive: true })
        .withExif({ IFD0: { Copyright: 'nobody' } })
        .toBuffer(),
    ],
    ['png', await grained.clone().png().toBuffer()],
    ['interlaced png', await grained.clone().png({ progressive: true }).toBuffer()],
    ['webp', await grained.clone().webp().toBuffer()],
    ['lossless webp', await grained.clone().webp({ lossless: true }).toBuffer()],
    ['bmp', Buffer.concat([bmp(160, 120, 24, 0), pixels])],
    ['avif', await grained.clone().avif({ effort: 2 }).toBuffer()],
    ['heic', heicFile('plain.heic')],
  ]);
}

/** Headers that promise more pixels than anybody has memory for, and files that unpack into far more than they are. */
export function bombs(): HostilePicture[] {
  const zeros = deflateSync(Buffer.alloc(64 * 1024 * 1024));
  const large = 65_500;
  const vp8x = (side: number) => {
    const less = side - 1;
    const three = [less & 255, (less >> 8) & 255, (less >> 16) & 255];
    return Buffer.from([0x10, 0, 0, 0, ...three, ...three]);
  };
  const vp8l = Buffer.from([0x2f, 0xff, 0xff, 0xff, 0x0f, ...Array<number>(20).fill(0)]);
  const vp8 = Buffer.concat([
    Buffer.from([0x10, 2, 0, 0x9d, 1, 0x2a, 0xff, 0x3f, 0xff, 0x3f]),
    Buffer.alloc(20),
  ]);
  const png = (width: number, height: number, ...data: Buffer[]) =>
    Buffer.concat([
      pngStart,
      pngHeader(width, height),
      ...data.map((each) => chunk('IDAT', each)),
      chunk('IEND', Buffer.alloc(0)),
    ]);
  const jpeg = (sof: number, components: number) =>
    Buffer.concat([
      jpegStart,
      jpegFrame(sof, large, large, components),
      jpegTables(0),
      jpegScan(0, sof === 0xc0 ? 63 : 0, 0, Buffer.alloc(8)),
      jpegEnd,
    ]);
  return [
    { name: 'png of 65 500 x 65 500', bytes: png(large, large, zeros) },
    { name: 'png of 2^31-1 x 1', bytes: png(0x7fffffff, 1, zeros) },
    { name: 'png of 1 x 2^32-1', bytes: png(1, 0xffffffff, zeros) },
    { name: 'png whose pixels go on for 64 MiB', bytes: png(16, 16, zeros) },
    { name: 'png of 22 million pixels, all there', bytes: png(6000, 3700, zeros) },
    { name: 'png of 40 million pixels, none there', bytes: png(6324, 6324, deflateSync(Buffer.alloc(10))) },
    {
      name: 'png of 16 bits and 65 500 x 65 500',
      bytes: Buffer.concat([
        pngStart,
        pngHeader(large, large, 16, 6, 1),
        chunk('IDAT', zeros),
        chunk('IEND', Buffer.alloc(0)),
      ]),
    },
    { name: 'jpeg of 65 500 x 65 500', bytes: jpeg(0xc0, 3) },
    { name: 'progressive jpeg of 65 500 x 65 500', bytes: jpeg(0xc2, 3) },
    { name: 'arithmetic jpeg of 65 500 x 65 500', bytes: jpeg(0xca, 1) },
    { name: 'jpeg with five components', bytes: jpeg(0xc0, 5) },
    { name: 'webp canvas of 65 500 x 65 500', bytes: webp(['VP8X', vp8x(large)], ['VP8L', vp8l]) },
    { name: 'webp canvas of 2^24', bytes: webp(['VP8X', vp8x(1 << 24)], ['VP8 ', vp8]) },
    { name: 'lossless webp of 16 384 x 16 384', bytes: webp(['VP8L', vp8l]) },
    { name: 'lossy webp of 16 383 x 16 383', bytes: webp(['VP8 ', vp8]) },
    { name: 'bmp of 65 500 x 65 500', bytes: bmp(large, large, 24, 100) },
    { name: 'bmp of 2^31-1 x 2^31-1', bytes: bmp(0x7fffffff, 0x7fffffff, 1, 100) },
    { name: 'bmp of -2^31 rows', bytes: bmp(1, -0x80000000, 24, 100) },
  ];
}

/** JPEGs that make the decoder pass over the same pixels again and again. */
export function scanFloods(): HostilePicture[] {
  const baseline = (scans: number) =>
    Buffer.concat([
      jpegStart,
      jpegFrame(0xc0, 4000, 4000),
      jpegTables(0),
      ...Array.from({ length: scans }, () => jpegScan(0, 63, 0, Buffer.alloc(4))),
      jpegEnd,
    ]);
  const arithmetic = (width: number, height: number, refined: number) =>
    Buffer.concat([
      jpegStart,
      segment(0xdb, Buffer.from([0, ...Array<number>(64).fill(1)])),
      jpegFrame(0xca, width, height, 1),
      jpegScan(0, 0, 0, Buffer.alloc(2)),
      ...Array.from({ length: refined }, (_, at) =>
        jpegScan(1 + at, at === refined - 1 ? 63 : 1 + at, 0, Buffer.alloc(2)),
      ),
      jpegEnd,
    ]);
  return [
    { name: 'progressive jpeg of 880 scans and 40 million pixels', bytes: manyScans(6320, 6320, 880) },
    { name: 'progressive jpeg of 65 scans', bytes: manyScans(640, 640, 65) },
    { name: 'progressive jpeg of 64 scans and 12 million pixels', bytes: manyScans(4000, 3000, 64) },
    { name: 'baseline jpeg of 100 000 scans', bytes: baseline(100_000) },
    { name: 'baseline jpeg of 60 scans', bytes: baseline(60) },
    // Codes that are all zeros may be left out: each scan is a header, and passes over every coefficient.
    { name: 'arithmetic jpeg of 13 scans and 40 million pixels', bytes: arithmetic(6320, 6320, 12) },
    { name: 'arithmetic jpeg of 10 scans', bytes: arithmetic(64, 64, 9) },
    { name: 'jpeg of fill bytes alone', bytes: Buffer.concat([jpegStart, Buffer.alloc(5_000_000, 0xff)]) },
    {
      name: 'jpeg with a million comments',
      bytes: Buffer.concat([
        jpegStart,
        ...Array<Buffer>(1_000_000).fill(segment(0xfe, Buffer.alloc(0))),
        jpegEnd,
      ]),
    },
    {
      name: 'jpeg with 50 000 tables',
      bytes: Buffer.concat([jpegStart, ...Array<Buffer>(50_000).fill(jpegTables(0)), jpegEnd]),
    },
  ];
}

/** One file in the clothes of another, or two at once. */
export async function disguises(honest: ReadonlyMap<string, Buffer>): Promise<HostilePicture[]> {
  const jpeg = honest.get('jpeg') as Buffer;
  const png = honest.get('png') as Buffer;
  const frame = (r: number) =>
    sharp({ create: { width: 32, height: 32, channels: 3, background: { r, g: 0, b: 0 } } })
      .png()
      .toBuffer();
  const frames = await Promise.all([1, 90, 200].map(frame));
  const animated = await sharp(frames, { join: { animated: true } })
    .webp({ loop: 0, delay: [9, 9, 9] })
    .toBuffer();
  const gif = await sharp(frames, { join: { animated: true } })
    .gif()
    .toBuffer();
  const avif = await sharp(frames[0]).avif({ effort: 0 }).toBuffer();
  const svg = (inside: string) => Buffer.from(`<?xml version="1.0"?>${inside}`);
  const lol = Array.from({ length: 9 }, (_, at) => `<!ENTITY l${at + 1} "${`&l${at};`.repeat(10)}">`).join(
    '',
  );
  const heif = Buffer.concat([u32(24), Buffer.from('ftypheic\0\0\0\0mif1heic', 'latin1'), Buffer.alloc(200)]);
  return [
    { name: 'animated webp', bytes: animated },
    { name: 'animated gif', bytes: gif },
    { name: 'avif', bytes: avif },
    { name: 'heif', bytes: heif },
    {
      name: 'svg',
      bytes: svg(
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>',
      ),
    },
    {
      name: 'svg that reads a file',
      bytes: svg('<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg><text>&x;</text></svg>'),
    },
    { name: 'svg that laughs', bytes: svg(`<!DOCTYPE svg [<!ENTITY l0 "lol">${lol}]><svg>&l9;</svg>`) },
    { name: 'svg in gzip', bytes: gzipSync(svg('<svg/>')) },
    {
      name: 'svg behind a jpeg mark',
      bytes: Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), svg('<svg/>')]),
    },
    { name: 'webp mark before a jpeg', bytes: webp(['VP8 ', jpeg]) },
    { name: 'png mark before a jpeg', bytes: Buffer.concat([pngStart, jpeg]) },
    {
      name: 'jpeg and zip',
      bytes: Buffer.concat([
        jpeg,
        Buffer.from('PK\x03\x04'),
        Buffer.alloc(500),
        Buffer.from('PK\x05\x06'),
        Buffer.alloc(18),
      ]),
    },
    { name: 'jpeg and another jpeg', bytes: Buffer.concat([jpeg, jpeg]) },
    {
      name: 'jpeg and php in a comment',
      bytes: Buffer.concat([
        jpegStart,
        segment(0xfe, Buffer.from('<?php system($_GET[0]); ?>')),
        jpeg.subarray(2),
      ]),
    },
    {
      name: 'png and html behind its end',
      bytes: Buffer.concat([png, Buffer.from('<script>alert(1)</script>')]),
    },
    { name: 'png with another png inside a chunk', bytes: blankPng(16, 16, chunk('prVt', png)) },
    { name: 'pdf with a jpeg', bytes: Buffer.concat([Buffer.from('%PDF-1.4\n'), jpeg]) },
    { name: 'gif that is a script', bytes: Buffer.from('GIF89a/*\0\0*/=1;alert(1)') },
    {
      name: 'bmp that is a script',
      bytes: Buffer.concat([Buffer.from('BM=1;/*'), Buffer.alloc(100), Buffer.from('*/alert(1)')]),
    },
    { name: 'a shell script', bytes: Buffer.from('#!/bin/sh\nexit 0\n') },
    {
      name: 'ImageMagick script',
      bytes: Buffer.from(
        'push graphic-context\nviewbox 0 0 9 9\nimage over 0,0 0,0 "url(http://127.0.0.1/)"',
      ),
    },
    { name: 'apng', bytes: blankPng(16, 16, chunk('acTL', Buffer.concat([u32(9), u32(0)]))) },
  ];
}

/** Sides of zero, and colours that do not fit. */
export async function oddities(): Promise<HostilePicture[]> {
  const none = (sof: number, width: number, height: number) =>
    Buffer.concat([
      jpegStart,
      jpegFrame(sof, width, height, 3),
      jpegTables(0),
      jpegScan(0, 63, 0, Buffer.alloc(8)),
      jpegEnd,
    ]);
  const cmyk = Buffer.from(
    await asSharp(gradient(64, 48)).toColourspace('cmyk').withIccProfile('cmyk').jpeg().toBuffer(),
  );
  const broken = (step: number) => {
    const copy = Buffer.from(cmyk);
    const start = copy.indexOf('ICC_PROFILE') + 14;
    for (let at = start; at < start + 4000; at += step) copy[at] = (at * 37) & 255;
    return copy;
  };
  const palette = (colours: number) =>
    Buffer.concat([
      pngStart,
      pngHeader(16, 16, 8, 3),
      chunk('PLTE', Buffer.alloc(colours * 3)),
      chunk('IDAT', deflateSync(Buffer.alloc(17 * 16, 200))),
      chunk('IEND', Buffer.alloc(0)),
    ]);
  return [
    ...[
      [0, 0],
      [0, 9],
      [9, 0],
    ].flatMap(([width = 0, height = 0]) => [
      { name: `png of ${width} x ${height}`, bytes: blankPng(width, height) },
      { name: `jpeg of ${width} x ${height}`, bytes: none(0xc0, width, height) },
      { name: `bmp of ${width} x ${height}`, bytes: bmp(width, height, 24, 0) },
    ]),
    { name: 'bmp of -1 x 9', bytes: bmp(-1, 9, 24, 100) },
    {
      name: 'webp of 0 x 0',
      bytes: webp(['VP8 ', Buffer.from([0x10, 2, 0, 0x9d, 1, 0x2a, 0, 0, 0, 0, 0, 0])]),
    },
    { name: 'webp without chunks', bytes: webp() },
    { name: 'cmyk jpeg', bytes: cmyk },
    ...[1, 7, 64, 997].map((step) => ({
      name: `cmyk jpeg, every ${step}th byte of its profile wrong`,
      bytes: broken(step),
    })),
    {
      name: 'cmyk jpeg with a profile for RGB',
      bytes: await asSharp(gradient(64, 48))
        .toColourspace('cmyk')
        .jpeg()
        .withMetadata({ icc: 'srgb' })
        .toBuffer(),
    },
    { name: 'png whose palette is empty', bytes: palette(0) },
    { name: 'png whose palette lacks its colours', bytes: palette(10) },
    { name: 'png with a palette of 300', bytes: palette(300) },
    { name: 'bmp whose pixels are not there', bytes: bmp(100, 100, 32, 10) },
    { name: 'bmp of 1 bit and 16 384 x 2 400', bytes: bmp(16_384, 2400, 1, (16_384 / 8) * 2400) },
  ];
}
