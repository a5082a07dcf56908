import { describe, expect, it } from 'vitest';
import type { OnnxGraph, OnnxNode, OnnxTensor } from './graph.ts';
import { padChannels } from './pad.ts';

const node = (
  op: string,
  inputs: readonly string[],
  output: string,
  more: Partial<OnnxNode> = {},
): OnnxNode => ({
  op,
  inputs,
  outputs: [output],
  group: 1,
  attributes: new Map(),
  rest: new Uint8Array(0),
  ...more,
});
const tensor = (...dims: number[]): OnnxTensor => ({
  dims,
  values: new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(1),
});

/** Pointwise convolution from 3 to 5 channels, what `middle` says on `a` giving `b`, pointwise convolution back to 3. */
function graphOf(
  middle: readonly OnnxNode[],
  tensors: Readonly<Record<string, OnnxTensor>>,
  integers: Readonly<Record<string, readonly number[]>> = {},
): OnnxGraph {
  return {
    nodes: [node('Conv', ['x', 'w1', 'c1'], 'a'), ...middle, node('Conv', ['b', 'w2'], 'y')],
    tensors: new Map(
      Object.entries({ w1: tensor(5, 3, 1, 1), c1: tensor(5), w2: tensor(3, 5, 1, 1), ...tensors }),
    ),
    integers: new Map(Object.entries(integers)),
    inputs: new Set(['x']),
    outputs: new Set(['y']),
    encode: () => new Uint8Array(0),
  };
}
const depthwise = (input: string, weights: string, output: string) =>
  node('Conv', [input, weights], output, { group: 5 });
const dims = (graph: OnnxGraph, name: string) => graph.tensors.get(name)!.dims;

describe('padChannels', () => {
  it('fills a depthwise convolution up, with zeros, and what makes and takes it', () => {
    const graph = graphOf([node('PRelu', ['a', 's'], 'bent'), depthwise('bent', 'd', 'b')], {
      s: tensor(5, 1, 1),
      d: tensor(5, 1, 3, 3),
    });
    expect(padChannels(graph, 8)).toBe(true);
    expect(graph.nodes.map((n) => n.group)).toEqual([1, 1, 8, 1]);
    expect([dims(graph, 'w1'), dims(graph, 'c1'), dims(graph, 's')]).toEqual([[8, 3, 1, 1], [8], [8, 1, 1]]);
    expect(dims(graph, 'd')).toEqual([8, 1, 3, 3]);
    expect(dims(graph, 'w2')).toEqual([3, 8, 1, 1]);
    expect(Array.from(graph.tensors.get('w2')!.values.subarray(0, 8))).toEqual([1, 1, 1, 1, 1, 0, 0, 0]);
    expect(graph.tensors.get('w1')!.values.reduce((a, b) => a + b)).toBe(15);
    expect(padChannels(graph, 8)).toBe(false);
  });

  it('takes sums along, and zeros at the end of a concatenation away', () => {
    const graph = graphOf(
      [
        depthwise('a', 'd', 'e'),
        node('Add', ['a', 'e'], 'sum'),
        node('ConstantOfShape', ['shape'], 'zeros'),
        node('Concat', ['sum', 'zeros'], 'b', { attributes: new Map([['axis', 1]]) }),
      ],
      { d: tensor(5, 1, 3, 3), w2: tensor(3, 10, 1, 1) },
      { shape: [1, 5, 4, 4] },
    );
    expect(padChannels(graph, 8)).toBe(true);
    expect(graph.nodes.map((n) => n.op)).toEqual(['Conv', 'Conv', 'Add', 'Concat', 'Conv']);
    expect(graph.tensors.get('zeros')).toEqual({ dims: [1, 2, 4, 4], values: new Float32Array(32) });
    expect(dims(graph, 'w2')).toEqual([3, 10, 1, 1]);
  });

  it.each<[string, readonly OnnxNode[], Readonly<Record<string, OnnxTensor>>]>([
    ['nothing profits', [node('Relu', ['a'], 'b')], {}],
    [
      'an operator is not known',
      [depthwise('a', 'd', 'e'), node('Sigmoid', ['e'], 'b')],
      { d: tensor(5, 1, 3, 3) },
    ],
    ['weights serve two', [depthwise('a', 'd', 'e'), depthwise('e', 'd', 'b')], { d: tensor(5, 1, 3, 3) }],
    [
      'slopes lie along a row',
      [depthwise('a', 'd', 'e'), node('PRelu', ['e', 's'], 'b')],
      { d: tensor(5, 1, 3, 3), s: tensor(5) },
    ],
    [
      'a factor has fewer channels',
      [depthwise('a', 'd', 'e'), node('Conv', ['x', 'w3'], 'one'), node('Mul', ['e', 'one'], 'b')],
      { d: tensor(5, 1, 3, 3), w3: tensor(1, 3, 1, 1) },
    ],
  ])('leaves the graph as it is where %s', (_, middle, tensors) => {
    const graph = graphOf(middle, tensors);
    const before = structuredClone({ nodes: graph.nodes, tensors: graph.tensors });
    expect(padChannels(graph, 8)).toBe(false);
    expect({ nodes: graph.nodes, tensors: graph.tensors }).toEqual(before);
  });

  it('leaves what the graph hands out as it is', () => {
    const graph = graphOf([depthwise('a', 'd', 'b')], { d: tensor(5, 1, 3, 3) });
    expect(padChannels({ ...graph, outputs: new Set(['y', 'b']) }, 8)).toBe(false);
  });
});
