import { open, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { newAppid, newSecret } from '../../account/generate.ts';
import { sign } from '../../account/signature/signature.ts';
import type { AccountAdmin, NewSecret } from '../../account/types.ts';
import type { Config } from '../../config/load.ts';
import { curlLine } from '../shared/curl.ts';
import { pairs } from '../shared/outcome.ts';
import { StartError } from './start-error.ts';

/** How long the signature of the first call can be used, in hours. */
const firstCallHours = 24;

/** The file in the data folder that takes the first app's keys where there is no terminal to show them on. */
const fileOf = (appid: string) => `first-app-${appid}.txt`;

/** Where the keys of the first app go: onto the terminal of a person, or into a file that this user alone can read. */
export type KeyPlace = 'terminal' | 'file';

/**
 * Makes the first app and says how to call with it. On a terminal the keys are part of the text, this once. Elsewhere (a log collector, a
 * unit, a container) they are written to a new file of mode 0600 in the data folder, and the text has its path alone.
 * @param base address of the service, `http://127.0.0.1:8787`
 * @throws Fault `accounts_unavailable` when the app cannot be kept; StartError when the file cannot be written, and no app is made then
 */
export async function makeFirstApp(
  config: Config,
  accounts: AccountAdmin,
  base: string,
  place: KeyPlace,
): Promise<string> {
  const [appid, secret] = [newAppid(), newSecret()];
  const keys = `${pairs([
    ['appid', appid],
    ['SecretId', secret.secretId],
    ['SecretKey', secret.secretKey],
  ])}

A call to copy, with a picture of yours in place of selfie.jpg (usable for ${firstCallHours} hours):

${curlLine({ base, appid, signature: firstSignature(appid, secret), image: 'selfie.jpg' })}`;
  const create = () => accounts.createApp({ appid, name: 'first app' }, secret);
  if (place === 'terminal') {
    await create();
    return `A first app was made. Its keys are shown this once; keep them safe.\n\n${keys}`;
  }
  const path = resolve(join(config.dataDir, fileOf(appid)));
  await writeKeys(
    path,
    `The first app of livestill. Keep the keys safe, then delete this file.\n\n${keys}\n`,
    create,
  );
  return `A first app was made. Its keys and a first call are in ${path}
(readable by this user alone): read it, keep the keys safe, delete the file.`;
}

/** The file is there and whole on disk before the app is: an app whose keys nobody has is worse than a file without an app. */
async function writeKeys(path: string, text: string, then: () => Promise<unknown>): Promise<void> {
  const file = await open(path, 'wx', 0o600).catch((cause: NodeJS.ErrnoException) => {
    throw new StartError(
      `the keys of the first app cannot be written to ${path} (${cause.code ?? cause.message}): make the data folder writable, or start with --no-first-app`,
      cause,
    );
  });
  try {
    await file.writeFile(text);
    await file.sync();
    await then();
  } catch (error) {
    await unlink(path).catch(() => {});
    throw error;
  } finally {
    await file.close();
  }
}

function firstSignature(appid: string, secret: NewSecret): string {
  const issued = Math.floor(Date.now() / 1000);
  const content = {
    appid,
    secretId: secret.secretId,
    bucket: undefined,
    expires: issued + firstCallHours * 3600,
    issued,
    rand: issued % 100_000,
    fileid: undefined,
  };
  return sign(content, secret.secretKey);
}
