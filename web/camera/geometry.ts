/** A rectangle in pixels of the video. */
export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Width over height of the frame that is shown. */
export const FRAME_RATIO = 3 / 4;

/** The oval, in shares of the frame: centre, and half of its width and height. A head that fills it has a face box of half the frame's width. */
export const OVAL = { x: 0.5, y: 0.47, rx: 0.31, ry: 0.31 } as const;

/** The part of a video of `width` x `height` pixels that the frame shows: the largest 3:4 area around its middle. */
export function frameArea(width: number, height: number): Area {
  const shown = Math.min(width, height * FRAME_RATIO);
  const size = { width: shown, height: shown / FRAME_RATIO };
  return { ...size, x: (width - size.width) / 2, y: (height - size.height) / 2 };
}

/** The square in the middle of the oval, half as wide as the frame: where the face is when a head fills the oval. */
export function faceSquare(frame: Area): Area {
  const size = frame.width / 2;
  return {
    x: frame.x + frame.width * OVAL.x - size / 2,
    y: frame.y + frame.height * OVAL.y - size / 2,
    width: size,
    height: size,
  };
}

/** How much of the oval's width and height its middle has: the face without the hair around it. */
const MIDDLE = 0.7;

/** For each pixel of a `width` x `height` picture of the frame, row by row: 0 outside the oval, 1 inside it, 2 in its middle. */
export function ovalMask(width: number, height: number): Uint8Array {
  return Uint8Array.from({ length: width * height }, (_, at) => {
    const dx = (((at % width) + 0.5) / width - OVAL.x) / OVAL.rx;
    const dy = ((Math.floor(at / width) + 0.5) / height - OVAL.y) / OVAL.ry;
    const distance = dx * dx + dy * dy;
    if (distance > 1) return 0;
    return distance > MIDDLE * MIDDLE ? 1 : 2;
  });
}
