import Type, { type Static } from 'typebox';
import { CAPTURE_SIGNALS } from '../../../session/signals.ts';
import { SESSION_OUTCOMES, SESSION_STATES } from '../../../session/types.ts';

/* The shapes of sessions: types, documentation and tests follow from these. */

const CLOSED = { additionalProperties: false } as const;
const oneOf = <const V extends string>(values: readonly V[], description: string) =>
  Type.Unsafe<V>({ type: 'string', enum: values, description });
const maybe = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T, description: string) =>
  Type.Union([schema, Type.Null()], { description });
const time = (description: string) => Type.String({ format: 'date-time', description });
const maybeTime = (description: string) => maybe(Type.String({ format: 'date-time' }), description);
const signals = Type.Array(oneOf(CAPTURE_SIGNALS, 'See docs/understand/injection.md.'));

const limit = Type.Number({ minimum: 0, maximum: 1 });

export const sessionRequestSchema = Type.Object(
  {
    reference: Type.Optional(
      Type.String({
        pattern: '^[!-~]{1,128}$',
        description: 'Your own reference for the person or case, kept with the decisions. Opaque; no name.',
      }),
    ),
    origin: Type.Optional(
      Type.String({
        maxLength: 300,
        description: 'The one web origin that may upload, such as https://example.org.',
      }),
    ),
    stills: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 5, description: 'Stills that make one try; 3.' }),
    ),
    tries: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10,
        description: 'Tries, where no still of the one before could be judged; 3 or as configured.',
      }),
    ),
    expiresInSeconds: Type.Optional(
      Type.Integer({ minimum: 30, maximum: 3600, description: '300 or as configured.' }),
    ),
    policy: Type.Optional(
      Type.Object(
        {
          threshold: Type.Optional(
            Type.Number({ minimum: 0, maximum: 100, description: "At least the app's own." }),
          ),
          capture: Type.Optional(
            oneOf(['lenient', 'standard', 'strict'], "At least as strict as the app's own."),
          ),
          review: Type.Optional(
            Type.Object(
              { low: limit, high: limit },
              { ...CLOSED, description: "Limits of review, as wide as the app's own or wider." },
            ),
          ),
          captureSignals: Type.Optional(
            oneOf(['information', 'review'], 'review: a live result with a capture signal is for review.'),
          ),
        },
        { ...CLOSED, description: "What is stricter than the app's own policy." },
      ),
    ),
    webhook: Type.Optional(
      Type.String({
        maxLength: 2048,
        description: 'Where the result is sent once the session is over: http or https.',
      }),
    ),
  },
  {
    ...CLOSED,
    title: 'SessionRequest',
    description: 'What a session is bound to. All of it may be left out.',
  },
);

export const takenSchema = Type.Object(
  {
    try: Type.Integer({ minimum: 1, description: 'The try it belongs to.' }),
    requestId: Type.String({ description: 'Names the judgement in the log and the ledger.' }),
    sha256: Type.String({ description: 'SHA-256 of the picture, hex.' }),
    bytes: Type.Integer({ minimum: 0, description: 'Size of the picture.' }),
    receivedAt: time('When the service had the whole picture.'),
    takenAfter: maybe(Type.Number(), "Milliseconds from the camera's first frame, as the page said."),
    verdict: maybe(
      oneOf(['live', 'attack', 'poor_quality', 'no_face'], 'As of POST /v1/liveness.'),
      'Null: no picture that can be read.',
    ),
    score: maybe(Type.Integer({ minimum: 0, maximum: 100 }), 'As of POST /v1/liveness.'),
    threshold: maybe(Type.Number(), 'The threshold that was applied.'),
    review: Type.Boolean({ description: 'The networks do not back the verdict.' }),
    reasons: Type.Array(Type.String(), { description: 'Codes, errors first.' }),
    signals,
  },
  { ...CLOSED, title: 'SessionStill', description: 'One judged still. The picture itself is not kept.' },
);

