import { language, number, t } from '../../i18n/index.ts';

/** Requests of the last hour; `atLeast`: there were more than are counted. */
export interface Count {
  readonly requests: number;
  readonly atLeast: boolean;
}

/** The limits of an app; null: none. */
export interface Limits {
  readonly requestsPerSecond: number | null;
  readonly burst: number | null;
  readonly concurrent: number | null;
  readonly daily: number | null;
}

/** What an app decides for itself; null: the server's. */
export interface AppPolicy {
  readonly threshold: number | null;
  readonly profile: string | null;
  readonly capture: string | null;
  readonly review: ReviewLimits | null;
}

/** Probabilities between which a judgement is for review. */
export interface ReviewLimits {
  readonly low: number;
  readonly high: number;
}

/** What an app decides beyond that, for the v1 API. */
export interface Rules {
  readonly severalFaces: string;
  readonly minFaceWidth: number | null;
  readonly rejectOn: readonly string[] | null;
  readonly poorQuality: string;
}

/** An app as it is listed. */
export interface AppLine {
  readonly appid: string;
  readonly name: string;
  readonly state: 'active' | 'suspended' | 'closed';
  readonly buckets: readonly string[];
  readonly limits: Limits;
  readonly policy: AppPolicy;
  readonly createdAt: string;
  readonly lastHour: Count;
}

/** An app with its rules, and what a change says it was made for. */
export interface AppInFull extends AppLine {
  readonly rules: Rules;
  readonly version: string;
  readonly usedToday?: number | null;
}

/** A SecretId/SecretKey pair. */
export interface Pair {
  readonly secretId: string;
  readonly secretKey: string;
}

/** What all keys have. */
export interface KeyLine {
  readonly enabled: boolean;
  readonly expiresAt: string | null;
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
  readonly lastHour: Count;
}

/** A pair as it is listed. */
export interface PairLine extends KeyLine {
  readonly secretId: string;
}

/** An API key as it is listed. */
export interface ApiKeyLine extends KeyLine {
  readonly keyId: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly networks: readonly string[];
}

/** How many calls, in words. */
export function calls({ requests, atLeast }: Count): string {
  const n = number(requests);
  if (atLeast) return t('apps.callsAtLeast', { n });
  return requests === 1 && language.value === 'en' ? t('apps.oneCall') : t('apps.calls', { n });
}

/** Limits in one line. */
export function limitsText(limits: Limits): string {
  const part = (value: number | null, key: 'rate' | 'concurrent' | 'daily') =>
    value === null ? [] : [t(`apps.limit.${key}.short`, { n: number(value, 3) })];
  const parts = [
    ...part(limits.requestsPerSecond, 'rate'),
    ...part(limits.concurrent, 'concurrent'),
    ...part(limits.daily, 'daily'),
  ];
  return parts.length === 0 ? t('apps.noLimits') : parts.join(' · ');
}
