import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ModelError } from './model-error.ts';
import { ownChannelBlock } from './onnx/block.ts';
import { findExternalTensor } from './onnx/external-data.ts';
import { inferenceLibrary, type LibrarySession } from './onnx/library.ts';
import { optimiseModel } from './onnx/optimise.ts';
import { MalformedError } from './onnx/protobuf.ts';

/** The shape a network must have: names and dimensions, `null` where any size will do. */
export interface NetworkShape {
  readonly input: { readonly name: string; readonly dims: readonly (number | null)[] };
  readonly outputs: readonly { readonly name: string; readonly dims: readonly (number | null)[] }[];
}

/** A loaded network: one float32 tensor in, named float32 tensors out. */
export interface Network {
  /** SHA-256 of the model file, hex. */
  readonly sha256: string;
  /** Runs the network on `data`, laid out as `shape.input.dims` (null counts as 1). */
  run(data: Float32Array): Promise<ReadonlyMap<string, Float32Array>>;
  close(): Promise<void>;
}

interface ValueDescription {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type?: string;
  readonly shape?: readonly (number | string)[];
}

function describe(dims: readonly (number | string | null)[] | undefined): string {
  return dims === undefined ? 'unknown' : `[${dims.map((d) => d ?? 'any').join(',')}]`;
}

function check(
  file: string,
  kind: 'input' | 'output',
  expected: NetworkShape['input'],
  found: readonly ValueDescription[],
): void {
  const value = found.find((v) => v.name === expected.name);
  if (value === undefined) {
    const names = found.map((v) => `"${v.name}"`).join(', ');
    throw new ModelError(
      file,
      `expected an ${kind} named "${expected.name}", the file has ${names || 'none'}`,
    );
  }
  if (!value.isTensor || value.type !== 'float32') {
    throw new ModelError(
      file,
      `${kind} "${expected.name}" must be a float32 tensor, the file has ${value.isTensor ? value.type : 'no tensor'}`,
    );
  }
  const fits =
    value.shape !== undefined &&
    value.shape.length === expected.dims.length &&
    value.shape.every(
      (d, i) => typeof d !== 'number' || d < 0 || expected.dims[i] === null || d === expected.dims[i],
    );
  if (!fits) {
    throw new ModelError(
      file,
      `${kind} "${expected.name}" must have shape ${describe(expected.dims)}, the file has ${describe(value.shape)}`,
    );
  }
}

/** Refuses a model whose hash does not cover all of its numbers, and bytes that are no model. */
function checkWhole(file: string, bytes: Uint8Array): void {
  let outside: string | null;
  try {
    outside = findExternalTensor(bytes);
  } catch (cause) {
    if (!(cause instanceof MalformedError)) throw cause;
    throw new ModelError(file, `the file is not a usable ONNX model (${cause.message})`, { cause });
  }
  if (outside === null) return;
  throw new ModelError(
    file,
    `tensor "${outside}" keeps its data outside this file, where the file's hash does not cover it; save the model with all of its ` +
      'data in one file (in Python: onnx.save(model, path) without save_as_external_data)',
  );
}

/**
 * Loads an ONNX file for the CPU with one thread, checks its inputs and outputs against `shape`, and hashes
 * it. One thread a network keeps results the same at any load; parallel work belongs to several engines.
 *
 * @throws {ModelError} when the file cannot be read or is no ONNX model, or its inputs or outputs differ
 * @throws {InferenceLibraryError} when the inference library cannot be loaded
 */
export async function loadNetwork(file: string, shape: NetworkShape): Promise<Network> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    throw new ModelError(file, 'the model file cannot be read; run `livestill models pull`', { cause });
  }
  checkWhole(file, bytes);
  const { createSession, Tensor } = inferenceLibrary();
  let session: LibrarySession;
  try {
    session = await createSession(optimiseModel(bytes, ownChannelBlock()), {
      executionProviders: ['cpu'],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
    });
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new ModelError(file, `the file is not a usable ONNX model (${detail})`, { cause });
  }
  try {
    const inputs = session.inputMetadata as readonly ValueDescription[];
    if (inputs.length !== 1) {
      throw new ModelError(file, `expected one input, the file has ${inputs.length}`);
    }
    check(file, 'input', shape.input, inputs);
    for (const output of shape.outputs) {
      check(file, 'output', output, session.outputMetadata as readonly ValueDescription[]);
    }
  } catch (error) {
    await session.release();
    throw error;
  }
  const dims = shape.input.dims.map((d) => d ?? 1);
  const wanted = shape.outputs.map((o) => o.name);
  return {
    sha256: createHash('sha256').update(bytes).digest('hex'),
    async run(data) {
      const results = await session.run({ [shape.input.name]: new Tensor('float32', data, dims) }, wanted);
      return new Map(wanted.map((name) => [name, results[name].data as Float32Array]));
    },
    close: () => session.release(),
  };
}
