import Type, { type Static } from 'typebox';
import { API_KEY_SCOPES } from '../../account/api-key/api-key.ts';
import { OPERATING_NAMES } from '../../liveness/operating-names.ts';
import { FEWEST_STILLS, MOST_STILLS } from '../../liveness/stills/fuse.ts';
import { PROBLEM_KINDS, type ProblemCode } from './problem-catalogue.ts';

/*
 * The one source of the v1 API's shapes: types, documentation and tests follow from these. A schema with a
 * title becomes a component of the OpenAPI document, and is referred to wherever it stands.
 */

const CLOSED = { additionalProperties: false } as const;
const share = (description: string) => Type.Number({ minimum: 0, maximum: 1, description });
const oneOf = <const V extends string>(values: readonly V[], description: string) =>
  Type.Unsafe<V>({ type: 'string', enum: values, description });
const maybe = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T, description: string) =>
  Type.Union([schema, Type.Null()], { description });
const strings = Object.keys(PROBLEM_KINDS) as ProblemCode[];

/** A point. */
export const pointSchema = Type.Object(
  { x: Type.Number(), y: Type.Number() },
  { ...CLOSED, title: 'Point', description: 'A point in pixels of the upright picture.' },
);

export const boxSchema = Type.Object(
  { left: Type.Number(), top: Type.Number(), right: Type.Number(), bottom: Type.Number() },
  {
    ...CLOSED,
    title: 'Box',
    description: 'A rectangle by its edges, in pixels of the upright picture; may reach outside of it.',
  },
);

export const keyPointsSchema = Type.Object(
  {
    eyeLeft: pointSchema,
    eyeRight: pointSchema,
    nose: pointSchema,
    mouth: pointSchema,
    earLeft: pointSchema,
    earRight: pointSchema,
  },
  {
    ...CLOSED,
    title: 'KeyPoints',
    description: 'Six points of the face, named by the side of the picture they lie on.',
  },
);

export const reasonSchema = Type.Object(
  {
    code: Type.String({ description: 'Stable constant, such as BLURRED.' }),
    severity: oneOf(
      ['error', 'warning', 'info'],
      'error: decided the verdict. warning: lowers trust in it. info: only tells.',
    ),
    text: Type.String({ description: 'What was seen, in the language of the reply.' }),
    advice: Type.String({
      description: 'What the person in front of the camera can do, in the language of the reply.',
    }),
  },
  { ...CLOSED, title: 'Reason', description: 'Why the answer is as it is.' },
);

export const qualitySchema = Type.Object(
  {
    name: Type.String({ description: 'Named as in ISO/IEC 29794-5 where it has such a component.' }),
    value: Type.Number({ description: 'What was measured, in `unit`.' }),
    unit: Type.String({
      description: 'What the value and its limits are counted in, such as px or degrees.',
    }),
    min: maybe(
      Type.Number(),
      "Below this the picture is too poor to judge, unless the app's policy judges it all the same; null: no lower limit.",
    ),
    max: maybe(
      Type.Number(),
      "Above this the picture is too poor to judge, unless the app's policy judges it all the same; null: no upper limit.",
    ),
    passed: Type.Boolean({ description: 'Whether the value lies between min and max.' }),
    advisedMin: maybe(
      Type.Number(),
      'Below this the picture is judged all the same, and a reason says what could be better; null: no lower limit.',
    ),
    advisedMax: maybe(
      Type.Number(),
      'Above this the picture is judged all the same, and a reason says what could be better; null: no upper limit.',
    ),
  },
  { ...CLOSED, title: 'QualityComponent', description: 'One measured quality component.' },
);

export const modelSchema = Type.Object(
  {
    name: Type.String(),
    role: oneOf(['detector', 'classifier'], 'What the model did.'),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 of the model file.' }),
  },
  { ...CLOSED, title: 'Model', description: 'A model that took part.' },
);

