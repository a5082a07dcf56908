import { describe, expect, it } from 'vitest';
import { isLoaded, refusalInThread } from './library.ts';

describe('onnxruntime of somebody else in the process', () => {
  it('is seen by its module or by the memory map of the process', () => {
    expect(isLoaded([], '')).toBe(false);
    expect(isLoaded(['/app/node_modules/sharp/lib/index.js'], '7f00 r-xp /usr/lib/libstdc++.so.6')).toBe(
      false,
    );
    expect(isLoaded(['/app/node_modules/x/bin/napi-v6/linux/x64/onnxruntime_binding.node'], '')).toBe(true);
    expect(isLoaded([], '7f00-7f01 r-xp 00000000 08:01 1 /app/lib/libonnxruntime.so.1')).toBe(true);
  });
});

describe('the switch against reports in a worker thread', () => {
  it('must have been inherited there, and can be set in the main thread', () => {
    expect(refusalInThread(true, false)).toBeNull();
    expect(refusalInThread(true, true)).toBeNull();
    expect(refusalInThread(false, true)).toBeNull();
    expect(refusalInThread(false, false)).toMatch(
      /import livestill in the main thread .* ORT_DISABLE_TELEMETRY=1/,
    );
  });
});