export const sessionSchema = Type.Object(
  {
    sessionId: Type.String(),
    state: oneOf(
      SESSION_STATES,
      'created: nothing came yet. uploading: started by a page. judging: a still is being judged. done: see outcome. expired: its time ' +
        'is over. exhausted: too many uploads with a wrong MAC. cancelled: by you.',
    ),
    outcome: maybe(
      oneOf(
        SESSION_OUTCOMES,
        'As of several stills judged together. review: live, but have a person look. unfit: nothing could be judged in any try.',
      ),
      'Null unless state is done.',
    ),
    decision: maybe(
      Type.Object(
        {
          score: maybe(Type.Integer({ minimum: 0, maximum: 100 }), 'Of the stills together; null: unfit.'),
          liveProbability: maybe(
            Type.Number({ minimum: 0, maximum: 1 }),
            'Probability of a bona fide presentation at equal priors.',
          ),
          review: Type.Boolean({ description: 'The stills or the networks do not back one verdict.' }),
          reasons: Type.Array(Type.String(), { description: 'Codes, errors first.' }),
        },
        { ...CLOSED, title: 'SessionDecision' },
      ),
      'Of the last whole try.',
    ),
    reference: maybe(Type.String(), 'As given.'),
    origin: maybe(Type.String(), 'As given.'),
    createdAt: time('When it was made.'),
    expiresAt: time('Until when stills are taken.'),
    startedAt: maybeTime('When a page started it.'),
    endedAt: maybeTime('When it was over.'),
    stills: Type.Integer({ description: 'Stills that make one try.' }),
    tries: Type.Integer({ description: 'Tries there are.' }),
    triesUsed: Type.Integer({ description: 'Tries with all their stills.' }),
    refusedUploads: Type.Integer({ description: 'Uploads with a wrong MAC.' }),
    capture: Type.Object(
      { signals },
      { ...CLOSED, description: 'What speaks for pictures that did not come from a camera. Information.' },
    ),
    taken: Type.Array(takenSchema, { description: 'Every judged still, in order.' }),
    webhook: maybe(
      Type.Object(
        {
          state: oneOf(['waiting', 'delivered', 'given_up'], 'How far the call has come.'),
          tries: Type.Integer(),
          lastFailure: maybe(Type.String(), 'Why the last try failed.'),
        },
        { ...CLOSED, title: 'WebhookStatus' },
      ),
      'Null: none was asked for, or the session is not over.',
    ),
  },
  { ...CLOSED, title: 'Session', description: 'A session, as the server of its app sees it.' },
);

export const newSessionSchema = Type.Object(
  {
    sessionId: Type.String(),
    token: Type.String({ description: 'For the page. Shown once.' }),
    expiresAt: time('Until when stills are taken.'),
    stills: Type.Integer(),
    tries: Type.Integer(),
    webhookSecret: maybe(
      Type.String(),
      "The app's secret for checking webhooks, the same every time. Null: no webhook was asked for.",
    ),
  },
  { ...CLOSED, title: 'NewSession', description: 'A session that was made.' },
);

export const startRequestSchema = Type.Object(
  {
    key: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$', description: '32 random bytes, base64url.' }),
  },
  { ...CLOSED, title: 'SessionStart', description: 'The key that the MACs of this page are made with.' },
);

export const progressSchema = Type.Object(
  {
    state: oneOf(
      ['more', 'again', 'accepted', 'ended'],
      'more: send the next still. again: nothing of this try could be judged, take new ones. accepted: that is all, whatever the verdict. ' +
        'ended: no try is left.',
    ),
    nonce: maybe(Type.String(), 'For the next upload; null: none is taken.'),
    stillsLeft: Type.Integer({ minimum: 0, description: 'Of this try.' }),
    triesLeft: Type.Integer({ minimum: 0, description: 'This one included.' }),
    hints: Type.Array(
      Type.Object(
        { code: Type.String(), text: Type.String(), advice: Type.String() },
        { ...CLOSED, title: 'SessionHint' },
      ),
      { description: 'What would make the pictures fit to be judged; never anything of a verdict.' },
    ),
  },
  { ...CLOSED, title: 'SessionProgress', description: 'All that a page gets to know.' },
);

export type SessionRequestBody = Static<typeof sessionRequestSchema>;
export type SessionBody = Static<typeof sessionSchema>;
export type NewSessionBody = Static<typeof newSessionSchema>;
export type ProgressBody = Static<typeof progressSchema>;
