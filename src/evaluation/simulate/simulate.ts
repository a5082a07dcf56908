import { UsageError } from '../../faults.ts';
import type { RgbPicture } from '../../liveness/types.ts';
import { createRandom, type Random, seedOf } from '../metrics/random.ts';
import { type CameraParameters, takePicture } from './camera.ts';
import { LINEAR, resizeBytes } from './light.ts';
import { createPrint, type PrintParameters } from './print.ts';
import { type Glare, renderScene, type SceneParameters } from './scene.ts';
import { createScreen, type ScreenParameters } from './screen.ts';

/** Kinds of attack that can be simulated. Their species carry the word: `simulated-print-laser` and so on. */
export const SIMULATED_KINDS = [
  'print-laser',
  'print-inkjet',
  'print-photo',
  'print-bent',
  'screen-phone',
  'screen-tablet',
  'screen-monitor',
] as const;

/** A kind of simulated attack. */
export type SimulatedKind = (typeof SIMULATED_KINDS)[number];

/** Everything a simulated picture was made with: enough to make it again. */
export interface SimulationRecord {
  readonly kind: SimulatedKind;
  readonly seed: number;
  readonly strength: number;
  readonly width: number;
  readonly height: number;
  readonly medium: PrintParameters | ScreenParameters;
  readonly scene: SceneParameters;
  readonly camera: CameraParameters;
}

/** How to simulate. */
export interface SimulationOptions {
  readonly kind: SimulatedKind;
  readonly seed: number;
  /**
   * 0-1: how much of the medium shows (halftone, pixel grid, gamut, glare). At 0 an ideal print or screen is
   * taken by the same camera, so what is left is the second taking alone.
   */
  readonly strength?: number;
  /** Longer side of the picture made, pixels. */
  readonly size?: number;
}

/**
 * Reads a list of kinds such as `print-laser,screen-phone`, or `all`.
 * @throws {UsageError} `kind` when there is no such kind
 */
export function parseKinds(text: string): SimulatedKind[] {
  if (text === 'all') return [...SIMULATED_KINDS];
  return text.split(',').map((name) => {
    const kind = SIMULATED_KINDS.find((k) => k === name.trim());
    if (kind === undefined) {
      throw new UsageError(
        'kind',
        `Expected kinds out of ${SIMULATED_KINDS.join(', ')}, or all; found ${JSON.stringify(name)}.`,
      );
    }
    return kind;
  });
}

const near = (random: Random, value: number, share: number) => value * random.between(1 - share, 1 + share);

function drawGlare(random: Random, strength: number, strongest: number): Glare[] {
  const count = random.below(3);
  return Array.from({ length: count }, () => ({
    u: random.between(0, 1),
    v: random.between(0, 1),
    width: random.between(0.08, 0.35),
    height: random.between(0.1, 0.5),
    soft: random.between(0.005, 0.05),
    light: strength * random.between(0.15, 1) * strongest,
  }));
}

/**
 * Cells, dots or screen pixels across the picture, by kind, for a frame of 960 pixels; the camera sees 500 to
 * 700 pixels there.
 */
const PITCH: Readonly<Record<SimulatedKind, readonly [low: number, high: number]>> = {
  'print-laser': [150, 240],
  'print-inkjet': [900, 1300],
  'print-photo': [900, 1200],
  'print-bent': [170, 260],
  'screen-phone': [700, 1080],
  'screen-tablet': [420, 700],
  'screen-monitor': [260, 420],
};

function drawMedium(
  kind: SimulatedKind,
  strength: number,
  scale: number,
  random: Random,
): PrintParameters | ScreenParameters {
  const pitch = random.between(...PITCH[kind]) * scale;
  if (kind.startsWith('print')) {
    const tint = random.between(0.84, 0.95);
    const halftone = kind === 'print-inkjet' ? 'diffusion' : kind === 'print-photo' ? 'none' : 'amplitude';
    const paper: [number, number, number] = [
      tint,
      tint * random.between(0.97, 1),
      tint * random.between(0.88, 1.02),
    ];
    return {
      halftone,
      cellsAcross: Math.round(pitch),
      paper: paper.map((p) => 1 - strength * (1 - p)) as unknown as [number, number, number],
      ink: 1 - strength * (kind === 'print-photo' ? random.between(0, 0.15) : random.between(0.1, 0.35)),
      visible: strength,
    };
  }
  const bluish = random.between(1, 1.12);
  return {
    pixelsAcross: Math.round(pitch),
    gamma: 2.2 + strength * random.between(-0.25, 0.35),
    spill: strength * random.between(0.01, 0.06),
    blackLevel: strength * (kind === 'screen-phone' ? random.between(0, 0.004) : random.between(0.002, 0.02)),
    white: [1, 1 + strength * (near(random, 1, 0.03) - 1), 1 + strength * (bluish - 1)],
    bezel: random.between(0.03, 0.1),
    bezelLight: random.between(0.004, 0.03),
    visible: strength * (kind === 'screen-phone' ? 0.8 : 1),
  };
}

