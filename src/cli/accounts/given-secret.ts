import type { NewSecret } from '../../account/types.ts';
import { UsageError } from '../../faults.ts';
import { secretKeyFrom } from '../shared/arguments.ts';

/**
 * A pair out of two options: both given, or none and then made anew.
 * @throws {UsageError} `secret_incomplete` when one of the two is missing
 */
export async function givenSecret(options: {
  readonly secretId?: string;
  readonly secretKey?: string;
}): Promise<NewSecret | null> {
  const { secretId, secretKey } = options;
  if (secretId === undefined && secretKey === undefined) return null;
  if (secretId === undefined || secretKey === undefined) {
    const missing = secretId === undefined ? '--secret-id' : '--secret-key';
    throw new UsageError(
      'secret_incomplete',
      `expected --secret-id and --secret-key together, ${missing} is missing`,
    );
  }
  return { secretId, secretKey: await secretKeyFrom(secretKey) };
}
