import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Arrivals } from './arrivals.ts';
import { offersUpgrade } from './early.ts';
import type { Faces } from './face.ts';
import { httpFaultEnvelope } from './http-faults.ts';
import { observeReply, type ServerObserver } from './observe-reply.ts';
import { respond } from './respond.ts';
import { refuseTunnel } from './socket-faults.ts';
import type { TransportSettings } from './transport-settings.ts';

/** What is needed to answer what Node hands over before there is a request. */
export interface Expecting {
  readonly http: Server;
  readonly arrivals: Arrivals;
  readonly faces: Faces;
  readonly requestId: (request: IncomingMessage) => string;
  readonly observer?: ServerObserver | undefined;
  readonly settings: { readonly transport: TransportSettings };
  /** Requests whose callers wait for a word before they send the body. */
  readonly work: { readonly waiting: WeakSet<IncomingMessage> };
}

/**
 * Answers tunnels, offers of another protocol and `Expect`, which Node hands over before there is a request
 * to answer.
 */
export function answerExpectations(parts: Expecting): void {
  const { http, arrivals, faces, requestId, observer, settings, work } = parts;
  // Node's parser stops behind a request that offers another protocol and throws away what came with it, so
  // whatever follows may be the rest of a lost request: such a request is the last one on its connection.
  const noteOffer = (request: IncomingMessage, response: ServerResponse) => {
    if (!offersUpgrade(request)) return;
    response.setHeader('Connection', 'close');
    arrivals.endAt(request);
  };
  http.prependListener('request', noteOffer);
  http.on('connect', (request, socket) => refuseTunnel(socket, requestId(request)));
  // Answered only when the body is wanted: a body that is refused need not be sent at all.
  http.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    work.waiting.add(request);
    http.emit('request', request, response);
  });
  http.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    if (!arrivals.admit(request, response)) return;
    noteOffer(request, response);
    observeReply(response, observer);
    const closes = respond(request, response, httpFaultEnvelope('expectation'), {
      requestId: requestId(request),
      form: faces.form,
      linger: settings.transport.linger,
    });
    if (closes) arrivals.endAt(request);
  });
}
