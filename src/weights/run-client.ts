import { spawn } from 'node:child_process';

/** How to start a registry's client. */
export interface ClientCommand {
  readonly command: string;
  /** Arguments before the client's own. */
  readonly args: readonly string[];
  /** Through a shell (Windows needs one for `npm.cmd`). */
  readonly shell: boolean;
}

/** How a client ended and what it said. */
export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Enough for any error of a client; more than that is dropped, not kept in memory. */
const MAX_OUTPUT = 256 * 1024;

/** Runs a client to its end. Rejects with the system's error when it cannot be started. */
export function runClient(
  client: ClientCommand,
  args: readonly string[],
  surroundings: { readonly env: NodeJS.ProcessEnv; readonly cwd?: string },
): Promise<Finished> {
  const all = [...client.args, ...args];
  // In a shell the one argument that may hold spaces is the folder; the others are flags and a checked
  // package name.
  const child = client.shell
    ? spawn([client.command, ...all.map((arg) => (/[\s&^]/.test(arg) ? `"${arg}"` : arg))].join(' '), {
        ...surroundings,
        shell: true,
        windowsHide: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      })
    : spawn(client.command, all, {
        ...surroundings,
        windowsHide: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
  return new Promise((done, failed) => {
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        if (output[name].length < MAX_OUTPUT) output[name] += chunk;
      });
    child.once('error', failed);
    child.once('close', (code, signal) => done({ code, signal, ...output }));
  });
}
