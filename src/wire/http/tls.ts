import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { Logger } from 'pino';
import { UsageError } from '../../faults.ts';

/** Where certificate and key lie, both PEM; the certificate file holds the chain, own certificate first. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** A certificate with its key, checked. */
export interface TlsIdentity {
  readonly cert: string;
  readonly key: string;
  readonly subject: string;
  readonly validFrom: Date;
  readonly expiresAt: Date;
}

/** What the TLS server is told: the identity, TLS 1.2 at least, HTTP/1.1 alone. */
export function tlsServerOptions(identity: TlsIdentity): SecureContextOptions & {
  readonly ALPNProtocols: string[];
  readonly handshakeTimeout: number;
} {
  return {
    cert: identity.cert,
    key: identity.key,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: 20_000,
  };
}

/**
 * Reads and checks certificate and key: both readable, both PEM, the key the certificate's own.
 * @throws {UsageError} `tls_unreadable`, `tls_invalid`, `tls_mismatch`; the message names the file and never
 * shows its content
 */
export async function loadTls(files: TlsFiles): Promise<TlsIdentity> {
  // One after the other: where neither can be read, it is always the certificate that is named.
  const cert = await readPem(files.cert, 'certificate');
  const key = await readPem(files.key, 'private key');
  let first: X509Certificate;
  try {
    first = new X509Certificate(cert);
  } catch (cause) {
    throw new UsageError('tls_invalid', `The file ${files.cert} holds no PEM certificate.`, { cause });
  }
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    const mismatch = (cause as NodeJS.ErrnoException).code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH';
    throw mismatch
      ? new UsageError(
          'tls_mismatch',
          `The key ${files.key} does not belong to the certificate ${files.cert}.`,
          { cause },
        )
      : new UsageError(
          'tls_invalid',
          `The file ${files.key} holds no PEM private key without a passphrase.`,
          { cause },
        );
  }
  return {
    cert,
    key,
    subject: first.subject.replace(/\n/g, ', '),
    validFrom: new Date(first.validFrom),
    expiresAt: new Date(first.validTo),
  };
}

async function readPem(file: string, what: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new UsageError('tls_unreadable', `The TLS ${what} ${file} cannot be read (${code}).`, { cause });
  }
}

/** A watch over certificate and key. */
export interface TlsWatch {
  /**
   * Reads the files again now (SIGHUP). Resolves when done; a certificate that cannot be used is logged, not
   * thrown.
   */
  reload(): Promise<void>;
  stop(): void;
}

/** What a watch is made of. */
export interface TlsWatchOptions {
  readonly files: TlsFiles;
  /** The pair in use when the watch begins. */
  readonly current: TlsIdentity;
  /** Called with each new pair. */
  readonly use: (identity: TlsIdentity) => void;
  readonly clock: () => number;
  readonly log: Logger;
  /** How often the files are looked at, in ms; 5000 where nothing is given. */
  readonly intervalMs?: number;
}

/**
 * Looks again and again whether certificate or key changed, and puts a new pair to use once both fit
 * together. A pair that cannot be used is logged and the old one stays. The files are asked by name, so that
 * swapped symbolic links (Kubernetes secrets, certbot) count as a change.
 */
export function watchTls(options: TlsWatchOptions): TlsWatch {
  const { files, use, log } = options;
  let current = options.current;
  let seen = '';
  /** A pair that is not valid yet; it is looked at again. */
  let early: TlsIdentity | null = null;
  let busy: Promise<void> = Promise.resolve();

  const look = async (): Promise<void> => {
    // Taken before the files are read: whatever changes during the reading shows next time.
    const now = await fingerprint(files);
    const isDue = early !== null && early.validFrom.getTime() <= options.clock();
    if (now === seen && !isDue) return;
    seen = now;
    early = null;
    try {
      const next = await loadTls(files);
      if (next.cert === current.cert && next.key === current.key) return;
      const worse = worseThan(current, next, options.clock());
      if (worse !== null) {
        if (worse === 'not valid yet') early = next;
        throw new UsageError(
          'tls_dates',
          `The certificate ${files.cert} is ${worse}, and the one in use is valid.`,
        );
      }
      use(next);
      current = next;
      const { subject, expiresAt } = next;
      log.info({ event: 'tls_reloaded', subject, expiresAt }, 'new certificate in use');
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      log.error({ event: 'tls_rejected', detail }, 'new certificate not used, the old one stays');
    }
  };
  // One at a time: an old reading must not overtake a new one.
  const queue = (): Promise<void> => {
    busy = busy.then(look);
    return busy;
  };

  const timer = setInterval(() => void queue(), options.intervalMs ?? 5000);
  timer.unref();
  return {
    reload: () => {
      seen = '';
      return queue();
    },
    stop: () => clearInterval(timer),
  };
}

/** Why a pair must not replace the one in use, which is valid; null: it may. */
function worseThan(current: TlsIdentity, next: TlsIdentity, now: number): 'over' | 'not valid yet' | null {
  const isValid = ({ validFrom, expiresAt }: TlsIdentity) =>
    validFrom.getTime() <= now && now < expiresAt.getTime();
  if (!isValid(current) || isValid(next)) return null;
  return now < next.validFrom.getTime() ? 'not valid yet' : 'over';
}

/** Changes whenever either file does; a missing file has a fingerprint too. */
async function fingerprint(files: TlsFiles): Promise<string> {
  const parts = await Promise.all(
    [files.cert, files.key].map(async (file) => {
      try {
        const { ino, mtimeMs, size } = await stat(file);
        return `${ino}:${mtimeMs}:${size}`;
      } catch {
        return 'missing';
      }
    }),
  );
  return parts.join(' ');
}
