import Type, { type Static, type TProperties, type TSchema } from 'typebox';
import { OPERATING_NAMES } from './operating-names.ts';

/*
 * The form of `card.json`, for the built-in networks and for an operator's alike. Each node says in
 * `expected` what it asks for; the messages are made of that.
 */

const expected = (words: string) => ({ expected: words });
const closed = <P extends TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false, expected: 'an object' });
const number = (minimum: number, maximum: number) =>
  Type.Number({ minimum, maximum, ...expected(`a number from ${minimum} to ${maximum}`) });
const text = Type.String({ pattern: '\\S', maxLength: 4000, ...expected('a non-empty text') });
const oneOf = <const V extends string>(values: readonly V[]) =>
  Type.Unsafe<V>({
    type: 'string',
    enum: values,
    ...expected(`one of ${values.map((v) => `"${v}"`).join(', ')}`),
  });
const list = <S extends TSchema>(items: S, minItems: number) =>
  Type.Array(items, { minItems, maxItems: 64, ...expected(`a list of at least ${minItems}`) });
const perPlane = (minimum: number, maximum: number) => {
  const one = Type.Number({ minimum, maximum });
  return Type.Union([one, Type.Array(one, { minItems: 3, maxItems: 3 })], {
    ...expected(`a number or a list of three, each from ${minimum} to ${maximum}`),
  });
};
const side = Type.Integer({
  minimum: 8,
  maximum: 1024,
  ...expected('a whole number of pixels from 8 to 1024'),
});
const share = number(0, 1);

const name = Type.String({
  pattern: '^[a-z0-9][a-z0-9._-]{0,63}$',
  ...expected('lower-case letters, digits, ".", "_" and "-", at most 64'),
});
const model = Type.String({
  pattern: '^[^/\\\\]+\\.onnx$',
  maxLength: 128,
  ...expected('the name of an .onnx file in the same folder'),
});
const input = closed({
  name: text,
  width: side,
  height: side,
  layout: oneOf(['NCHW', 'NHWC']),
  colourOrder: oneOf(['RGB', 'BGR']),
  mean: perPlane(-1000, 1000),
  scale: perPlane(-1000, 1000),
});

/** Licence, origin and what is not known: every built-in card has them, an operator's may. */
const PROVENANCE = {
  licence: Type.Optional(text),
  /** File in `models/licences/` with the text of the licence. */
  licenceFile: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*\\.txt$',
      maxLength: 100,
      ...expected('the name of a .txt file'),
    }),
  ),
  attribution: Type.Optional(text),
  origin: Type.Optional(text),
  unknowns: Type.Optional(text),
};

const crop = closed({ kind: oneOf(['square', 'silent']), factor: number(0.5, 6) });
const boxScales = list(number(0.5, 2), 1);
const membership = closed({
  crops: Type.Optional(list(crop, 1)),
  boxScales,
  weight: number(0.001, 1000),
});

const rate = closed({
  rate: share,
  interval: Type.Union([Type.Null(), closed({ low: share, high: share, method: text })], {
    ...expected('null, or an object with low, high and method'),
  }),
});

/** Error rates at a threshold, and the pictures they were measured on. */
const measured = closed({
  data: closed({
    description: text,
    pictures: Type.Integer({ minimum: 1, ...expected('a whole number from 1') }),
    sources: Type.Integer({ minimum: 1, ...expected('a whole number from 1') }),
    held: text,
    document: text,
  }),
  auc: share,
  eer: share,
  /** BPCER at an APCER of 1, 5 and 10 %. */
  bpcerAtApcer: closed({ '0.01': share, '0.05': share, '0.1': share }),
  points: list(
    closed({
      /** See `operating-names.ts` for what a name promises. */
      name: Type.Optional(oneOf(OPERATING_NAMES)),
      threshold: number(0, 100),
      apcer: rate,
      bpcer: rate,
      qualityGate: Type.Boolean(expected('true or false')),
    }),
    1,
  ),
});

/** What the fused logit of a profile means, fitted for exactly the networks that it names. */
const calibration = closed({
  profile: oneOf(['careful', 'fast', 'single']),
  networks: list(name, 1),
  score: list(
    Type.Array(Type.Number(), { minItems: 2, maxItems: 2, ...expected('a pair of a logit and a score') }),
    2,
  ),
  probability: closed({ a: number(0.001, 1000), b: number(-1000, 1000) }),
  review: Type.Union([Type.Null(), closed({ low: share, high: share })], {
    ...expected('null, or an object with low and high'),
  }),
  measured: Type.Optional(measured),
});

/** A classifier's card. */
export const classifierSchema = closed({
  name,
  role: Type.Optional(oneOf(['classifier'])),
  model,
  input,
  crops: list(crop, 1),
  boxScales: Type.Optional(closed({ careful: boxScales, fast: boxScales, single: Type.Optional(boxScales) })),
  weight: Type.Optional(number(0.001, 1000)),
  profiles: Type.Optional(
    closed({
      careful: Type.Optional(membership),
      fast: Type.Optional(membership),
      single: Type.Optional(membership),
    }),
  ),
  output: closed({
    name: text,
    classes: list(text, 2),
    live: text,
    values: oneOf(['logits', 'probabilities']),
  }),
  calibration: Type.Optional(list(calibration, 1)),
  ...PROVENANCE,
});

/**
 * A detector's card: it documents the two built-in detectors, whose outputs are read by code of their own.
 */
export const detectorSchema = closed({
  name,
  role: oneOf(['detector']),
  model,
  input,
  outputs: list(closed({ name: text, meaning: text }), 1),
  ...PROVENANCE,
});

/** A classifier's card as it stands in the file. */
export type ClassifierFile = Static<typeof classifierSchema>;
/** A detector's card as it stands in the file. */
export type DetectorFile = Static<typeof detectorSchema>;
/** A calibration as it stands in a card. */
export type Calibration = Static<typeof calibration>;
/** What was measured with a calibration. */
export type Measured = Static<typeof measured>;
