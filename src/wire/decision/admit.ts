import type { App, Limiter } from '../../account/types.ts';
import type { Judge } from '../../fleet/types.ts';

/**
 * Refuses a request that no worker would have room for: before its body is read, and once more when its app
 * is known.
 * @param app the app it is for, or claims to be for
 * @throws {Fault} `busy`
 */
export function checkRoom(judge: Pick<Judge, 'refusal'>, app: string | undefined): void {
  const noRoom = judge.refusal(app);
  if (noRoom !== null) throw noRoom;
}

/**
 * Works within an app's limits: one of its permits is held until the work is done.
 * @throws {Fault} `rate_limited`
 * @throws {Error} what `work` throws
 */
export async function withPermit<T>(limiter: Limiter, app: App, work: () => Promise<T>): Promise<T> {
  const permit = await limiter.admit(app);
  try {
    return await work();
  } finally {
    permit.release();
  }
}
