import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AccountAdmin } from '../../account/types.ts';
import { loadConfig } from '../../config/load.ts';
import { makeFirstApp } from './first-app.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livestill-first-app-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const accountsThat = (createApp: () => Promise<never>) => ({ createApp }) as unknown as AccountAdmin;
const base = 'http://127.0.0.1:8787';

describe('the first app', () => {
  it('is not made where its keys can be left nowhere', async () => {
    let asked = 0;
    const accounts = accountsThat(async () => {
      asked++;
      throw new Error('never');
    });
    const config = loadConfig({ overrides: { dataDir: join(folder, 'missing') } });
    await expect(makeFirstApp(config, accounts, base, 'file')).rejects.toThrow(
      /first-app-\d+\.txt \(ENOENT\): make the data folder writable, or start with --no-first-app/,
    );
    expect(asked).toBe(0);
  });

  it('leaves no file with keys when it could not be kept', async () => {
    const accounts = accountsThat(async () => {
      throw new Error('store gone');
    });
    const config = loadConfig({ overrides: { dataDir: folder } });
    await expect(makeFirstApp(config, accounts, base, 'file')).rejects.toThrow('store gone');
    expect(await readdir(folder)).toEqual([]);
  });
});
