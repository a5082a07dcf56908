import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { groupPhoto } from '../../../test/support/pictures.ts';
import { registerScore } from './score.ts';

let folder: string;
let portrait: string;
let out = '';
let err = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livestill-score-'));
  portrait = join(folder, 'portrait.jpg');
  await sharp(await groupPhoto('sample4.jpg'))
    .extract({ left: 870, top: 20, width: 480, height: 640 })
    .jpeg({ quality: 95 })
    .toFile(portrait);
  await mkdir(join(folder, 'door', 'b'), { recursive: true });
  await sharp(portrait)
    .png()
    .toFile(join(folder, 'door', 'a.png'));
  await sharp({ create: { width: 200, height: 200, channels: 3, background: 'gray' } })
    .webp()
    .toFile(join(folder, 'door', 'b', 'wall.webp'));
  await writeFile(join(folder, 'door', 'notes.txt'), 'no picture');
  await writeFile(join(folder, 'cut.jpg'), (await sharp(portrait).jpeg().toBuffer()).subarray(0, 9000));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

beforeEach(() => {
  out = '';
  err = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += String(text);
    return true;
  });
  process.exitCode = undefined;
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.exitCode = undefined;
});

async function run(...args: string[]): Promise<number> {
  const program = new Command().exitOverride().configureOutput({
    writeOut: (text) => {
      out += text;
    },
    writeErr: (text) => {
      err += text;
    },
  });
  registerScore(program);
  await program.parseAsync(['score', '--profile', 'fast', ...args], { from: 'user' });
  return (process.exitCode as number | undefined) ?? 0;
}
const lines = () =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('livestill score', () => {
  it('judges several stills together, after each of them', async () => {
    expect(await run('--together', portrait, portrait)).toBe(0);
    expect(out).toMatch(/\ntogether: \S.*, score \d+, 2 of 2 stills took part; .*STILLS_IDENTICAL/);
    await expect(run('--together', portrait)).rejects.toThrow('--together takes 2 to 5 stills');
  });

  it('prints one JSON line a picture in the order given, and goes on after failures', async () => {
    const missing = join(folder, 'missing.jpg');
    const status = await run('--json', join(folder, 'cut.jpg'), portrait, missing, join(folder, 'door'));
    expect(status).toBe(1);
    expect(lines().map((l) => [l.file, l.code, l.verdict])).toEqual([
      [join(folder, 'cut.jpg'), -4016, null],
      [portrait, 0, 'live'],
      [missing, -5805, null],
      [join(folder, 'door', 'a.png'), 0, 'live'],
      [join(folder, 'door', 'b', 'wall.webp'), -4015, 'no_face'],
    ]);
    const [cut, judged, absent] = lines();
    expect(cut).toMatchObject({ score: null, reason: 'truncated' });
    expect(cut.message).toMatch(/^the jpeg is cut off/);
    expect(absent.message).toBe('cannot be read: there is no such file');
    expect(Object.keys(judged).slice(0, 3)).toEqual(['file', 'code', 'message']);
    expect(judged).toMatchObject({ message: 'OK', threshold: 87, faceCount: 1 });
    expect(judged.score).toBeGreaterThan(87);
  });

  it('shows people an aligned table and a summary, without colour where nobody sees it', async () => {
    expect(await run(portrait, join(folder, 'door', 'a.png'))).toBe(0);
    const [head, first, second] = out.split('\n');
    expect(first.indexOf('  live  ') + 2).toBe(head.indexOf('VERDICT'));
    expect(second.indexOf('  live  ') + 2).toBe(head.indexOf('VERDICT'));
    expect(out).toContain('2 pictures: 2 live');
    expect(out).not.toContain('\x1b');
  });

  it('colours verdicts when asked to', async () => {
    vi.stubEnv('FORCE_COLOR', '1');
    vi.stubEnv('NO_COLOR', '');
    await run(portrait, join(folder, 'cut.jpg'));
    expect(out).toContain('\x1b[32mlive');
    expect(out).toContain('1 live, 1 failed');
  });

  it('asks for what a capture preset asks for', async () => {
    await run('--json', '--capture', 'strict', portrait);
    expect(lines()[0]).toMatchObject({ verdict: 'poor_quality', score: null, capture: 'strict' });
  });

  it('moves the threshold', async () => {
    await run('--json', '--threshold', '100', portrait);
    expect(lines()[0]).toMatchObject({ verdict: 'attack', threshold: 100 });
  });

  it('judges standard input', async () => {
    const bytes = await sharp(portrait).jpeg().toBuffer();
    vi.spyOn(process, 'stdin', 'get').mockReturnValue(
      (async function* () {
        yield bytes.subarray(0, 100);
        yield bytes.subarray(100);
      })() as never,
    );
    expect(await run('--json', '-')).toBe(0);
    expect(lines()[0]).toMatchObject({ file: '-', verdict: 'live' });
  });

  it('draws what it saw, also where it found no face, under names that do not collide', async () => {
    const explain = join(folder, 'why');
    await run('--json', '--explain', explain, portrait, portrait, join(folder, 'door', 'b', 'wall.webp'));
    const names = ['portrait-2.explain.jpg', 'portrait.explain.jpg', 'wall.explain.jpg'];
    expect((await readdir(explain)).sort()).toEqual(names);
    const { width, height } = await sharp(join(explain, names[1])).metadata();
    expect(width).toBe(720 + 460);
    expect(height).toBeGreaterThanOrEqual(960);
    // The face box is drawn in green over the photo.
    const { data, info } = await sharp(join(explain, names[1])).raw().toBuffer({ resolveWithObject: true });
    let green = 0;
    for (let i = 0; i < data.length; i += info.channels) {
      if (data[i] < 110 && data[i + 1] > 190 && data[i + 2] < 160) green++;
    }
    expect(green).toBeGreaterThan(1500);
  });

  it('has no score for a picture that was not judged, and the raw one beside it', async () => {
    const blurred = join(folder, 'blurred.jpg');
    await sharp(portrait).blur(4).jpeg().toFile(blurred);
    await run('--json', blurred, portrait, join(folder, 'door', 'b', 'wall.webp'));
    const [poor, good, none] = lines();
    expect(poor).toMatchObject({ verdict: 'poor_quality', score: null, rawScore: expect.any(Number) });
    expect(good.rawScore).toBe(good.score);
    expect(none).toMatchObject({ verdict: 'no_face', score: null, rawScore: null });
    out = '';
    await run(blurred);
    const [head, row] = out.split('\n');
    const cell = (title: string) =>
      row
        .slice(0, head.indexOf(title) + title.length)
        .split(' ')
        .at(-1);
    expect([cell('SCORE'), cell('RAW'), cell('P(LIVE)')]).toEqual(['-', String(poor.rawScore), '-']);
  });

  it('marks what the networks do not back, and counts it', async () => {
    await run('--threshold', '100', '--json', portrait);
    const reasons = expect.arrayContaining([expect.objectContaining({ code: 'UNCERTAIN' })]);
    expect(lines()[0]).toMatchObject({ verdict: 'attack', review: true, reasons });
    out = '';
    await run('--threshold', '100', portrait, join(folder, 'door', 'b', 'wall.webp'));
    expect(out).toMatch(/portrait\.jpg +attack, review +\d+ /);
    expect(out).toContain('2 pictures: 1 attack, 1 no_face, 1 failed; 1 of them for review');
  });

  it('judges a folder by content, and names what it leaves out', async () => {
    const mixed = join(folder, 'mixed');
    await mkdir(mixed);
    await copyFile(portrait, join(mixed, 'upload'));
    await writeFile(join(mixed, 'a.heic'), '\0\0\0\x18ftypheic');
    await writeFile(join(mixed, 'notes.txt'), 'no picture');
    expect(await run('--json', mixed)).toBe(1);
    expect(lines().map((l) => [l.file, l.code])).toEqual([
      [join(mixed, 'a.heic'), -4016],
      [join(mixed, 'upload'), 0],
    ]);
    expect(err).toBe(`livestill: 1 left out, no pictures: ${join(mixed, 'notes.txt')}\n`);
  });

  it('waits for no pipe and reads no endless file', async () => {
    const odd = join(folder, 'odd');
    await mkdir(odd);
    execFileSync('mkfifo', [join(odd, 'pipe.jpg')]);
    await symlink('/dev/zero', join(odd, 'zero.jpg'));
    expect(await run('--json', odd, join(odd, 'zero.jpg'), join(odd, 'pipe.jpg'))).toBe(1);
    expect(lines().map((l) => l.code)).toEqual([-5805, -5805, -5805, -5805]);
    expect(lines()[0].message).toBe('cannot be read: it is a named pipe, and no regular file');
    out = '';
    vi.spyOn(process, 'stdin', 'get').mockReturnValue(
      (async function* () {
        for (;;) yield Buffer.alloc(1 << 20);
      })() as never,
    );
    expect(await run('--json', '-')).toBe(1);
    expect(lines()[0]).toMatchObject({ code: -4016, reason: 'too_large' });
  });

  it('draws pictures whatever their names, and over none that lies there', async () => {
    const explain = join(folder, 'odd-names');
    await mkdir(explain);
    const names = [
      'ctl\u001b[31m\n\u0001.jpg',
      `${'n'.repeat(250)}.jpg`,
      'a\ufffe<&>.jpg',
      'p-2.jpg',
      'p.jpg',
    ];
    const paths = names.map((name) => join(explain, '..', name));
    for (const path of paths) await copyFile(portrait, path);
    await writeFile(join(explain, 'p.explain.jpg'), 'of an earlier run');
    expect(await run('--json', '--explain', explain, ...paths, paths[4])).toBe(0);
    expect(await readFile(join(explain, 'p.explain.jpg'), 'utf8')).toBe('of an earlier run');
    expect((await readdir(explain)).sort()).toEqual(
      [
        'a\ufffe<&>.explain.jpg',
        'ctl_[31m__.explain.jpg',
        `${'n'.repeat(200)}.explain.jpg`,
        'p-2.explain.jpg',
        'p-3.explain.jpg',
        'p-4.explain.jpg',
        'p.explain.jpg',
      ].sort(),
    );
  });

  it('ends where the folder for explanations cannot be made', async () => {
    await expect(run('--explain', '/proc/x', portrait)).rejects.toThrow(
      /--explain: the folder .* cannot be made/,
    );
  });

  it('says so when a folder holds no pictures', async () => {
    const empty = join(folder, 'empty');
    await mkdir(empty, { recursive: true });
    expect(await run(empty)).toBe(1);
    expect(err).toContain('no pictures there');
  });

  it.each([
    [['--threshold', '101', 'x.jpg'], /Expected a number from 0 to 100/],
    [['--treshold', '90', 'x.jpg'], /Did you mean --threshold/],
    [['--profile', 'quick', 'x.jpg'], /careful, fast/],
    [[], /missing required argument/],
  ])('refuses wrong use %j and says what is wrong', async (args, message) => {
    await expect(run(...args)).rejects.toBeInstanceOf(CommanderError);
    expect(err).toMatch(message);
  });
});