export const livenessSchema = Type.Object(
  {
    requestId: Type.String({ description: 'Names this judgement in the log and the ledger of the server.' }),
    profile: oneOf(
      ['careful', 'fast', 'single'],
      'Which networks judged, and how: scores of different profiles are not to be compared.',
    ),
    verdict: oneOf(
      ['live', 'attack', 'poor_quality', 'no_face'],
      'live: a bona fide presentation. attack: an attack presentation (ISO/IEC 30107-3). poor_quality and no_face: not ' +
        'checked, and never to be read as an attack: ask for another photo.',
    ),
    score: maybe(
      Type.Integer({ minimum: 0, maximum: 100 }),
      'Above the threshold means live. Null when the verdict is poor_quality or no_face.',
    ),
    review: Type.Boolean({
      description:
        'The networks do not back the verdict: the probability lies where they do not know (reason UNCERTAIN), or the threshold of the app ' +
        'makes a verdict that they contradict. Have a person look, or ask for another photo. Never with poor_quality or no_face.',
    }),
    reviewLimits: maybe(
      Type.Object(
        { low: share('0-1'), high: share('0-1') },
        {
          ...CLOSED,
          title: 'ReviewLimits',
          description: 'Probabilities between which the networks do not know.',
        },
      ),
      "The limits of review that this picture was judged with: the app's own, else the server's. Null: nothing is for review.",
    ),
    rawScore: maybe(
      Type.Integer({ minimum: 0, maximum: 100 }),
      'What the networks gave, whether the picture was fit to be judged or not: for records and statistics, not to decide by. ' +
        'Equal to score where that is a number; null when there is no face.',
    ),
    threshold: Type.Number({
      minimum: 0,
      maximum: 100,
      description: 'The threshold this picture was judged with.',
    }),
    capturePreset: oneOf(
      ['lenient', 'standard', 'strict'],
      'What a picture had to offer before it was judged: the limits of the quality components follow from it. It never changes a score.',
    ),
    liveProbability: maybe(
      share('0-1'),
      'Probability of a bona fide presentation at equal priors. Null when score is null.',
    ),
    classProbabilities: Type.Record(Type.String(), share('0-1'), {
      description:
        "Mean probabilities of the built-in classifier's classes, by class. Empty when score is null.",
    }),
    faceBox: maybe(boxSchema, 'The largest face: the one that is judged. Null when there is none.'),
    keyPoints: maybe(keyPointsSchema, 'Its key points. Null when there is none.'),
    faceCount: Type.Integer({ minimum: 0, description: 'Faces found.' }),
    rotation: Type.Unsafe<0 | 90 | 180 | 270>({
      type: 'integer',
      enum: [0, 90, 180, 270],
      description:
        'Degrees the picture was turned clockwise, after its EXIF orientation, to bring the face upright.',
    }),
    quality: Type.Array(qualitySchema, {
      description: 'Every measured component; empty when there is no face.',
    }),
    reasons: Type.Array(reasonSchema, { description: 'Errors first, then warnings, then information.' }),
    models: Type.Array(modelSchema),
    timings: Type.Record(Type.String(), Type.Number({ minimum: 0 }), {
      description: 'Milliseconds by step: decode, detect, crop, classify, quality, total.',
    }),
  },
  { ...CLOSED, title: 'Liveness', description: 'What was found out about one picture.' },
);

export const jsonRequestSchema = Type.Object(
  {
    image: Type.Optional(
      Type.String({
        contentEncoding: 'base64',
        description: 'The picture as base64, standard or url-safe; a data: prefix is allowed.',
      }),
    ),
    url: Type.Optional(
      Type.String({
        format: 'uri',
        maxLength: 8192,
        description: 'Where the server fetches the picture: http or https, at a public address.',
      }),
    ),
    images: Type.Optional(
      Type.Array(Type.String({ contentEncoding: 'base64' }), {
        minItems: FEWEST_STILLS,
        maxItems: MOST_STILLS,
        description:
          'Several stills of one moment as base64, in the order in which they were taken: they are judged together.',
      }),
    ),
    urls: Type.Optional(
      Type.Array(Type.String({ format: 'uri', maxLength: 8192 }), {
        minItems: FEWEST_STILLS,
        maxItems: MOST_STILLS,
        description: 'As images, for the server to fetch.',
      }),
    ),
  },
  {
    ...CLOSED,
    title: 'LivenessRequest',
    description: 'Exactly one of image, url, images and urls.',
    minProperties: 1,
    maxProperties: 1,
  },
);

export const problemSchema = Type.Object(
  {
    type: Type.String({
      format: 'uri-reference',
      description: 'Where the reference page speaks of this problem.',
    }),
    title: Type.String({ description: 'What it is, in the language of the reply.' }),
    status: Type.Integer({ description: 'The HTTP status.' }),
    detail: Type.String({ description: 'What is wrong with this very request, in English.' }),
    code: oneOf(strings, 'Stable constant.'),
    reason: Type.Optional(
      Type.String({ description: 'Why, within the code: a short constant, such as truncated.' }),
    ),
    action: Type.String({ description: 'What to do, in the language of the reply.' }),
    retryable: Type.Boolean({ description: 'Whether the same request may succeed later.' }),
    requestId: Type.String(),
  },
  { ...CLOSED, title: 'Problem', description: 'A problem (RFC 9457).' },
);

const rangeSchema = Type.Object(
  {
    low: share('Lower end.'),
    high: share('Upper end.'),
    method: Type.String({ description: 'How it was made.' }),
  },
  { ...CLOSED, title: 'Interval' },
);

const rateSchema = Type.Object(
  {
    rate: share('Measured share, 0-1.'),
    interval: maybe(rangeSchema, 'Null where none was published with the measurement.'),
  },
  { ...CLOSED, title: 'Rate' },
);

