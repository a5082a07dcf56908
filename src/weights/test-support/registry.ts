import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { create } from 'tar';
import type { WeightEntry, WeightsLock } from '../lock.ts';
import { type NpmSurroundings, npmFetcher } from '../npm.ts';

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A gzipped tarball of the given files (path inside → content), as npm makes them. */
export async function makeTarball(files: Readonly<Record<string, Uint8Array | string>>): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'livestill-tarball-'));
  try {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
    const file = join(folder, 'out.tgz');
    await create({ gzip: true, portable: true, cwd: folder, file }, Object.keys(files));
    return await readFile(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Content that gzip cannot shrink, the same for the same seed. */
export function noise(seed: string, size: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(size / 32) }, (_, index) =>
    createHash('sha256').update(`${seed} ${index}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, size);
}

/** A package of one version. `stall` sends half of the tarball and then nothing more. */
export interface StandInPackage {
  readonly name: string;
  readonly version: string;
  readonly tarball: Buffer;
  readonly stall?: boolean;
}

/** An npm registry on the loopback address, as far as `npm pack` needs one. */
export interface StandInRegistry {
  readonly url: string;
  /** Paths asked for, in order. */
  readonly requests: string[];
  packages: StandInPackage[];
  close(): Promise<void>;
}

export async function startRegistry(packages: StandInPackage[]): Promise<StandInRegistry> {
  const registry: StandInRegistry = {
    url: '',
    requests: [],
    packages,
    close: () => new Promise((done) => server.close(() => done()).closeAllConnections()),
  };
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '');
    registry.requests.push(path);
    for (const { name, version, tarball, stall } of registry.packages) {
      if (path === `/tarballs/${name}/${version}.tgz`) {
        response.writeHead(200, { 'content-length': tarball.length });
        if (stall !== true) return response.end(tarball);
        return response.write(tarball.subarray(0, tarball.length / 2));
      }
      if (path === `/${name}`) {
        const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
        const dist = { tarball: `${registry.url}tarballs/${name}/${version}.tgz`, integrity };
        const versions = { [version]: { name, version, dist } };
        response.writeHead(200, { 'content-type': 'application/json' });
        return response.end(JSON.stringify({ name, 'dist-tags': { latest: version }, versions }));
      }
    }
    return response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"not found"}');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  Object.assign(registry, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` });
  return registry;
}

/**
 * The environment of an operator whose registry is `url`, whose npm cache is `cache`, with nothing of this
 * machine's npm.
 */
export function operatorEnvironment(
  url: string,
  cache: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const own = Object.entries(process.env).filter(
    (pair): pair is [string, string] => pair[1] !== undefined && !/^npm_config_|proxy$/i.test(pair[0]),
  );
  return {
    ...Object.fromEntries(own),
    npm_config_registry: url,
    npm_config_cache: cache,
    npm_config_userconfig: join(cache, 'no-such-npmrc'),
    npm_config_globalconfig: join(cache, 'no-such-global-npmrc'),
    npm_config_fetch_retries: '0',
    ...more,
  };
}

/** The real npm client in that environment. */
export function npmIn(env: NodeJS.ProcessEnv): ReturnType<typeof npmFetcher> {
  const surroundings: NpmSurroundings = {
    env,
    platform: process.platform,
    execPath: process.execPath,
    exists: () => true,
  };
  return npmFetcher(surroundings);
}

/** A complete lock entry; what is not given is made up of valid parts. */
export function makeEntry(
  part: Partial<WeightEntry> & { readonly content: Uint8Array; readonly from: StandInPackage },
): WeightEntry {
  const { content, from, ...rest } = part;
  return {
    name: 'one',
    file: 'one.onnx',
    size: content.length,
    sha256: sha256(content),
    package: from.name,
    version: from.version,
    optional: false,
    registry: 'npm',
    pathInArchive: 'package/one.onnx',
    archiveSha256: sha256(from.tarball),
    archiveSize: from.tarball.length,
    ...rest,
  };
}

/** Two packages, the first carrying two weights, and the lock that names all three. */
export async function threeWeights(): Promise<{ packages: StandInPackage[]; lock: WeightsLock }> {
  const contents = [noise('one', 70_000), noise('two', 120_000), noise('three', 40_000)] as const;
  const [one, two, three] = contents;
  const pair: StandInPackage = {
    name: 'pair-of-nets',
    version: '0.0.1',
    tarball: await makeTarball({
      'package/package.json': '{"name":"pair-of-nets","version":"0.0.1"}',
      'package/model/one.onnx': one,
      'package/model/two.onnx': two,
      'package/model/unwanted.onnx': noise('unwanted', 90_000),
    }),
  };
  const single: StandInPackage = {
    name: '@some.scope/single-net',
    version: '1.2.0',
    tarball: await makeTarball({
      'package/package.json': '{"name":"@some.scope/single-net","version":"1.2.0"}',
      'package/three.onnx': three,
    }),
  };
  const weights = [
    makeEntry({ content: one, from: pair, pathInArchive: 'package/model/one.onnx' }),
    makeEntry({
      content: two,
      from: pair,
      name: 'two',
      file: 'two.onnx',
      pathInArchive: 'package/model/two.onnx',
    }),
    makeEntry({
      content: three,
      from: single,
      name: 'three',
      file: 'three.onnx',
      pathInArchive: 'package/three.onnx',
    }),
  ];
  return { packages: [pair, single], lock: { lockVersion: 2, weights } };
}
