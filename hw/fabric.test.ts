import { expect, it } from 'vitest';
import { inBlocks } from './fabric.ts';

// memories with one port to write and one to read, as Yosys 0.55 maps them for UltraScale+
it.each([
  [40, 512, 1],
  [50, 1024, 1.5],
  [110, 768, 3.5],
  [192, 1536, 8.5],
  [75, 3000, 7],
  [45, 5000, 6.5],
  [10, 5000, 2.5],
  [5, 12288, 2.5],
  [128, 12288, 45],
  [24, 67584, 49.5],
  [16, 81920, 40],
])('a memory of %i bits and %i words takes %d blocks', (width, words, blocks) => {
  expect(inBlocks(width, words).blocks).toBe(blocks);
});
