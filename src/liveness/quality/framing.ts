import { type LocatedFace, shareInside } from '../detect/face.ts';

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
}

/** Measures how the face sits in a `width` x `height` picture. */
export function measureFraming(face: LocatedFace, width: number, height: number): Framing {
  const { box, points } = face;
  const [eyeA, eyeB, nose] = points;
  const boxWidth = box.right - box.left;
  const boxHeight = box.bottom - box.top;
  const eyeDistance = Math.hypot(eyeB.x - eyeA.x, eyeB.y - eyeA.y);
  return {
    faceWidth: boxWidth,
    context: Math.min(width / boxWidth, height / boxHeight),
    inside: shareInside(box, width, height),
    roll: face.roll,
    noseOffset: Math.abs(nose.x - (eyeA.x + eyeB.x) / 2) / Math.max(eyeDistance, 1e-6),
    eyeDistance,
  };
}
