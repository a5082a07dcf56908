import { listeningProblem } from '../../doctor/listening.ts';

/** The service cannot start; the message says what was found and what to do. */
export class StartError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'StartError';
  }

  /** Why nothing can listen there, in words. `what` is the port's name, as in the options. */
  static ofListening(what: string, host: string, port: number, cause: unknown): StartError {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    const { found, advice } = listeningProblem(what, host, port, code);
    const mark = found.includes(': ') ? ';' : ':';
    return new StartError(advice === null ? found : `${found}${mark} ${advice}`, cause);
  }
}
