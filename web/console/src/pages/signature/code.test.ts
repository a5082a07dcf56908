import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { readSignature, verifyDigest } from '../../../../../src/account/signature/signature.ts';
import { signingCode } from './code.ts';

const KEY = 'a-key-of-the-test-000000000000001';
const MADE = { signature: 'c2lnbmVk', appid: '1000001', secretId: 'AKIDpair000000001' };
const has = (program: string) => spawnSync(program, ['--version']).status === 0;

const WAYS = [
  ['TypeScript', process.execPath, 'call.mjs'],
  ['Python', 'python3', 'call.py'],
  ['PHP', 'php', 'call.php'],
  ['Java', 'java', 'Sign.java'],
] as const;

for (const [language, program, file] of WAYS) {
  const isThere = has(program);
  it.skipIf(!isThere)(
    `the code in ${language} makes a call with a good signature${isThere ? '' : ` (skipped: there is no ${program})`}`,
    async () => {
      const seen: { authorization: string; body: string }[] = [];
      const server = createServer(async (request, response) => {
        let body = '';
        for await (const chunk of request) body += chunk;
        seen.push({ authorization: request.headers.authorization ?? '', body });
        response.setHeader('content-type', 'application/json');
        response.end('{"code":0,"message":"OK","data":{"score":93}}');
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => void server.close());
      const folder = await mkdtemp(join(tmpdir(), 'livestill-code-'));
      onTestFinished(() => rm(folder, { recursive: true, force: true }));
      await writeFile(join(folder, 'picture.jpg'), 'the picture');
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      await writeFile(join(folder, file), signingCode(language, url, MADE));
      const env = { ...process.env, SECRET_KEY: KEY };
      const { stdout } = await promisify(execFile)(program, [file], { cwd: folder, env });
      expect(stdout).toContain('OK');
      const [call] = seen;
      const signature = readSignature(call?.authorization);
      expect(verifyDigest(signature, KEY)).toBe(true);
      expect(signature).toMatchObject({ appid: MADE.appid, secretId: MADE.secretId, singleUse: false });
      expect(JSON.parse(call?.body ?? '')).toEqual({
        appid: MADE.appid,
        image: Buffer.from('the picture').toString('base64'),
      });
    },
  );
}

it('curl carries the signature that was made', () => {
  expect(signingCode('curl', 'https://liveness.example.org', MADE)).toContain('Authorization: c2lnbmVk');
});
