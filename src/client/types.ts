/** What a picture was judged to be. `poor_quality` and `no_face` mean "not checked", never "attack". */
export type Verdict = 'live' | 'attack' | 'poor_quality' | 'no_face';

/** A point in pixels of the upright picture. */
export interface Point {
  x: number;
  y: number;
}

/** A rectangle by its edges, in pixels of the upright picture; may reach outside of it. */
export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Six points of the face, named by the side of the picture they lie on. */
export interface KeyPoints {
  eyeLeft: Point;
  eyeRight: Point;
  nose: Point;
  mouth: Point;
  earLeft: Point;
  earRight: Point;
}

/** Why the answer is as it is, and what the person in front of the camera can do. */
export interface Reason {
  code: string;
  severity: 'error' | 'warning' | 'info';
  text: string;
  advice: string;
}

/**
 * One measured quality component. Outside `min` and `max` the picture is too poor to judge, and `passed` is
 * false; outside `advisedMin` and `advisedMax` it is judged, and a reason says what could be better.
 */
export interface QualityComponent {
  name: string;
  value: number;
  unit: string;
  min: number | null;
  max: number | null;
  passed: boolean;
  advisedMin: number | null;
  advisedMax: number | null;
}

/** A model that took part, by the SHA-256 of its file. */
export interface Model {
  name: string;
  role: 'detector' | 'classifier';
  sha256: string;
}

/** Probabilities between which the networks do not know. */
export interface ReviewLimits {
  low: number;
  high: number;
}

/** What was found out about one picture: the answer of `POST /v1/liveness`. */
export interface Liveness {
  requestId: string;
  verdict: Verdict;
  /** Which networks judged, and how: scores of different profiles are not to be compared. */
  profile: 'careful' | 'fast' | 'single';
  /** 0-100; above `threshold` means live. Null when the verdict is `poor_quality` or `no_face`. */
  score: number | null;
  /**
   * The networks do not back the verdict (reason `UNCERTAIN`, or a threshold that they contradict): have a
   * person look, or ask for another photo.
   */
  review: boolean;
  /** The limits of review that counted, probabilities 0-1; null: nothing is for review. */
  reviewLimits: ReviewLimits | null;
  /**
   * What the networks gave, of a picture too poor to judge as well; not to decide by. Null without a face.
   */
  rawScore: number | null;
  threshold: number;
  /** What a picture had to offer before it was judged; it never changes a score. */
  capturePreset: 'lenient' | 'standard' | 'strict';
  /** Probability of a bona fide presentation at equal priors, 0-1; null when `score` is. */
  liveProbability: number | null;
  classProbabilities: Record<string, number>;
  faceBox: Box | null;
  keyPoints: KeyPoints | null;
  faceCount: number;
  /** Degrees the picture was turned clockwise, after its EXIF orientation. */
  rotation: 0 | 90 | 180 | 270;
  quality: QualityComponent[];
  /** Errors first, then warnings, then information. */
  reasons: Reason[];
  models: Model[];
  /** Milliseconds by step. */
  timings: Record<string, number>;
}

/** How well one plane explains the motion of the key points between two stills: information alone. */
export interface PlanarMotion {
  /** In distances between the eyes. */
  motion: number;
  residual: number;
  /** 0-1; null: hardly any motion. */
  explained: number | null;
}

/** What several stills say of each other; places of stills are counted from 0. */
export interface Consistency {
  samePosition: boolean | null;
  sameSize: boolean | null;
  /** Pairs that are one picture. */
  identical: number[][];
  bySharpness: number[];
  planarMotion: PlanarMotion | null;
}

/** What was found out about several stills: the answer of `POST /v1/liveness` to `images` or `urls`. */
export interface LivenessTogether {
  requestId: string;
  verdict: Verdict;
  profile: 'careful' | 'fast' | 'single';
  /** Of all stills that took part; null when the verdict is `poor_quality` or `no_face`. */
  score: number | null;
  review: boolean;
  reviewLimits: ReviewLimits | null;
  rawScore: number | null;
  threshold: number;
  capturePreset: 'lenient' | 'standard' | 'strict';
  liveProbability: number | null;
  reasons: Reason[];
  /** Places of the stills that took part. */
  used: number[];
  /** The judgement of each, in order. */
  stills: Liveness[];
  consistency: Consistency;
}

/** A measured share with its interval, where one was published. */
export interface Rate {
  rate: number;
  interval: { low: number; high: number; method: string } | null;
}

/** Error rates at one threshold (ISO/IEC 30107-3). */
export interface OperatingPoint {
  /** An APCER measured at most 15 % (`lenient`), 5 % (`balanced`), 2 % (`strict`); null: no name. */
  name: 'lenient' | 'balanced' | 'strict' | null;
  threshold: number;
  apcer: Rate;
  bpcer: Rate;
  qualityGate: boolean;
}

