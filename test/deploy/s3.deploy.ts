import { expect, it } from 'vitest';
import { VERSITYGW } from '../../src/storage/test-support/server.ts';
import { goProgram } from './support/tools.ts';

/** The tests of S3-compatible storage (`src/storage`, `src/jobs`, `test/faults`) run where this has built it. */
it('the S3 server of the tests can be built where Go is', () => {
  const { name, version } = VERSITYGW;
  const tool = goProgram(name, `github.com/versity/versitygw/cmd/${name}`, version);
  expect(tool.reason === null || /not installed/.test(tool.reason), tool.reason ?? '').toBe(true);
}, 900_000);
