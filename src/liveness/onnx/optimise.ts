import { type OnnxGraph, type OnnxNode, type OnnxTensor, readGraph } from './graph.ts';
import { MalformedError } from './protobuf.ts';

/*
 * The inference library is fast where it can keep blocks of 16 channels together, and slow at two things the classifier is
 * full of: PRelu (a scalar kernel, 40 % of its time) and depthwise convolutions with a number of channels that is no
 * multiple of 16. Both are rewritten on the model's bytes in memory; the file and its hash stay as they are. The results
 * are those of the original up to the rounding of 32-bit sums (docs/performance.md has the figures).
 */

const BLOCK = 16;

/** Who makes and who takes each value. */
function wiring(graph: OnnxGraph) {
  const makers = new Map<string, OnnxNode>();
  const takers = new Map<string, OnnxNode[]>();
  for (const node of graph.nodes) {
    for (const output of node.outputs) makers.set(output, node);
    for (const input of node.inputs) takers.set(input, [...(takers.get(input) ?? []), node]);
  }
  /** The one node that takes a value, or null where there are several or the graph hands the value out. */
  const onlyTaker = (name: string): OnnxNode | null => {
    const all = takers.get(name) ?? [];
    return all.length === 1 && !graph.outputs.has(name) ? all[0] : null;
  };
  return { makers, takers, onlyTaker };
}

/** The tensor with `side` entries along `axis`, zeros added. */
function padded(tensor: OnnxTensor, axis: number, side: number): OnnxTensor {
  const inner = tensor.dims.slice(axis + 1).reduce((a, b) => a * b, 1);
  const outer = tensor.dims.slice(0, axis).reduce((a, b) => a * b, 1);
  const from = tensor.dims[axis] * inner;
  const values = new Float32Array(outer * side * inner);
  for (let o = 0; o < outer; o++) {
    values.set(tensor.values.subarray(o * from, (o + 1) * from), o * side * inner);
  }
  return { dims: tensor.dims.with(axis, side), values };
}

/**
 * Adds channels of zeros to chains of pointwise convolution, PRelu, depthwise convolution, (PRelu,) pointwise
 * convolution, so that the middle has a multiple of 16 channels. The added channels are zero all along and meet weights
 * of zero at the end.
 */
function padChannels(graph: OnnxGraph): void {
  const { nodes, tensors } = graph;
  const { makers, takers, onlyTaker } = wiring(graph);
  /** Whether all are constants that nothing else uses. */
  const owned = (names: readonly (string | undefined)[]) =>
    names.every((name) => name === undefined || (tensors.has(name) && takers.get(name)?.length === 1));
  for (const [at, node] of nodes.entries()) {
    const channels = node.group;
    const wanted = Math.ceil(channels / BLOCK) * BLOCK;
    if (node.op !== 'Conv' || channels === 1 || channels === wanted) continue;
    if (tensors.get(node.inputs[1])?.dims[0] !== channels) continue;
    const before = makers.get(node.inputs[0]);
    const start = before?.op === 'PRelu' ? makers.get(before.inputs[0]) : undefined;
    const after = onlyTaker(node.outputs[0]);
    const end = after?.op === 'PRelu' ? onlyTaker(after.outputs[0]) : after;
    if (!before || !after || start?.op !== 'Conv' || end?.op !== 'Conv') continue;
    if (start.group !== 1 || end.group !== 1 || end.inputs[0] !== (after === end ? node : after).outputs[0])
      continue;
    if (onlyTaker(start.outputs[0]) !== before || onlyTaker(before.outputs[0]) !== node) continue;
    const slopes = after === end ? [before.inputs[1]] : [before.inputs[1], after.inputs[1]];
    const alongFirst = [start.inputs[1], start.inputs[2], node.inputs[1], node.inputs[2], ...slopes];
    if (!owned([...alongFirst, end.inputs[1]])) continue;
    if (slopes.some((name) => tensors.get(name)!.dims[0] !== channels)) continue;
    for (const name of alongFirst) {
      if (name !== undefined) tensors.set(name, padded(tensors.get(name)!, 0, wanted));
    }
    tensors.set(end.inputs[1], padded(tensors.get(end.inputs[1])!, 1, wanted));
    nodes[at] = { ...node, group: wanted };
    makers.set(node.outputs[0], nodes[at]);
    takers.set(before.outputs[0], [nodes[at]]);
  }
}

const plain = (op: string, inputs: readonly string[], output: string): OnnxNode => ({
  op,
  inputs,
  outputs: [output],
  group: 1,
  rest: new Uint8Array(0),
});

/** `PRelu(x, s)` becomes `s x + (1 - s) max(x, 0)`, in steps for which there are vectorised kernels. */
function replacePRelu(graph: OnnxGraph): void {
  const { nodes, tensors } = graph;
  const replaced = nodes.flatMap((node) => {
    const slope = node.op === 'PRelu' ? tensors.get(node.inputs[1]) : undefined;
    if (slope === undefined) return [node];
    const [input, name] = node.inputs;
    const [output] = node.outputs;
    const [relu, low, high, other] = ['relu', 'low', 'high', 'other'].map((part) => `${output}/${part}`);
    tensors.set(other, { dims: slope.dims, values: slope.values.map((s) => 1 - s) });
    return [
      plain('Relu', [input], relu),
      plain('Mul', [relu, other], high),
      plain('Mul', [input, name], low),
      plain('Add', [low, high], output),
    ];
  });
  nodes.splice(0, nodes.length, ...replaced);
}

/**
 * The model with its PRelu nodes and odd depthwise convolutions rewritten into what the inference library is fast at.
 * Bytes that are no ONNX model, and models without PRelu, come back as they are.
 */
export function optimiseModel(model: Uint8Array): Uint8Array {
  try {
    const graph = readGraph(model);
    if (!graph.nodes.some((node) => node.op === 'PRelu')) return model;
    padChannels(graph);
    replacePRelu(graph);
    return graph.encode();
  } catch (error) {
    if (error instanceof MalformedError) return model;
    throw error;
  }
}
