import { makeCanvas } from './canvas.ts';
import { FaceWatch } from './face.ts';
import { type Area, faceSquare, frameArea, ovalMask } from './geometry.ts';
import { lumaOf, measureLight, measureMotion, measureSharpness } from './measure.ts';
import type { Reading } from './types.ts';

const [WIDTH, HEIGHT, SQUARE] = [72, 96, 128];

/** Milliseconds from one reading to the next. */
const PAUSE = 120;

/** What is left of a motion at the next reading: a person who sways stands still for a moment at each end. */
const FADE = 0.75;

/** Reads a video several times a second on two small canvases. */
export class Watch {
  readonly #video: HTMLVideoElement;
  readonly #report: (reading: Reading) => void;
  readonly #faces = new FaceWatch();
  readonly #frame = makeCanvas(WIDTH, HEIGHT, true).context;
  readonly #square = makeCanvas(SQUARE, SQUARE, true).context;
  readonly #mask = ovalMask(WIDTH, HEIGHT);
  #before: Float32Array | null = null;
  #motion = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(video: HTMLVideoElement, report: (reading: Reading) => void) {
    this.#video = video;
    this.#report = report;
  }

  /** Whether the browser's own face detector has answered. */
  get hasFaceDetector(): boolean {
    return this.#faces.faces !== null;
  }

  start(): void {
    this.#timer = setInterval(() => this.#read(), PAUSE);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#before = null;
    this.#motion = 0;
  }

  #read(): void {
    const { videoWidth, videoHeight, readyState } = this.#video;
    if (readyState < 2 || videoWidth === 0 || this.#frame === null || this.#square === null) return;
    const area = frameArea(videoWidth, videoHeight);
    const luma = this.#lumaOf(this.#frame, area);
    const square = this.#lumaOf(this.#square, faceSquare(area));
    this.#faces.look(this.#video, area);
    const change = this.#before === null ? 0 : measureMotion(this.#before, luma, this.#mask);
    this.#motion = Math.max(change, this.#motion * FADE);
    this.#before = luma;
    if (this.#faces.isPending) return;
    const light = measureLight(luma, this.#mask);
    this.#report({
      brightness: round(light.brightness),
      surroundings: round(light.surroundings),
      overexposed: round(light.overexposed),
      sharpness: round(measureSharpness(square, SQUARE)),
      motion: round(this.#motion),
      faces: this.#faces.faces,
    });
  }

  #lumaOf(context: CanvasRenderingContext2D, { x, y, width, height }: Area): Float32Array {
    const { canvas } = context;
    context.drawImage(this.#video, x, y, width, height, 0, 0, canvas.width, canvas.height);
    return lumaOf(context.getImageData(0, 0, canvas.width, canvas.height).data);
  }
}

/** To hundredths: more digits would say more than was measured. */
function round(value: number): number {
  return Math.round(value * 100) / 100;
}
