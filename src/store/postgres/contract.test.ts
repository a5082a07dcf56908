import { describe } from 'vitest';
import { testOn } from '../test-support/temp-store.ts';
import { serverOfTests, whyNoServer } from './test-support/server.ts';
import { postgresOn } from './test-support/temp-store.ts';

// What every store must do, told by the same tests as for SQLite.
describe.skipIf(whyNoServer !== null)(
  `on a PostgreSQL server${whyNoServer === null ? '' : ` (skipped: ${whyNoServer})`}`,
  async () => {
    testOn(postgresOn(serverOfTests()));
    await import('../core/accounts.test.ts');
    await import('../core/ledger.test.ts');
    await import('../core/ledger-search.test.ts');
    await import('../core/picture-rows.test.ts');
    await import('../core/record.test.ts');
    await import('../core/erase.test.ts');
    await import('../core/review.test.ts');
    await import('../core/console/console.test.ts');
    await import('../core/sessions.test.ts');
    await import('../core/scores.test.ts');
    await import('../../account/limiter.test.ts');
    await import('../../account/authenticate.test.ts');
  },
);
