/** A fixed-point projection in the layout of kernels/fixed.c, and the kernel calls that run it. */
import { sumBits } from '../matmul.ts';
import { planeRow } from '../planes.ts';
import { type FixedProjection, ROW_SHIFT, resultUnit } from '../projection.ts';
import { RSQRT_FRACTION } from '../tables.ts';
import type { KernelMemory } from './memory.ts';
import { type Call, type Range, share, type Thread, within } from './program.ts';

export interface PlacedProjection {
  /** The thread's rows: ranges one after another, none empty. */
  rows(thread: Thread): readonly Range[];
  /** Quantizes the input at this address (all of it, in memory of the thread's own) and multiplies the thread's rows. */
  multiply(thread: Thread, input: number): Call[];
  /** The thread's part of outputs `part` in units of 2^unit, saturated to `bits`, counted as `name`; output part.from goes to `out`. */
  outputs(thread: Thread, part: Range, unit: number, bits: number, out: number, name: string): Call[];
  /** Adds the thread's outputs to the residual stream at this address. */
  addTo(thread: Thread, residual: number, unit: number, bits: number): Call[];
}

/** Addresses of what projections work in, one after the other. */
export interface ProjectionSpace {
  /** 1/sqrt, tables.ts. */
  readonly rsqrt: number;
  /** Products of all threads, 64 bits. */
  readonly y: number;
  /** Per thread. */
  readonly own: readonly OwnSpace[];
}

interface OwnSpace {
  readonly q: number;
  readonly tables: number;
  readonly exponents: number;
  readonly groups: number;
  readonly sums: number;
}

const GROUP_BYTES = 24;
/** Rows that the sign kernel takes at once. */
const BLOCK = 32;
/** Groups of eight columns that lie far apart. */
const PLANES = 8;
/** Words that it works in. */
const SCRATCH = 96;

/** Columns of a tile, filled up to four groups of eight, at which sums of signs may begin. */
const paddedTile = (tile: number) => Math.ceil(tile / 32) * 32;
const paddedColumns = ({ matrix, tile }: FixedProjection) => (matrix.cols / tile) * paddedTile(tile);

/** Space for any of these projections. */
export function projectionSpace(
  projections: readonly FixedProjection[],
  threads: number,
  rsqrt: number,
  { ints, bytes }: KernelMemory,
): ProjectionSpace {
  const most = (size: (p: FixedProjection) => number) => Math.max(...projections.map(size));
  const own = (): OwnSpace => ({
    q: bytes(2 * most(paddedColumns)).byteOffset,
    tables: bytes(8 * most(paddedColumns)).byteOffset,
    exponents: ints(most((p) => p.matrix.cols / p.tile)).byteOffset,
    groups: bytes(GROUP_BYTES * most((p) => p.groups)).byteOffset,
    sums: ints(SCRATCH).byteOffset,
  });
  return {
    rsqrt,
    y: ints(2 * most((p) => p.groups * p.matrix.rows)).byteOffset,
    own: Array.from({ length: threads }, own),
  };
}

/** The counter of what another thread counts; left out of the sums. */
export const UNCOUNTED = 'uncounted';

/**
 * Weights move into the kernels' memory: signs by blocks of rows and groups of 8 columns, wider weights a byte each.
 * Threads share the rows before and after `cut` alike, to the block: what follows may cost more for these than for those.
 */
