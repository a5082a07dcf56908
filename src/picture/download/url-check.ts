import { isIP } from 'node:net';
import { type AllowList, allowListOf, bareHost, objection, wayIn } from './address/allow.ts';
import { type OwnAddresses, ownAddresses } from './address/own.ts';
import { type AddressVerdict, METADATA_HOSTS } from './address/ranges.ts';
import { type DownloadRefusal, refused } from './reasons.ts';
import { nameServerResolve, type Resolve, resolved, systemResolve } from './resolve.ts';

export interface UrlCheckOptions {
  /** Networks, addresses and host names that may be fetched from although they are not public. */
  readonly allowPrivate: readonly string[];
  readonly ports: readonly number[];
  /** Let through, and only report, what the rules on ports and private places would refuse. */
  readonly reportOnly?: boolean;
  /**
   * Name servers for the open internet, the system's own look-up for allowed host names, where nothing is
   * given.
   */
  readonly resolve?: Resolve;
  /** The machine's own addresses; read from its interfaces where nothing is given. */
  readonly own?: () => OwnAddresses;
}

/** Called with what report-only mode let through. */
export type Report = (reason: DownloadRefusal, host: string, detail: string) => void;

/** Checks urls before anything is sent to them. */
export interface UrlCheck {
  /**
   * What the url says by itself: scheme, credentials, port, host name. Gives the host, without brackets and
   * final dot.
   * @throws {Fault} `download_refused`
   */
  checkUrl(url: URL, report: Report): string;
  /**
   * Looks the host up once and judges every address of the answer. A name with any address that is not
   * allowed is refused as a whole.
   * @throws {Fault} `download_refused`
   */
  addressesOf(host: string, signal: AbortSignal, report: Report, app?: string): Promise<readonly string[]>;
}

/**
 * Places that report-only mode keeps shut all the same: nobody keeps pictures there, and secrets lie in some.
 */
const ENFORCED: ReadonlySet<AddressVerdict> = new Set<AddressVerdict>([
  'invalid_address',
  'unspecified_address',
  'this_network_address',
  'loopback_address',
  'own_address',
  'link_local_address',
  'metadata_address',
  'multicast_address',
  'broadcast_address',
]);

/** A name server that answers with more addresses than this is not meant for pictures. */
const MOST_ADDRESSES = 64;

export function createUrlCheck(options: UrlCheckOptions): UrlCheck {
  const allowed = allowListOf(options.allowPrivate);
  const own = options.own ?? ownAddresses;
  const resolve = options.resolve ?? byHost(allowed);
  return {
    checkUrl(url, report) {
      if (url.protocol !== 'http:' && url.protocol !== 'https:') {
        throw refused('bad_scheme', `Only http and https are fetched; found ${url.protocol}`);
      }
      if (url.username !== '' || url.password !== '') {
        throw refused('credentials', 'A url with user name or password is not fetched.');
      }
      const host = bareHost(url.hostname.replace(/^\[(.*)\]$/, '$1'));
      if (host.length > 253 || host.split('.').some((label) => label === '' || label.length > 63)) {
        throw refused('bad_host', `The host ${host.slice(0, 80)} is no name that can be looked up.`);
      }
      if (METADATA_HOSTS.has(host) && !allowed.namesHost(host)) {
        throw refused(
          'metadata_host',
          `${host} is a service that tells about the machine itself; only this very name in download.allowPrivate allows it.`,
        );
      }
      const port = url.port === '' ? (url.protocol === 'http:' ? 80 : 443) : Number(url.port);
      if (!options.ports.includes(port)) {
        const message = `Port ${port} is not among those of download.ports (${options.ports.join(', ')}).`;
        if (options.reportOnly !== true) throw refused('port', message);
        report('port', host, message);
      }
      return host;
    },
    async addressesOf(host, signal, report, app) {
      const addresses = isIP(host) === 0 ? await resolved(host, resolve, signal, app) : [host];
      if (addresses.length > MOST_ADDRESSES) {
        throw refused(
          'dns_failed',
          `${host} has ${addresses.length} addresses; at most ${MOST_ADDRESSES} are tried.`,
        );
      }
      const mine = own();
      for (const address of addresses) {
        const verdict = objection(host, address, allowed, mine);
        if (verdict === null || verdict === 'public') continue;
        const message = `${host} is at ${address}, which is not allowed (${verdict}); ${wayIn(verdict)}.`;
        if (options.reportOnly !== true || ENFORCED.has(verdict)) throw refused(verdict, message);
        report(verdict, host, message);
      }
      return addresses;
    },
  };
}

/** The operator's own hosts may stand in the hosts file alone; every other name is the open internet's. */
function byHost(allowed: AllowList): Resolve {
  const open = nameServerResolve();
  const system = systemResolve();
  return (host, signal, app) => (allowed.allowsHost(host) ? system : open)(host, signal, app);
}
