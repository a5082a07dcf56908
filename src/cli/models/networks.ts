import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CARDS_DIR, readBuiltInCards } from '../../liveness/built-in.ts';
import type { NetworkCard, Provenance } from '../../liveness/pack.ts';
import { readModelPack } from '../../liveness/pack-card.ts';
import { PROFILES } from '../../liveness/profiles.ts';
import type { Profile } from '../../liveness/types.ts';
import {
  hashFile,
  loadLock,
  verifyWeights,
  type WeightEntry,
  type WeightsLock,
} from '../../weights/index.ts';

/** Everything that lock, card and disk say of a network. */
export interface Network extends Partial<Omit<WeightEntry, 'name'>>, Provenance {
  readonly name: string;
  readonly role: NetworkCard['role'] | null;
  readonly profiles: readonly Profile[];
  readonly path: string;
  readonly status: string;
}

const NOTHING: Provenance = {
  licence: null,
  licenceFile: null,
  attribution: null,
  origin: null,
  unknowns: null,
};

/** What a card says for people: where the network comes from, and which profiles it takes part in. */
function facts(card: NetworkCard | undefined) {
  if (card === undefined) return { ...NOTHING, role: null, profiles: [] };
  const { role, licence, licenceFile, attribution, origin, unknowns } = card;
  const profiles = PROFILES.filter((name) => card.role === 'detector' || card.profiles[name] !== undefined);
  return { role, licence, licenceFile, attribution, origin, unknowns, profiles };
}

/**
 * The networks of the lock with their cards, and those of packs.
 *
 * @param dir the folder of the weights
 * @throws {WeightsError} when a weight file is missing or another one
 * @throws {ModelError} when a card cannot be used
 */
export async function listNetworks(
  dir: string,
  lock?: WeightsLock,
  packs: readonly string[] = [],
): Promise<readonly Network[]> {
  const { weights } = lock ?? (await loadLock());
  const cards = new Map((await readBuiltInCards()).map((card) => [card.name, card]));
  const reports = new Map((await verifyWeights(dir, lock)).map((report) => [report.name, report]));
  const builtIn = weights.map((entry) => {
    const { path = '', status = 'missing' } = reports.get(entry.name) ?? {};
    return { ...entry, ...facts(cards.get(entry.name)), path, status };
  });
  const added = packs.map(async (folder): Promise<Network> => {
    const { card, file } = await readModelPack(folder);
    const sha256 = await hashFile(file).catch(() => undefined);
    const status = sha256 === undefined ? 'missing' : 'ok';
    return {
      name: card.name,
      ...facts(card),
      path: file,
      status,
      ...(sha256 === undefined ? {} : { sha256 }),
    };
  });
  return [...builtIn, ...(await Promise.all(added))];
}

/**
 * The networks' licences with their attributions, and the texts that they name, each once.
 * @throws {ModelError} when a card cannot be used
 */
export async function networkLicences(packs: readonly string[] = []) {
  const added = await Promise.all(packs.map(async (folder) => (await readModelPack(folder)).card));
  const cards = [...(await readBuiltInCards()), ...added];
  const networks = cards.map(({ name, licence, licenceFile, attribution }) => ({
    name,
    licence,
    licenceFile,
    attribution,
  }));
  const files = new Set((await readBuiltInCards()).flatMap(({ licenceFile }) => licenceFile ?? []));
  const texts = [...files].sort().map(async (file) => ({
    file,
    text: await readFile(join(CARDS_DIR, 'licences', file), 'utf8'),
  }));
  return { networks, texts: await Promise.all(texts) };
}
