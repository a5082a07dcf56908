import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NetworkCard } from './pack.ts';
import { parseNetworkCard, readCardFile } from './pack-card.ts';

/** The folder that holds a folder with a card for each built-in network. */
export const CARDS_DIR: string = fileURLToPath(new URL('../../models/', import.meta.url));

/**
 * The cards of the built-in networks, by name in order of the alphabet. They belong to this version of
 * livestill; the weight files may lie elsewhere.
 *
 * @param dir default: the package's own `models/`
 * @throws {ModelError} when a card cannot be used
 */
export async function readBuiltInCards(dir: string = CARDS_DIR): Promise<readonly NetworkCard[]> {
  const entries = await readdir(dir, { withFileTypes: true });
  const files = entries.filter((e) => e.isDirectory()).map((e) => join(dir, e.name, 'card.json'));
  const there = await Promise.all(
    files.map((file) =>
      access(file).then(
        () => [file],
        () => [],
      ),
    ),
  );
  const found = there.flat().sort();
  return Promise.all(
    found.map(async (file) => {
      const { value, sha256 } = await readCardFile(file);
      return { ...parseNetworkCard(file, value), cardSha256: sha256 };
    }),
  );
}
