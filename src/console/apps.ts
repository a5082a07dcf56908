import {
  type ApiKeyScope,
  type ApiKeySummary,
  apiKeyDigest,
  DEFAULT_SCOPES,
  newApiKey,
} from '../account/api-key/api-key.ts';
import { newAppid, newSecret } from '../account/generate.ts';
import type { App, AppLimits, NewSecret, SecretSummary } from '../account/types.ts';
import { UsageError } from '../faults.ts';
import type { LedgerOverview } from '../ledger/search.ts';
import type { LedgerPlace, LedgerReader } from '../ledger/types.ts';
import type { ReviewByProfile } from '../liveness/review.ts';
import type { CapturePreset, ReviewLimits } from '../liveness/types.ts';
import type { JudgingRules } from '../policy/policy.ts';
import { type Policy, type PolicyPreview, previewPolicy } from '../policy/preview.ts';
import type { Changes } from './changes.ts';

/** What is asked for when an app is made; what is left out is made up. */
export interface WantedApp {
  readonly appid?: string | undefined;
  readonly name?: string | undefined;
  readonly buckets?: readonly string[] | undefined;
  readonly limits?: Partial<AppLimits> | undefined;
}

/**
 * Makes an app and its first pair.
 * @param brought a pair that exists already, of the old service; null: a new one is made
 */
export async function makeApp(
  changes: Pick<Changes, 'createApp'>,
  wanted: WantedApp,
  brought: NewSecret | null,
): Promise<{ readonly app: App; readonly secret: NewSecret }> {
  const secret = brought ?? newSecret();
  const appid = wanted.appid ?? newAppid();
  const { name = `app ${appid}`, buckets = [], limits = {} } = wanted;
  return { app: await changes.createApp({ appid, name, buckets, limits }, secret), secret };
}

/** Makes a further pair for an app, or brings one along. */
export async function makePair(
  changes: Pick<Changes, 'addSecret'>,
  appid: string,
  brought: NewSecret | null,
): Promise<{ readonly summary: SecretSummary; readonly secret: NewSecret }> {
  const secret = brought ?? newSecret();
  return { summary: await changes.addSecret(appid, secret), secret };
}

/**
 * Makes the pair that takes the place of another, which works a while longer.
 * @throws {UsageError} `secret_same`, `secret_unknown`, `app_closed`
 */
export async function replacePair(
  changes: Pick<Changes, 'rotateSecret'>,
  secretId: string,
  brought: NewSecret | null,
  oldEndsAt: Date,
): Promise<{ readonly summary: SecretSummary; readonly secret: NewSecret }> {
  const secret = brought ?? newSecret();
  if (secret.secretId === secretId)
    throw new UsageError('secret_same', 'the new SecretId must differ from the old one');
  return { summary: await changes.rotateSecret(secretId, secret, oldEndsAt), secret };
}

/** What is asked for when an API key is made. */
export interface WantedApiKey {
  readonly name?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly networks?: readonly string[] | undefined;
  readonly expiresAt?: Date | null | undefined;
}

/** Makes an API key; it is shown this once. */
export async function makeApiKey(
  changes: Pick<Changes, 'addApiKey'>,
  appid: string,
  wanted: WantedApiKey,
): Promise<{ readonly apiKey: string; readonly summary: ApiKeySummary }> {
  const { keyId, apiKey } = newApiKey();
  const { name = 'API key', scopes = DEFAULT_SCOPES, networks = [], expiresAt = null } = wanted;
  const summary = await changes.addApiKey(appid, {
    keyId,
    digest: apiKeyDigest(apiKey),
    name,
    scopes: scopes as readonly ApiKeyScope[],
    networks,
    expiresAt,
  });
  return { apiKey, summary };
}

/** Makes the API key that takes the place of another, which works a while longer. */
export async function replaceApiKey(
  changes: Pick<Changes, 'rotateApiKey'>,
  keyId: string,
  oldEndsAt: Date,
): Promise<{ readonly apiKey: string; readonly summary: ApiKeySummary }> {
  const { keyId: nextId, apiKey } = newApiKey();
  const next = { keyId: nextId, digest: apiKeyDigest(apiKey) };
  return { apiKey, summary: await changes.rotateApiKey(keyId, next, oldEndsAt) };
}

/** The settings of the server that count where an app has none of its own. */
export interface ServerPolicy {
  readonly threshold: number;
  readonly capture: CapturePreset;
  readonly reviewLimits: ReviewByProfile;
}

/** A policy that is proposed; a member left out stays, null goes back to the server's. */
export interface PolicyChange {
  readonly threshold?: number | null | undefined;
  readonly capture?: CapturePreset | null | undefined;
  readonly review?: ReviewLimits | null | undefined;
  readonly rules?: Partial<JudgingRules> | undefined;
}

/** A preview with both policies that it compares. */
export interface ComparedPolicies {
  readonly current: Policy;
  readonly proposed: Policy;
  readonly preview: PolicyPreview;
}

/** What a change of policy would have done to the pictures of an app since a moment. */
export async function previewChange(
  ledger: Pick<LedgerReader, 'read'>,
  server: ServerPolicy,
  now: { readonly app: App | null; readonly appid: string; readonly rules: JudgingRules },
  change: PolicyChange,
  range: { readonly since: Date; readonly until?: Date | undefined },
): Promise<ComparedPolicies> {
  const current: Policy = {
    threshold: now.app?.policy.threshold ?? server.threshold,
    capture: now.app?.policy.capture ?? server.capture,
    review: now.app?.policy.review ?? null,
    rules: now.rules,
  };
  const { threshold, capture, review, rules = {} } = change;
  const given = Object.entries(rules).filter(([, value]) => value !== undefined);
  const proposed: Policy = {
    threshold: threshold === undefined ? current.threshold : (threshold ?? server.threshold),
    capture: capture === undefined ? current.capture : (capture ?? server.capture),
    review: review === undefined ? current.review : review,
    rules: { ...now.rules, ...Object.fromEntries(given) },
  };
  const rows = ledger.read({ appid: now.appid, ...range });
  const preview = await previewPolicy(rows, current, proposed, server.reviewLimits);
  return { current, proposed, preview };
}

/** Rows that a preview in the console tries at most: enough for shares, and read within a second. */
const TRIED_ROWS = 20_000;
const ROWS_AT_ONCE = 200;

/** The newest rows of a ledger, as many as a person waits for. */
export interface NewestRows extends Pick<LedgerReader, 'read'> {
  /** Once they were read: false where there were more, which were left out. */
  readonly isWhole: () => boolean;
}

/** Reads the newest rows first, and stops after so many. */
export function newestRows(ledger: Pick<LedgerOverview, 'search'>, most = TRIED_ROWS): NewestRows {
  let isWhole = true;
  return {
    isWhole: () => isWhole,
    async *read(filter) {
      let place: LedgerPlace | null = null;
      let count = 0;
      do {
        const page = await ledger.search(filter, place, Math.min(ROWS_AT_ONCE, most - count));
        yield* page.rows;
        count += page.rows.length;
        place = page.next;
      } while (place !== null && count < most);
      isWhole = place === null || (await ledger.search(filter, place, 1)).rows.length === 0;
    },
  };
}