export const operatingPointSchema = Type.Object(
  {
    name: maybe(
      oneOf(OPERATING_NAMES, 'See description of OperatingPoint.'),
      'What the threshold was measured to do: an APCER of at most 15 % (lenient), 5 % (balanced) or 2 % (strict). Null: the point has no name.',
    ),
    threshold: Type.Number({ minimum: 0, maximum: 100, description: 'A score above this means live.' }),
    apcer: rateSchema,
    bpcer: rateSchema,
    qualityGate: Type.Boolean({
      description:
        'Whether pictures too poor to judge were left out of the shares, as the service does by default.',
    }),
  },
  {
    ...CLOSED,
    title: 'OperatingPoint',
    description:
      'At this threshold: apcer is the share of attack presentations taken for live, bpcer the share of bona fide ones taken ' +
      'for attacks (ISO/IEC 30107-3).',
  },
);

export const operatingPointsSchema = Type.Object(
  {
    threshold: Type.Number({ description: "The threshold of this caller's app." }),
    profile: oneOf(['careful', 'fast', 'single'], "The profile of this caller's app."),
    tables: Type.Array(
      Type.Object(
        {
          profile: oneOf(['careful', 'fast', 'single'], 'The profile that was measured.'),
          points: Type.Array(operatingPointSchema),
          data: Type.Object(
            {
              description: Type.String(),
              pictures: Type.Integer(),
              sources: Type.Integer({ description: 'Groups of sources.' }),
              held: Type.String({
                description: 'What was not held out, and other limits of the measurement.',
              }),
              document: Type.String(),
            },
            { ...CLOSED, title: 'MeasuredOn' },
          ),
        },
        { ...CLOSED, title: 'OperatingTable' },
      ),
    ),
  },
  { ...CLOSED, title: 'OperatingPoints', description: 'Measured error rates by threshold.' },
);

const number = (description: string) => Type.Number({ minimum: 0, description });

export const consistencySchema = Type.Object(
  {
    samePosition: maybe(
      Type.Boolean(),
      'Whether the faces lie in one place, as those of stills of one moment do. Null: fewer than two faces.',
    ),
    sameSize: maybe(Type.Boolean(), 'Whether the faces are of one size. Null: fewer than two faces.'),
    identical: Type.Array(Type.Array(Type.Integer({ minimum: 0 }), { minItems: 2, maxItems: 2 }), {
      description:
        'Pairs of stills that are one picture, by their places from 0 on: the same file, or one encoded anew.',
    }),
    bySharpness: Type.Array(Type.Integer({ minimum: 0 }), {
      description: 'The stills with a face by their places from 0 on, the sharpest first.',
    }),
    planarMotion: maybe(
      Type.Object(
        {
          motion: number('How far the key points moved, in distances between the eyes (root mean square).'),
          residual: number('What one homography leaves of it.'),
          explained: maybe(share('0-1'), 'The share that it explains. Null: hardly any motion.'),
        },
        { ...CLOSED, title: 'PlanarMotion' },
      ),
      'How well one plane explains the motion from the first still to the last. Information alone: not measured on attacks, no decision looks at it.',
    ),
  },
  {
    ...CLOSED,
    title: 'Consistency',
    description: 'What the stills say of each other: information beside the verdict.',
  },
);

const { requestId, profile, verdict, score, review, reviewLimits, rawScore, threshold, capturePreset } =
  livenessSchema.properties;

export const togetherSchema = Type.Object(
  {
    requestId,
    profile,
    verdict,
    score,
    review,
    reviewLimits,
    rawScore,
    threshold,
    capturePreset,
    liveProbability: livenessSchema.properties.liveProbability,
    reasons: livenessSchema.properties.reasons,
    used: Type.Array(Type.Integer({ minimum: 0 }), {
      description: 'The stills that took part, by their places from 0 on: those that were fit to be judged.',
    }),
    stills: Type.Array(livenessSchema, {
      description: 'The judgement of each still, in the order of the request.',
    }),
    consistency: consistencySchema,
  },
  {
    ...CLOSED,
    title: 'LivenessTogether',
    description: 'The answer to several stills: verdict and score are those of all that count together.',
  },
);

/** The answer of `POST /v1/liveness` to several stills. */
export type TogetherBody = Static<typeof togetherSchema>;
/** The answer of `POST /v1/liveness`. */
export type LivenessBody = Static<typeof livenessSchema>;
/** A problem's body. */
export type ProblemBody = Static<typeof problemSchema>;
/** The answer of `GET /v1/operating-points`. */
export type OperatingPointsBody = Static<typeof operatingPointsSchema>;

/** Scopes by operation, for the documentation. */
export const scopes = API_KEY_SCOPES;
