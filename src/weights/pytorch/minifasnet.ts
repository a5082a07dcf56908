import { type NewNode, type NewTensor, writeModel } from '../../liveness/onnx/write.ts';
import type { StateTensor } from './state.ts';

/** A state dictionary that is not a MiniFASNet; the message names the tensor. */
export class ConversionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConversionError';
  }
}

/** `eps` of PyTorch's batch normalisation. */
const EPSILON = 1e-5;

/** How a convolution moves over its input. */
interface Step {
  readonly stride: number;
  readonly pad: number;
  readonly depthwise: boolean;
}
const PLAIN: Step = { stride: 1, pad: 0, depthwise: false };

/** Scale and offset that a batch normalisation comes to, by channel. */
interface Normalisation {
  readonly scale: Float64Array;
  readonly offset: Float64Array;
}

/** Collects nodes and constants while it goes through the layers, and takes note of the tensors used. */
class Conversion {
  readonly nodes: NewNode[] = [];
  readonly tensors: NewTensor[] = [];
  readonly #state: ReadonlyMap<string, StateTensor>;
  readonly #used = new Set<string>();

  constructor(state: ReadonlyMap<string, StateTensor>) {
    this.#state = state;
  }

  has(name: string): boolean {
    return this.#state.has(name);
  }

  /** A float32 tensor with `rank` dimensions. */
  take(name: string, rank: number): { readonly dims: readonly number[]; readonly values: Float32Array } {
    const tensor = this.#state.get(name);
    if (tensor === undefined) throw new ConversionError(`the tensor ${name} is missing`);
    if (tensor.type !== 'float32' || tensor.dims.length !== rank) {
      throw new ConversionError(`the tensor ${name} must be float32 with ${rank} dimensions`);
    }
    this.#used.add(name);
    return tensor;
  }

  op(op: string, inputs: readonly string[], attributes?: NewNode['attributes']): string {
    const output = `v${this.nodes.length}`;
    this.nodes.push(attributes === undefined ? { op, inputs, output } : { op, inputs, output, attributes });
    return output;
  }

  constant(name: string, dims: readonly number[], values: Float32Array): string {
    this.tensors.push({ name, dims, values });
    return name;
  }

  #normalisation(name: string, channels: number): Normalisation {
    const parts = ['weight', 'bias', 'running_mean', 'running_var'].map((part) => {
      const { dims, values } = this.take(`${name}.${part}`, 1);
      if (dims[0] !== channels)
        throw new ConversionError(`the tensor ${name}.${part} must have ${channels} numbers`);
      return values;
    });
    if (this.has(`${name}.num_batches_tracked`)) this.#used.add(`${name}.num_batches_tracked`);
    const [weight, bias, mean, variance] = parts;
    const scale = Float64Array.from(weight, (w, i) => w / Math.sqrt(variance[i] + EPSILON));
    return { scale, offset: Float64Array.from(bias, (b, i) => b - mean[i] * scale[i]) };
  }

  /** Rows of `weight` multiplied by the normalisation's scale, and its offset as bias. */
  folded(weight: string, rank: number, normalisation: string) {
    const { dims, values } = this.take(weight, rank);
    const { scale, offset } = this.#normalisation(normalisation, dims[0]);
    const row = values.length / dims[0];
    return {
      dims,
      weights: Float32Array.from(values, (v, i) => v * scale[Math.floor(i / row)]),
      bias: Float32Array.from(offset),
    };
  }

  /** A convolution without bias and the batch normalisation behind it, as one convolution with bias. */
  convolution(input: string, name: string, weight: string, normalisation: string, step: Step): string {
    const { dims, weights, bias } = this.folded(weight, 4, normalisation);
    const [outputs, , height, width] = dims;
    return this.op(
      'Conv',
      [input, this.constant(`${name}.w`, dims, weights), this.constant(`${name}.b`, [outputs], bias)],
      {
        kernel_shape: [height, width],
        strides: [step.stride, step.stride],
        pads: [step.pad, step.pad, step.pad, step.pad],
        group: step.depthwise ? outputs : 1,
      },
    );
  }

  block(input: string, name: string, step: Step, activated = true): string {
    const made = this.convolution(input, name, `${name}.conv.weight`, `${name}.bn`, step);
    if (!activated) return made;
    const { dims, values } = this.take(`${name}.prelu.weight`, 1);
    return this.op('PRelu', [made, this.constant(`${name}.a`, [dims[0], 1, 1], values.slice())]);
  }

  /** Squeeze and excitation: each channel times a factor that comes of all channels' means. */
  #excited(input: string, name: string): string {
    const mean = this.op('GlobalAveragePool', [input]);
    const squeezed = this.convolution(mean, `${name}.1`, `${name}.fc1.weight`, `${name}.bn1`, PLAIN);
    const relu = this.op('Relu', [squeezed]);
    const factor = this.convolution(relu, `${name}.2`, `${name}.fc2.weight`, `${name}.bn2`, PLAIN);
    return this.op('Mul', [input, this.op('Sigmoid', [factor])]);
  }

  bottleneck(input: string, name: string, stride: number, residual: boolean): string {
    const wide = this.block(input, `${name}.conv`, PLAIN);
    const deep = this.block(wide, `${name}.conv_dw`, { stride, pad: 1, depthwise: true });
    const narrow = this.block(deep, `${name}.project`, PLAIN, false);
    if (!residual) return narrow;
    const excited = this.has(`${name}.se_module.fc1.weight`)
      ? this.#excited(narrow, `${name}.se_module`)
      : narrow;
    return this.op('Add', [input, excited]);
  }

  /** Bottlenecks one behind the other, as many as there are. */
  stage(input: string, name: string): string {
    let value = input;
    let index = 0;
    for (; this.has(`${name}.model.${index}.conv.conv.weight`); index++) {
      value = this.bottleneck(value, `${name}.model.${index}`, 1, true);
    }
    if (index === 0) throw new ConversionError(`the tensor ${name}.model.0.conv.conv.weight is missing`);
    return value;
  }

  /** @throws {ConversionError} when a tensor was not used. */
  checkAllUsed(): void {
    const left = [...this.#state.keys()].filter((name) => !this.#used.has(name));
    if (left.length > 0)
      throw new ConversionError(`tensors that a MiniFASNet does not have: ${left.slice(0, 5).join(', ')}`);
  }
}

