import { describe, expect, it } from 'vitest';
import { loadNativeLock, OWN_PLATFORM, PACKED_PLATFORMS, platformsOf, wantedPlatforms } from './lock.ts';

const lock = await loadNativeLock();

describe('the lock of the inference library', () => {
  it('names for each platform the library and its binding, each file once and with a hash', () => {
    expect(platformsOf(lock)).toEqual(expect.arrayContaining(['linux-x64', 'linux-arm64', 'darwin-arm64']));
    for (const platform of platformsOf(lock)) {
      const own = lock.files.filter((file) => file.platform === platform).map(({ path }) => path);
      expect(own.filter((path) => path.endsWith('/onnxruntime_binding.node'))).toHaveLength(1);
      expect(own.filter((path) => /\/(?:lib)?onnxruntime\.(?!_)/.test(path))).toHaveLength(1);
    }
    expect(new Set(lock.files.map(({ path }) => path)).size).toBe(lock.files.length);
    for (const { path, size, sha256 } of lock.files) {
      expect(path).toMatch(/^(?!.*\.\.)[\w./-]+$/);
      expect(size).toBeGreaterThan(0);
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    }
    expect(lock.tarballSha256).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('the packed platforms', () => {
  it('take less than 47 MB: one platform alone', () => {
    const packed = lock.files.filter(
      ({ platform }) => platform === undefined || PACKED_PLATFORMS.includes(platform),
    );
    expect(packed.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(47e6);
  });
});

describe('the wanted platforms', () => {
  it('are this one in a clone and the packed ones where npm packs or publishes', () => {
    expect(wantedPlatforms(lock, {})).toEqual([OWN_PLATFORM]);
    expect(wantedPlatforms(lock, { npm_command: 'ci' }, 'win32-x64')).toEqual(['win32-x64']);
    expect(wantedPlatforms(lock, { npm_command: 'pack' }, 'win32-x64')).toEqual(PACKED_PLATFORMS);
    expect(wantedPlatforms(lock, { npm_command: 'publish' })).toEqual(PACKED_PLATFORMS);
  });

  it('are those that are named, where any are', () => {
    expect(wantedPlatforms(lock, { npm_command: 'pack', PACK_PLATFORMS: 'linux-arm64' })).toEqual([
      'linux-arm64',
    ]);
    expect(wantedPlatforms(lock, { PACK_PLATFORMS: 'linux-x64, win32-x64' })).toEqual([
      'linux-x64',
      'win32-x64',
    ]);
    expect(wantedPlatforms(lock, { PACK_PLATFORMS: 'all' })).toEqual(platformsOf(lock));
    expect(() => wantedPlatforms(lock, { PACK_PLATFORMS: 'linux-ppc64' })).toThrow(/found "linux-ppc64"/);
  });

  it('are none on a platform that the library does not exist for', () => {
    expect(wantedPlatforms(lock, {}, 'linux-arm')).toEqual([]);
  });
});
