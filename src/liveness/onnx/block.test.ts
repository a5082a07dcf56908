import { describe, expect, it } from 'vitest';
import { channelBlock, ownChannelBlock } from './block.ts';

describe('channelBlock', () => {
  it('is as wide as the vector registers', () => {
    expect(channelBlock('x64', 'processor\t: 0\nflags\t\t: fpu avx2 avx512f avx512dq\n')).toBe(16);
    expect(channelBlock('x64', 'processor\t: 0\nflags\t\t: fpu avx avx2 fma\n')).toBe(8);
  });

  it('is the wide one where nothing is known', () => {
    expect(channelBlock('x64', null)).toBe(16);
    expect(channelBlock('arm64', 'Features\t: fp asimd\n')).toBe(16);
    expect([8, 16]).toContain(ownChannelBlock());
  });
});
