import { WeightsError } from './error.ts';
import { specOf, type WeightEntry } from './lock.ts';
import { ConversionError, convertMiniFasNet } from './pytorch/minifasnet.ts';
import { PickleError } from './pytorch/pickle.ts';
import { readPytorchState } from './pytorch/state.ts';

/**
 * The file that is used, made of the file that the archive carries: itself, or an ONNX file converted from
 * it.
 *
 * @throws {WeightsError} `bad_source` when it cannot be converted
 */
export function convertSource(entry: WeightEntry, source: Buffer): Buffer {
  if (entry.convertedFrom === undefined) return source;
  try {
    return convertMiniFasNet(readPytorchState(source));
  } catch (error) {
    if (!(error instanceof PickleError || error instanceof ConversionError)) throw error;
    throw new WeightsError(
      {
        reason: 'bad_source',
        file: `${entry.pathInArchive} in ${specOf(entry)}`,
        expected: 'a PyTorch state of a MiniFASNet, in the form of versions before 1.6',
        found: error.message,
        advice: 'Nothing was put in place. Only the file that the lock names can be converted',
      },
      error,
    );
  }
}
