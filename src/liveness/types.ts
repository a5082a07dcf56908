/** An upright or raw picture: interleaved 8-bit sRGB, `data.length === width * height * 3`, row 0 on top. */
export interface RgbPicture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** A point in pixels. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A rectangle by its edges, in pixels; may reach outside the picture. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * `careful`: five runs of three classifiers a picture (the default). `fast`: three. `single`: nine runs of
 * the first classifier alone, for installations without the other two.
 */
export type Profile = 'careful' | 'fast' | 'single';

/**
 * What the picture was judged to be. `attack` is an attack presentation (ISO/IEC 30107-3), `live` a bona fide
 * one; `poor_quality` and `no_face` mean "not judged", never "attack".
 */
export type Verdict = 'live' | 'attack' | 'poor_quality' | 'no_face';

/**
 * What a picture must offer before it is judged: `lenient` what the networks need and no more; `standard` and
 * `strict` also what commercial still-photo systems ask for. Apart from the threshold: a preset never changes
 * a score.
 */
export type CapturePreset = 'lenient' | 'standard' | 'strict';

/**
 * How serious a reason is: an `error` decided the verdict, a `warning` lowers trust in it, `info` only tells.
 */
export type Severity = 'error' | 'warning' | 'info';

/**
 * Why a judgement is as it is, and what the person in front of the camera (or the integrator) can do about
 * it.
 */
export interface Reason {
  readonly code: string;
  readonly severity: Severity;
  readonly text: string;
  readonly advice: string;
  /** The limit that was passed, where `text` names one that is not always the same. */
  readonly limit?: number;
}

/** A range; null where it is open. */
export interface QualityRange {
  readonly min: number | null;
  readonly max: number | null;
}

/**
 * One measured quality component. Outside `limit` the picture is too poor to judge (`passed` is false);
 * outside `advised` it is judged, with a reason that says so.
 */
export interface QualityComponent {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly limit: QualityRange;
  readonly advised: QualityRange;
  readonly passed: boolean;
}

/** The six key points of the face, named by the side of the picture they lie on. */
export interface KeyPoints {
  readonly eyeLeft: Point;
  readonly eyeRight: Point;
  readonly nose: Point;
  readonly mouth: Point;
  readonly earLeft: Point;
  readonly earRight: Point;
}

/** The face that was judged, in pixels of the upright picture. */
export interface FaceFinding {
  readonly box: Box;
  readonly keyPoints: KeyPoints;
  readonly detectorScore: number;
  /** How well the second detector's box agrees, 0-1; null where the first was sure enough to do without. */
  readonly detectorIoU: number | null;
}

/** Size of a face box, pixels of the upright picture. */
export interface FaceSize {
  readonly width: number;
  readonly height: number;
}

/**
 * One network run: which model, which crop, the logit `z` it gave (clamped to [-12, 12]) and its class
 * probabilities.
 */
export interface CropEvidence {
  readonly model: string;
  readonly crop: string;
  readonly boxScale: number;
  readonly rect: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly outputs: readonly number[];
  readonly logit: number;
}

/**
 * Probabilities of a bona fide presentation between which, both included, the networks do not know: 0 <= low
 * < high <= 1.
 */
export interface ReviewLimits {
  readonly low: number;
  readonly high: number;
}

/** A model that took part, by file hash (SHA-256, hex). */
export interface ModelUsed {
  readonly name: string;
  readonly role: 'detector' | 'classifier';
  readonly sha256: string;
  /** SHA-256 of its `card.json`, hex: what is known of it, how it takes part, how its numbers were fitted. */
  readonly cardSha256?: string;
}

/** What a picture that is one of several is compared and fused by. */
export interface StillEvidence {
  /** Brightness in 32 x 32 area averages, 0-255; null for a picture with a side under 32 pixels. */
  readonly thumbnail: Float32Array | null;
  /** What of the profile's calibration makes a score and a probability of a logit. */
  readonly curve: {
    readonly score: number[][];
    readonly probability: { readonly a: number; readonly b: number };
  };
}

/** Everything that is said of one picture. */
export interface Judgement {
  readonly verdict: Verdict;
  /**
   * Integer 0-100; above `threshold` means live. Null where the picture was not judged: `poor_quality`,
   * `no_face`.
   */
  readonly score: number | null;
  /**
   * What the networks gave, whether the picture was fit to be judged or not: of a `poor_quality` picture too.
   * Null without a face.
   */
  readonly rawScore: number | null;
  /**
   * Probability of a bona fide presentation at equal priors, 0-1, that belongs to `rawScore`; null without a
   * face.
   */
  readonly liveProbability: number | null;
  /**
   * The networks do not back the verdict: a person should look at the picture, or another one be taken. Never
   * with `poor_quality` or `no_face`, nor where `reviewLimits` is null.
   */
  readonly review: boolean;
  /** The limits that counted: those asked for, else those of the calibration; null: there are none. */
  readonly reviewLimits: ReviewLimits | null;
  readonly threshold: number;
  readonly profile: Profile;
  /** The capture preset whose limits were in force; absent: `lenient`. */
  readonly capture?: CapturePreset;
  /**
   * Mean class probabilities over the runs of the classifier with the greatest weight in the profile, by
   * class name; empty when no face was judged.
   */
  readonly classProbabilities: Readonly<Record<string, number>>;
  /** The fused logit Z; null when no face was judged. */
  readonly fusedLogit: number | null;
  readonly face: FaceFinding | null;
  readonly faceCount: number;
  /** Of every face found, the judged one's first, then by size; empty when no face was judged. */
  readonly faceSizes?: readonly FaceSize[];
  /** Size of the upright picture in pixels. */
  readonly width: number;
  readonly height: number;
  /** Clockwise quarter turns applied after EXIF to bring the face upright: 0, 1, 2 or 3. */
  readonly quarterTurns: number;
  readonly quality: readonly QualityComponent[];
  readonly reasons: readonly Reason[];
  readonly crops: readonly CropEvidence[];
  readonly models: readonly ModelUsed[];
  /** Only where the picture was judged as one of several. */
  readonly still?: StillEvidence;
  /** Milliseconds by step: `decode`, `detect`, `crop`, `classify`, `quality`, `total`. */
  readonly milliseconds: Readonly<Record<string, number>>;
}
