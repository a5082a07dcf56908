import type { Permission } from './permissions.ts';
import { Refusal } from './refusal.ts';
import type { Session } from './types.ts';

/** How long a proof of who sits there counts, in ms. */
export const PROOF_MS = 5 * 60_000;

/**
 * What grants rights or cannot be undone: a change under one of these permissions asks who sits there. A
 * browser that was left open is not its user.
 */
export const PROOF_PERMISSIONS: ReadonlySet<Permission> = new Set(['users', 'adminKeys', 'erase', 'keys']);

/** Until when the proof of a session counts; null: there is none that does. */
export function provenUntil({ provenAt }: Pick<Session, 'provenAt'>, now: number): Date | null {
  if (provenAt === null) return null;
  const until = provenAt.getTime() + PROOF_MS;
  return until > now ? new Date(until) : null;
}

/** @throws {Refusal} `proof_needed` */
export function needProof(session: Pick<Session, 'provenAt'>, now: number): void {
  if (provenUntil(session, now) === null)
    throw new Refusal('proof_needed', 'Show first that it is still you: the last proof is too long ago.');
}
