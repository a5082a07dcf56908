import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { describeWhere } from '../../../test/support/only-where.ts';
import { s3OfTests, s3SettingsFor, whyNoS3 } from '../test-support/server.ts';
import type { S3Settings } from './settings.ts';
import { createObjectStore } from './store.ts';

const never = new AbortController().signal;

describeWhere(whyNoS3 === null, whyNoS3 ?? '')('S3-compatible storage on a real server', () => {
  const of = s3OfTests();
  const storeOf = (parts: Partial<S3Settings> = {}, maxBytes = 1000) =>
    createObjectStore(s3SettingsFor(of.server.url, parts), maxBytes);
  const keysOf = async (bucket: string, prefix: string) => {
    const found: string[] = [];
    for await (const { key } of storeOf().list({ bucket, key: prefix }, never)) found.push(key);
    return found;
  };

  it('reads objects, whatever their keys are written in', async () => {
    of.server.bucket('odd');
    const keys = [
      'a b.jpg',
      'ä/ü 照片.png',
      "it's (1)!*.jpg",
      '50%25+&=?#~.jpg',
      '<&>"\'.jpg',
      'emoji-😀.jpg',
    ];
    for (const key of keys) of.server.put('odd', key, `of ${key}`);
    for (const key of keys) {
      const bytes = await storeOf().read({ bucket: 'odd', key }, never);
      expect(Buffer.from(bytes).toString()).toBe(`of ${key}`);
    }
    expect((await keysOf('odd', '')).sort()).toEqual([...keys].sort());
    expect(await keysOf('odd', 'ä/')).toEqual(['ä/ü 照片.png']);
  });

  it('lists more objects than one page has', async () => {
    of.server.bucket('many');
    for (let i = 0; i < 2345; i++) of.server.put('many', `in/${String(i).padStart(5, '0')}.jpg`, 'x');
    of.server.put('many', 'other.jpg', 'x');
    const found = await keysOf('many', 'in/');
    expect(found).toHaveLength(2345);
    expect(new Set(found).size).toBe(2345);
    expect(await keysOf('many', 'nothing/')).toEqual([]);
  });

  it('says what is missing, too large or refused', async () => {
    of.server.bucket('few');
    of.server.put('few', 'large.jpg', Buffer.alloc(1001));
    of.server.put('few', 'empty.jpg', '');
    of.server.put('few', 'good.jpg', 'x');
    const read = (bucket: string, key: string, parts: Partial<S3Settings> = {}) =>
      storeOf(parts).read({ bucket, key }, never);
    await expect(read('few', 'gone.jpg')).rejects.toMatchObject({
      kind: 'download_refused',
      reason: 'http_404',
    });
    await expect(read('few', 'large.jpg')).rejects.toMatchObject({ reason: 'too_large' });
    await expect(read('few', 'empty.jpg')).rejects.toMatchObject({ reason: 'empty' });
    await expect(read('few', 'a/../good.jpg')).rejects.toMatchObject({ reason: 'bad_url' });
    await expect(read('nowhere', 'good.jpg')).rejects.toMatchObject({
      kind: 'storage_unavailable',
      reason: 's3_no_bucket',
      message: 'S3 has no bucket nowhere.',
    });
    for (const parts of [{ secretAccessKey: 'wrong' }, { accessKeyId: 'nobody' }]) {
      await expect(read('few', 'good.jpg', parts)).rejects.toMatchObject({
        kind: 'storage_unavailable',
        reason: 's3_refused',
        message: expect.stringMatching(
          /(SignatureDoesNotMatch|InvalidAccessKeyId|UserNotFound).*s3\.accessKeyId/,
        ),
      });
    }
    await expect(read('few', 'good.jpg', { accessKeyId: null, secretAccessKey: null })).rejects.toMatchObject(
      {
        reason: expect.stringMatching(/^(http_403|s3_refused)$/),
      },
    );
    const list = async (bucket: string, parts: Partial<S3Settings> = {}) => {
      for await (const _ of storeOf(parts).list({ bucket, key: '' }, never));
    };
    await expect(list('nowhere')).rejects.toMatchObject({ reason: 's3_no_bucket' });
    await expect(list('few', { secretAccessKey: 'wrong' })).rejects.toMatchObject({ reason: 's3_refused' });
  });

  it('writes files at once and in parts, with their mark, and leaves nothing of what was broken off', async () => {
    of.server.bucket('out');
    const folder = await mkdtemp(join(tmpdir(), 'livestill-s3-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'file');
    const store = storeOf();
    for (const size of [0, 10, 20 * 1024 * 1024 + 7]) {
      const content = Buffer.alloc(size, 'abcdefghi');
      await writeFile(file, content);
      const place = { bucket: 'out', key: `results/of ${size}.ndjson` };
      expect(await store.find(place, never)).toBeNull();
      await store.write(place, file, { contentType: 'application/x-ndjson', mark: 'b-1' }, never);
      expect(of.server.get('out', place.key).equals(content)).toBe(true);
      expect(await store.find(place, never)).toEqual({ bytes: size, mark: 'b-1' });
    }
    const control = new AbortController();
    const broken = store.write(
      { bucket: 'out', key: 'broken' },
      file,
      { contentType: 'a/b', mark: 'b' },
      control.signal,
    );
    setTimeout(() => control.abort(new Error('stopped')), 20);
    await expect(broken).rejects.toThrow('stopped');
    expect(await store.find({ bucket: 'out', key: 'broken' }, never)).toBeNull();
    await expect(
      store.write({ bucket: 'nowhere', key: 'a' }, file, { contentType: 'a/b', mark: 'b' }, never),
    ).rejects.toMatchObject({ reason: 's3_no_bucket' });
  });

  it('takes keys from a file, and again when it changed', async () => {
    of.server.bucket('file');
    of.server.put('file', 'a.jpg', 'x');
    const folder = await mkdtemp(join(tmpdir(), 'livestill-s3-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const credentialsFile = join(folder, 'credentials');
    const write = (secret: string) =>
      writeFile(
        credentialsFile,
        `# keys\n[other]\naws_access_key_id = x\n[default]\naws_access_key_id = tested\naws_secret_access_key=${secret}\n`,
      );
    await write('wrong');
    const store = storeOf({ accessKeyId: null, secretAccessKey: null, credentialsFile });
    const place = { bucket: 'file', key: 'a.jpg' };
    await expect(store.read(place, never)).rejects.toMatchObject({ reason: 's3_refused' });
    await write('secret of the tests');
    expect(Buffer.from(await store.read(place, never)).toString()).toBe('x');
    await rm(credentialsFile);
    await expect(store.read(place, never)).rejects.toMatchObject({
      kind: 'storage_unavailable',
      message: expect.stringContaining(credentialsFile),
    });
  });
});
