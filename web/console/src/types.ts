import type { Language } from './i18n/index.ts';

/** What the service says of itself before anybody is signed in. */
export interface ServiceState {
  readonly version: string;
  readonly needsSetup: boolean;
  readonly signIn: {
    readonly password: boolean;
    readonly passkey: boolean;
    /** Whether there is a provider to sign in at, and what it is called. */
    readonly oidc: boolean;
    readonly oidcName: string | null;
  };
  readonly tls: boolean;
}

/** Who is signed in. */
export interface Me {
  readonly user: {
    readonly id: string;
    readonly name: string;
    readonly role: string;
    readonly totp: boolean;
    readonly passkeys: number;
    /** Where the user signs in, if not here. */
    readonly provider: string | null;
  };
  readonly csrfToken: string;
  readonly permissions: readonly string[];
  readonly expiresAt: string;
}

/** A point or size in pixels of the upright picture. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A measured quality component; outside min and max the picture is not judged. */
export interface Quality {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly min: number | null;
  readonly max: number | null;
  readonly passed: boolean;
  readonly advisedMin: number | null;
  readonly advisedMax: number | null;
}

/** One run of one network. */
export interface NetworkRun {
  readonly model: string;
  readonly crop: string;
  readonly boxScale: number;
  readonly logit: number;
  readonly liveProbability: number;
}

/** What a trial answers: the body of the v1 API and what stands behind it. */
export interface Trial {
  readonly requestId: string;
  readonly profile: string;
  readonly verdict: string;
  readonly score: number | null;
  readonly rawScore: number | null;
  readonly threshold: number;
  readonly review: boolean;
  readonly liveProbability: number | null;
  readonly faceBox: {
    readonly left: number;
    readonly top: number;
    readonly right: number;
    readonly bottom: number;
  } | null;
  readonly keyPoints: Readonly<Record<string, Point>> | null;
  readonly faceCount: number;
  readonly rotation: number;
  readonly quality: readonly Quality[];
  readonly reasons: readonly { readonly code: string; readonly severity: string }[];
  /** What the reasons say, in their order. */
  readonly reasonTexts: Readonly<
    Record<Language, readonly { readonly text: string; readonly advice: string }[]>
  >;
  readonly timings: Readonly<Record<string, number>>;
  readonly width: number;
  readonly height: number;
  readonly reviewLimits: { readonly low: number; readonly high: number } | null;
  readonly networks: readonly NetworkRun[];
}

/** A line of the ledger. */
export interface Decision {
  readonly at: string;
  readonly requestId: string;
  readonly appid: string;
  readonly kind: string;
  readonly requests: number;
  readonly code: number;
  readonly verdict: string | null;
  readonly score: number | null;
  readonly rawScore: number | null;
  readonly reasons: readonly string[];
  readonly milliseconds: number;
  readonly threshold: number | null;
  readonly review: boolean | null;
  readonly reference: string | null;
}

/** A line of the ledger with all that is kept of it. */
export interface DecisionInFull extends Decision {
  readonly secretId: string;
  readonly source: string;
  readonly pictureBytes: number;
  readonly pictureSha256: string;
  readonly callerAddress: string;
  readonly models: Readonly<Record<string, string>>;
  readonly explanation: {
    readonly api: string;
    readonly http: number;
    readonly version: string;
    readonly profile: string | null;
    readonly threshold: number | null;
    readonly policy: { readonly hash: string; readonly content: Readonly<Record<string, unknown>> } | null;
    readonly liveProbability: number | null;
    readonly faceCount: number | null;
    readonly quality: readonly {
      readonly name: string;
      readonly value: number;
      readonly unit: string;
      readonly min: number | null;
      readonly max: number | null;
    }[];
    readonly cards: Readonly<Record<string, string>>;
  } | null;
  readonly texts: readonly { readonly code: string; readonly text?: string; readonly advice?: string }[];
  readonly chain: { readonly row: number; readonly hash: string | null; readonly names: readonly string[] };
}

/** One step of activity. */
export interface Step {
  readonly at: string;
  readonly requests: Readonly<Record<string, number>>;
  readonly latency: { readonly p50: number; readonly p95: number; readonly p99: number } | null;
  /** Judged pictures by raw score, 20 shares of 5; empty where none was judged. */
  readonly scores: readonly number[];
}

/** What happened in a period. */
export interface Activity {
  readonly from: string;
  readonly to: string;
  readonly step: number;
  readonly isWhole: boolean;
  readonly steps: readonly Step[];
  readonly codes: Readonly<Record<string, number>>;
  readonly refusals: Readonly<Record<string, number>>;
  readonly scores: readonly { readonly from: number; readonly live: number; readonly other: number }[];
}
