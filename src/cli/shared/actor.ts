import { hostname, userInfo } from 'node:os';
import type { Actor } from '../../ledger/admin.ts';

/**
 * Who works at this command line, for the admin log: the user of the machine, behind `sudo` the one who
 * called it, and the address that an SSH session comes from, else the machine's name. What the environment
 * says can be set by that user: it is no proof.
 */
export function systemActor(environment: Readonly<Record<string, string | undefined>> = process.env): Actor {
  const name = userName();
  const caller = environment.SUDO_USER;
  const [address] = (environment.SSH_CONNECTION ?? '').split(' ');
  return {
    kind: 'system',
    name: caller === undefined || caller === '' ? name : `${name} (sudo by ${caller.slice(0, 64)})`,
    from: address === undefined || address === '' ? hostname() : address.slice(0, 64),
  };
}

/** The name, or the number where the user has none (containers). */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
