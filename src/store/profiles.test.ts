import Database from 'libsql';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder, temporaryStore } from './test-support/temp-store.ts';
