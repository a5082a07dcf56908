/** The service cannot start; the message says what was found and what to do. */
export class StartError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'StartError';
  }

  /** Why nothing can listen there, in words. `what` is the port's name, as in the options. */
  static ofListening(what: string, host: string, port: number, cause: unknown): StartError {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    const option = what
      .replace(' ', '-')
      .replace(/^admin-port$/, '--admin-port')
      .replace(/^port$/, '--port');
    const place = `the ${what} ${port} on ${host}`;
    switch (code) {
      case 'EADDRINUSE':
        return new StartError(
          `${place} is in use: stop what uses it, or choose another with ${option}`,
          cause,
        );
      case 'EACCES':
        return new StartError(
          `${place} may not be used by this user: choose one above 1023 with ${option}, or grant the right`,
          cause,
        );
      case 'EADDRNOTAVAIL':
      case 'ENOTFOUND':
      case 'EAI_AGAIN':
        return new StartError(`${place}: this machine has no such address (${code}); check the host`, cause);
      default:
        return new StartError(`${place} cannot be listened on (${code})`, cause);
    }
  }
}
