import { catalogue, wireVariants } from './error-catalogue.ts';

export {
  type Bilingual,
  type CatalogueEntry,
  catalogue,
  type WireVariant,
  wireVariants,
} from './error-catalogue.ts';

/** Codes of failures of the service itself. */
const ourOwn: ReadonlySet<number> = new Set([107, 108, 213]);

/**
 * A refusal or failure with its place in the catalogue. `code` is the wire code (see the catalogue), `reason` a short
 * constant for logs, metrics and `X-Liveness-Reason` (`too_large`, `private_address`, …), `message` the precise English
 * text for the operator's log; it never goes to the caller of the legacy endpoint.
 *
 * Code 3 is answered by reason: `appid_missing`, `account_suspended`, `account_closed`, every other one as a parse error.
 * Of code 21 the reason is the parameter's name, with an optional detail after a colon: `url:scheme`.
 */
export class Fault extends Error {
  readonly code: number;
  readonly reason: string;
  /** Seconds after which another try makes sense; sets `Retry-After`. */
  readonly retryAfter: number | undefined;

  constructor(
    code: number,
    reason: string,
    message: string,
    options: { readonly cause?: unknown; readonly retryAfter?: number } = {},
  ) {
    const depth = Error.stackTraceLimit;
    // A refusal is an answer and not a mistake: nobody reads where it was made, and under overload finding that out is a tenth of its cost.
    if (!ourOwn.has(code)) Error.stackTraceLimit = 0;
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    Error.stackTraceLimit = depth;
    this.name = 'Fault';
    this.code = code;
    this.reason = reason;
    this.retryAfter = options.retryAfter;
  }
}

/**
 * Something a person asked for that cannot be done as asked: a wrong option, an app that does not exist, a setting with a
 * value out of range. `message` says what was expected, what was found and what to do; the command line prints it as it
 * is and ends with status 2.
 */
export class UsageError extends Error {
  readonly reason: string;

  constructor(reason: string, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'UsageError';
    this.reason = reason;
  }
}

/** What goes on the wire for a fault. */
export interface FaultReply {
  readonly http: number;
  readonly code: number;
  readonly message: string;
  /** Whole seconds for `Retry-After`; on codes 15 and -5802 always there. */
  readonly retryAfter?: number;
}

const internal = 213;

/** The `message` member of the reply to `fault`: fixed by the contract, never the fault's own text. */
export function wireMessage(fault: Fault): string {
  return reply(fault).message;
}

/**
 * The reply to `fault` by the catalogue. A code the catalogue does not know, or one this endpoint never sends, is
 * answered as 213: a caller must never see an undocumented code.
 */
export function reply(fault: Fault): FaultReply {
  const entry = catalogue.get(fault.code);
  if (entry === undefined || !entry.sent || entry.code === 0) {
    const own = catalogue.get(internal)!;
    return { http: own.http, code: own.code, message: own.message };
  }
  const variant = wireVariants.find((v) => v.code === fault.code && v.reason === fault.reason) ?? entry;
  const message = entry.code === 21 ? `${variant.message}: ${parameterOf(fault.reason)}` : variant.message;
  const retryAfter = retryAfterOf(fault);
  return {
    http: variant.http,
    code: entry.code,
    message,
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
}

function parameterOf(reason: string): string {
  return /^[A-Za-z][A-Za-z0-9_.-]{0,63}(?=:|$)/.exec(reason)?.[0] ?? 'unknown';
}

function retryAfterOf(fault: Fault): number | undefined {
  const { retryAfter } = fault;
  if (retryAfter !== undefined && Number.isFinite(retryAfter)) return Math.max(1, Math.ceil(retryAfter));
  return fault.code === 15 || fault.code === -5802 ? 1 : undefined;
}
