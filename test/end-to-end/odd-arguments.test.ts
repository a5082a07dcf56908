import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { itWhere } from '../support/only-where.ts';
import { groupPhoto } from '../support/pictures.ts';

const bin = fileURLToPath(new URL('../../bin/livestill.js', import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livestill-arguments-'));
  const portrait = sharp(await groupPhoto('sample4.jpg')).extract({
    left: 870,
    top: 20,
    width: 480,
    height: 640,
  });
  const live = await portrait.clone().jpeg().toBuffer();
  const wall = await sharp({ create: { width: 200, height: 200, channels: 3, background: 'gray' } })
    .png()
    .toBuffer();
  const at = (...bytes: number[]) =>
    Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(bytes), Buffer.from('.jpg')]);
  await writeFile(at(0xd5, 0xc5), live);
  await writeFile(at(0xc0, 0xee), wall);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What a shell's command line gives, in that folder. */
function shell(command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', command.replaceAll('livestill', `"${process.execPath}" "${bin}"`)], {
      cwd: folder,
    });
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += String(chunk);
    });
    child.once('error', reject);
    child.once('close', () => resolve(out));
  });
}

describe('arguments of the command line', () => {
  itWhere(process.platform === 'linux', 'needs Linux')(
    'name files whose names are no UTF-8, those that look the same too',
    async () => {
      const lines = (await shell('livestill score --profile fast --json *.jpg ./*.jpg')).trim().split('\n');
      const found = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(found.map(({ file, verdict }) => [file, verdict])).toEqual([
        ['\\xC0\\xEE.jpg', 'no_face'],
        ['\\xD5\\xC5.jpg', 'live'],
        ['./\\xC0\\xEE.jpg', 'no_face'],
        ['./\\xD5\\xC5.jpg', 'live'],
      ]);
    },
    60_000,
  );
});
