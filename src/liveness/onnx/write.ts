import { bytesField, fieldHead, integerField, textField } from './protobuf.ts';

/** A node of a model that is written: operator, inputs, output, whole-number attributes. */
export interface NewNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>;
}

/** A float32 constant of a model that is written. */
export interface NewTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly values: Float32Array;
}

/** A model that is written: one input and one output of float32, the first dimension free. */
export interface NewModel {
  readonly name: string;
  readonly producer: string;
  readonly input: { readonly name: string; readonly dims: readonly number[] };
  readonly output: { readonly name: string; readonly dims: readonly number[] };
  readonly nodes: readonly NewNode[];
  readonly tensors: readonly NewTensor[];
}

// Field numbers and constants of onnx.proto3.
const IR_VERSION = 7;
const OPSET = 13;
const FLOAT = 1;
const INT_ATTRIBUTE = 2;
const INTS_ATTRIBUTE = 7;

function attribute(name: string, value: number | readonly number[]): Buffer {
  const parts =
    typeof value === 'number'
      ? [integerField(3, value), integerField(20, INT_ATTRIBUTE)]
      : [...value.map((v) => integerField(8, v)), integerField(20, INTS_ATTRIBUTE)];
  return bytesField(5, Buffer.concat([textField(1, name), ...parts]));
}

function nodeField({ op, inputs, output, attributes = {} }: NewNode): Buffer {
  return bytesField(
    1,
    Buffer.concat([
      ...inputs.map((name) => textField(1, name)),
      textField(2, output),
      textField(4, op),
      ...Object.entries(attributes).map(([name, value]) => attribute(name, value)),
    ]),
  );
}

function tensorField({ name, dims, values }: NewTensor): Buffer {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return bytesField(
    5,
    Buffer.concat([
      ...dims.map((d) => integerField(1, d)),
      integerField(2, FLOAT),
      textField(8, name),
      fieldHead(9, bytes.length),
      bytes,
    ]),
  );
}

/** `ValueInfo` of a float32 tensor [batch, ...dims]. */
function valueField(field: number, { name, dims }: NewModel['input']): Buffer {
  const free = bytesField(1, textField(2, 'batch'));
  const shape = Buffer.concat([free, ...dims.map((d) => bytesField(1, integerField(1, d)))]);
  const type = bytesField(1, Buffer.concat([integerField(1, FLOAT), bytesField(2, shape)]));
  return bytesField(field, Buffer.concat([textField(1, name), bytesField(2, type)]));
}

/** The bytes of an ONNX file, IR version 7, operator set 13. The same model always gives the same bytes. */
export function writeModel({ name, producer, input, output, nodes, tensors }: NewModel): Buffer {
  const graph = Buffer.concat([
    ...nodes.map(nodeField),
    textField(2, name),
    ...tensors.map(tensorField),
    valueField(11, input),
    valueField(12, output),
  ]);
  const opset = Buffer.concat([textField(1, ''), integerField(2, OPSET)]);
  return Buffer.concat([
    integerField(1, IR_VERSION),
    textField(2, producer),
    bytesField(7, graph),
    bytesField(8, opset),
  ]);
}