export function placeProjection(
  p: FixedProjection,
  space: ProjectionSpace,
  memory: KernelMemory,
  cut = 0,
): PlacedProjection {
  const { place, counter } = memory;
  const { matrix, groups, tile, activationBits, resultFraction, rowScale, rowBias } = p;
  const { rows, cols, planes } = matrix;
  const padded = paddedTile(tile);
  const columns = paddedColumns(p);
  const perGroup = cols / tile / groups;
  const binary = planes.length === 1;
  const weight = place(p.weight.values);
  const bias = p.bias === undefined ? 0 : place(p.bias.values);
  const scale = rowScale === undefined ? 0 : place(rowScale.values);
  const factor = rowBias === undefined ? 0 : place(rowBias.values);
  const epsilon = place([Number(p.epsilon & 0xffffffffn) | 0, Number(p.epsilon >> 32n) | 0]);
  const packed = (binary ? packSigns(p, memory) : packBytes(p, memory)).byteOffset;
  const blockBytes = blockOf(columns);
  const planeBytes = planeOf(Math.ceil(rows / BLOCK) * blockBytes);
  const biasBits = sumBits(cols, activationBits) + resultFraction;
  const biasShift = p.weight.unit - resultFraction - (p.bias?.unit ?? 0);
  const unitOffset = RSQRT_FRACTION - resultUnit(p);
  // Sums of four activations have two bits more, in a high and a low part of half of them each: so many groups of eight columns add up to
  // what fits a byte (the kernel takes four at most), and so many, a multiple, to what fits 16 bits.
  const largest = 2 ** (activationBits - 1) - 1;
  const low = Math.floor((activationBits + 2) / 2);
  const step = Math.min(4, 2 ** (7 - (activationBits + 2 - low)));
  const chunk = Math.floor(0x7fff / (8 * largest) / step) * step;
  const start = Math.floor(cut / BLOCK) * BLOCK;
  const rowsOf = (thread: Thread): Range[] => {
    const after = share(rows - start, BLOCK, thread);
    const both = [share(start, BLOCK, thread), { from: start + after.from, count: after.count }];
    return both.filter(({ count }) => count > 0);
  };

  return {
    rows: rowsOf,
    multiply(thread, input) {
      const own = space.own[thread.index]!;
      const { q, exponents, tables } = own;
      const calls: Call[] = [
        ['quantize_input', input, weight, cols, tile, padded, p.floor, activationBits, q, exponents],
      ];
      if (binary) calls.push(['sign_tables', q, columns, low, tables]);
      for (let g = 0; g < groups; g++) calls.push(...groupCalls(thread, own, input, g));
      return calls;
    },
    outputs(thread, part, unit, bits, out, name) {
      const group = space.own[thread.index]!.groups;
      const clamped = counter(name, thread.index);
      const mine = rowsOf(thread).map((range) => within(range, part));
      return mine
        .filter(({ count }) => count > 0)
        .map(({ from, count }) => {
          const rowsAt = [part.from + from, count, bits, out + 4 * from, clamped];
          return ['outputs', space.y, rows, groups, group, unit + unitOffset, ...rowsAt];
        });
    },
    addTo(thread, residual, unit, bits) {
      const group = space.own[thread.index]!.groups;
      const clamped = counter('residual', thread.index);
      return rowsOf(thread).map(({ from, count }) => {
        const rowsAt = [from, count, bits, residual, clamped];
        return ['add_residual', space.y, rows, groups, group, unit + unitOffset, ...rowsAt];
      });
    },
  };

  /** The product with the columns of a group. */
  function groupCalls(thread: Thread, own: OwnSpace, input: number, g: number): Call[] {
    const first = (4 * g * cols) / groups;
    const group = own.groups + g * GROUP_BYTES;
    const tiles = [own.exponents + 4 * g * perGroup, perGroup];
    const biasAt = bias === 0 ? 0 : bias + first;
    // Every thread computes the bias term; it is counted once.
    const clamped = counter(thread.index === 0 ? 'bias' : UNCOUNTED, thread.index);
    const scaled = [biasShift, biasBits, space.rsqrt, group, clamped];
    return [
      ['group_input', input + first, biasAt, cols / groups, epsilon, ...tiles, ...scaled],
      ...rowsOf(thread).flatMap((range) => productCalls(range, own, g, group, tiles)),
    ];
  }

  function productCalls({ from, count }: Range, own: OwnSpace, g: number, group: number, tiles: number[]): Call[] {
    const before = g * perGroup * padded;
    const out = space.y + 8 * (g * rows + from);
    const at = (address: number) => (address === 0 ? 0 : address + 4 * from);
    const end = [group, resultFraction];
    const signs = packed + (from / BLOCK) * blockBytes;
    const planes = [planeBytes, blockBytes, before / 8];
    const widths = [Math.ceil(tile / 8), padded / 8, step, chunk, low, largest];
    return [
      binary
        ? [
            'product_signs',
            ...[signs, ...planes, count, own.tables + 8 * before, ...tiles, ...widths, ...end, own.sums, out],
          ]
        : [
            'product_bytes',
            ...[packed + from * columns + before, count, columns, own.q + 2 * before, ...tiles, padded, ...end, out],
          ],
      ['add_bias', out, count, at(scale), at(factor), ROW_SHIFT, group],
    ];
  }
}

/** Signs of BLOCK rows in a plane, for these columns. */
const blockOf = (columns: number) => BLOCK * Math.ceil(columns / (8 * PLANES));

/** Bytes from plane to plane: at least these, and such that the same place in all planes falls into different sets of a cache. */
const planeOf = (bytes: number) => Math.ceil(bytes / 4096) * 4096 + 4096 / PLANES + 64;

/** A byte is the signs of eight columns, of each tile's columns padded, in the planes of kernels/fixed/signs.h. */
function packSigns(p: FixedProjection, { bytes }: KernelMemory): Int8Array {
  const { rows, cols } = p.matrix;
  const { signs, rowWords } = p.matrix.planes[0]!;
  const padded = paddedTile(p.tile);
  const blockBytes = blockOf(paddedColumns(p));
  const blocks = Math.ceil(rows / BLOCK);
  const planeBytes = planeOf(blocks * blockBytes);
  const out = bytes((PLANES - 1) * planeBytes + blocks * blockBytes);
  for (let o = 0; o < rows; o++) {
    const row = Math.floor(o / BLOCK) * blockBytes + (o % BLOCK);
    for (let t = 0; t < cols / p.tile; t++) {
      for (let i = 0; i < p.tile; i += 8) {
        const column = t * p.tile + i;
        const word = o * rowWords + (column >>> 5);
        const shift = column & 31;
        const next = shift > 24 && column + 8 <= 32 * rowWords ? signs[word + 1]! << (32 - shift) : 0;
        const mask = (1 << Math.min(8, p.tile - i)) - 1;
        const group = (t * padded + i) / 8;
        const at = (group % PLANES) * planeBytes + Math.floor(group / PLANES) * BLOCK + row;
        out[at] = ((signs[word]! >>> shift) | next) & mask;
      }
    }
  }
  return out;
}

/** [rows, columns], a byte per weight. */
function packBytes(p: FixedProjection, { bytes }: KernelMemory): Int8Array {
  const { rows, cols } = p.matrix;
  const padded = paddedTile(p.tile);
  const columns = paddedColumns(p);
  const out = bytes(rows * columns);
  const row = new Int32Array(cols);
  for (let o = 0; o < rows; o++) {
    planeRow(p.matrix, o, row);
    for (let t = 0; t < cols / p.tile; t++) {
      out.set(row.subarray(t * p.tile, (t + 1) * p.tile), o * columns + t * padded);
    }
  }
  return out;
}
