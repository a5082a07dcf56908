import { plainIp } from '../../../networks.ts';

export { type Base as Ip, plainIp } from '../../../networks.ts';

/** One spelling for each address, zone ids left aside; other text as it is. */
export function plainAddress(text: string): string {
  return plainIp(text.split('%', 1)[0] as string)?.toString() ?? text;
}
