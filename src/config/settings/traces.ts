import { group, maybeText, number, yesNo } from './kinds.ts';

/** Traces of OpenTelemetry. */
export const TRACE_SETTINGS = {
  traces: group('Traces for OpenTelemetry: docs/run/traces.md.', {
    endpoint: maybeText({
      default: null,
      check: 'httpUrl',
      description:
        'Where spans are sent: the address of a collector for OTLP over HTTP, such as `http://127.0.0.1:4318`; without a path `/v1/traces` is added. ' +
        'null: no traces, and nothing of them is loaded (docs/run/traces.md).',
    }),
    authorization: maybeText({
      default: null,
      isSecret: true,
      environmentOnly: true,
      description: 'The header `Authorization` for the collector, such as `Bearer …`.',
    }),
    ratio: number(0, 1, {
      default: 1,
      description:
        'The share of traces that are made, where the caller has not decided it (`traces.trustParent`).',
    }),
    trustParent: yesNo({
      default: false,
      description:
        "Go on with the trace that a caller's header `traceparent` (W3C Trace Context) names, and sample as it says. Only where callers are your own services: whoever calls decides then how much is traced.",
    }),
    appid: yesNo({
      default: false,
      description: 'Whether spans say which app called (`livestill.app`).',
    }),
  }),
};
