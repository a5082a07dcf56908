import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Type } from 'typebox';
import { Value } from 'typebox/value';

/*
 * A collector that takes traces as OTLP over HTTP in JSON. The shapes are those of opentelemetry/proto/trace/v1 and
 * collector/trace/v1 as the OTLP specification writes them in JSON: ids in hex, 64-bit numbers as text.
 */

const Attribute = Type.Object({
  key: Type.String(),
  value: Type.Union([
    Type.Object({ stringValue: Type.String() }, { additionalProperties: false }),
    Type.Object({ intValue: Type.Number() }, { additionalProperties: false }),
    Type.Object({ doubleValue: Type.Number() }, { additionalProperties: false }),
    Type.Object({ boolValue: Type.Boolean() }, { additionalProperties: false }),
  ]),
});
const Nanoseconds = Type.String({ pattern: '^\\d{19}$' });
const OtlpSpan = Type.Object({
  traceId: Type.String({ pattern: '^[0-9a-f]{32}$' }),
  spanId: Type.String({ pattern: '^[0-9a-f]{16}$' }),
  parentSpanId: Type.Optional(Type.String({ pattern: '^[0-9a-f]{16}$' })),
  name: Type.String({ minLength: 1 }),
  kind: Type.Integer({ minimum: 0, maximum: 5 }),
  startTimeUnixNano: Nanoseconds,
  endTimeUnixNano: Nanoseconds,
  attributes: Type.Array(Attribute),
  status: Type.Object({ code: Type.Integer({ minimum: 0, maximum: 2 }) }),
});
const Export = Type.Object(
  {
    resourceSpans: Type.Array(
      Type.Object({
        resource: Type.Object({ attributes: Type.Array(Attribute) }),
        scopeSpans: Type.Array(
          Type.Object({ scope: Type.Object({ name: Type.String() }), spans: Type.Array(OtlpSpan) }),
        ),
      }),
    ),
  },
  { additionalProperties: false },
);

/** A span as it arrived; times in ms since 1970. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: number;
  readonly from: number;
  readonly to: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly failed: boolean;
  readonly resource: Readonly<Record<string, unknown>>;
}

/** A collector on 127.0.0.1. */
export interface Collector {
  readonly url: string;
  readonly spans: ReceivedSpan[];
  /** Every message as it came. */
  readonly bodies: string[];
  readonly requests: { readonly path: string; readonly headers: IncomingHttpHeaders }[];
  /** What it answers in place of 200; `hang`: nothing at all. */
  answer: number | 'hang';
  stop(): Promise<void>;
}

const valuesOf = (attributes: readonly { key: string; value: object }[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0] as unknown]));

export async function startCollector(): Promise<Collector> {
  const waiting = new Set<ServerResponse>();
  const take = (text: string) => {
    const message: unknown = JSON.parse(text);
    if (!Value.Check(Export, message)) {
      throw new Error(
        `this is no ExportTraceServiceRequest: ${JSON.stringify(Value.Errors(Export, message))}`,
      );
    }
    for (const { resource, scopeSpans } of message.resourceSpans) {
      for (const span of scopeSpans.flatMap(({ spans }) => spans)) {
        const { traceId, spanId, parentSpanId, name, kind } = span;
        own.spans.push({
          ...{ traceId, spanId, parentSpanId, name, kind },
          from: Number(span.startTimeUnixNano) / 1e6,
          to: Number(span.endTimeUnixNano) / 1e6,
          attributes: valuesOf(span.attributes),
          failed: span.status.code === 2,
          resource: valuesOf(resource.attributes),
        });
      }
    }
  };
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
    request.on('end', () => {
      own.requests.push({ path: request.url ?? '', headers: request.headers });
      if (own.answer === 'hang') return void waiting.add(response);
      own.bodies.push(text);
      try {
        if (own.answer === 200) take(text);
        response.writeHead(own.answer, { 'content-type': 'application/json' }).end('{}');
      } catch (error) {
        response.writeHead(400).end(String(error));
      }
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const own: Collector = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`,
    spans: [],
    bodies: [],
    requests: [],
    answer: 200,
    async stop() {
      for (const response of waiting) response.destroy();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
  return own;
}

/** The spans below this one, by name, in the order in which they began. */
export function childrenOf(spans: readonly ReceivedSpan[], parent: ReceivedSpan): readonly ReceivedSpan[] {
  return spans
    .filter(({ traceId, parentSpanId }) => traceId === parent.traceId && parentSpanId === parent.spanId)
    .sort((a, b) => a.from - b.from);
}
