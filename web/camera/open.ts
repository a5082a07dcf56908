import { canvasIsReadable } from './canvas.ts';
import { firstFrame } from './frame.ts';
import { nameOf, RefusalError, refusalBeforeAsking, refusalOf } from './refusal.ts';
import type { CameraFacts } from './types.ts';

/** A camera that is on and shown in a video element. */
export interface OpenCamera {
  readonly track: MediaStreamTrack;
  /** When its first frame came, by `performance.now()`. */
  readonly since: number;
  /** Turns it off and takes it out of the video element. */
  close(): void;
}

/**
 * All are wishes, so a camera that cannot meet them is taken all the same. `resizeMode` asks for frames as the camera gives them: without
 * it Chromium cuts the sides off to reach the shape wished for.
 */
const WISHES: MediaTrackConstraints & { readonly resizeMode: string } = {
  resizeMode: 'none',
  facingMode: 'user',
  width: { ideal: 1920 },
  height: { ideal: 1440 },
  frameRate: { ideal: 30 },
};

/** Milliseconds a camera may take to its first frame. */
const PATIENCE = 10_000;

/**
 * Asks for the camera and shows it in `video`. A camera that comes after `signal` was aborted is turned off at once.
 * @throws RefusalError with the reason; the signal's reason
 */
export async function openCamera(video: HTMLVideoElement, signal: AbortSignal): Promise<OpenCamera> {
  const known = refusalBeforeAsking();
  if (known !== null) throw new RefusalError(known);
  if (!canvasIsReadable()) throw new RefusalError('canvas_blocked');
  const stream = await request();
  const close = () => {
    for (const track of stream.getTracks()) track.stop();
    if (video.srcObject === stream) video.srcObject = null;
  };
  try {
    signal.throwIfAborted();
    const [track] = stream.getVideoTracks();
    if (track === undefined || track.readyState === 'ended') throw new RefusalError('no_picture');
    video.srcObject = stream;
    // A video that is not allowed to play by itself shows nothing; the wait for its first frame then ends the attempt.
    video.play().catch(() => undefined);
    if (!(await firstFrame(video, PATIENCE, signal))) throw new RefusalError('no_picture');
    return { track, since: performance.now(), close };
  } catch (error) {
    close();
    throw error;
  }
}

async function request(): Promise<MediaStream> {
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: false, video: WISHES });
  } catch (error) {
    if (nameOf(error) !== 'OverconstrainedError') throw await toRefusal(error);
  }
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: false, video: true });
  } catch (error) {
    throw await toRefusal(error);
  }
}

async function toRefusal(error: unknown): Promise<RefusalError> {
  const { kind, cause } = await refusalOf(error);
  return new RefusalError(kind, cause);
}

/** What a track says about its camera. Device and group numbers are left out: they recognise a person's browser again. */
export function cameraFacts(track: MediaStreamTrack): CameraFacts {
  const { width = null, height = null, frameRate = null, facingMode = null } = track.getSettings();
  return { label: track.label, width, height, frameRate, facingMode };
}
