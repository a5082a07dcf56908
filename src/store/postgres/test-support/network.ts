import { execFileSync } from 'node:child_process';

const run = (...args: readonly string[]): string =>
  execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

let made = 0;

/** Why no network of its own can be made here; null where one can. */
export const whyNoNetwork: string | null = (() => {
  const name = `lsprobe${process.pid}`;
  try {
    run('netns', 'add', name);
    run('netns', 'delete', name);
    return null;
  } catch {
    return 'no network namespace can be made here: it takes Linux, the program ip, and root';
  }
})();

/** A network of its own, joined to this machine's by one cable that can be pulled. */
export class NetworkNamespace {
  readonly #name: string;
  readonly #cable: readonly [outside: string, inside: string];
  /** The address of this machine on the cable. */
  readonly outside: string;
  /** The address at the far end. */
  readonly inside: string;

  constructor() {
    made += 1;
    const id = `${process.pid % 10_000}${made}`;
    this.#name = `ls${id}`;
    this.#cable = [`lso${id}`, `lsi${id}`];
    const block = `10.231.${process.pid % 250}.${made * 4}`;
    const [a, b, c, d] = block.split('.').map(Number);
    this.outside = `${a}.${b}.${c}.${(d ?? 0) + 1}`;
    this.inside = `${a}.${b}.${c}.${(d ?? 0) + 2}`;
    const [out, far] = this.#cable;
    process.once('exit', () => this.remove());
    run('netns', 'add', this.#name);
    run('link', 'add', out, 'type', 'veth', 'peer', 'name', far, 'netns', this.#name);
    run('address', 'add', `${this.outside}/30`, 'dev', out);
    run('link', 'set', out, 'up');
    run('-netns', this.#name, 'address', 'add', `${this.inside}/30`, 'dev', far);
    run('-netns', this.#name, 'link', 'set', far, 'up');
    run('-netns', this.#name, 'link', 'set', 'lo', 'up');
  }

  /** The command that runs `program` in this network, as this user. */
  around(program: readonly string[], { uid, gid }: { uid?: number; gid?: number }): string[] {
    const user =
      uid === undefined || gid === undefined
        ? []
        : ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
    return ['ip', 'netns', 'exec', this.#name, ...user, ...program];
  }

  /** Pulls the cable: nothing gets through, and nobody says so. */
  cut(): void {
    run('-netns', this.#name, 'link', 'set', this.#cable[1], 'down');
  }

  /** Puts the cable back. */
  mend(): void {
    run('-netns', this.#name, 'link', 'set', this.#cable[1], 'up');
  }

  /** Takes the network away; what runs in it should have ended. Calling it twice does no harm. */
  remove(): void {
    try {
      run('netns', 'delete', this.#name);
    } catch {
      // Gone already.
    }
  }
}
