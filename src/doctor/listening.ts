/** Why nothing can listen at an address, and what to do; no advice where there is none to give. */
export interface ListeningProblem {
  readonly found: string;
  readonly advice: string | null;
}

/**
 * Explains the system's code of a failed `listen`.
 * @param what the port's name, as in the options: `port`, `admin port`
 */
export function listeningProblem(what: string, host: string, port: number, code: string): ListeningProblem {
  const option = `--${what.replace(' ', '-')}`;
  const address = `the ${what} ${port} on ${host}`;
  switch (code) {
    case 'EADDRINUSE':
      return {
        found: `${address} is in use`,
        advice: `stop what uses it, or choose another with ${option}`,
      };
    case 'EACCES':
      return {
        found: `${address} may not be used by this user`,
        advice: `choose one above 1023 with ${option}, or grant the right`,
      };
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return { found: `${address}: this machine has no such address (${code})`, advice: 'check the host' };
    default:
      return { found: `${address} cannot be listened on (${code})`, advice: null };
  }
}
