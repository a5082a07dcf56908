import type { FastifyRequest } from 'fastify';

/** Who makes a call of the admin API. */
export interface AdminCaller {
  /** As records name it. */
  readonly name: string;
}

/**
 * Lets a call pass or not: resolves with the caller where it may do what the permission names.
 * @throws {Fault} where nobody is signed in, or the caller's role does not have the permission
 */
export type Guard = (request: FastifyRequest, permission: string) => Promise<AdminCaller>;
