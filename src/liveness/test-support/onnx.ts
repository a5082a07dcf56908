/**
 * Writes small ONNX files by hand, so that tests need no model of anybody else's. Protobuf wire format, ONNX
 * IR 8, opset 13.
 */

const varint = (value: number): number[] => {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest >>>= 7;
  }
  return [...bytes, rest];
};
const int = (field: number, value: number) => Buffer.from([...varint(field << 3), ...varint(value)]);
const bytes = (field: number, content: Uint8Array) =>
  Buffer.concat([Buffer.from([...varint((field << 3) | 2), ...varint(content.length)]), content]);
const text = (field: number, content: string) => bytes(field, Buffer.from(content));
const join = (...parts: Buffer[]) => Buffer.concat(parts);

const node = (op: string, inputs: readonly string[], output: string) =>
  bytes(1, join(...inputs.map((i) => text(1, i)), text(2, output), text(4, op)));

const tensor = (name: string, dims: readonly number[], values: readonly number[]) =>
  bytes(
    5,
    join(
      ...dims.map((d) => int(1, d)),
      int(2, 1),
      text(8, name),
      bytes(9, Buffer.from(Float32Array.from(values).buffer)),
    ),
  );

const value = (field: number, name: string, dims: readonly number[]) => {
  const shape = join(...dims.map((d) => bytes(1, int(1, d))));
  return bytes(field, join(text(1, name), bytes(2, bytes(1, join(int(1, 1), bytes(2, shape))))));
};

/** What the made model computes: `weights[class] · mean(planes) + bias[class]`. */
export interface MadeModel {
  readonly input: { readonly name: string; readonly dims: readonly [number, number, number, number] };
  readonly output: string;
  /** A row a class, a number a plane. */
  readonly weights: readonly (readonly number[])[];
  readonly bias: readonly number[];
  /** Where given, the input first goes through PRelu with these slopes, one a plane. */
  readonly slopes?: readonly number[];
}

/** An ONNX file: global average pooling of an NCHW input, then one linear layer. */
export function makeOnnx({ input, output, weights, bias, slopes }: MadeModel): Buffer {
  const planes = input.dims[1];
  const classes = weights.length;
  const transposed = Array.from({ length: planes }, (_, p) => weights.map((row) => row[p])).flat();
  const graph = join(
    ...(slopes === undefined
      ? []
      : [node('PRelu', [input.name, 's'], 'bent'), tensor('s', [planes, 1, 1], slopes)]),
    node('GlobalAveragePool', [slopes === undefined ? input.name : 'bent'], 'pooled'),
    node('Flatten', ['pooled'], 'flat'),
    node('MatMul', ['flat', 'w'], 'product'),
    node('Add', ['product', 'b'], output),
    text(2, 'made'),
    tensor('w', [planes, classes], transposed),
    tensor('b', [1, classes], bias),
    value(11, input.name, input.dims),
    value(12, output, [1, classes]),
  );
  return join(int(1, 8), bytes(7, graph), bytes(8, join(text(1, ''), int(2, 13))));
}
