/** What LUTs, carry chains and memories of a family of devices hold, as Yosys uses them. */
import type { Device } from './devices.ts';

export type CostTarget = Device['family'];

/** What families of devices make of the same structure. */
export interface Fabric {
  /** Bits of a carry cell. */
  readonly cell: number;
  /** LUTs for each bit of a choice of so many. */
  choice(count: number): number;
  /** Levels of a shifter that a LUT takes in one. */
  readonly shiftLevels: number;
  /** LUTs for each bit that is added to a choice between it and 0, or a register before it. */
  readonly chosenAddend: number;
  /** LUTs of a memory of LUTs of so many words and bits. */
  memory(words: number, width: number): number;
  /** Most words that a memory of LUTs has. */
  readonly mostWords: number;
}

const amd = {
  ...{ cell: 4, shiftLevels: 2, chosenAddend: 0, mostWords: 64 },
  choice: (count: number) => Math.ceil((count - 1) / 3),
};
export const fabrics: { readonly [T in CostTarget]: Fabric } = {
  // RAM32M16 and RAM64M8: eight LUTs, of which one has the address to write
  xcup: { ...amd, memory: (words, width) => 8 * Math.ceil(width / (words > 32 ? 7 : 14)) },
  // RAM32M and RAM64M: four
  xc7: { ...amd, memory: (words, width) => 4 * Math.ceil(width / (words > 32 ? 3 : 6)) },
  // TRELLIS_DPR16X4, and a choice between two; what goes into a CCU2C beside the sum of two takes a LUT of its own
  ecp5: {
    ...{ cell: 2, choice: (count) => count - 1, shiftLevels: 1, chosenAddend: 1, mostWords: 32 },
    memory: (words, width) => 4 * Math.ceil(words / 16) * Math.ceil(width / 4) + (words > 16 ? width : 0),
  },
};

/** Shapes of a half block: bits and words. A whole one has twice the bits, or 9 bits of 4 096 words. */
const halfShapes = [
  [36, 512, 1],
  [18, 1024, 1],
  [9, 2048, 1],
  [4, 4096, 1],
  [9, 4096, 2],
] as const;

/** Blocks of 36 Kbit of a memory with one port to write and one to read. */
export const blocks = (width: number, depth: number): number =>
  Math.min(...halfShapes.map(([bits, words, halves]) => halves * Math.ceil(width / bits) * Math.ceil(depth / words))) /
  2;
