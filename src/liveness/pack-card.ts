import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Calibration,
  type ClassifierFile,
  classifierSchema,
  type DetectorFile,
  detectorSchema,
} from './card-schema.ts';
import { cropName } from './crop.ts';
import { ModelError } from './model-error.ts';
import type { ClassifierCard, Membership, NetworkCard, Provenance } from './pack.ts';
import { PROFILES } from './profiles.ts';
import { complaintsAbout, showValue } from './schema.ts';
import type { Profile } from './types.ts';

/** A model that an operator adds: its card and the path of its ONNX file. */
export interface ModelPack {
  readonly card: ClassifierCard;
  readonly file: string;
}

/** Throws the first complaint about a card. */
function check(file: string, schema: typeof classifierSchema | typeof detectorSchema, value: unknown): void {
  const [first] = complaintsAbout(schema, value);
  if (first === undefined) return;
  const { path, expected, found, known } = first;
  throw new ModelError(
    file,
    known === undefined
      ? `${path || 'the card'} must be ${expected}, found ${found}`
      : `${path} is not known here; known are ${known.join(', ')}`,
  );
}

function refuse(file: string, path: string, expected: string, value: unknown): never {
  throw new ModelError(file, `${path} must be ${expected}, found ${showValue(value)}`);
}

/** One number for all three planes, or a list of three. */
const perPlane = (value: number | readonly number[]): readonly [number, number, number] =>
  typeof value === 'number' ? [value, value, value] : [value[0], value[1], value[2]];

const provenanceOf = (card: ClassifierFile | DetectorFile): Provenance => ({
  licence: card.licence ?? null,
  licenceFile: card.licenceFile ?? null,
  attribution: card.attribution ?? null,
  origin: card.origin ?? null,
  unknowns: card.unknowns ?? null,
});

/**
 * Which profiles a card takes part in: those of its member `profiles`, or, in the short form of `boxScales`
 * and `weight`, all of them. A short card that names no scales for `single` was written when that profile was
 * called `careful`.
 */
function membershipsOf(file: string, card: ClassifierFile): Readonly<Partial<Record<Profile, Membership>>> {
  const { profiles, boxScales, weight, crops } = card;
  if (profiles !== undefined) {
    for (const short of ['boxScales', 'weight'] as const) {
      if (card[short] !== undefined) refuse(file, short, 'left out beside profiles', card[short]);
    }
    const named = PROFILES.filter((profile) => profiles[profile] !== undefined);
    if (named.length === 0) refuse(file, 'profiles', `an object with ${PROFILES.join(', ')}`, profiles);
    const known = crops.map(cropName);
    for (const profile of named) {
      const unknown = profiles[profile]?.crops?.find((crop) => !known.includes(cropName(crop)));
      if (unknown !== undefined)
        refuse(file, `profiles.${profile}.crops`, 'among the crops of the card', unknown);
    }
    return Object.fromEntries(
      named.map((profile) => [profile, { crops, ...profiles[profile] } as Membership]),
    );
  }
  if (boxScales === undefined) return refuse(file, 'boxScales', 'an object', boxScales);
  if (weight === undefined) return refuse(file, 'weight', 'a number from 0.001 to 1000', weight);
  return Object.fromEntries(
    PROFILES.map((profile) => [
      profile,
      { crops, weight, boxScales: boxScales[profile] ?? boxScales.careful },
    ]),
  );
}

/** A curve that rises from 0 to 100, limits in order, each network once. */
function checkCalibration(file: string, block: Calibration, index: number): void {
  const at = `calibration[${index}]`;
  const rises = block.score.every(
    ([z, score], i) => i === 0 || (z > block.score[i - 1][0] && score >= block.score[i - 1][1]),
  );
  if (!rises || block.score[0][1] !== 0 || block.score[block.score.length - 1][1] !== 100) {
    refuse(file, `${at}.score`, 'pairs of rising logits whose scores go from 0 to 100', block.score);
  }
  if (block.review !== null && !(block.review.low < block.review.high)) {
    refuse(file, `${at}.review`, 'a low limit below a high one', block.review);
  }
  if (new Set(block.networks).size !== block.networks.length) {
    refuse(file, `${at}.networks`, 'different names', block.networks);
  }
}

/**
 * Checks a parsed `card.json` of a classifier and gives the card.
 *
 * @param file the card's path, for messages.
 * @throws {ModelError} naming the member, what was expected and what was found.
 */
export function parseCard(file: string, value: unknown): ClassifierCard {
  check(file, classifierSchema, value);
  const card = value as ClassifierFile;
  const { classes, live } = card.output;
  if (new Set(classes).size !== classes.length) refuse(file, 'output.classes', 'different names', classes);
  const liveIndex = classes.indexOf(live);
  if (liveIndex === -1) {
    refuse(file, 'output.live', `one of ${classes.map((c) => `"${c}"`).join(', ')}`, live);
  }
  const calibration = card.calibration ?? [];
  for (const [index, block] of calibration.entries()) checkCalibration(file, block, index);
  return {
    role: 'classifier',
    name: card.name,
    model: card.model,
    input: { ...card.input, mean: perPlane(card.input.mean), scale: perPlane(card.input.scale) },
    crops: card.crops,
    profiles: membershipsOf(file, card),
    output: { name: card.output.name, classes, liveIndex, values: card.output.values },
    calibration,
    ...provenanceOf(card),
  };
}

/**
 * As {@link parseCard}, for a card of either role.
 * @throws {ModelError} when the file is not what the card says
 */
export function parseNetworkCard(file: string, value: unknown): NetworkCard {
  const role = typeof value === 'object' && value !== null && 'role' in value ? value.role : undefined;
  if (role !== 'detector') return parseCard(file, value);
  check(file, detectorSchema, value);
  const card = value as DetectorFile;
  return { role: 'detector', name: card.name, model: card.model, ...provenanceOf(card) };
}

/**
 * The content of a card's file, and the file's SHA-256.
 * @throws {ModelError} when it cannot be read or is no JSON
 */
export async function readCardFile(
  file: string,
): Promise<{ readonly value: unknown; readonly sha256: string }> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    throw new ModelError(file, 'the card of the model pack cannot be read', { cause });
  }
  try {
    const value = JSON.parse(bytes.toString('utf8').replace(/^\uFEFF/, '')) as unknown;
    return { value, sha256: createHash('sha256').update(bytes).digest('hex') };
  } catch (cause) {
    throw new ModelError(file, `the card is not valid JSON (${(cause as Error).message})`, { cause });
  }
}

/**
 * Reads the pack in `folder`: `card.json` and the ONNX file it names.
 * @throws {ModelError} when the file is not what the card says
 */
export async function readModelPack(folder: string): Promise<ModelPack> {
  const file = join(folder, 'card.json');
  const { value, sha256 } = await readCardFile(file);
  const card = { ...parseCard(file, value), cardSha256: sha256 };
  return { card, file: join(folder, card.model) };
}
