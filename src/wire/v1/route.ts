import type { Envelope } from '../http/envelope.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Language } from './language.ts';
import type { Notes } from './liveness.ts';

/** One path of the v1 API. */
export interface Route {
  readonly methods: readonly ('GET' | 'POST')[];
  /** Whether a request leaves a line in the log: those that somebody answers for. */
  readonly logged: boolean;
  /** Whether it asks for a judgement: those are counted. */
  readonly judges?: boolean;
  /** Whether it has a span though it asks for no judgement: what comes of it later goes on with its trace. */
  readonly traced?: boolean;
  readonly answer: (exchange: Exchange, language: Language, notes: Notes) => Promise<Envelope> | Envelope;
  /** Headers that answer a browser's preflight; null: it is answered as the service's CORS list has it. */
  readonly preflight?: (exchange: Exchange) => Promise<Readonly<Record<string, string>> | null>;
}
