import {
  type Field,
  FieldWriter,
  fieldHead,
  MalformedError,
  readFields,
  readIntegers,
  readTexts,
} from './protobuf.ts';

/** A node of the graph; attributes that are not looked at stay as the bytes they were. */
export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** The `group` attribute of a convolution; 1 where there is none. */
  readonly group: number;
  /** Attributes but `group`, by name: the number of an integer, null for one of another kind. */
  readonly attributes: ReadonlyMap<string, number | null>;
  /** Fields of the node message that are kept as they are: name, domain, all attributes but `group`. */
  readonly rest: Uint8Array;
}

/** A float32 constant of the graph. */
export interface OnnxTensor {
  readonly dims: readonly number[];
  readonly values: Float32Array;
}

/** What of a model is looked at and may be changed. */
export interface OnnxGraph {
  readonly nodes: OnnxNode[];
  /** float32 initializers by name. */
  readonly tensors: Map<string, OnnxTensor>;
  /** int64 initializers by name: shapes, positions. */
  readonly integers: ReadonlyMap<string, readonly number[]>;
  /** Names that the graph is given. */
  readonly inputs: ReadonlySet<string>;
  /** Names that the graph hands out. */
  readonly outputs: ReadonlySet<string>;
  /** The model again, with the nodes and tensors as they are now. */
  encode(): Uint8Array;
}

// Field numbers of onnx.proto3.
const MODEL = { graph: 7 } as const;
const GRAPH = { node: 1, initializer: 5, input: 11, output: 12, valueInfo: 13 } as const;
const NODE = { input: 1, output: 2, op: 4, attribute: 5 } as const;
const ATTRIBUTE = { name: 1, integer: 3, type: 20 } as const;
const TENSOR = { dims: 1, type: 2, floats: 4, integers: 7, name: 8, raw: 9 } as const;
const FLOAT = 1;
const INT64 = 7;
const INT_ATTRIBUTE = 2;

const slice = (bytes: Uint8Array, fields: readonly Field[]) =>
  Buffer.concat(fields.map((f) => bytes.subarray(f.start, f.end)));

function readNode(bytes: Uint8Array): OnnxNode {
  const fields = readFields(bytes);
  const own: readonly number[] = [NODE.input, NODE.output, NODE.op];
  let group = 1;
  const attributes = new Map<string, number | null>();
  const rest = fields.filter((field) => {
    if (own.includes(field.number)) return false;
    if (field.number !== NODE.attribute || field.value === null) return true;
    const attribute = readFields(field.value);
    const name = readTexts(attribute, ATTRIBUTE.name)[0] ?? '';
    const kind = readIntegers(attribute, ATTRIBUTE.type)[0];
    const value = kind === INT_ATTRIBUTE ? (readIntegers(attribute, ATTRIBUTE.integer)[0] ?? 0) : null;
    if (name !== 'group') {
      attributes.set(name, value);
      return true;
    }
    group = value ?? 1;
    return false;
  });
  return {
    op: readTexts(fields, NODE.op)[0] ?? '',
    inputs: readTexts(fields, NODE.input),
    outputs: readTexts(fields, NODE.output),
    group,
    attributes,
    rest: slice(bytes, rest),
  };
}

function writeNode(out: FieldWriter, node: OnnxNode): void {
  out.nested(GRAPH.node, () => {
    for (const name of node.inputs) out.text(NODE.input, name);
    for (const name of node.outputs) out.text(NODE.output, name);
    out.text(NODE.op, node.op);
    out.raw(node.rest);
    if (node.op !== 'Conv' || node.group === 1) return;
    out.nested(NODE.attribute, () => {
      out.text(ATTRIBUTE.name, 'group');
      out.integer(ATTRIBUTE.integer, node.group);
      out.integer(ATTRIBUTE.type, INT_ATTRIBUTE);
    });
  });
}

