import type { LockOut } from './lock-out.ts';
import type { Passwords } from './password.ts';
import { Refusal } from './refusal.ts';
import { totpStep } from './totp.ts';
import type { ConsoleStore, ConsoleUser, StoredUser } from './types.ts';

/** What a person signs in with. */
export interface Credentials {
  readonly name: string;
  readonly password: string;
  /** Of an authenticator app. */
  readonly code?: string | undefined;
}

/** What a sign-in with a password needs. */
export interface SignInParts {
  readonly store: ConsoleStore;
  readonly passwords: Passwords;
  readonly lockOut: LockOut;
  readonly clock: () => number;
}

/** Checks passwords and codes. */
export interface SignIn {
  /**
   * @param addressGroup what failures are counted for
   * @throws {Refusal} `sign_in_failed`, `code_needed`, `code_wrong`, `locked`, `busy`
   */
  check(credentials: Credentials, addressGroup: string): Promise<ConsoleUser>;
  /**
   * Whether a signed-in user is the one who sits there: changes of how one signs in ask for the password.
   * @throws {Refusal} `password_wrong`, `locked`, `busy`
   */
  confirm(userId: string, password: string, addressGroup: string): Promise<void>;
  /**
   * Whether a signed-in user is the one who sits there, by all that a sign-in asks for.
   * @throws {Refusal} `password_wrong`, `code_needed`, `code_wrong`, `locked`, `busy`
   */
  prove(userId: string, given: Omit<Credentials, 'name'>, addressGroup: string): Promise<void>;
}

/** Sign-ins that wait to be checked: one address leaves places for others. */
const MOST_WAITING = { inAll: 8, ofAddress: 4 } as const;

/** A wrong name and a wrong password are told in the same words. */
const failed = () =>
  new Refusal('sign_in_failed', 'Name or password are wrong, or the user is switched off.');

const wrongPassword = () => new Refusal('password_wrong', 'The password is wrong.');

export function createSignIn({ store, passwords, lockOut, clock }: SignInParts): SignIn {
  let last: Promise<unknown> = Promise.resolve();
  /** One after the other: many tries at once are not all free because none has failed yet. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };
  let waiting = 0;
  const waitingOf = new Map<string, number>();

  /** @throws {Refusal} `busy` */
  async function guarded<T>(
    trier: { name: string; addressGroup: string },
    work: () => Promise<T>,
  ): Promise<T> {
    await lockOut.check(trier);
    const { addressGroup } = trier;
    const own = waitingOf.get(addressGroup) ?? 0;
    if (waiting >= MOST_WAITING.inAll || own >= MOST_WAITING.ofAddress)
      throw new Refusal('busy', 'Too many sign-ins wait to be checked; try again.', 2);
    waiting++;
    waitingOf.set(addressGroup, own + 1);
    try {
      return await inTurn(async () => {
        await lockOut.check(trier);
        return work();
      });
    } finally {
      waiting--;
      const left = (waitingOf.get(addressGroup) ?? 1) - 1;
      if (left > 0) waitingOf.set(addressGroup, left);
      else waitingOf.delete(addressGroup);
    }
  }

  async function checkCode(found: StoredUser, code: string | undefined): Promise<boolean> {
    if (found.totpSecret === null) return true;
    if (code === undefined)
      throw new Refusal('code_needed', 'A code of your authenticator app is needed too.');
    const step = totpStep(found.totpSecret, code, clock());
    return step !== null && (await store.takeTotpStep(found.user.id, step));
  }

  /** @param wrong what is told where the password does not count */
  async function checkAll(
    find: () => Promise<StoredUser | null>,
    { name, password, code }: Credentials,
    addressGroup: string,
    wrong: () => Refusal,
  ): Promise<ConsoleUser> {
    const trier = { name, addressGroup };
    return guarded(trier, async () => {
      const found = await find();
      const isRight = await passwords.verify(password, found?.password ?? null);
      // A password takes about a second: the user may be reset or switched off meanwhile.
      const now = found === null ? null : await store.findUser({ id: found.user.id });
      if (now === null || !isRight || !now.user.enabled || now.password !== found?.password) {
        await lockOut.failed(trier);
        throw wrong();
      }
      if (!(await checkCode(now, code))) {
        await lockOut.failed(trier);
        throw new Refusal('code_wrong', 'The code is wrong, too old, or was used already.');
      }
      await lockOut.succeeded(trier);
      return now.user;
    });
  }

  return {
    check: (given, addressGroup) =>
      checkAll(() => store.findUser({ name: given.name }), given, addressGroup, failed),
    prove: async (userId, given, addressGroup) => {
      const find = () => store.findUser({ id: userId });
      const name = (await find())?.user.name ?? '';
      await checkAll(find, { ...given, name }, addressGroup, wrongPassword);
    },
    confirm: async (userId, password, addressGroup) => {
      const found = await store.findUser({ id: userId });
      if (found?.password == null) return;
      const trier = { name: found.user.name, addressGroup };
      await guarded(trier, async () => {
        if (await passwords.verify(password, found.password)) return lockOut.succeeded(trier);
        await lockOut.failed(trier);
        throw wrongPassword();
      });
    },
  };
}
