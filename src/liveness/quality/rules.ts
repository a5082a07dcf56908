import type { Bound } from './bound.ts';
import type { Measures } from './measure.ts';

/** One component of quality. */
export interface ComponentRule {
  /** As in ISO/IEC 29794-5 where one of its components fits. */
  readonly name: string;
  readonly unit: string;
  /** Null: cannot be measured on this picture, and is then left out. */
  readonly value: (m: Measures) => number | null;
  /** Outside: the picture is too poor to judge, whatever the capture preset. */
  readonly reject?: Bound;
  /** Outside: judged, with a warning. */
  readonly warn?: Bound;
}

/**
 * Colour noise that the networks in force stand, on the scale of `ColourNoise`: above `most` prints were
 * taken for live, above `careful` live people for attacks. Set anew when networks or crops change:
 * `bench/noise-curves.mjs` measures both.
 */
export const COLOUR_NOISE = { careful: 1.2, most: 1.6 } as const;

/**
 * Components that can decide that a picture is too poor to judge, and their limits. The limits were measured
 * on private data (docs/understand/accuracy.md): a heavily blurred attack looks live, so the sharpness limit
 * guards security; the others mainly keep real people from being refused.
 */
const DECIDING: readonly ComponentRule[] = [
  {
    name: 'FaceWidth',
    unit: 'px',
    value: (m) => m.faceWidth,
    reject: { min: 48, below: 'FACE_TOO_SMALL' },
    warn: { min: 80, below: 'FACE_SMALL' },
  },
  {
    name: 'FaceInside',
    unit: 'share',
    value: (m) => m.inside,
    reject: { min: 0.98, below: 'FACE_CUT_OFF' },
  },
  {
    name: 'Context',
    unit: 'face boxes',
    value: (m) => m.context,
    reject: { min: 1.3, below: 'FACE_TOO_CLOSE' },
    warn: { min: 1.8, below: 'FACE_CLOSE' },
  },
  {
    name: 'LuminanceMean',
    unit: '0-255',
    value: (m) => m.brightness,
    reject: { min: 40, max: 225, below: 'TOO_DARK', above: 'TOO_BRIGHT' },
    warn: { min: 60, max: 200, below: 'DARK', above: 'BRIGHT' },
  },
  {
    name: 'UnderExposurePrevention',
    unit: 'share of dark pixels',
    value: (m) => m.darkFraction,
    reject: { max: 0.3, above: 'DEEP_SHADOW' },
  },
  {
    name: 'LuminanceDeviation',
    unit: '0-255',
    value: (m) => m.contrast,
    reject: { min: 10, below: 'LOW_CONTRAST' },
  },
  {
    name: 'Sharpness',
    unit: 'variance of the Laplacian',
    value: (m) => m.sharpness,
    reject: { min: 6, below: 'BLURRED' },
    warn: { min: 16, below: 'SOFT' },
  },
  {
    name: 'HeadPoseRoll',
    unit: 'degrees',
    value: (m) => m.roll,
    reject: { min: -20, max: 20, below: 'HEAD_TILTED', above: 'HEAD_TILTED' },
  },
  {
    name: 'ColourVariation',
    unit: 'CIELAB units',
    value: (m) => m.colourVariation,
    reject: { min: 1.5, below: 'NO_COLOUR' },
  },
  {
    name: 'ChannelOrder',
    unit: 'degrees of hue',
    value: (m) => m.channelOrder,
    reject: { max: 30, above: 'CHANNELS_SWAPPED' },
  },
  {
    name: 'ColourNoise',
    unit: '0-255',
    value: (m) => m.colourNoise,
    reject: { max: COLOUR_NOISE.most, above: 'NOISY' },
    warn: { max: COLOUR_NOISE.careful, above: 'GRAINY' },
  },
  {
    name: 'NoseOffset',
    unit: 'eye distances',
    value: (m) => m.noseOffset,
    warn: { max: 0.35, above: 'HEAD_TURNED' },
  },
];

