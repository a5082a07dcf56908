import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

const isCode = (error: unknown, code: string) => (error as NodeJS.ErrnoException).code === code;

/**
 * Makes a folder with all that are missing above it; one that is there is left as it is. The runtime's own
 * way of doing so turns for ever where the system says of a folder that is there that nothing can be made in
 * it since it is not there, as `/proc` does.
 *
 * @throws {Error} with the system's code when it cannot be made
 */
export async function makeFolder(path: string): Promise<void> {
  const missing: string[] = [];
  for (let at = resolve(path); ; at = dirname(at)) {
    try {
      const info = await stat(at);
      if (info.isDirectory()) break;
      throw Object.assign(new Error(`EEXIST: file already exists, mkdir '${at}'`), { code: 'EEXIST' });
    } catch (error) {
      if (!isCode(error, 'ENOENT') || at === dirname(at)) throw error;
      missing.push(at);
    }
  }
  for (const one of missing.reverse()) {
    try {
      await mkdir(one);
    } catch (error) {
      // Somebody else may have made it meanwhile.
      if (!isCode(error, 'EEXIST') || !(await stat(one)).isDirectory()) throw error;
    }
  }
}
