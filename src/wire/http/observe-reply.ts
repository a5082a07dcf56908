import type { ServerResponse } from 'node:http';
import type { HttpFaultSeen } from './http-faults.ts';

/** What the server tells of what it does; implementations never fail and never wait. */
export interface ServerObserver {
  /** A reply of any kind is out, with this HTTP status. */
  reply(status: number): void;
  /** A connection was closed below HTTP, answered where that is possible. */
  httpFault(fault: HttpFaultSeen): void;
}

/** Reports a reply to the observer once it is out. */
export function observeReply(response: ServerResponse, observer: ServerObserver | undefined): void {
  response.once('finish', () => observer?.reply(response.statusCode));
}