/** A float32 tensor, or null for one of another type or with its data elsewhere. */
function readTensor(bytes: Uint8Array): (OnnxTensor & { readonly name: string }) | null {
  const fields = readFields(bytes);
  if (readIntegers(fields, TENSOR.type)[0] !== FLOAT) return null;
  const raw = fields.find((f) => f.number === TENSOR.raw || f.number === TENSOR.floats)?.value;
  const dims = readIntegers(fields, TENSOR.dims);
  const size = dims.reduce((a, b) => a * b, 1);
  if (!raw || raw.length !== size * 4) return null;
  const values = new Float32Array(new Uint8Array(raw).buffer);
  return { name: readTexts(fields, TENSOR.name)[0] ?? '', dims, values };
}

/**
 * The name and the numbers of an int64 tensor, or null for one of another type or with its data elsewhere.
 */
function readIntegerTensor(bytes: Uint8Array): readonly [string, readonly number[]] | null {
  const fields = readFields(bytes);
  if (readIntegers(fields, TENSOR.type)[0] !== INT64) return null;
  const raw = fields.find((f) => f.number === TENSOR.raw)?.value ?? new Uint8Array(0);
  const size = readIntegers(fields, TENSOR.dims).reduce((a, b) => a * b, 1);
  const values =
    raw.length === size * 8
      ? Array.from(new BigInt64Array(new Uint8Array(raw).buffer), Number)
      : readIntegers(fields, TENSOR.integers);
  return values.length === size ? [readTexts(fields, TENSOR.name)[0] ?? '', values] : null;
}

/** A tensor as two parts of the graph's message; its values are not copied. */
function encodeTensor(name: string, { dims, values }: OnnxTensor): readonly [Uint8Array, Uint8Array] {
  const content = new FieldWriter(64 + 3 * name.length);
  for (const d of dims) content.integer(TENSOR.dims, d);
  content.integer(TENSOR.type, FLOAT);
  content.text(TENSOR.name, name);
  content.head(TENSOR.raw, values.byteLength);
  const field = new FieldWriter(content.length + 20);
  field.head(GRAPH.initializer, content.length + values.byteLength);
  field.raw(content.written);
  return [field.written, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)];
}

function encodeNodes(nodes: readonly OnnxNode[]): Uint8Array {
  const out = new FieldWriter(256 * nodes.length);
  for (const node of nodes) writeNode(out, node);
  return out.written;
}

/**
 * Reads the graph of an ONNX model. Shape notes of inner values are dropped when it is written again, since
 * they may no longer hold.
 *
 * @throws {MalformedError} when the bytes are no ONNX model
 */
export function readGraph(model: Uint8Array): OnnxGraph {
  const modelFields = readFields(model);
  const graphField = modelFields.find((f) => f.number === MODEL.graph && f.value !== null);
  if (!graphField?.value) throw new MalformedError('there is no graph');
  const bytes = graphField.value;
  const nodes: OnnxNode[] = [];
  const tensors = new Map<string, OnnxTensor>();
  const integers = new Map<string, readonly number[]>();
  const inputs = new Set<string>();
  const outputs = new Set<string>();
  const rest: Field[] = [];
  for (const field of readFields(bytes)) {
    if (field.number === GRAPH.node && field.value) {
      nodes.push(readNode(field.value));
      continue;
    }
    if ((field.number === GRAPH.input || field.number === GRAPH.output) && field.value) {
      const name = readTexts(readFields(field.value), 1)[0] ?? '';
      (field.number === GRAPH.input ? inputs : outputs).add(name);
    }
    if (field.number === GRAPH.valueInfo) continue;
    const constant = field.number === GRAPH.initializer ? field.value : null;
    const tensor = constant ? readTensor(constant) : null;
    const numbers = constant && tensor === null ? readIntegerTensor(constant) : null;
    if (numbers !== null) integers.set(...numbers);
    if (tensor === null) rest.push(field);
    else tensors.set(tensor.name, tensor);
  }
  const others = slice(bytes, rest);
  return {
    nodes,
    tensors,
    integers,
    inputs,
    outputs,
    encode() {
      const graph = [
        encodeNodes(nodes),
        ...Array.from(tensors, ([name, tensor]) => encodeTensor(name, tensor)).flat(),
        others,
      ];
      const length = graph.reduce((sum, part) => sum + part.length, 0);
      return Buffer.concat(
        modelFields.flatMap((f) =>
          f === graphField ? [fieldHead(MODEL.graph, length), ...graph] : [model.subarray(f.start, f.end)],
        ),
      );
    },
  };
}