function drawScene(kind: SimulatedKind, strength: number, random: Random): SceneParameters {
  const isPrint = kind.startsWith('print');
  const glossy = !isPrint || kind === 'print-photo' || kind === 'print-bent';
  const warm = random.between(-0.12, 0.12) * strength;
  const tone = random.between(0.06, 0.4);
  return {
    coverage: random.between(0.78, 1.05),
    yaw: random.normal() * 6,
    pitch: random.normal() * 5,
    roll: random.normal() * 2.5,
    bend: kind === 'print-bent' ? random.between(25, 60) : 0,
    light: isPrint ? [0.9 * (1 + warm), 0.9, 0.9 * (1 - warm)] : [1, 1, 1],
    glare: glossy ? drawGlare(random, strength, isPrint ? 0.35 : 0.25) : [],
    haze: strength * random.between(0, isPrint ? 0.01 : 0.02),
    background: [tone * random.between(0.8, 1.2), tone, tone * random.between(0.8, 1.2)],
  };
}

function drawCamera(random: Random, meanLight: number): CameraParameters {
  return {
    blur: random.between(0.5, 0.95),
    redGain: near(random, 1, 0.06),
    blueGain: near(random, 1, 0.06),
    meanLight: near(random, meanLight, 0.15),
    fullWell: Math.round(random.between(2500, 12_000)),
    readNoise: Math.round(random.between(3, 9)),
    vignette: random.between(0, 0.25),
    quality: Math.round(random.between(78, 94)),
  };
}

/**
 * Mean of a picture in linear light: what an exposure control aims at, so that the copy is about as bright.
 */
function meanLight({ data }: RgbPicture): number {
  let sum = 0;
  for (const value of data) sum += LINEAR[value];
  return sum / data.length;
}

/** Size of the frame: the picture's form, brought to between 3:4 and 4:3. */
function frameSize(picture: RgbPicture, longest: number): { width: number; height: number } {
  const aspect = Math.min(4 / 3, Math.max(3 / 4, picture.width / picture.height));
  return aspect >= 1
    ? { width: longest, height: Math.round(longest / aspect) }
    : { width: Math.round(longest * aspect), height: longest };
}

/**
 * Turns a picture of a live person into the picture of a print or screen that shows it, by the physics of
 * both. The same options give the same bytes. It tests mechanics and monotonicity; it does not replace
 * captured attacks.
 *
 * @param picture upright 8-bit sRGB.
 */
export async function simulate(
  picture: RgbPicture,
  options: SimulationOptions,
): Promise<{ readonly jpeg: Uint8Array; readonly record: SimulationRecord }> {
  const { kind, seed } = options;
  const strength = options.strength ?? 1;
  const random = createRandom(seedOf(kind, seed));
  const { width, height } = frameSize(picture, options.size ?? 960);
  // The frame's parameters are drawn first and alike for every strength, so that strength alone differs.
  const medium = drawMedium(kind, strength, Math.max(width, height) / 960, random);
  const scene = drawScene(kind, strength, random);
  const shrink = Math.min(1, 1600 / Math.max(picture.width, picture.height));
  const source = await resizeBytes(
    picture,
    Math.max(1, Math.round(picture.width * shrink)),
    Math.max(1, Math.round(picture.height * shrink)),
  );
  const camera = drawCamera(random, Math.min(0.45, Math.max(0.1, meanLight(source))));
  const shown = 'halftone' in medium ? await createPrint(source, medium) : await createScreen(source, medium);
  const light = renderScene(shown, scene, width, height, random);
  const record: SimulationRecord = {
    kind,
    seed,
    strength,
    width,
    height,
    medium,
    scene,
    camera,
  };
  const jpeg = await takePicture(
    light,
    camera,
    random,
    `SIMULATED ${kind}, seed ${seed}, strength ${strength}; no captured attack`,
  );
  return { jpeg, record };
}
