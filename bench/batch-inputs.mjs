/** What the batch benches judge: small pictures made by code, and lists and archives that repeat them as often as asked. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { Header } from 'tar';

const demo = join(
  dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')),
  'demo',
);

/** Always the same numbers from 0 to 1. */
function chances(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * Some dozens of pictures in `folder`: six group photos, cuts of one with a face (light, dark, soft, grey, turned, too close), plain
 * and noisy ones without, and files that are no picture. `which`: `all`; `tiny`, only cuts of 120 x 160; `refused`, only what is no usable
 * picture.
 */
export async function makePictures(folder, which = 'all') {
  await mkdir(folder, { recursive: true });
  const names = [];
  const save = async (name, bytes) => {
    names.push(name);
    await writeFile(join(folder, name), bytes);
  };
  const sample = await readFile(join(demo, 'sample4.jpg'));
  const portrait = await sharp(sample)
    .extract({ left: 870, top: 20, width: 480, height: 640 })
    .resize(...(which === 'tiny' ? [120, 160] : [180, 240]))
    .png()
    .toBuffer();
  const makers = [
    (p) => p,
    (p) => p.flop(),
    (p) => p.linear(1.2, 0),
    (p) => p.linear(0.7, 0),
    (p) => p.blur(1.2),
    (p) => p.greyscale(),
    (p) => p.rotate(3),
    (p) => p.extract({ left: 20, top: 30, width: 95, height: 125 }),
  ];
  const random = chances(7);
  for (const [i, make] of which === 'refused' ? [] : makers.entries()) {
    for (const quality of [95, 85, 70, 50]) {
      await save(`face-${i}-${quality}.jpg`, await make(sharp(portrait)).jpeg({ quality }).toBuffer());
    }
  }
  if (which === 'tiny') return names;
  for (let i = 1; which === 'all' && i <= 6; i++)
    await save(`group-${i}.jpg`, await readFile(join(demo, `sample${i}.jpg`)));
  for (let i = 0; which === 'all' && i < 8; i++) {
    const background = { r: Math.floor(random() * 256), g: Math.floor(random() * 256), b: 90 };
    const plain = sharp({ create: { width: 120 + 10 * i, height: 160, channels: 3, background } });
    await save(`plain-${i}.png`, await plain.png().toBuffer());
    const noise = Buffer.from(Array.from({ length: 96 * 128 * 3 }, () => Math.floor(random() * 256)));
    const raw = { width: 96, height: 128, channels: 3 };
    await save(`noise-${i}.webp`, await sharp(noise, { raw }).webp({ quality: 60 }).toBuffer());
  }
  for (let i = 0; i < 4; i++) await save(`no-picture-${i}.jpg`, Buffer.from(`no picture ${i}`));
  const cut = await sharp(portrait).jpeg({ quality: 85 }).toBuffer();
  for (let i = 1; i <= 4; i++) await save(`cut-${i}.jpg`, cut.subarray(0, 900 * i));
  return names;
}

/** Writes pieces as they come; waits where the disk is slower. */
async function writePieces(path, pieces) {
  const stream = createWriteStream(path, { highWaterMark: 1 << 20 });
  for (const piece of pieces) if (!stream.write(piece)) await once(stream, 'drain');
  stream.end();
  await once(stream, 'finish');
}

/** The row's picture: all of them in turn, in an order that changes from round to round. */
const nameOf = (names, i) => names[(i * 7 + Math.floor(i / names.length) * 3) % names.length];

function* listLines(kind, names, rows) {
  if (kind === 'csv') yield 'id,path,note\n';
  for (let i = 0; i < rows; i++) {
    const path = `pictures/${nameOf(names, i)}`;
    if (kind === 'csv') yield `${i},"${path}","row ${i}, made up"\n`;
    else yield `${JSON.stringify({ id: i, path })}\n`;
  }
}

const entryName = (names, i) => `day-${i % 365}/${i}-${nameOf(names, i)}`;

function* tarPieces(names, contents, rows) {
  for (let i = 0; i < rows; i++) {
    const content = contents.get(nameOf(names, i));
    const header = new Header({
      path: entryName(names, i),
      mode: 0o644,
      size: content.length,
      type: 'File',
      mtime: new Date(1.7e12),
    });
    header.encode();
    yield header.block;
    yield content;
    yield Buffer.alloc((512 - (content.length % 512)) % 512);
  }
  yield Buffer.alloc(1024);
}

/** Stored entries with a Zip64 directory (APPNOTE.TXT 4.3.14 to 4.3.16): more than 65 535 of them fit. */
function* zipPieces(names, contents, rows) {
  const sums = new Map([...contents].map(([name, content]) => [name, crc32(content)]));
  const directory = [];
  let at = 0;
  for (let i = 0; i < rows; i++) {
    const name = nameOf(names, i);
    const content = contents.get(name);
    const text = Buffer.from(entryName(names, i));
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(sums.get(name), 10);
    common.writeUInt32LE(content.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(text.length, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, tail, text]));
    yield Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, text]);
    yield content;
    at += 30 + text.length + content.length;
  }
  const size = directory.reduce((sum, entry) => sum + entry.length, 0);
  yield* directory;
  const end64 = Buffer.alloc(56);
  end64.write('PK\x06\x06', 'latin1');
  end64.writeBigUInt64LE(44n, 4);
  end64.writeUInt16LE(45, 12);
  end64.writeUInt16LE(45, 14);
  for (const offset of [24, 32]) end64.writeBigUInt64LE(BigInt(rows), offset);
  end64.writeBigUInt64LE(BigInt(size), 40);
  end64.writeBigUInt64LE(BigInt(at), 48);
  const locator = Buffer.alloc(20);
  locator.write('PK\x06\x07', 'latin1');
  locator.writeBigUInt64LE(BigInt(at + size), 8);
  locator.writeUInt32LE(1, 16);
  const end = Buffer.alloc(22, 0xff);
  end.write('PK\x05\x06\x00\x00\x00\x00', 'latin1');
  end.writeUInt16LE(0, 20);
  yield Buffer.concat([end64, locator, end]);
}

/** Makes the input; gives its path. `kind`: csv, ndjson, zip, tar. The pictures lie in `folder/pictures`. */
export async function makeInput(folder, kind, names, rows) {
  const path = join(folder, `input.${kind}`);
  if (kind === 'csv' || kind === 'ndjson') {
    await writePieces(path, listLines(kind, names, rows));
    return path;
  }
  const contents = new Map();
  for (const name of names) contents.set(name, await readFile(join(folder, 'pictures', name)));
  await writePieces(path, (kind === 'zip' ? zipPieces : tarPieces)(names, contents, rows));
  return path;
}
