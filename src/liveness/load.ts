import { type Classifier, loadClassifier } from './classify.ts';
import { loadBlazeFace } from './detect/blazeface.ts';
import { loadRfb } from './detect/rfb.ts';
import type { Models } from './judge.ts';
import { ModelError } from './model-error.ts';
import type { Network } from './network.ts';
import { builtInClassifier } from './pack.ts';
import { readModelPack } from './pack-card.ts';

/** Paths of the built-in weight files. */
export interface ModelFiles {
  readonly blaze: string;
  readonly rfb: string;
  readonly classifier: string;
}

/** Loaded models and how to let go of them. */
export interface LoadedModels extends Models {
  close(): Promise<void>;
}

/**
 * Loads the built-in networks and the operator's packs; each file's inputs and outputs are checked.
 *
 * @param packs folders with `card.json` and an ONNX file.
 * @throws {ModelError} when a file or a card cannot be used, or two models carry one name.
 */
export async function loadModels(files: ModelFiles, packs: readonly string[] = []): Promise<LoadedModels> {
  const open: Network[] = [];
  const keep = <T extends Network>(network: T): T => {
    open.push(network);
    return network;
  };
  const close = async () => {
    await Promise.all(open.splice(0).map((network) => network.close()));
  };
  try {
    const blaze = keep(await loadBlazeFace(files.blaze));
    const rfb = keep(await loadRfb(files.rfb));
    const classifiers: Classifier[] = [await loadClassifier(builtInClassifier, files.classifier)];
    keep(classifiers[0].network);
    for (const folder of packs) {
      const pack = await readModelPack(folder);
      if (classifiers.some((c) => c.card.name === pack.card.name)) {
        throw new ModelError(
          folder,
          `a model named "${pack.card.name}" is loaded already; give the pack its own name`,
        );
      }
      const classifier = await loadClassifier(pack.card, pack.file);
      keep(classifier.network);
      classifiers.push(classifier);
    }
    return {
      detectors: { blaze, rfb },
      classifiers,
      used: [
        { name: 'blazeface-back-256', role: 'detector', sha256: blaze.sha256 },
        { name: 'rfb-320', role: 'detector', sha256: rfb.sha256 },
        ...classifiers.map(({ card, network }) => ({
          name: card.name,
          role: 'classifier' as const,
          sha256: network.sha256,
        })),
      ],
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
