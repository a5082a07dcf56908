import { cropRect } from '../crop.ts';
import type { LocatedFace } from '../detect/face.ts';
import type { RgbPicture } from '../types.ts';
import { measureColour } from './colour.ts';
import { measureBlocks } from './compression.ts';
import { type Exposure, measureExposure } from './exposure.ts';
import { type Framing, measureFraming } from './framing.ts';
import { type LightSpread, measureBackLight, measureLightSpread } from './light.ts';
import { measurePose, type Pose } from './pose.ts';
import { measureSharpness } from './sharpness.ts';
import { measureChannelOrder, measureColourVariation } from './tone.ts';
import { lumaWindow } from './window.ts';

/** Every measure of one face. */
export interface Measures extends Exposure, LightSpread, Framing, Pose {
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
  readonly faceCount: number;
}

/** Measures the quality of `face` in the upright `picture`, in which `faceCount` faces were found. */
export function measureFace(picture: RgbPicture, face: LocatedFace, faceCount: number): Measures {
  const square = cropRect({ kind: 'square', factor: 1 }, face.box, 1, picture.width, picture.height);
  const window = lumaWindow(picture, square);
  const exposure = measureExposure(window);
  return {
    ...exposure,
    ...measureLightSpread(window),
    ...measureFraming(face, picture.width, picture.height),
    ...measurePose(face.points, face.roll),
    sharpness: measureSharpness(window),
    backLight: measureBackLight(picture, face.box, exposure.brightness),
    blocks: measureBlocks(picture, face.box),
    colourDistance: measureColour(window),
    colourVariation: measureColourVariation(window),
    channelOrder: measureChannelOrder(picture, window),
    faceCount,
  };
}
