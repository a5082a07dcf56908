import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BUILD_CONSOLE } from '../wire/admin/console-files.ts';
import { type Check, ok, warn } from './check.ts';

/** Whether the pages of the console were built. */
export function checkConsole(folder: string): Check {
  return existsSync(join(folder, 'index.html'))
    ? ok('console', 'built')
    : warn('console', 'not built: /console/ is not there', BUILD_CONSOLE);
}
