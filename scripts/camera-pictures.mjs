// Takes pictures of every state of the camera component: English and Chinese, light and dark, wide, on a phone, on a phone that lies, in a
// small frame, and with forced colours. Each look is also put together on one sheet, sheet-LOOK.png.
//   npm run -s build && node scripts/camera-pictures.mjs FOLDER
// The states are those that test/browser/camera-looks.test.ts walks through; this runs it with a folder. Needs Chromium (Debian: chromium).
import { spawnSync } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const root = fileURLToPath(new URL('..', import.meta.url));
const TILE = { width: 270, height: 360 };
const GAP = 6;
const COLUMNS = 9;
/** Of a file's name: the state before it, and the look. */
const NAME = /^(?!sheet-)(.+?)-((?:en|zh)-(?:light|dark)-\w+(?:-forced)?)\.png$/;

/** Writes all states of one look into one picture. */
async function writeSheet(folder, look, names) {
  const tiles = await Promise.all(
    names.map(async (name, at) => ({
      input: await sharp(join(folder, name))
        .resize({ ...TILE, fit: 'contain', background: '#888' })
        .toBuffer(),
      left: GAP + (at % COLUMNS) * (TILE.width + GAP),
      top: GAP + Math.floor(at / COLUMNS) * (TILE.height + GAP),
    })),
  );
  const rows = Math.ceil(names.length / COLUMNS);
  const size = { width: GAP + COLUMNS * (TILE.width + GAP), height: GAP + rows * (TILE.height + GAP) };
  const sheet = sharp({ create: { ...size, channels: 3, background: '#888' } }).composite(tiles);
  await sheet.png().toFile(join(folder, `sheet-${look}.png`));
}

const [given] = process.argv.slice(2);
if (given === undefined) {
  console.error('expected a folder for the pictures');
  process.exit(2);
}
const folder = resolve(given);
await mkdir(folder, { recursive: true });
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const { status } = spawnSync(process.execPath, [vitest, 'run', 'test/browser/camera-looks.test.ts'], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, LIVESTILL_SCREENSHOTS: folder },
});
const looks = new Map();
for (const name of (await readdir(folder)).sort()) {
  const look = NAME.exec(name)?.[2];
  if (look !== undefined) looks.set(look, [...(looks.get(look) ?? []), name]);
}
for (const [look, names] of looks) await writeSheet(folder, look, names);
console.log(`${[...looks.values()].flat().length} pictures, ${looks.size} sheets: ${folder}`);
process.exitCode = status ?? 1;
