import { realpath } from 'node:fs/promises';
import { isAbsolute, join, sep } from 'node:path';
import { Fault } from '../faults.ts';
import { absolutePath, nameBytes, pathOf, pathText } from '../files/name.ts';
import { readPictureFile, unreadable } from '../picture/file.ts';
import type { Downloader } from '../picture/types.ts';
import { isS3 } from '../storage/place.ts';
import { readObject } from '../storage/read.ts';
import type { ObjectStore } from '../storage/types.ts';

/** Where the pictures of batches are had from. */
export interface PictureReader {
  /**
   * The bytes of a picture, in memory of their own.
   * @throws {Fault} `download_refused`, `file_unreadable`, `picture_too_large`; `storage_unavailable` where
   * the picture is not to blame
   * @throws {DOMException} AbortError when `signal` aborts
   */
  read(picture: string, app: string, signal: AbortSignal): Promise<Uint8Array>;
}

const IS_URL = /^https?:\/\//i;

/** Whether a picture is named by a url. */
export const isUrl = (picture: string): boolean => IS_URL.test(picture);

/** Whether a picture is had from another machine: by a url, or from S3-compatible storage. */
export const isRemote = (picture: string): boolean => isUrl(picture) || isS3(picture);

/**
 * Reads pictures below one folder, behind urls and in S3-compatible storage.
 * @param folder every path is one below it, links followed; null: there are none
 * @param objects null: there is no such storage
 */
export function createPictureReader(
  folder: string | null,
  downloader: Downloader,
  objects: ObjectStore | null = null,
): PictureReader {
  return {
    async read(picture, app, signal) {
      if (isS3(picture)) return readObject(objects, picture, signal);
      if (!isUrl(picture)) return readBelow(folder, picture, signal);
      if (!URL.canParse(picture)) throw new Fault('download_refused', 'bad_url', 'This is no url.');
      return downloader.download(new URL(picture), signal, { app });
    },
  };
}

async function readBelow(folder: string | null, picture: string, signal: AbortSignal): Promise<Uint8Array> {
  if (folder === null) {
    throw new Fault('file_unreadable', 'unreadable', 'there is no batch.picturesDir: only urls are read');
  }
  const bad = badPath(picture);
  if (bad !== null) throw new Fault('file_unreadable', 'bad_name', `the path is refused: ${bad}`);
  const path = absolutePath(folder, pathOf(nameBytes(picture)));
  try {
    const [root, real] = await Promise.all([realpath(folder, 'buffer'), realpath(path, 'buffer')]);
    const within = Buffer.concat([root, Buffer.from(root.at(-1) === sep.charCodeAt(0) ? '' : sep)]);
    if (!real.subarray(0, within.length).equals(within)) {
      throw new Fault('file_unreadable', 'bad_name', 'the path is refused: a link leads out of the folder');
    }
    return await readPictureFile(pathOf(real), signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw unreadable(error);
  }
}

/** Why a path is not one below the folder of pictures; null for a good one. */
export function badPath(picture: string): string | null {
  if (picture.includes('\0')) return 'it has a NUL character';
  if (isAbsolute(picture)) return 'it begins at the root';
  return picture.split(/[/\\]/).includes('..') ? 'it leads out of the folder with ".."' : null;
}

/** A folder's path as one below the folder of pictures; null where it is not. */
export async function belowPictures(root: string, folder: string): Promise<string | null> {
  const [whole, part] = await Promise.all([realpath(root), realpath(folder)]);
  if (whole === part) return '';
  const within = whole.endsWith(sep) ? whole : whole + sep;
  return part.startsWith(within) ? pathText(join(part.slice(within.length), '')) : null;
}
