import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import { UsageError } from '../../faults.ts';
import { OPERATING_NAMES } from '../../liveness/operating-names.ts';
import type { OperatingTable } from './operating-points.ts';

const rate = Type.Object({
  share: Type.Union([Type.Null(), Type.Number({ minimum: 0, maximum: 1 })]),
  interval: Type.Union([Type.Null(), Type.Tuple([Type.Number(), Type.Number()])]),
});

/** The part of the file of `livestill evaluate --operating-points` that is published. */
const fileSchema = Type.Object({
  format: Type.Literal(1),
  confidence: Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1 }),
  data: Type.Object({
    description: Type.String(),
    bonaFide: Type.Integer({ minimum: 0 }),
    attacks: Type.Integer({ minimum: 0 }),
    subjects: Type.Union([Type.Null(), Type.Integer({ minimum: 0 })]),
    simulated: Type.Boolean(),
  }),
  system: Type.Object({
    profile: Type.Union([Type.Literal('careful'), Type.Literal('fast'), Type.Literal('single')]),
  }),
  points: Type.Array(
    Type.Object({
      // Files of versions before the names have none.
      name: Type.Optional(Type.Union([Type.Null(), Type.Enum(OPERATING_NAMES)])),
      threshold: Type.Number({ minimum: 0, maximum: 100 }),
      apcer: rate,
      bpcer: rate,
    }),
    { minItems: 1 },
  ),
});

type OwnFile = Static<typeof fileSchema>;

function publishedRate({ share, interval }: OwnFile['points'][number]['apcer'], confidence: number) {
  const method = `Clopper-Pearson, ${Math.round(confidence * 1000) / 10} %`;
  const [low, high] = interval ?? [0, 1];
  return { rate: share ?? 0, interval: interval === null ? null : { low, high, method } };
}

/**
 * The table that an operator measured on pictures of their own, as `livestill evaluate --operating-points`
 * wrote it, in the form that `GET /v1/operating-points` answers. Points without a measured share on either
 * side are left out.
 *
 * @param file its path, for messages
 * @throws {UsageError} `bad_operating_points` naming what is wrong
 */
export function readOwnTable(file: string, text: string): OperatingTable {
  const refuse = (what: string) =>
    new UsageError(
      'bad_operating_points',
      `${file}: ${what}; expected the file that "livestill evaluate --operating-points" writes, of a measurement of livestill itself`,
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refuse(`it is not valid JSON (${(error as Error).message})`);
  }
  if (!Value.Check(fileSchema, value)) {
    const [first] = Value.Errors(fileSchema, value);
    throw refuse(`${first?.instancePath || 'the file'} ${first?.message ?? 'is not as expected'}`);
  }
  const { data, system, points, confidence } = value;
  const people = data.subjects === null ? '' : `, ${data.subjects} people`;
  return {
    profile: system.profile,
    points: points
      .filter(({ apcer, bpcer }) => apcer.share !== null && bpcer.share !== null)
      .map(({ name, threshold, apcer, bpcer }) => ({
        name: name ?? null,
        threshold,
        apcer: publishedRate(apcer, confidence),
        bpcer: publishedRate(bpcer, confidence),
        qualityGate: true,
      })),
    data: {
      description: `${data.description} (${data.bonaFide} bona fide, ${data.attacks} attack presentations${people})`,
      pictures: data.bonaFide + data.attacks,
      sources: 1,
      held: data.simulated
        ? 'SIMULATED attacks are among the pictures: mechanics only, not the error rates of the system.'
        : 'Measured by the operator of this service on pictures of their own; presentations without an answer are left out.',
      document: 'docs/use/evaluation.md',
    },
  };
}
