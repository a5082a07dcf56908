import type { App } from '../../../account/types.ts';
import type { ReviewByProfile } from '../../../liveness/review.ts';
import type { CapturePreset, Profile } from '../../../liveness/types.ts';
import type { JudgingRules } from '../../../policy/policy.ts';
import type { SessionStore } from '../../../session/types.ts';
import type { WebhookStore } from '../../../webhook/types.ts';
import type { LivenessDeps } from '../liveness.ts';

/** What sessions are bound to where nothing else is asked for. */
export interface SessionSettings {
  readonly seconds: number;
  readonly tries: number;
  /** Open sessions of one app at most. */
  readonly mostOpen: number;
  readonly captureSignals: 'information' | 'review';
  /** The server's own, for apps that have none. */
  readonly threshold: number;
  readonly capture: CapturePreset;
  readonly profile: Profile;
  readonly reviewLimits: ReviewByProfile;
  /** What webhooks are signed with; null: none are made. */
  readonly webhookSecret: string | null;
}

/** What the paths of sessions work with beyond the rest of the v1 API. */
export interface SessionParts {
  readonly store: SessionStore;
  readonly webhooks: Pick<WebhookStore, 'findWebhook'>;
  readonly findApp: (appid: string) => Promise<App | null>;
  readonly findRules: (appid: string) => Promise<JudgingRules>;
  readonly settings: SessionSettings;
}

export interface SessionDeps extends LivenessDeps {
  readonly sessions: SessionParts;
}
