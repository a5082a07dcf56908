/*
 * The inference library runs PRelu with a slow, scalar kernel: 40 % of the classifier's time. max(x, slope * x) is the same
 * function, to the bit, wherever no slope exceeds 1, and both its steps are vectorised. The rewrite is done on the model's
 * bytes in memory; the file and its hash stay as they are. Field numbers are those of onnx.proto3.
 */

/** One field of a protobuf message: its number and where it lies, tag included; `value` is the payload of bytes fields. */
interface Field {
  readonly number: number;
  readonly start: number;
  readonly end: number;
  readonly value: Uint8Array | null;
  readonly varint: number;
}

const MODEL_GRAPH = 7;
const GRAPH_NODE = 1;
const GRAPH_INITIALIZER = 5;
const NODE_INPUT = 1;
const NODE_OUTPUT = 2;
const NODE_NAME = 3;
const NODE_OP_TYPE = 4;
const TENSOR_DATA_TYPE = 2;
const TENSOR_FLOAT_DATA = 4;
const TENSOR_NAME = 8;
const TENSOR_RAW_DATA = 9;
const FLOAT = 1;

class Malformed extends Error {}

function readVarint(bytes: Uint8Array, at: number): [value: number, next: number] {
  let value = 0;
  let scale = 1;
  for (let i = at; i < Math.min(bytes.length, at + 10); i++) {
    value += (bytes[i] & 127) * scale;
    if (bytes[i] < 128) return [value, i + 1];
    scale *= 128;
  }
  throw new Malformed();
}

function readFields(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  while (at < bytes.length) {
    const start = at;
    const [tag, afterTag] = readVarint(bytes, at);
    const number = Math.floor(tag / 8);
    let end: number;
    let value: Uint8Array | null = null;
    let varint = 0;
    switch (tag & 7) {
      case 0:
        [varint, end] = readVarint(bytes, afterTag);
        break;
      case 1:
        end = afterTag + 8;
        break;
      case 2: {
        const [length, begin] = readVarint(bytes, afterTag);
        end = begin + length;
        value = bytes.subarray(begin, end);
        break;
      }
      case 5:
        end = afterTag + 4;
        break;
      default:
        throw new Malformed();
    }
    if (end > bytes.length) throw new Malformed();
    fields.push({ number, start, end, value, varint });
    at = end;
  }
  return fields;
}

const varintBytes = (value: number): number[] => {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
};

function bytesField(number: number, content: Uint8Array): Buffer {
  return Buffer.concat([
    Buffer.from([...varintBytes(number * 8 + 2), ...varintBytes(content.length)]),
    content,
  ]);
}

const textField = (number: number, content: string) => bytesField(number, Buffer.from(content));
const textOf = (field: Field | undefined) => (field?.value ? Buffer.from(field.value).toString() : '');

/** Names of the float32 initializers all of whose values are at most 1. */
function slopesUpToOne(graph: readonly Field[]): Set<string> {
  const names = new Set<string>();
  for (const field of graph) {
    if (field.number !== GRAPH_INITIALIZER || field.value === null) continue;
    const tensor = readFields(field.value);
    const one = (number: number) => tensor.find((f) => f.number === number);
    if (one(TENSOR_DATA_TYPE)?.varint !== FLOAT) continue;
    const raw = (one(TENSOR_RAW_DATA) ?? one(TENSOR_FLOAT_DATA))?.value;
    if (!raw || raw.length === 0 || raw.length % 4 !== 0) continue;
    const values = new Float32Array(Uint8Array.from(raw).buffer);
    if (values.every((v) => v <= 1)) names.add(textOf(one(TENSOR_NAME)));
  }
  return names;
}

function node(op: string, name: string, inputs: readonly string[], output: string): Buffer {
  const parts = inputs.map((input) => textField(NODE_INPUT, input));
  parts.push(textField(NODE_OUTPUT, output), textField(NODE_NAME, name), textField(NODE_OP_TYPE, op));
  return bytesField(GRAPH_NODE, Buffer.concat(parts));
}

function rewriteNode(raw: Uint8Array, slopes: ReadonlySet<string>): Buffer | null {
  const fields = readFields(raw);
  const texts = (number: number) => fields.filter((f) => f.number === number).map(textOf);
  if (texts(NODE_OP_TYPE)[0] !== 'PRelu') return null;
  const [input, slope] = texts(NODE_INPUT);
  const [output] = texts(NODE_OUTPUT);
  if (!slopes.has(slope)) return null;
  const scaled = `${output}/scaled`;
  return Buffer.concat([
    node('Mul', `${output}/mul`, [input, slope], scaled),
    node('Max', `${output}/max`, [input, scaled], output),
  ]);
}

/**
 * Replaces each `PRelu(x, slope)` of an ONNX model by `Max(x, Mul(x, slope))` where the slope is a constant with no value
 * above 1. The results are the same to the bit. Anything that is no ONNX model comes back as it is.
 */
export function replacePRelu(model: Uint8Array): Uint8Array {
  try {
    const fields = readFields(model);
    const graphField = fields.find((f) => f.number === MODEL_GRAPH);
    if (!graphField?.value) return model;
    const graphBytes = graphField.value;
    const graph = readFields(graphBytes);
    const slopes = slopesUpToOne(graph);
    let changed = false;
    const parts = graph.map((field) => {
      const rewritten = field.number === GRAPH_NODE && field.value ? rewriteNode(field.value, slopes) : null;
      changed ||= rewritten !== null;
      return rewritten ?? graphBytes.subarray(field.start, field.end);
    });
    if (!changed) return model;
    return Buffer.concat(
      fields.map((f) =>
        f === graphField ? bytesField(MODEL_GRAPH, Buffer.concat(parts)) : model.subarray(f.start, f.end),
      ),
    );
  } catch (error) {
    if (error instanceof Malformed) return model;
    throw error;
  }
}
