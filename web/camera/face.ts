import type { Area } from './geometry.ts';
import type { FacePlace } from './types.ts';

interface DetectedFace {
  readonly boundingBox: DOMRectReadOnly;
}

interface BrowserFaceDetector {
  detect(image: CanvasImageSource): Promise<readonly DetectedFace[]>;
}

type FaceDetectorClass = new (options: {
  maxDetectedFaces: number;
  fastMode: boolean;
}) => BrowserFaceDetector;

/** Milliseconds that a detector may take to its first answer. */
const PATIENCE = 3000;

/** The browser's own face detector, asked for one frame at a time; gone for good once it fails, since it then fails for every frame. */
export class FaceWatch {
  #detector: BrowserFaceDetector | null = null;
  #busy = false;
  #faces: readonly FacePlace[] | null = null;
  #asked = 0;

  constructor() {
    const { FaceDetector } = globalThis as { FaceDetector?: FaceDetectorClass };
    if (FaceDetector === undefined) return;
    try {
      this.#detector = new FaceDetector({ maxDetectedFaces: 4, fastMode: true });
    } catch {
      this.#detector = null;
    }
  }

  /** The faces found last, the largest first; null where no detector has answered. */
  get faces(): readonly FacePlace[] | null {
    return this.#faces;
  }

  /** Whether there is a detector whose first answer may still come: until then nobody knows whether there is a face. */
  get isPending(): boolean {
    const waiting = this.#detector !== null && this.#faces === null;
    if (waiting && this.#asked !== 0 && performance.now() - this.#asked > PATIENCE) this.#detector = null;
    return waiting && this.#detector !== null;
  }

  /** Looks at a frame unless it is still busy with one before. `frame` is the part of the video that is shown. */
  look(video: HTMLVideoElement, frame: Area): void {
    if (this.#detector === null || this.#busy) return;
    this.#busy = true;
    this.#asked ||= performance.now();
    this.#detector.detect(video).then(
      (found) => {
        this.#busy = false;
        if (this.#detector === null) return;
        this.#faces = found
          .map(({ boundingBox }) => placeIn(frame, boundingBox))
          .sort((one, other) => other.width - one.width);
      },
      () => {
        this.#detector = null;
        this.#faces = null;
      },
    );
  }
}

/** A box in pixels of the video as centre and size in shares of the frame. */
export function placeIn(frame: Area, box: Area): FacePlace {
  return {
    x: (box.x + box.width / 2 - frame.x) / frame.width,
    y: (box.y + box.height / 2 - frame.y) / frame.height,
    width: box.width / frame.width,
    height: box.height / frame.height,
  };
}
