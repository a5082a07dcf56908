import type { Context, Span as OpenSpan, SpanContext, Tracer } from '@opentelemetry/api';
import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';
import { UsageError } from '../faults.ts';
import { readTraceparent, writeTraceparent } from './traceparent.ts';
import type { Attributes, OpenCall, OpenWork, Span, SpanCounts, Traces, Work } from './types.ts';

/** Where spans go, and which. */
export interface TracesOptions {
  /** The collector's address for traces over HTTP, with the path. */
  readonly url: string;
  /** The header `Authorization` for it. */
  readonly authorization: string | null;
  /** The share of traces that are sampled, 0-1. */
  readonly ratio: number;
  /** Whether a caller's `traceparent` is gone on with. */
  readonly trustParent: boolean;
  readonly namesApps: boolean;
  /** Of livestill. */
  readonly version: string;
  /** The name of this node; none: it has no name. */
  readonly node?: string | undefined;
  /** Called when spans could not be handed over, and not again before some were. */
  readonly onTrouble: (error: unknown) => void;
  /** How long spans are gathered, in ms; 2 000 where nothing is given. */
  readonly gatherMs?: number;
  /** How long the collector may take for a batch, and how long `stop` may, in ms; 10 000 and 5 000. */
  readonly sendWithinMs?: number;
  readonly stopWithinMs?: number;
}

/**
 * The packages that spans are made and sent with, where the bundles of a build do not have them.
 */
const PACKAGES = [
  '@opentelemetry/api@1',
  '@opentelemetry/resources@2',
  '@opentelemetry/sdk-trace@2',
  '@opentelemetry/exporter-trace-otlp-http@0',
];

/** Spans that wait to be sent; what comes beyond that is dropped. */
const LONGEST_QUEUE = 4096;
/** Spans in one message. */
const BATCH = 512;

/**
 * Loads OpenTelemetry and hands spans to a collector, in batches and apart from what is traced.
 * @throws {UsageError} `traces_missing` when its packages are not installed
 */
export async function openTraces(options: TracesOptions): Promise<Traces> {
  const { api, sdk, resources, otlp } = await packages();
  const { url, authorization, ratio, version, node, onTrouble } = options;
  const { gatherMs = 2000, sendWithinMs = 10_000, stopWithinMs = 5000 } = options;
  const counts = { made: 0, exported: 0, failed: 0 };
  const exporter = new otlp.OTLPTraceExporter({
    url,
    timeoutMillis: sendWithinMs,
    ...(authorization === null ? {} : { headers: { authorization } }),
  });
  const batches = new sdk.BatchSpanProcessor({
    exporter: watched(exporter, counts, onTrouble),
    maxQueueSize: LONGEST_QUEUE,
    maxExportBatchSize: BATCH,
    scheduledDelayMillis: gatherMs,
    exportTimeoutMillis: sendWithinMs + 1000,
  });
  const provider = new sdk.TracerProvider({
    resource: resources.resourceFromAttributes({
      'service.name': 'livestill',
      'service.version': version,
      ...(node === undefined ? {} : { 'service.instance.id': node }),
    }),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [counted(batches, counts)],
  });
  const made = spanMaker(api, provider.getTracer('livestill', version), options);
  const quietly = <T>(otherwise: T, act: () => T): T => {
    try {
      return act();
    } catch (error) {
      onTrouble(error);
      return otherwise;
    }
  };
  return {
    namesApps: options.namesApps,
    counts,
    add: (work) => quietly(null, () => made.whole(work)),
    beginCall: (traceparent, from) =>
      quietly<OpenCall | null>(null, () => {
        const call = made.call(traceparent, from);
        return { traceparent: call.traceparent, end: (work) => quietly(null, () => call.end(work)) };
      }),
    begin: (name, attributes, within = null) =>
      quietly<OpenWork>({ add: () => {}, end: () => {} }, () => {
        const open = made.open(name, attributes, within);
        return {
          add: (part) => quietly(undefined, () => open.add(part)),
          end: (more, failed) => quietly(undefined, () => open.end(more, failed)),
        };
      }),
    stop: () => within(stopWithinMs, provider.shutdown()).catch((error: unknown) => void onTrouble(error)),
  };
}

async function packages() {
  try {
    const [api, sdk, resources, otlp] = await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/resources'),
      import('@opentelemetry/exporter-trace-otlp-http'),
    ]);
    return { api, sdk, resources, otlp };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') {
      const what = `traces.endpoint needs packages that are not installed: npm install ${PACKAGES.join(' ')}`;
      throw new UsageError('traces_missing', `${what}, where livestill is installed`, { cause: error });
    }
    throw error;
  }
}

