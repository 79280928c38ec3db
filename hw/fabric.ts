/** What LUTs, carry chains and memories of a family of devices hold, as Yosys uses them. */
import type { Device } from './devices.ts';

export type CostTarget = Device['family'];

/** What families of devices make of the same structure. */
export interface Fabric {
  /** Bits of a carry cell. */
  readonly cell: number;
  /** LUTs for each bit of a choice of so many. */
  choice(count: number): number;
  /** LUTs of a stage of a shifter (hw/matmul/shift.ts) of so many bits, of which each is one of `choices`, two or four. The sign is the same in all of them. */
  shifted(width: number, choices: number): number;
  /** LUTs for each bit of a number to which 1 is added. */
  readonly increment: number;
  /** LUTs for each bit of the difference of a number shifted by up to `most` and itself. */
  scaledDifference(most: number): number;
  /** LUTs for each bit of a choice of so many banks of block RAM. */
  bankChoice(count: number): number;
  /** LUTs for each bit that is added to a choice between it and 0, or a register before it. */
  readonly chosenAddend: number;
  /** LUTs of a memory of LUTs of so many words and bits. */
  memory(words: number, width: number): number;
  /** Most words that a memory of LUTs has. */
  readonly mostWords: number;
  /** LUTs serve as shift registers, and DSP blocks have some of their own. */
  readonly shiftRegisters: boolean;
  /** Bits of a factor that a DSP block takes whole, and of a part of a wider one, as Yosys cuts it; whether blocks add up the parts. */
  readonly factor: { readonly whole: number; readonly part: number; readonly adds: boolean };
}

/**
 * LUTs for each bit of a choice of so many banks of block RAM on AMD's devices, as measured: up to four in one LUT, then multiplexers beside the LUTs,
 * whose inputs pass through LUTs of their own. Yosys does not take the fewest.
 */
const bankChoices = [
  { banks: 1, luts: 0 },
  { banks: 4, luts: 1 },
  { banks: 5, luts: 4 },
  { banks: 6, luts: 8 },
  { banks: 9, luts: 4.3 },
  { banks: 12, luts: 6.5 },
  { banks: 16, luts: 7.5 },
  { banks: 17, luts: 11 },
  { banks: Number.POSITIVE_INFINITY, luts: 17 },
] as const;

const amd = {
  cell: 4,
  shifted: (width: number) => width - 1,
  increment: 0,
  scaledDifference: (most: number) => 2.5 + Math.log2(most),
  bankChoice: (count: number) => bankChoices.find(({ banks }) => count <= banks)!.luts,
  chosenAddend: 0,
  mostWords: 64,
  shiftRegisters: true,
  // MUXF7 and MUXF8 join LUTs
  choice: (count: number) => (count === 1 ? 0 : Math.ceil(count / 4)),
};

export const fabrics: { readonly [T in CostTarget]: Fabric } = {
  // RAM32M16 and RAM64M8: eight LUTs, of which one has the address to write
  xcup: {
    ...amd,
    factor: { whole: 27, part: 18, adds: false },
    memory: (words, width) => 8 * Math.ceil(width / (words > 32 ? 7 : 14)),
  },
  // RAM32M and RAM64M: four
  xc7: {
    ...amd,
    factor: { whole: 25, part: 18, adds: true },
    memory: (words, width) => 4 * Math.ceil(width / (words > 32 ? 3 : 6)),
  },
  // TRELLIS_DPR16X4, and a choice between two; what goes into a CCU2C beside the sum of two takes a LUT of its own
  ecp5: {
    cell: 2,
    choice: (count) => count - 1,
    // three LUTs of four banks serve four bits now and then
    bankChoice: (count) => 0.75 * (count - 1),
    increment: 1,
    shifted: (width, choices) => (choices === 2 ? width - 1 : 2 * (width - 2)),
    scaledDifference: (most) => 3 + Math.log2(most),
    chosenAddend: 1,
    mostWords: 32,
    shiftRegisters: false,
    factor: { whole: 18, part: 17, adds: false },
    memory: (words, width) => 4 * Math.ceil(words / 16) * Math.ceil(width / 4) + (words > 16 ? width : 0),
  },
};

/** Bits of a byte of a block, with its parity. */
const byte = 9;

/** Shapes of a half block: bits and words. A whole one has twice the bits, or 9 bits of 4 096 words. */
const halfShapes = [
  [36, 512, 1],
  [18, 1024, 1],
  [9, 2048, 1],
  [9, 4096, 2],
  [4, 4096, 1],
  [2, 8192, 1],
  [1, 16384, 1],
] as const;

/**
 * Blocks of 36 Kbit of a memory with one port to write and one to read, and how many of them stand one behind the other: their outputs are chosen from.
 * Blocks of one shape side by side; where what is left of the width takes few of a block's bytes, which are written one by one, banks share blocks for it.
 */
export function inBlocks(width: number, depth: number): { readonly blocks: number; readonly banks: number } {
  const ways = halfShapes.map(([bits, words, halves]) => {
    const banks = Math.ceil(depth / words);
    const columns = Math.floor(width / bits);
    const bytes = (of: number): number => Math.ceil(of / byte);
    const shared = Math.ceil((banks * bytes(width - columns * bits)) / bytes(bits));
    return { blocks: (halves * (columns * banks + shared)) / 2, banks };
  });
  return ways.reduce((best, way) => (way.blocks <= best.blocks ? way : best));
}
