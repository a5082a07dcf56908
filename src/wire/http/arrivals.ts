import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { Form } from './face.ts';
import { type HttpFault, type HttpFaultSeen, httpFaultEnvelope } from './http-faults.ts';
import { createPipelines } from './pipelines.ts';
import { rarely } from './rarely.ts';
import { respond } from './respond.ts';
import type { TransportSettings } from './transport-settings.ts';
import { closeUnread } from './unread.ts';

/** What arrivals are looked at with. */
export interface ArrivalsOptions {
  readonly transport: TransportSettings;
  readonly requestId: (request: IncomingMessage) => string;
  readonly form?: Form | undefined;
  readonly log: Logger;
  readonly onFault?: ((fault: HttpFaultSeen) => void) | undefined;
}

/** Looks at every request before anything else does. */
export interface Arrivals {
  /** Whether the request is to be worked on; where not, it was refused or dropped here. */
  admit(request: IncomingMessage, response: ServerResponse): boolean;
  /** The answer to this request is the last one on its connection. */
  endAt(request: IncomingMessage): void;
  /** Closes connections of this server whose callers do not take their answers. */
  watch(server: Server): void;
}

const ignore = (): void => {};

/** Keeps what callers ask for and do not take within bounds, on every path and port. */
export function createArrivals({
  transport,
  requestId,
  form,
  log,
  onFault = () => {},
}: ArrivalsOptions): Arrivals {
  const pipelines = createPipelines(transport);
  const tell = rarely(10_000);

  const refuse = (request: IncomingMessage, response: ServerResponse) => {
    const fault: HttpFault = 'pipelined';
    onFault(fault);
    tell((more) =>
      log.info({ event: 'http_fault', fault, more }, 'too many unanswered requests on a connection'),
    );
    respond(request, response, httpFaultEnvelope(fault, { 'retry-after': '1' }), {
      requestId: requestId(request),
      form,
      close: true,
      linger: transport.linger,
    });
  };

  return {
    admit(request, response) {
      const arrival = pipelines.arrive(request, response);
      if (arrival === 'drop') {
        // Read on, so that the connection ends without a reset, and its last answer is read.
        if (!request.socket.destroyed) request.resume();
        return false;
      }
      // A caller that leaves in the middle is no error of ours, whoever writes the answer.
      request.on('error', ignore);
      response.on('error', ignore);
      if (arrival === 'refuse') refuse(request, response);
      return arrival === 'serve';
    },
    endAt: pipelines.endAt,
    watch(server) {
      closeUnread(server, {
        ...transport,
        onUnread() {
          onFault('unread');
          tell((more) => log.info({ event: 'http_fault', fault: 'unread', more }, 'answers were not taken'));
        },
      });
    },
  };
}
