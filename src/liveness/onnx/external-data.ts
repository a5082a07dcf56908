import { type Field, MalformedError, readFields, readTexts } from './protobuf.ts';

/*
 * ONNX lets a tensor keep its numbers in another file, found by a path relative to the working folder, or at
 * an address in memory. Such numbers are not covered by the hash of the model file, and a card or a judgement
 * would name a hash that says nothing. Every place of onnx.proto3 where a tensor may stand is walked over
 * here: field numbers by message.
 */
const PLACES = {
  model: { graph: [7], training: [20], function: [25] },
  training: { graph: [1, 2] },
  function: { node: [7], attribute: [11] },
  graph: { node: [1], tensor: [5], sparse: [15] },
  node: { attribute: [5] },
  attribute: { tensor: [5, 10], graph: [6, 11], sparse: [22, 23] },
  sparse: { tensor: [1, 2] },
  tensor: {},
} as const satisfies Record<string, Partial<Record<string, readonly number[]>>>;

type Message = keyof typeof PLACES;

const TENSOR = { name: 8, externalData: 13, dataLocation: 14 } as const;
/** As deep as protobuf's own readers go. */
const DEEPEST = 100;
/** Of protobuf; a tag that says more would be read differently by readers that cut it to 32 bits. */
const LARGEST_FIELD = 2 ** 29 - 1;

/**
 * Looks for a tensor that keeps its data outside the model, wherever it stands: among the initializers, in an
 * attribute, a subgraph, a function, a sparse tensor or the training information.
 *
 * @returns the tensor's name (may be empty), or null where all data is in the model.
 * @throws {MalformedError} when the bytes are no ONNX model
 */
export function findExternalTensor(model: Uint8Array): string | null {
  // The library takes bytes with this mark for its own format, whatever else they are.
  if (Buffer.from(model.subarray(4, 8)).toString('latin1') === 'ORTM')
    throw new MalformedError('it is in ORT format, not in ONNX format');
  return walk('model', model, 0);
}

function walk(message: Message, bytes: Uint8Array, depth: number): string | null {
  if (depth > DEEPEST) throw new MalformedError(`messages are nested more than ${DEEPEST} deep`);
  const fields = readFields(bytes);
  for (const { number } of fields) {
    if (number < 1 || number > LARGEST_FIELD)
      throw new MalformedError(`field number ${number} is not lawful`);
  }
  if (message === 'tensor') return isOutside(fields) ? (readTexts(fields, TENSOR.name)[0] ?? '') : null;
  const places = Object.entries(PLACES[message]) as [Message, readonly number[]][];
  for (const { number, value } of fields) {
    const inner = places.find(([, numbers]) => numbers.includes(number))?.[0];
    if (inner === undefined) continue;
    if (value === null) throw new MalformedError(`field ${number} of a ${message} is no message`);
    const found = walk(inner, value, depth + 1);
    if (found !== null) return found;
  }
  return null;
}

/** Where to find the data elsewhere, or that it is elsewhere: one of the two is enough. */
function isOutside(fields: readonly Field[]): boolean {
  return fields.some(
    ({ number, varint, value }) =>
      number === TENSOR.externalData || (number === TENSOR.dataLocation && (varint !== 0 || value !== null)),
  );
}
