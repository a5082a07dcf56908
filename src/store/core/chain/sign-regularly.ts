import type { AuditKey } from '../../../ledger/checkpoint.ts';
import type { StoreDatabase } from '../database.ts';
import { movedChains, signHead } from './checkpoints.ts';

/** How often the state of the chains is signed while they grow, in ms. */
const SIGN_EVERY = 60_000;

/** Signs the heads of the chains while they move, and once more at the end. */
export function signRegularly(
  database: StoreDatabase,
  key: AuditKey,
  onTrouble: (error: Error) => void,
): { close(): Promise<void> } {
  const sign = async (tell: (error: Error) => void): Promise<void> => {
    try {
      // Looked at without the write lock first: nothing is written where nothing moved.
      const moved = await database.read('state_unavailable', (db) => movedChains(db));
      if (moved.length === 0) return;
      await database.write('state_unavailable', async (db) => {
        for (const chain of moved) await signHead(db, chain, key);
      });
    } catch (error) {
      tell(error as Error);
    }
  };
  const timer = setInterval(() => void sign(onTrouble), SIGN_EVERY);
  timer.unref();
  return {
    async close() {
      clearInterval(timer);
      // What cannot be signed now is signed by the next start.
      await sign(() => {});
    },
  };
}
