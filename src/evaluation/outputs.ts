import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { UsageError } from '../faults.ts';
import { makeFolder } from '../files/folder.ts';
import { isTaken, writeNew } from '../files/write.ts';
import { writeScores } from './data/score-file.ts';
import { acceptance } from './measure.ts';
import { type Measured, machine, modelsOf } from './measured.ts';
import { operatingPoints } from './operating-points.ts';
import type { PictureSystem } from './pictures/system.ts';
import { type GallerySection, makeGallery } from './report/gallery.ts';
import { type Provenance, reportHtml } from './report/html.ts';
import type { EvaluationFiles, EvaluationRequest, Origin } from './request.ts';
import type { Presentation } from './types.ts';

/** SHA-256 in hexadecimal. */
export const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Where the numbers of a report come from. */
export function provenanceOf(
  input: string,
  rows: readonly Presentation[],
  system: PictureSystem | null,
  { command, version }: Origin,
): Provenance {
  return {
    command,
    version,
    node: process.version,
    madeAt: new Date().toISOString(),
    input,
    scoresSha256: sha256(writeScores(rows)),
    models: modelsOf(system),
    profile: system?.profile ?? null,
  };
}

/** The JSON file beside a report. */
const numbersBeside = (report: string) => `${report.replace(/\.html?$/i, '')}.json`;

/**
 * Before anything is judged: no file is there that would be lost.
 * @throws {UsageError} `file_exists` when a file would be lost, `same_file` when two outputs are one
 */
export async function checkOutputs(files: EvaluationFiles, isComparison: boolean): Promise<void> {
  const { report, saveScores, operatingPoints: points } = files;
  const beside = report === undefined || isComparison ? undefined : numbersBeside(report);
  const outputs = [report, beside, saveScores, points].filter((file) => file !== undefined);
  if (new Set(outputs.map((file) => resolve(file))).size < outputs.length) {
    throw new UsageError(
      'same_file',
      `expected a file of its own for each output, found ${outputs.join(', ')}`,
    );
  }
  if (files.overwrite === true) return;
  for (const file of outputs) if (await isTaken(file)) throw fileExists(file);
}

const fileExists = (file: string) =>
  new UsageError(
    'file_exists',
    `${file} exists already: expected the name of a new file; move it away, or add --overwrite`,
  );

/**
 * Writes one file, over an earlier one only where that is asked for.
 * @throws {UsageError} `file_exists` when it is there
 */
export async function writeOutput(file: string, text: string, { overwrite }: EvaluationFiles): Promise<void> {
  await makeFolder(dirname(file));
  if (overwrite === true) {
    await writeFile(file, text);
    return;
  }
  await writeNew(file, text).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EEXIST' ? fileExists(file) : error;
  });
}

async function galleryOf({ full, judged, traps }: Measured): Promise<GallerySection[]> {
  if (judged === null) return [];
  return makeGallery(full.rows, judged, acceptance(full.rows, full.choice), [
    { title: 'Labels contradicted with high confidence', ids: traps.doubtful.map((d) => d.id) },
    { title: 'Near-duplicates, in pairs', ids: traps.duplicates.flatMap((d) => [d.a, d.b]) },
  ]);
}

/** Writes scores, operating points and the report, as asked for. Gives the paths of what was written. */
export async function writeFiles(
  measured: Measured,
  request: EvaluationFiles & EvaluationRequest,
  origin: Origin,
): Promise<readonly string[]> {
  const { rows, system, input } = measured;
  const written: string[] = [];
  const write = async (path: string, content: string) => {
    await writeOutput(path, content, request);
    written.push(path);
  };
  const provenance = provenanceOf(input, rows, system, origin);
  if (request.saveScores !== undefined) await write(request.saveScores, writeScores(rows));
  const { version } = origin;
  const { scoresSha256, profile, models } = provenance;
  const about = { description: input, scoresSha256, system: { version, profile, models } };
  const table = () => operatingPoints(rows, about, request.confidence);
  if (request.operatingPoints !== undefined)
    await write(request.operatingPoints, `${JSON.stringify(table(), null, 2)}\n`);
  if (request.report !== undefined) {
    const data = { ...machine(measured, origin.version), provenance };
    const gallery = request.gallery ? await galleryOf(measured) : [];
    await write(request.report, reportHtml({ ...measured, gallery, provenance, machine: data }));
    const beside = { ...data, operatingPoints: table() };
    await write(numbersBeside(request.report), `${JSON.stringify(beside, null, 2)}\n`);
  }
  return written;
}