/**
 * Makes an ONNX model of the state dictionary of a MiniFASNet (V1 or V2, with or without squeeze and
 * excitation) for 80 x 80 pixels. Batch normalisations are folded into the layers before them, in 64-bit
 * numbers. The same state gives the same bytes on every machine: nothing but multiplication, division,
 * addition and square root, which IEEE 754 rounds in one way.
 *
 * @returns an ONNX file: "input" float32 [batch,3,80,80], "output" float32 [batch,classes], values before the
 * softmax
 * @throws {ConversionError} when the weights are not those of the network
 */
export function convertMiniFasNet(state: ReadonlyMap<string, StateTensor>): Buffer {
  const net = new Conversion(state);
  let value = net.block('input', 'conv1', { stride: 2, pad: 1, depthwise: false });
  value = net.block(value, 'conv2_dw', { stride: 1, pad: 1, depthwise: true });
  for (const [narrowing, stage] of [
    ['conv_23', 'conv_3'],
    ['conv_34', 'conv_4'],
    ['conv_45', 'conv_5'],
  ] as const) {
    value = net.stage(net.bottleneck(value, narrowing, 2, false), stage);
  }
  value = net.block(value, 'conv_6_sep', PLAIN);
  value = net.block(value, 'conv_6_dw', { stride: 1, pad: 0, depthwise: true }, false);
  value = net.op('Flatten', [value], { axis: 1 });
  const linear = net.folded('linear.weight', 2, 'bn');
  const [features, flat] = linear.dims;
  value = net.op(
    'Gemm',
    [
      value,
      net.constant('linear.w', [features, flat], linear.weights),
      net.constant('linear.b', [features], linear.bias),
    ],
    { transB: 1 },
  );
  const { dims, values } = net.take('prob.weight', 2);
  net.nodes.push({
    op: 'Gemm',
    inputs: [value, net.constant('prob.w', dims, values.slice())],
    output: 'output',
    attributes: { transB: 1 },
  });
  net.checkAllUsed();
  return writeModel({
    name: 'minifasnet',
    producer: 'livestill',
    input: { name: 'input', dims: [3, 80, 80] },
    output: { name: 'output', dims: [dims[0]] },
    nodes: net.nodes,
    tensors: net.tensors,
  });
}
