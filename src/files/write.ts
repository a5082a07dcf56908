import { randomBytes } from 'node:crypto';
import { link, open, rename, rm, stat, writeFile } from 'node:fs/promises';

const isCode = (error: unknown, code: string) => (error as NodeJS.ErrnoException).code === code;

/**
 * Whether there is a file, or a folder, that writing would lose; a pipe or a device takes what is written.
 */
export async function isTaken(path: string): Promise<boolean> {
  try {
    const info = await stat(path);
    return info.isFile() || info.isDirectory();
  } catch (error) {
    if (isCode(error, 'ENOENT')) return false;
    throw error;
  }
}

/**
 * Writes a file that was not there, or into a pipe or device.
 * @throws {Error} with the system's code: `EEXIST` when the file is there
 */
export async function writeNew(path: string, content: string | Uint8Array): Promise<void> {
  const special = await stat(path).then(
    (info) => !info.isFile(),
    () => false,
  );
  await writeFile(path, content, { flag: special ? 'w' : 'wx' });
}

/**
 * Writes a file so that it is there whole or not at all; one that is there is replaced.
 * @param mode who may read it: `0o600`, this user alone
 */
export async function writeWhole(path: string, content: string | Uint8Array, mode?: number): Promise<void> {
  await throughTemporary(path, (temporary) => rename(temporary, path), content, mode);
}

/**
 * Gives a finished file its name, and leaves a file that has it alone.
 * @returns false where the name is taken; the finished file then lies where it did
 */
export async function renameNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    // File systems without links: two processes that give the same name at the same moment are not told apart
    // there.
    if (
      !['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(
        String((error as NodeJS.ErrnoException).code),
      )
    )
      throw error;
    if (await isTaken(to)) return false;
    await rename(from, to);
    return true;
  }
  await rm(from);
  return true;
}

/**
 * Writes a file so that it is there whole or not at all, and leaves one that is there alone.
 * @returns false where the name is taken; nothing is written then
 */
export async function writeWholeNew(path: string, content: string | Uint8Array): Promise<boolean> {
  return throughTemporary(path, (temporary) => renameNew(temporary, path), content);
}

async function throughTemporary<T>(
  path: string,
  finish: (temporary: string) => Promise<T>,
  content: string | Uint8Array,
  mode?: number,
): Promise<T> {
  const temporary = `${path}.${process.pid}-${randomBytes(3).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    return await finish(temporary);
  } finally {
    await rm(temporary, { force: true });
  }
}
