import { readFile, stat } from 'node:fs/promises';
import { type Config, ConfigError } from '../../config/load.ts';
import { loadTls } from '../../wire/http/tls.ts';
import { readOwnTable } from '../../wire/v1/own-operating-points.ts';

/**
 * Looks at the files and folders that a configuration names, as the start of the service does: certificate
 * and key together, the operating points, the folders of models.
 * @throws {ConfigError} with one line for each that is missing, cannot be read or is not what it should be
 */
export async function checkFiles(config: Config): Promise<void> {
  const { tls, operatingPoints, models } = config;
  const found = await Promise.all([
    problem('tls.cert, tls.key', async () => {
      if (tls.cert !== null && tls.key !== null) await loadTls({ cert: tls.cert, key: tls.key });
    }),
    problem('operatingPoints', async () => {
      if (operatingPoints !== null) readOwnTable(operatingPoints, await readFile(operatingPoints, 'utf8'));
    }),
    problem('models.dir', () => folder(models.dir)),
    ...models.packs.map((pack) => problem('models.packs', () => folder(pack))),
  ]);
  const problems = found.filter((line) => line !== null);
  if (problems.length > 0) throw new ConfigError(problems);
}

async function problem(key: string, look: () => Promise<void>): Promise<string | null> {
  try {
    await look();
    return null;
  } catch (error) {
    return `${key}: ${(error as Error).message}`;
  }
}

async function folder(path: string | null): Promise<void> {
  if (path === null) return;
  const entry = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw new Error(`expected a folder, found nothing that can be read at ${path} (${cause.code})`);
  });
  if (!entry.isDirectory()) throw new Error(`expected a folder, found a file at ${path}`);
}
