import { randomUUID } from 'node:crypto';
import { Fault } from '../../faults.ts';
import type { ObjectPlace } from '../types.ts';
import { S3Refusal } from './answer.ts';
import { createS3Client } from './client.ts';
import type { S3Settings } from './settings.ts';

/** What was tried. `reach` stands for the list of all buckets, where there is no bucket to look into. */
export type ProbeStep = 'reach' | 'list' | 'write' | 'read' | 'delete';

/** How one step went. */
export interface Probed {
  readonly step: ProbeStep;
  /** Null: it succeeded. */
  readonly fault: Fault | null;
  /** S3's own word, such as `SignatureDoesNotMatch`; empty where there is none. */
  readonly code: string;
}

/** What a try of the storage came to. */
export interface Probe {
  readonly steps: readonly Probed[];
  /** The server's clock less this machine's, in ms; null: it did not say. */
  readonly skewMs: number | null;
  /** An object of the try that could not be deleted again. */
  readonly left: ObjectPlace | null;
}

/**
 * Tries what batches need: with a folder to list it, and to write, read and delete an object of its own
 * there, else to ask for the list of buckets. The first step that fails ends it.
 * @param folder its key empty, or with a slash at the end
 * @param now of this machine, ms since 1970
 * @throws {UsageError} `s3_keys`, `s3_ca`
 */
export async function probeStorage(
  settings: S3Settings,
  folder: ObjectPlace | null,
  now: () => number,
): Promise<Probe> {
  const client = createS3Client(settings);
  const never = new AbortController().signal;
  const steps: Probed[] = [];
  let skewMs: number | null = null;
  const place = {
    bucket: folder?.bucket ?? '',
    key: `${folder?.key ?? ''}.livestill-doctor-${randomUUID()}`,
  };
  const content = Buffer.from('livestill doctor\n');
  const tried = async (step: ProbeStep, request: Omit<Parameters<typeof client.send>[0], 'place'>) => {
    const isObject = step !== 'list' && step !== 'reach';
    const at = isObject ? place : { bucket: place.bucket, key: '' };
    try {
      await client.send({ place: at, ...request }, never, async ({ headers, bytes }) => {
        const said = Date.parse(String(headers.date ?? ''));
        if (!Number.isNaN(said)) skewMs ??= said - now();
        const body = request.method === 'GET' ? await bytes(MOST_BYTES) : null;
        if (step === 'read' && !content.equals(body ?? Buffer.alloc(0)))
          throw new Fault(
            'storage_unavailable',
            's3_refused',
            'S3 gave back another content than it was given.',
          );
      });
      steps.push({ step, fault: null, code: '' });
      return true;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      steps.push({ step, fault: error, code: error.cause instanceof S3Refusal ? error.cause.code : '' });
      return false;
    }
  };
  if (folder === null) {
    await tried('reach', { method: 'GET' });
    return { steps, skewMs, left: null };
  }
  const query = { 'list-type': '2', 'max-keys': '1', prefix: folder.key };
  if (!(await tried('list', { method: 'GET', query }))) return { steps, skewMs, left: null };
  if (!(await tried('write', { method: 'PUT', body: content }))) return { steps, skewMs, left: null };
  await tried('read', { method: 'GET' });
  const isGone = await tried('delete', { method: 'DELETE' });
  return { steps, skewMs, left: isGone ? null : place };
}

/** Of an answer: a page with one key, or a list of buckets. */
const MOST_BYTES = 8 * 1024 * 1024;
