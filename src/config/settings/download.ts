import Type from 'typebox';
import { group, integer, list, yesNo } from './kinds.ts';

/** Fetching a caller's `url`. */
export const DOWNLOAD_SETTINGS = {
  download: group("Fetching a caller's `url`.", {
    enabled: yesNo({ default: true, description: 'Off: every `url` is answered with -5805.' }),
    allowPrivate: list({
      default: [],
      check: 'networkOrHost',
      description:
        'Private networks, addresses or host names that may be fetched from all the same, such as `10.1.0.0/16`.',
    }),
    ports: Type.Array(Type.Integer({ minimum: 1, maximum: 65_535 }), {
      maxItems: 100,
      default: [80, 443],
      description: 'Ports that may be fetched from.',
    }),
    maxRedirects: integer(0, 20, {
      default: 3,
      description: 'How many redirects are followed, each checked anew.',
    }),
    timeoutMs: integer(100, 120_000, {
      default: 5000,
      unit: 'ms',
      description: 'For the whole download, redirects and waiting for a place included.',
    }),
    connectTimeoutMs: integer(50, 120_000, {
      default: 2000,
      unit: 'ms',
      description: 'For a connection, TLS included.',
    }),
    firstByteTimeoutMs: integer(50, 120_000, {
      default: 3000,
      unit: 'ms',
      description: "From the connection until the answer's headers.",
    }),
    maxPerHost: integer(1, 10_000, {
      default: 8,
      description:
        'Downloads from one host at the same moment; more wait. One app gets three quarters of these places.',
    }),
    maxInAll: integer(1, 10_000, {
      default: 32,
      description:
        'Downloads at the same moment; more wait. One app gets three quarters of these places. Each may hold up to three ' +
        'times `picture.maxBytes` in memory.',
    }),
    reportOnly: yesNo({
      default: false,
      description:
        'For a trial: only report what the rules on ports and private networks would refuse. Loopback, link-local, ' +
        'metadata and own addresses stay refused.',
    }),
  }),
};
