import type { OnnxGraph, OnnxNode, OnnxTensor } from './graph.ts';

/*
 * Values of one family must have the same number of channels: a depthwise convolution, an activation, a sum
 * hands on what it is given. Where a family's number is no multiple of the block, channels of zeros are added
 * to all of it: the layers that make it get rows of zeros, those that take it columns of zeros. The added
 * channels stay zero all along.
 */

/** Operators that hand on as many channels as they are given, and zeros for zeros. */
const KEEPING: readonly string[] = ['PRelu', 'Relu', 'MaxPool', 'Add', 'Mul'];

/** A concatenation that ends with channels of zeros, which then may be fewer. */
interface ZeroTail {
  readonly node: OnnxNode;
  readonly filler: OnnxNode;
  /** Dimensions of the zeros: [n, channels, height, width]. */
  readonly dims: readonly number[];
}

class Families {
  readonly #parents = new Map<string, string>();
  readonly #sizes = new Map<string, number>();
  readonly #fixed = new Set<string>();
  readonly #worth = new Set<string>();

  of(value: string): string {
    let at = value;
    for (let up = this.#parents.get(at); up !== undefined; up = this.#parents.get(at)) at = up;
    return at;
  }

  join(a: string, b: string): void {
    const [from, to] = [this.of(a), this.of(b)];
    if (from === to) return;
    this.#parents.set(from, to);
    const size = this.#sizes.get(from);
    if (size !== undefined) this.sized(to, size);
    if (this.#fixed.has(from)) this.#fixed.add(to);
    if (this.#worth.has(from)) this.#worth.add(to);
  }

  sized(value: string, channels: number): void {
    const family = this.of(value);
    if ((this.#sizes.get(family) ?? channels) !== channels) this.#fixed.add(family);
    this.#sizes.set(family, channels);
  }

  /** The value's number of channels must stay. */
  fix(value: string): void {
    this.#fixed.add(this.of(value));
  }

  /** The value is one for which whole blocks pay off. */
  worthwhile(value: string): void {
    this.#worth.add(this.of(value));
  }

  /** Channels to add to the value. */
  missing(value: string, block: number): number {
    const family = this.of(value);
    const size = this.#sizes.get(family);
    if (size === undefined || this.#fixed.has(family) || !this.#worth.has(family)) return 0;
    return Math.ceil(size / block) * block - size;
  }
}

/** The tensor with `more` entries of zero behind the others along `axis`. */
function padded(tensor: OnnxTensor, axis: number, more: number): OnnxTensor {
  if (more === 0) return tensor;
  const side = tensor.dims[axis] + more;
  const inner = tensor.dims.slice(axis + 1).reduce((a, b) => a * b, 1);
  const outer = tensor.dims.slice(0, axis).reduce((a, b) => a * b, 1);
  const from = tensor.dims[axis] * inner;
  const values = new Float32Array(outer * side * inner);
  for (let o = 0; o < outer; o++) {
    values.set(tensor.values.subarray(o * from, (o + 1) * from), o * side * inner);
  }
  return { dims: tensor.dims.with(axis, side), values };
}

const isDepthwise = (node: OnnxNode, weights: OnnxTensor) =>
  node.group > 1 && weights.dims[0] === node.group && weights.dims[1] === 1;

/** Whether the tensor is [channels, 1, 1]. */
const isByChannel = ({ dims }: OnnxTensor) => dims.length === 3 && dims[1] === 1 && dims[2] === 1;

/**
 * Adds channels of zeros where convolutions, sums and poolings have a number of channels that is no multiple
 * of `block`. What the graph is given and hands out keeps its form.
 *
 * @returns whether anything was changed.
 */
export function padChannels(graph: OnnxGraph, block: number): boolean {
  const { nodes, tensors, integers } = graph;
  const uses = new Map<string, number>();
  for (const name of nodes.flatMap((n) => n.inputs)) uses.set(name, (uses.get(name) ?? 0) + 1);
  const makers = new Map(nodes.flatMap((n) => n.outputs.map((o) => [o, n] as const)));
  /** A constant that may be changed, since one node alone uses it. */
  const own = (name: string | undefined) =>
    name === undefined || uses.get(name) !== 1 || graph.inputs.has(name) ? undefined : tensors.get(name);

  /** The concatenation as one with zeros at its end, or null. */
  function zeroTail(node: OnnxNode): ZeroTail | null {
    const filler = makers.get(node.inputs[1]);
    const dims = integers.get(filler?.inputs[0] ?? '');
    if (node.op !== 'Concat' || node.inputs.length !== 2 || node.attributes.get('axis') !== 1) return null;
    if (filler?.op !== 'ConstantOfShape' || filler.attributes.size > 0 || dims?.length !== 4) return null;
    return uses.get(node.inputs[1]) === 1 ? { node, filler, dims } : null;
  }

  const families = new Families();
  const tails: ZeroTail[] = [];
  for (const name of [...graph.inputs, ...graph.outputs]) families.fix(name);
  for (const node of nodes) {
    const [input] = node.inputs;
    const [output] = node.outputs;
    const fixAll = () => {
      for (const name of [...node.inputs, ...node.outputs]) families.fix(name);
    };
    const tail = zeroTail(node);
    if (node.op === 'Conv') {
      const weights = own(node.inputs[1]);
      const bias = node.inputs.length < 3 || own(node.inputs[2]) !== undefined;
      const depthwise = weights !== undefined && isDepthwise(node, weights);
      if (weights === undefined || !bias || (node.group !== 1 && !depthwise)) fixAll();
      else {
        families.sized(output, weights.dims[0]);
        if (depthwise) {
          families.join(input, output);
          families.worthwhile(output);
        } else families.sized(input, weights.dims[1]);
      }
    } else if (KEEPING.includes(node.op) && node.outputs.length === 1) {
      const slopes = node.op === 'PRelu' ? own(node.inputs[1]) : null;
      if (slopes === undefined || (slopes !== null && !isByChannel(slopes))) fixAll();
      else {
        for (const name of slopes === null ? node.inputs : [input]) families.join(name, output);
        if (slopes !== null) families.sized(output, slopes.dims[0]);
        if (node.op === 'MaxPool') families.worthwhile(output);
      }
    } else if (tail !== null) {
      tails.push(tail);
      families.fix(output);
      families.fix(node.inputs[1]);
    } else fixAll();
  }
  for (const name of [...tensors.keys(), ...integers.keys()]) families.fix(name);
  const missing = (value: string) => families.missing(value, block);
  for (const { node, dims } of tails) if (missing(node.inputs[0]) >= dims[1]) families.fix(node.inputs[0]);

  let changed = false;
  const pad = (name: string | undefined, axis: number, more: number) => {
    if (name === undefined || more === 0) return;
    tensors.set(name, padded(tensors.get(name)!, axis, more));
    changed = true;
  };
  for (const [at, node] of nodes.entries()) {
    const more = missing(node.outputs[0]);
    if (node.op === 'PRelu') pad(node.inputs[1], 0, more);
    if (node.op !== 'Conv') continue;
    const depthwise = node.group > 1;
    pad(node.inputs[1], 0, more);
    pad(node.inputs[2], 0, more);
    if (depthwise) nodes[at] = { ...node, group: node.group + more };
    else pad(node.inputs[1], 1, missing(node.inputs[0]));
  }
  for (const { node, filler, dims } of tails) {
    const more = missing(node.inputs[0]);
    if (more === 0) continue;
    const kept = dims.with(1, dims[1] - more);
    tensors.set(node.inputs[1], { dims: kept, values: new Float32Array(kept.reduce((a, b) => a * b, 1)) });
    nodes.splice(nodes.indexOf(filler), 1);
  }
  return changed;
}
