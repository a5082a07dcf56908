import { readBuiltInCards } from './built-in.ts';
import { type Classifier, loadClassifier } from './classify.ts';
import { loadBlazeFace } from './detect/blazeface.ts';
import { loadRfb } from './detect/rfb.ts';
import type { Models, ReadyProfile } from './judge.ts';
import { ModelError } from './model-error.ts';
import type { Network } from './network.ts';
import type { ClassifierCard, NetworkCard } from './pack.ts';
import { type ModelPack, readModelPack } from './pack-card.ts';
import { type Plans, planProfiles } from './plans.ts';
import type { ModelUsed, Profile } from './types.ts';

/** Names of the built-in detectors, whose outputs have code of their own. */
const BLAZE = 'blazeface-back-256';
const RFB = 'rfb-320';

/** Loaded models and how to let go of them. */
export interface LoadedModels extends Models {
  /** Names of the networks that each profile lacks that cannot be used. */
  readonly missing: ReadonlyMap<Profile, readonly string[]>;
  close(): Promise<void>;
}

async function readPacks(folders: readonly string[], taken: readonly string[]): Promise<ModelPack[]> {
  const names = new Set(taken);
  const packs: ModelPack[] = [];
  for (const folder of folders) {
    const pack = await readModelPack(folder);
    if (names.has(pack.card.name)) {
      throw new ModelError(
        folder,
        `a model named "${pack.card.name}" is loaded already; give the pack its own name`,
      );
    }
    names.add(pack.card.name);
    packs.push(pack);
  }
  return packs;
}

/** The hash of the card of a built-in network. */
function cardOf(cards: readonly NetworkCard[], name: string): Pick<ModelUsed, 'cardSha256'> {
  const hash = cards.find((card) => card.name === name)?.cardSha256;
  return hash === undefined ? {} : { cardSha256: hash };
}

/** The profiles with what they need at hand. */
function readyProfiles(
  { ready }: Plans,
  classifiers: ReadonlyMap<string, Classifier>,
  detectors: readonly ModelUsed[],
): ReadonlyMap<Profile, ReadyProfile> {
  return new Map(
    Array.from(ready, ([profile, plan]) => {
      const members = plan.cards.map((card) => classifiers.get(card.name)!);
      const used: ModelUsed[] = members.map(({ card, network }) => ({
        name: card.name,
        role: 'classifier',
        sha256: network.sha256,
        ...(card.cardSha256 === undefined ? {} : { cardSha256: card.cardSha256 }),
      }));
      return [profile, { ...plan, classifiers: members, used: [...detectors, ...used] }] as const;
    }),
  );
}

/**
 * Loads the built-in networks that are there and the operator's packs; each file's inputs and outputs are
 * checked.
 *
 * @param files paths of the built-in networks' files by name; one that is missing makes the profiles it takes
 * part in unusable
 * @param packs folders with `card.json` and an ONNX file.
 * @throws {ModelError} when a file or a card cannot be used, a detector is missing, or two models carry one
 * name
 */
export async function loadModels(
  files: ReadonlyMap<string, string>,
  packs: readonly string[] = [],
): Promise<LoadedModels> {
  const open: Network[] = [];
  const keep = <T extends Network>(network: T): T => {
    open.push(network);
    return network;
  };
  const close = async () => {
    await Promise.all(open.splice(0).map((network) => network.close()));
  };
  const detector = (name: string): string => {
    const file = files.get(name);
    if (file === undefined)
      throw new ModelError(name, 'the detector is missing; run `livestill models pull`');
    return file;
  };
  try {
    const cards = await readBuiltInCards();
    const builtIn = cards.filter((card): card is ClassifierCard => card.role === 'classifier');
    const added = await readPacks(
      packs,
      cards.map(({ name }) => name),
    );
    const plans = planProfiles(
      builtIn,
      added.map(({ card }) => card),
      new Set(files.keys()),
    );
    const blaze = keep(await loadBlazeFace(detector(BLAZE)));
    const rfb = keep(await loadRfb(detector(RFB)));
    const wanted = [
      ...builtIn.filter(({ name }) => files.has(name)).map((card) => ({ card, file: files.get(card.name)! })),
      ...added,
    ];
    const classifiers = new Map<string, Classifier>();
    for (const { card, file } of wanted) {
      const classifier = await loadClassifier(card, file);
      keep(classifier.network);
      classifiers.set(card.name, classifier);
    }
    const detectors: ModelUsed[] = [
      { name: BLAZE, role: 'detector', sha256: blaze.sha256, ...cardOf(cards, BLAZE) },
      { name: RFB, role: 'detector', sha256: rfb.sha256, ...cardOf(cards, RFB) },
    ];
    return {
      detectors: { blaze, rfb },
      profiles: readyProfiles(plans, classifiers, detectors),
      missing: plans.missing,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
