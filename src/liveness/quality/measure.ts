import { cropRect } from '../crop.ts';
import type { LocatedFace } from '../detect/face.ts';
import type { Box, RgbPicture } from '../types.ts';
import { measureColour } from './colour.ts';
import { measureBlocks } from './compression.ts';
import { type Exposure, measureExposure } from './exposure.ts';
import { type Framing, measureFraming } from './framing.ts';
import { type LightSpread, measureBackLight, measureLightSpread } from './light.ts';
import { type Margin, measureMargin } from './margin.ts';
import { measureColourNoise } from './noise.ts';
import { measurePose, type Pose } from './pose.ts';
import { measureSharpness } from './sharpness.ts';
import { measureChannelOrder, measureColourVariation } from './tone.ts';
import { lumaWindow } from './window.ts';

/** Every measure of one face. */
export interface Measures extends Exposure, LightSpread, Framing, Margin, Pose {
  readonly sharpness: number;
  /** Steps of luminance, or null where no background is seen; see {@link measureBackLight}. */
  readonly backLight: number | null;
  /** Ratio; see {@link measureBlocks}. */
  readonly blocks: number;
  /** CIELAB units; see {@link measureColour}. */
  readonly colourDistance: number;
  /** CIELAB units; see {@link measureColourVariation}. */
  readonly colourVariation: number;
  /** Degrees; see {@link measureChannelOrder}. */
  readonly channelOrder: number;
  /** Steps of 0-255; see {@link measureColourNoise}. */
  readonly colourNoise: number;
  readonly faceCount: number;
  /** Width of the largest other face, as a share of the judged one's; null where there is none. */
  readonly secondFace: number | null;
}

/**
 * Measures the quality of `face` in the upright `picture`, in which `faceCount` faces were found; `others`
 * are the boxes of all but this one, the largest first.
 */
export function measureFace(
  picture: RgbPicture,
  face: LocatedFace,
  faceCount: number,
  others: readonly Box[] = [],
): Measures {
  const square = cropRect({ kind: 'square', factor: 1 }, face.box, 1, picture.width, picture.height);
  const window = lumaWindow(picture, square);
  const exposure = measureExposure(window);
  return {
    ...exposure,
    ...measureLightSpread(window),
    ...measureFraming(face, picture.width, picture.height),
    ...measureMargin(face.box, picture.width, picture.height),
    ...measurePose(face.points, face.roll),
    sharpness: measureSharpness(window),
    backLight: measureBackLight(picture, face.box, exposure.brightness),
    blocks: measureBlocks(picture, face.box),
    colourDistance: measureColour(window),
    colourVariation: measureColourVariation(window),
    channelOrder: measureChannelOrder(picture, window),
    colourNoise: measureColourNoise(window),
    faceCount,
    secondFace: others.length === 0 ? null : widthOf(others[0]) / widthOf(face.box),
  };
}

const widthOf = (box: Box) => box.right - box.left;
