import { group, integer, maybeInteger, number, oneOf, yesNo } from './kinds.ts';

/** Requests and connections: bounds, times, signatures, what old clients need. */
export const REQUEST_SETTINGS = {
  maxBodyBytes: integer(1024, 256 * 1024 * 1024, {
    default: 6 * 1024 * 1024,
    unit: 'bytes',
    description: 'Largest request body as received. The contract says 6 MiB.',
  }),
  maxBodiesMb: maybeInteger(8, 65_536, {
    default: null,
    unit: 'MB',
    description:
      'What all bodies together may hold, copies that decoding makes included, from their first byte until the answer. Beyond it, or beyond three times what is free for one app, the one of the greatest holder that has been arriving longest is refused with -5802. null: an eighth of the memory, from 64 to 1024.',
  }),
  timeouts: group('How long the service waits.', {
    headersMs: integer(100, 600_000, {
      default: 10_000,
      unit: 'ms',
      description: 'For the headers of a request.',
    }),
    requestMs: integer(100, 3_600_000, {
      default: 60_000,
      unit: 'ms',
      description: 'For a whole request to arrive.',
    }),
    keepAliveMs: integer(0, 3_600_000, {
      default: 65_000,
      unit: 'ms',
      description: 'For the next request on a connection.',
    }),
    drainMs: integer(0, 3_600_000, {
      default: 30_000,
      unit: 'ms',
      description: 'For running requests to end after SIGTERM; then they are cut off.',
    }),
    workerStartMs: integer(1000, 3_600_000, {
      default: 60_000,
      unit: 'ms',
      description:
        'For a worker to load all networks, model packs among them, and run; then it is ended, and at the start of the service the start fails.',
    }),
  }),
  connections: group(
    'Connections to the service port, idle ones included. Beyond a limit, the one that has been idle longest is closed for the ' +
      'new one; where none is idle, the new one is closed at once. The admin port is not counted.',
    {
      max: maybeInteger(1, 1_000_000, {
        default: null,
        description:
          'Open at the same time. null: three quarters of the open-files limit of the process, 10000 at most.',
      }),
      maxPerAddress: maybeInteger(1, 1_000_000, {
        default: null,
        description:
          'Of these from one address; an IPv6 network of 64 bits counts as one, `trustedProxies` are not counted. null: half of all.',
      }),
    },
  ),
  failedTries: group(
    'Requests without a valid key: none, an unknown one, a wrong signature, a path that does not exist. Valid keys are answered whatever else comes from their address.',
    {
      perMinute: maybeInteger(1, 1_000_000, {
        default: 120,
        unit: 'requests',
        description:
          'So many a minute, and at once, from one address; an IPv6 network of 64 bits counts as one. Beyond it they are answered with 429. null: any number.',
      }),
    },
  ),
  signature: group('The check of signatures.', {
    skewSeconds: integer(0, 86_400, {
      default: 300,
      unit: 's',
      description: "How far a signature's `t` may lie in the future.",
    }),
    windowSeconds: integer(1, 86_400, {
      default: 900,
      unit: 's',
      description: 'How long after its `t` a single-use signature is accepted.',
    }),
    maxDays: number(0.001, 36_500, {
      default: 90,
      unit: 'days',
      description: 'Longest time from `t` to `e` of a multi-use signature. The contract says 90.',
    }),
  }),
  compat: group('Where old clients differ.', {
    sessionId: yesNo({
      default: false,
      description: 'Put `session_id` before `score`, as the service of 2018 did.',
    }),
    noFace: oneOf(['error', 'score-zero'], {
      default: 'error',
      description: 'No face found: answer code -4015 (`error`), or code 0 with score 0 (`score-zero`).',
    }),
    heif: yesNo({
      default: false,
      description:
        'Judge HEIC and AVIF on the old endpoint too; otherwise they are refused there with -4016, as ever. `/v1` always takes them.',
    }),
    bodySign: yesNo({
      default: false,
      description: 'Let a `sign` member of the body stand in for a missing `Authorization` header.',
    }),
  }),
};
