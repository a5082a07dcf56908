import { type LocatedFace, shareInside } from '../detect/face.ts';
import { CHIN_OVER_MOUTH } from './pose.ts';

/** How the face sits in the picture. */
export interface Framing {
  /** Width of the face box in pixels. */
  readonly faceWidth: number;
  /** How many face boxes fit into the picture, along the tighter side. */
  readonly context: number;
  /** Share of the face box inside the picture, 0-1. */
  readonly inside: number;
  /** Roll of the head, degrees. */
  readonly roll: number;
  /** Sideways distance of the nose from the middle of the eyes, in eye distances; grows with yaw. */
  readonly noseOffset: number;
  /** Distance of the eyes, pixels. */
  readonly eyeDistance: number;
  /** Distance from the middle of the eyes to the chin, over the picture's height. */
  readonly headSize: number;
  /** From the left edge of the picture to the eye nearest to it, in eye distances. */
  readonly roomLeft: number;
  /** From the eye on the right to the right edge, in eye distances. */
  readonly roomRight: number;
  /** From the upper edge to the middle of the eyes, in distances from there to the chin. */
  readonly roomAbove: number;
  /** From the middle of the eyes to the lower edge, in distances from there to the chin. */
  readonly roomBelow: number;
}

/**
 * Measures how the face sits in a `width` x `height` picture. Head size and room around are those of ISO/IEC
 * 29794-5 (`HeadSize` and the four crops of the face image); the chin is no key point, so its distance is
 * taken from the mouth's.
 */
export function measureFraming(face: LocatedFace, width: number, height: number): Framing {
  const { box, points } = face;
  const [eyeA, eyeB, nose, mouth] = points;
  const boxWidth = box.right - box.left;
  const boxHeight = box.bottom - box.top;
  const eyeDistance = Math.hypot(eyeB.x - eyeA.x, eyeB.y - eyeA.y);
  const middle = { x: (eyeA.x + eyeB.x) / 2, y: (eyeA.y + eyeB.y) / 2 };
  const chin = CHIN_OVER_MOUTH * Math.hypot(mouth.x - middle.x, mouth.y - middle.y);
  const across = Math.max(eyeDistance, 1e-6);
  const down = Math.max(chin, 1e-6);
  return {
    faceWidth: boxWidth,
    context: Math.min(width / boxWidth, height / boxHeight),
    inside: shareInside(box, width, height),
    roll: face.roll,
    noseOffset: Math.abs(nose.x - middle.x) / across,
    eyeDistance,
    headSize: chin / height,
    roomLeft: eyeA.x / across,
    roomRight: (width - eyeB.x) / across,
    roomAbove: middle.y / down,
    roomBelow: (height - middle.y) / down,
  };
}