type Api = typeof import('@opentelemetry/api');

/** Makes spans of work that is over, or goes on. */
function spanMaker(api: Api, tracer: Tracer, { trustParent, ratio }: TracesOptions) {
  const { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } = api;
  const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL };
  /**
   * Of `performance.now()`, for the times of this moment: the clock may have been set since the process
   * began.
   */
  const offset = () => Date.now() - performance.now();
  const parts = (spans: readonly Span[], parent: ReturnType<typeof trace.setSpan>, zero: number): void => {
    for (const { name, from, to, attributes = {}, parts: inner = [] } of spans) {
      const span = tracer.startSpan(name, { startTime: zero + from, attributes }, parent);
      parts(inner, trace.setSpan(parent, span), zero);
      span.end(zero + Math.max(from, to));
    }
  };
  const below = (parent: SpanContext | null): Context =>
    parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
  /** @returns the trace id; null where it is not sampled */
  const finish = (span: OpenSpan, context: Context, work: Work, zero: number): string | null => {
    if (!span.isRecording()) return null;
    const { from, to, failed } = work;
    parts(work.parts ?? [], trace.setSpan(context, span), zero);
    if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(zero + Math.max(from, to));
    return span.spanContext().traceId;
  };
  return {
    whole(work: Work): string | null {
      const zero = offset();
      const caller = trustParent ? remoteParent(api, work.traceparent) : null;
      const context = below(remoteParent(api, work.within) ?? caller);
      const { name, from, attributes = {}, kind } = work;
      const open = { kind: kinds[kind], startTime: zero + from, attributes };
      return finish(tracer.startSpan(name, open, context), context, work, zero);
    },
    call(traceparent: string | undefined, from: number): OpenCall {
      const zero = offset();
      const context = below(trustParent ? remoteParent(api, traceparent) : null);
      const span = tracer.startSpan('call', { kind: SpanKind.SERVER, startTime: zero + from }, context);
      return {
        traceparent: traceparentOf(api, span),
        end(work) {
          span.updateName(work.name).setAttributes({ ...work.attributes });
          return finish(span, context, work, zero);
        },
      };
    },
    /** Of what a sampled trace goes on with this process makes its own share. */
    open(name: string, attributes: Attributes, within: string | null) {
      const parent = remoteParent(api, within);
      const isLeftOut = parent !== null && Math.random() >= ratio;
      const context = below(isLeftOut ? { ...parent, traceFlags: api.TraceFlags.NONE } : parent);
      const span = tracer.startSpan(name, { kind: SpanKind.CONSUMER, attributes }, context);
      const own = trace.setSpan(context, span);
      return {
        add: (part: Span) => {
          if (span.isRecording()) parts([part], own, offset());
        },
        end: (more: Attributes, failed: boolean) => {
          span.setAttributes({ ...more });
          if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
          span.end();
        },
      };
    },
  };
}

function traceparentOf({ TraceFlags }: Api, span: OpenSpan): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return writeTraceparent({ traceId, spanId, isSampled: (traceFlags & TraceFlags.SAMPLED) !== 0 });
}

function remoteParent({ TraceFlags }: Api, header: string | null | undefined): SpanContext | null {
  const parent = readTraceparent(header ?? undefined);
  if (parent === null) return null;
  const { traceId, spanId, isSampled } = parent;
  return {
    traceId,
    spanId,
    traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
  };
}

type Counts = { -readonly [name in keyof SpanCounts]: SpanCounts[name] };

/** The same exporter; what becomes of spans is counted, and trouble told once until it is over. */
function watched(exporter: SpanExporter, counts: Counts, onTrouble: (error: unknown) => void): SpanExporter {
  let isTold = false;
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        const isWell = result.code === 0;
        counts[isWell ? 'exported' : 'failed'] += spans.length;
        if (!isWell && !isTold) onTrouble(result.error ?? new Error('the collector did not take spans'));
        isTold = !isWell;
        done(result);
      }),
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  };
}

function counted(processor: SpanProcessor, counts: Counts): SpanProcessor {
  return {
    onStart: (span, context) => processor.onStart(span, context),
    onEnd(span: ReadableSpan) {
      counts.made += 1;
      processor.onEnd(span);
    },
    forceFlush: () => processor.forceFlush(),
    shutdown: () => processor.shutdown(),
  };
}

/** Waits for at most so long. */
async function within(milliseconds: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`spans could not be sent within ${milliseconds} ms`)),
      milliseconds,
    );
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
