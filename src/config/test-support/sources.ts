import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { ConfigError, type ConfigSources, loadConfig } from '../load.ts';

/** A folder that is removed after the tests of the file, and what makes configuration files in it. */
export function configFiles(): { readonly folder: string; fileWith(content: unknown): string } {
  const folder = mkdtempSync(join(tmpdir(), 'livestill-config-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let files = 0;
  const fileWith = (content: unknown) => {
    files += 1;
    const path = join(folder, `${files}.json`);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };
  return { folder, fileWith };
}

/** What is wrong with a configuration, one line a setting; nothing where it can be used. */
export function problems(sources: ConfigSources): readonly string[] {
  try {
    loadConfig(sources);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
