import type { Logger } from 'pino';
import type { Service } from '../serve/service.ts';
import { EXIT_STATUS } from './exit-status.ts';

/** What of the process the service needs; a test brings one that does not end the test. */
export interface Host {
  /** Calls `handler` on a signal or on an error nobody caught, as `process.on` does. */
  on(event: string, handler: (cause: unknown) => void): void;
  /** Ends the process, as `process.exit` does. */
  exit(status: number): void;
  /** Writes what the log still holds back. */
  flush(): void;
}

/**
 * Ends the service when it is asked to. SIGTERM and SIGINT drain and end with status 0, a second one ends at
 * once with status 1; an error that nobody caught drains and ends with status 1, since nobody knows what is
 * still right after it; SIGHUP reads the certificate anew.
 */
export function endOnSignals(service: Service, log: Logger, host: Host): void {
  let ending = false;
  const leave = (status: number) => {
    host.flush();
    host.exit(status);
  };
  const end = async (cause: string, status: number) => {
    ending = true;
    log.info({ event: 'draining', cause }, 'accepting nothing new');
    try {
      const cutOff = await service.stop();
      log.info({ event: 'stopped', cutOff }, 'stopped');
      leave(status);
    } catch (err) {
      log.error({ event: 'stop_failed', err }, 'not everything could be closed');
      leave(EXIT_STATUS.failed);
    }
  };
  for (const signal of ['SIGTERM', 'SIGINT']) {
    host.on(signal, () => {
      if (!ending) {
        void end(signal, EXIT_STATUS.ok);
        return;
      }
      log.warn({ event: 'killed', cause: signal }, 'asked twice: ending at once');
      leave(EXIT_STATUS.failed);
    });
  }
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    host.on(event, (err) => {
      log.fatal({ event: 'uncaught', err }, 'an error that nobody caught');
      if (!ending) void end(event, EXIT_STATUS.failed);
    });
  }
  host.on('SIGHUP', () => {
    log.info({ event: 'tls_reload', cause: 'SIGHUP' }, 'reading the certificate anew');
    void service.reloadTls();
  });
}
