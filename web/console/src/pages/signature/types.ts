import type { Language } from '../../i18n/index.ts';

/** One thing about a signature. */
export interface Finding {
  readonly severity: 'error' | 'note';
  readonly reason: string;
  readonly code: number | null;
  readonly text: string;
  /** What to do about it. */
  readonly fixes: Readonly<Record<Language, string>>;
}

/** A signature taken apart. */
export interface Diagnosis {
  readonly accepted: boolean;
  readonly verified: boolean;
  readonly secondsAhead: number | null;
  readonly signature: {
    readonly digest: string;
    readonly original: string;
    readonly appid: string;
    readonly secretId: string;
    readonly bucket: string | null;
    readonly fileid: string | null;
    readonly issuedAt: string | null;
    readonly expiresAt: string | null;
    readonly singleUse: boolean;
  } | null;
  readonly findings: readonly Finding[];
}

/** A signature that was made. */
export interface Made {
  readonly signature: string;
  readonly original: string;
  readonly appid: string;
  readonly secretId: string;
  /** Seconds since 1970. */
  readonly expires: number;
  readonly singleUse: boolean;
  readonly usableSeconds: number;
  readonly accepted: boolean;
  readonly findings: readonly Finding[];
}
