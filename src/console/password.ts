import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { UsageError } from '../faults.ts';
import { Refusal } from './refusal.ts';

/**
 * Cost of a hash: scrypt with N = 2^16, r = 8, p = 2, one of the equal settings that OWASP's Password Storage
 * Cheat Sheet names; 64 MiB, and about a second of a busy core. scrypt is Node's own (OpenSSL): memory-hard,
 * and no binary for each platform.
 */
const COST = { logN: 16, r: 8, p: 2 } as const;
const HASH_BYTES = 32;
const SALT_BYTES = 16;
/** Sign-ins that wait for a hash: more are refused, so that memory and processor stay with the service. */
const MAX_WAITING = 8;
const FORM = /^scrypt\$(\d{1,2})\$(\d{1,2})\$(\d{1,2})\$([A-Za-z0-9_-]{22})\$([A-Za-z0-9_-]{43})$/;

/** Makes and checks hashes of passwords, one after the other. */
export interface Passwords {
  /** @throws {Refusal} `busy` */
  hash(password: string): Promise<string>;
  /**
   * Takes the same time whether there is a hash or not.
   * @throws {Refusal} `busy`
   */
  verify(password: string, hash: string | null): Promise<boolean>;
}

/** @param cost for tests alone: the memory-hard one by default */
export function createPasswords(cost: { readonly logN: number } = COST): Passwords {
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  const decoy = formatted(cost.logN, COST.r, COST.p, randomBytes(SALT_BYTES), randomBytes(HASH_BYTES));

  /** One hash at a time. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    if (waiting >= MAX_WAITING)
      throw new Refusal('busy', 'Too many sign-ins wait to be checked; try again in a moment.', 2);
    waiting++;
    const mine = last.then(work);
    last = mine.catch(() => {}).finally(() => waiting--);
    return mine;
  };

  return {
    hash: async (password) =>
      inTurn(async () => {
        const salt = randomBytes(SALT_BYTES);
        const { r, p } = COST;
        const digest = await derive(password, salt, cost.logN, r, p);
        return formatted(cost.logN, r, p, salt, digest);
      }),
    verify: async (password, hash) =>
      inTurn(async () => {
        const [, logN, r, p, salt, digest] = FORM.exec(hash ?? decoy) ?? [];
        if (logN === undefined || salt === undefined || digest === undefined) return false;
        const found = await derive(
          password,
          Buffer.from(salt, 'base64url'),
          Number(logN),
          Number(r),
          Number(p),
        );
        return timingSafeEqual(found, Buffer.from(digest, 'base64url')) && hash !== null;
      }),
  };
}

function formatted(logN: number, r: number, p: number, salt: Buffer, digest: Buffer): string {
  return ['scrypt', logN, r, p, salt.toString('base64url'), digest.toString('base64url')].join('$');
}

function derive(password: string, salt: Buffer, logN: number, r: number, p: number): Promise<Buffer> {
  const options: ScryptOptions = { N: 2 ** logN, r, p, maxmem: 256 * 1024 * 1024 };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, HASH_BYTES, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

/** Shortest and longest password, in characters. */
export const PASSWORD_LENGTH = { least: 12, most: 256 } as const;

/**
 * Refuses passwords that are guessed first. No rule on kinds of characters: NIST SP 800-63B §3.1.1 says why.
 * @throws {UsageError} `invalid_password`
 */
export function checkNewPassword(password: string, userName: string): void {
  const { least, most } = PASSWORD_LENGTH;
  const length = [...password].length;
  const refuse = (expected: string): never => {
    throw new UsageError('invalid_password', `password: expected ${expected}`);
  };
  if (length < least || length > most) refuse(`${least} to ${most} characters, found ${length}`);
  const plain = password.toLowerCase();
  if (new Set(plain).size < 5) refuse('at least 5 different characters');
  const rest = plain.replaceAll(userName.trim().toLowerCase(), '').replaceAll('livestill', '');
  if (rest.length < 8) refuse('more than the name of the user or of the service');
}
