import Type from 'typebox';
import { DEFAULT_THRESHOLD } from '../../liveness/threshold.ts';
import {
  group,
  integer,
  maybeInteger,
  maybeNumber,
  maybeOneOf,
  maybeText,
  number,
  oneOf,
  yesNo,
} from './kinds.ts';

/** How pictures are judged, and by how many workers. */
export const JUDGING_SETTINGS = {
  threshold: number(0, 100, {
    default: DEFAULT_THRESHOLD,
    description: 'Score above which a picture is taken for live; an app may have its own.',
  }),
  profile: maybeOneOf(['careful', 'fast', 'single'], {
    default: null,
    description:
      '`careful`: five network runs a picture. `fast`: three, less certain. `single`: nine runs of one network. Where none is ' +
      'named `careful`, or `single` while the networks of the others are not in place. An app may have its own.',
  }),
  review: group(
    'Limits of your own for `review`, in place of those that the networks were published with: both or none.',
    {
      low: maybeNumber(0, 1, {
        default: null,
        description:
          'Probability from which on a picture is not called an attack without review. `livestill evaluate` proposes one.',
      }),
      high: maybeNumber(0, 1, {
        default: null,
        description: 'Probability above which a picture is called live without review; above `review.low`.',
      }),
    },
  ),
  capture: oneOf(['lenient', 'standard', 'strict'], {
    default: 'lenient',
    description:
      'Capture preset: what a picture must offer before it is judged. `lenient`: what the networks need. `standard`, ' +
      '`strict`: also face size, space around it, pose and picture size ' +
      '([quality.md](../understand/quality.md#capture-presets)). An app may have its own.',
  }),
  models: group('The networks.', {
    dir: maybeText({
      default: null,
      isPath: true,
      description: "Folder of the built-in networks; without it the package's own.",
    }),
    packs: Type.Array(Type.String({ minLength: 1, maxLength: 4096 }), {
      maxItems: 16,
      default: [],
      isPath: true,
      description: 'Folders of further models, each with a `card.json` and an ONNX file.',
    }),
  }),
  picture: group('Pictures, judged by their headers before they are decoded.', {
    maxBytes: integer(1024, 256 * 1024 * 1024, {
      default: 6 * 1024 * 1024,
      unit: 'bytes',
      description: 'Largest encoded picture.',
    }),
    maxPixels: integer(1, 268_000_000, {
      default: 40_000_000,
      unit: 'pixels',
      description: 'Width times height.',
    }),
    maxSide: integer(1, 65_535, { default: 16_384, unit: 'pixels', description: 'Longer side.' }),
  }),
  operatingPoints: maybeText({
    default: null,
    isPath: true,
    description:
      'File that `livestill evaluate --operating-points` wrote: your own measurement, answered by `GET /v1/operating-points` before the published ones.',
  }),
  workers: maybeInteger(1, 256, {
    default: null,
    description:
      'Worker processes that judge pictures; null: as many as processors, fewer where the memory is not enough for each.',
  }),
  workerMemoryMb: maybeInteger(256, 65_536, {
    default: null,
    unit: 'MB',
    description:
      'Resident memory a worker may take; one that takes more is ended and replaced (Linux). null: an equal share of the memory, from 768 to 2048.',
  }),
  pinWorkers: yesNo({
    default: false,
    description:
      "Bind each worker to a processor of its own, with the system's `taskset` (Linux). For a machine that does nothing else: a few percent more pictures; where others use the processors, workers wait for them.",
  }),
  queueWaitMs: integer(0, 600_000, {
    default: 3000,
    unit: 'ms',
    description:
      'Longest expected wait for a worker; a request that would wait longer is refused at once with -5802.',
  }),
};
