import { type OnnxGraph, type OnnxNode, readGraph } from './graph.ts';
import { padChannels } from './pad.ts';
import { MalformedError } from './protobuf.ts';

/*
 * The inference library is fast where it can keep blocks of 8 or 16 channels together, and slow at what the
 * models are full of: PRelu (a scalar kernel, 40 % of the classifier's time), depthwise convolutions, sums
 * and poolings of a number of channels that is no multiple of the block. These are rewritten on the model's
 * bytes in memory; the file and its hash stay as they are. The results are those of the original up to the
 * rounding of 32-bit sums (docs/understand/performance.md has the figures).
 */

const plain = (op: string, inputs: readonly string[], output: string): OnnxNode => ({
  op,
  inputs,
  outputs: [output],
  group: 1,
  attributes: new Map(),
  rest: new Uint8Array(0),
});

/**
 * `PRelu(x, s)` becomes `s x + max((1 - s) x, 0)`, or `s x + (1 - s) max(x, 0)` where a slope is over 1:
 * steps for which there are vectorised kernels. The first form is the faster one, since the library joins a
 * product and the activation behind it.
 *
 * @returns whether there were any.
 */
function replacePRelu(graph: OnnxGraph): boolean {
  const { nodes, tensors } = graph;
  let found = false;
  const replaced = nodes.flatMap((node) => {
    const slope = node.op === 'PRelu' ? tensors.get(node.inputs[1]) : undefined;
    if (slope === undefined) return [node];
    found = true;
    const [input, name] = node.inputs;
    const [output] = node.outputs;
    const [positive, low, high, other] = ['positive', 'low', 'high', 'other'].map(
      (part) => `${output}/${part}`,
    );
    tensors.set(other, { dims: slope.dims, values: slope.values.map((s) => 1 - s) });
    const steep = slope.values.some((s) => !(s <= 1));
    return [
      ...(steep
        ? [plain('Relu', [input], positive), plain('Mul', [positive, other], high)]
        : [plain('Mul', [input, other], positive), plain('Relu', [positive], high)]),
      plain('Mul', [input, name], low),
      plain('Add', [low, high], output),
    ];
  });
  nodes.splice(0, nodes.length, ...replaced);
  return found;
}

/**
 * The model rewritten into what the inference library is fast at. Bytes that are no ONNX model, and models
 * with nothing to rewrite, come back as they are.
 *
 * @param block channels that the library keeps together on this processor, see {@link channelBlock}.
 */
export function optimiseModel(model: Uint8Array, block: number): Uint8Array {
  try {
    const graph = readGraph(model);
    const padded = padChannels(graph, block);
    return replacePRelu(graph) || padded ? graph.encode() : model;
  } catch (error) {
    if (error instanceof MalformedError) return model;
    throw error;
  }
}