/** The answer of `GET /v1/operating-points`. */
export interface OperatingPoints {
  threshold: number;
  profile: 'careful' | 'fast' | 'single';
  tables: {
    profile: 'careful' | 'fast' | 'single';
    points: OperatingPoint[];
    data: { description: string; pictures: number; sources: number; held: string; document: string };
  }[];
}

/** What `POST /v1/batches` takes. */
export interface BatchRequest {
  /**
   * Urls, and paths in the app's own folder of the server's folder of pictures or of its storage (`s3://`);
   * at most 10 000. Two to five that follow each other with one group are judged as stills of one person.
   */
  pictures: (string | { picture: string; group: string })[];
  name?: string;
  /** -9 to 0; below 0: after the batches of others. */
  priority?: number;
  /**
   * Where results are written once it is done: `s3://…` in the app's own folder of the server's storage, a
   * key that ends in .ndjson, .parquet or .csv, or a folder that ends with `/`.
   */
  results?: string;
  /** Called with a signed POST when the batch is over. */
  webhook?: string;
}

/** How far a batch is. */
export interface Batch {
  batchId: string;
  name: string;
  state: 'filling' | 'running' | 'paused' | 'done' | 'cancelled';
  priority: number;
  pictures: number;
  judged: number;
  refused: number;
  failed: number;
  createdAt: string;
  begunAt: string | null;
  finishedAt: string | null;
  secondsLeft: number | null;
  webhook: 'waiting' | 'delivered' | 'given_up' | null;
  results: string | null;
  resultsState: 'waiting' | 'written' | 'given_up' | null;
}

/** The answer of `GET /v1/batches`. */
export interface BatchList {
  batches: Batch[];
}

/** The answer of `GET /v1/batches/{id}/results`. */
export interface BatchResults {
  results: { row: number; result: Record<string, unknown> }[];
  next: number | null;
}

/**
 * What a session is bound to; all of it may be left out. Stricter than the app's own policy, never looser.
 */
export interface SessionRequest {
  /** Your own reference for the person or case, 1 to 128 printable ASCII characters. */
  reference?: string;
  /** The one web origin that may upload: `https://example.org`. */
  origin?: string;
  /** Stills that make one try, 1 to 5; 3. */
  stills?: number;
  tries?: number;
  expiresInSeconds?: number;
  policy?: {
    threshold?: number;
    capture?: 'lenient' | 'standard' | 'strict';
    /** As wide as the app's own, or wider. */
    review?: ReviewLimits;
    captureSignals?: 'information' | 'review';
  };
  /** Where the result is sent. */
  webhook?: string;
}

/** A session that was made: `sessionId` and `token` go to the page, and nothing else does. */
export interface NewSession {
  sessionId: string;
  token: string;
  expiresAt: string;
  stills: number;
  tries: number;
  /** What `verifyWebhook` needs; null where no webhook was asked for. */
  webhookSecret: string | null;
}

/** What speaks for a picture that did not come from a camera; see docs/understand/injection.md. */
export type CaptureSignal =
  | 'facts_missing'
  | 'camera_label_missing'
  | 'camera_virtual'
  | 'frames_identical'
  | 'timing_implausible'
  | 'jpeg_structure'
  | 'editor_metadata'
  | 'resolution_unusual'
  | 'resolution_differs';

/** A session as its server sees it. */
export interface Session {
  sessionId: string;
  state: 'created' | 'uploading' | 'judging' | 'done' | 'expired' | 'exhausted' | 'cancelled';
  /** Null unless `done`. `review`: live, but have a person look. `unfit`: nothing could be judged. */
  outcome: 'live' | 'attack' | 'review' | 'unfit' | null;
  decision: {
    score: number | null;
    liveProbability: number | null;
    review: boolean;
    reasons: string[];
  } | null;
  reference: string | null;
  origin: string | null;
  createdAt: string;
  expiresAt: string;
  startedAt: string | null;
  endedAt: string | null;
  stills: number;
  tries: number;
  triesUsed: number;
  refusedUploads: number;
  capture: { signals: CaptureSignal[] };
  taken: {
    try: number;
    requestId: string;
    sha256: string;
    bytes: number;
    receivedAt: string;
    takenAfter: number | null;
    verdict: Verdict | null;
    score: number | null;
    threshold: number | null;
    review: boolean;
    reasons: string[];
    signals: CaptureSignal[];
  }[];
  webhook: {
    state: 'waiting' | 'delivered' | 'given_up';
    tries: number;
    lastFailure: string | null;
  } | null;
}

/** What a webhook tells. */
export interface SessionEvent {
  event: 'session.ended';
  session: Omit<Session, 'webhook'>;
}