/**
 * Components that decide no verdict unless a capture preset limits them: what they show was not measured to
 * make judgements wrong, so they only advise. docs/understand/quality.md has the source or the measured curve
 * of each limit.
 */
const ADVISING: readonly ComponentRule[] = [
  {
    name: 'InterEyeDistance',
    unit: 'px',
    value: (m) => m.eyeDistance,
    warn: { min: 37, below: 'EYES_CLOSE_TOGETHER' },
  },
  {
    name: 'OverExposurePrevention',
    unit: 'share of bright pixels',
    value: (m) => m.brightFraction,
    warn: { max: 0.05, above: 'OVEREXPOSED' },
  },
  {
    name: 'DynamicRange',
    unit: 'bits',
    value: (m) => m.dynamicRange,
    warn: { min: 6, below: 'FLAT_TONES' },
  },
  {
    name: 'IlluminationUniformity',
    unit: 'share in common',
    value: (m) => m.uniformity,
    warn: { min: 0.2, below: 'UNEVEN_LIGHT' },
  },
  {
    name: 'BackLight',
    unit: '0-255',
    value: (m) => m.backLight,
    warn: { max: 130, above: 'BACK_LIGHT' },
  },
  {
    name: 'HeadSize',
    unit: 'picture heights',
    value: (m) => m.headSize,
    warn: { min: 0.05, below: 'HEAD_FAR' },
  },
  {
    name: 'LeftwardCropOfTheFaceImage',
    unit: 'eye distances',
    value: (m) => m.roomLeft,
    warn: { min: 0.9, below: 'HEAD_AT_EDGE' },
  },
  {
    name: 'RightwardCropOfTheFaceImage',
    unit: 'eye distances',
    value: (m) => m.roomRight,
    warn: { min: 0.9, below: 'HEAD_AT_EDGE' },
  },
  {
    name: 'DownwardCropOfTheFaceImage',
    unit: 'eye-to-chin distances',
    value: (m) => m.roomAbove,
    warn: { min: 0.8, below: 'CROWN_AT_EDGE' },
  },
  {
    name: 'UpwardCropOfTheFaceImage',
    unit: 'eye-to-chin distances',
    value: (m) => m.roomBelow,
    warn: { min: 1, below: 'CHIN_AT_EDGE' },
  },
  {
    name: 'HeadPoseYaw',
    unit: 'degrees',
    value: (m) => m.yaw,
    warn: { min: -30, max: 30, below: 'HEAD_TURNED', above: 'HEAD_TURNED' },
  },
  {
    name: 'HeadPosePitch',
    unit: 'degrees',
    value: (m) => m.pitch,
    warn: { min: -25, max: 25, below: 'HEAD_RAISED', above: 'HEAD_LOWERED' },
  },
  {
    name: 'SingleFacePresent',
    unit: 'faces',
    value: (m) => m.faceCount,
    warn: { max: 1, above: 'SEVERAL_FACES' },
  },
  {
    name: 'SecondFaceSize',
    unit: 'widths of the judged face',
    value: (m) => m.secondFace,
    warn: { max: 0.7, above: 'FACES_ALIKE' },
  },
  {
    name: 'CompressionArtifacts',
    unit: 'ratio',
    value: (m) => m.blocks,
    warn: { max: 3, above: 'COMPRESSED' },
  },
  {
    name: 'NaturalColour',
    unit: 'CIELAB units',
    value: (m) => m.colourDistance,
    warn: { max: 5, above: 'UNNATURAL_COLOUR' },
  },
];

/** Components that only a capture preset limits (`capture.ts`). */
const CAPTURE: readonly ComponentRule[] = [
  { name: 'PictureWidth', unit: 'px', value: (m) => m.pictureWidth },
  { name: 'PictureHeight', unit: 'px', value: (m) => m.pictureHeight },
  { name: 'FacePadding', unit: 'px', value: (m) => m.padding },
];

/** All components, in the order in which they are told. */
export const RULES: readonly ComponentRule[] = [...DECIDING, ...ADVISING, ...CAPTURE];
