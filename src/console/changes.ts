import type { ApiKeyAdmin } from '../account/api-key/api-key.ts';
import type { AccountAdmin, AccountStore, UsageStore } from '../account/types.ts';
import type { Actor, AdminEntry } from '../ledger/admin.ts';
import type { LedgerOverview } from '../ledger/search.ts';
import type { Chains, LedgerReader } from '../ledger/types.ts';
import type { RulesStore } from '../policy/policy.ts';
import type { OwnPointsAdmin, OwnPointsStore } from './own-points.ts';
import type { ReviewAdmin, ReviewStore } from './review.ts';
import type { ConsoleAdmin, ConsoleStore } from './types.ts';

/** The changes that the log of changes has entries of. */
export interface Changes
  extends ConsoleAdmin,
    ReviewAdmin,
    OwnPointsAdmin,
    Pick<
      AccountAdmin,
      | 'createApp'
      | 'changeApp'
      | 'setAppState'
      | 'setLimits'
      | 'setPolicy'
      | 'setBuckets'
      | 'addSecret'
      | 'setSecretEnabled'
      | 'rotateSecret'
      | 'rotateMasterKey'
    >,
    Pick<ApiKeyAdmin, 'addApiKey' | 'setApiKeyEnabled' | 'rotateApiKey'>,
    Pick<RulesStore, 'setRules'>,
    Pick<Chains, 'erase'> {
  noteChange(entry: AdminEntry): Promise<void>;
}

/** What the console needs of the store. */
export interface ConsoleBacking {
  readonly accounts: AccountStore & AccountAdmin;
  readonly apiKeys: Pick<ApiKeyAdmin, 'listApiKeys'>;
  readonly rules: Pick<RulesStore, 'findRules'>;
  readonly console: ConsoleStore;
  readonly review: ReviewStore;
  readonly ownPoints: OwnPointsStore;
  readonly usage: Pick<UsageStore, 'used'>;
  readonly ledger: LedgerReader & LedgerOverview;
  readonly chains: Pick<Chains, 'adminLog' | 'names' | 'verify' | 'head' | 'hashAt' | 'countBeside'>;
  /** Changes under the name of who makes them. */
  as(actor: Actor): Changes;
}
