/** What a curl line is made of. */
export interface CurlParts {
  /** Where the service is reached: `http://127.0.0.1:8787`. */
  readonly base: string;
  readonly signature: string;
  readonly appid: string;
  /** Path of a picture on the caller's machine. */
  readonly image: string;
}

/** A text as one word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function withoutSlashes(base: string): string {
  let end = base.length;
  while (base[end - 1] === '/') end--;
  return base.slice(0, end);
}

/** A complete call with curl, to copy: multipart, the picture from a file. */
export function curlLine({ base, signature, appid, image }: CurlParts): string {
  return [
    'curl -sS',
    `-H ${shellWord(`Authorization: ${signature}`)}`,
    `-F ${shellWord(`appid=${appid}`)}`,
    `-F ${shellWord(`image=@${image}`)}`,
    shellWord(`${withoutSlashes(base)}/face/livedetectpicture`),
  ].join(' ');
}

/** The base url a configured service is reached under: the one that is named, else one for this machine. */
export function baseUrl(config: {
  readonly url?: string | null;
  readonly host: string;
  readonly port: number;
  readonly tls: { readonly cert: string | null };
}): string {
  if (config.url !== undefined && config.url !== null) return config.url;
  const host = config.host === '0.0.0.0' || config.host === '::' ? '127.0.0.1' : config.host;
  const named = host.includes(':') ? `[${host}]` : host;
  return `${config.tls.cert === null ? 'http' : 'https'}://${named}:${config.port}`;
}
