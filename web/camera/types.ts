import type { CameraState, ErrorKind, HintKind, RefusalKind } from './kinds.ts';

/** A face in the 3:4 frame: centre and size as shares of the frame's width and height, from the top left of the unmirrored picture. */
export interface FacePlace {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What the cheap checks measured on one frame of the video. */
export interface Reading {
  /** Mean luma in the middle of the oval, where the face is, 0 to 255. */
  readonly brightness: number;
  /** Mean luma of the frame outside the oval, 0 to 255. */
  readonly surroundings: number;
  /** Share of the pixels in the middle of the oval with a luma of 250 or more. */
  readonly overexposed: number;
  /** Variance of the Laplacian of the oval's inner square at 128 x 128, in squared luma steps. */
  readonly sharpness: number;
  /** Mean change of luma inside the oval from one reading to the next, both levelled to the same mean: the largest of late, fading in half a second. */
  readonly motion: number;
  /** Faces by the browser's own detector, the largest first; null where the browser has none. */
  readonly faces: readonly FacePlace[] | null;
}

/** What is known of one still. */
export interface StillFacts {
  /** Of the JPEG, in pixels: the whole frame of the camera. */
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  /** Milliseconds from the first frame that the camera gave to this one. */
  readonly takenAfter: number;
  /** The last reading before the still; null where it was taken before the first. */
  readonly reading: Reading | null;
}

/** What the camera said about itself, without its device and group numbers. */
export interface CameraFacts {
  readonly label: string;
  readonly width: number | null;
  readonly height: number | null;
  readonly frameRate: number | null;
  readonly facingMode: string | null;
}

/** What is known of a series. All of it comes from the page, which its user can change: information and no proof. */
export interface SeriesFacts {
  readonly camera: CameraFacts;
  /** Who started the series: the check that all is steady, the button, or `take()`. */
  readonly startedBy: 'auto' | 'button' | 'method';
  /** When the series began, in milliseconds since 1970 by the clock of the device. */
  readonly startedAt: number;
  /** Milliseconds from the first still to the last. */
  readonly duration: number;
  /** Whether the browser's own face detector took part in the hints. */
  readonly faceDetector: boolean;
  /** `screen.orientation.type`, where the browser has it. */
  readonly orientation: string | null;
  /** In the order of the stills. */
  readonly stills: readonly StillFacts[];
}

/** Detail of `stills`. */
export interface Series {
  /** JPEGs in the order they were taken: upright, not mirrored, without EXIF. */
  readonly stills: readonly Blob[];
  readonly facts: SeriesFacts;
}

/** Detail of `hint`. */
export interface HintDetail {
  readonly kind: HintKind;
  /** In the language of the component. */
  readonly text: string;
  readonly reading: Reading | null;
}

/** Detail of `refused`. */
export interface RefusedDetail {
  readonly kind: RefusalKind;
  readonly text: string;
  /** Whether trying again on this page can help. */
  readonly retryable: boolean;
  /** Name of the browser's error, such as `NotAllowedError`; null where the component found out by itself. */
  readonly cause: string | null;
}

/** Detail of `error`. */
export interface ErrorDetail {
  readonly kind: ErrorKind;
  readonly text: string;
  /** Whether the button to try again is there. */
  readonly retryable: boolean;
  /** Of an upload: the `reason` of the service's last answer, or its status; null where nothing was answered. */
  readonly cause: string | null;
}

/** Where stills are uploaded, and the right to do so: both from your server, for this page alone. */
export interface SessionAccess {
  /** `https://liveness.example.org/v1/sessions/ses_…`. */
  readonly url: string;
  readonly token: string;
}

/** Detail of `progress`. */
export interface ProgressDetail {
  /** Stills that the service has, of how many. */
  readonly sent: number;
  readonly of: number;
}

/** Detail of `uploaded`: all that the service tells a page. The verdict is read by your server. */
export interface UploadedDetail {
  /** `accepted`: that is all. `again`: take new ones. `ended`: no try is left. */
  readonly state: 'accepted' | 'again' | 'ended';
  readonly triesLeft: number;
  /** What would make the pictures fit to be judged, in the language of the component. */
  readonly hints: readonly { readonly code: string; readonly text: string; readonly advice: string }[];
}

/** The component's own events. They do not bubble. */
export interface LivestillCameraEventMap {
  stills: CustomEvent<Series>;
  progress: CustomEvent<ProgressDetail>;
  uploaded: CustomEvent<UploadedDetail>;
  hint: CustomEvent<HintDetail>;
  refused: CustomEvent<RefusedDetail>;
  error: CustomEvent<ErrorDetail>;
  statechange: CustomEvent<{ readonly state: CameraState }>;
}
