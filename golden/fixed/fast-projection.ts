/** A fixed-point projection in the layout of kernels/fixed.c. */
import type { Workshop } from './fast.ts';
import { sumBits } from './matmul.ts';
import { type PlaneMatrix, planeWeight } from './planes.ts';
import { type FixedProjection, ROW_SHIFT } from './projection.ts';
import { RSQRT_FRACTION } from './tables.ts';

export interface PlacedProjection {
  /** Quantizes the input at this address and multiplies. */
  multiply(input: number): void;
  /** Outputs from...from + count - 1 in units of 2^unit, saturated to `bits`, counted as `name`. */
  outputs(unit: number, from: number, count: number, bits: number, out: number, name: string): void;
  /** Adds all outputs to the residual stream at this address. */
  addTo(residual: number, unit: number, bits: number): void;
}

const GROUP_BYTES = 24;

/** Weights move into the kernels' memory: signs by blocks of 16 rows and groups of 8 columns, wider weights a byte each. */
export function placeProjection(p: FixedProjection, shop: Workshop, rsqrt: number): PlacedProjection {
  const { run, ints, bytes, place, counter } = shop;
  const { matrix, groups, tile, activationBits, resultFraction, rowScale, rowBias } = p;
  const { rows, cols, planes } = matrix;
  const tiles = cols / tile;
  const padded = Math.ceil(tile / 8) * 8;
  const columns = tiles * padded;
  const binary = planes.length === 1;
  const weight = place(p.weight.values);
  const bias = p.bias === undefined ? 0 : place(p.bias.values);
  const scale = rowScale === undefined ? 0 : place(rowScale.values);
  const factor = rowBias === undefined ? 0 : place(rowBias.values);
  const epsilon = place([Number(p.epsilon & 0xffffffffn) | 0, Number(p.epsilon >> 32n) | 0]);
  const packed = (binary ? packSigns(p, padded, bytes) : packBytes(p, padded, bytes)).byteOffset;
  const q = bytes(2 * columns).byteOffset;
  const tables = binary ? bytes(8 * columns).byteOffset : 0;
  const exponents = ints(tiles).byteOffset;
  const info = ints((groups * GROUP_BYTES) / 4).byteOffset;
  const y = ints(2 * groups * rows).byteOffset;
  const sums = ints(16).byteOffset;
  const safe = Math.floor(32767 / (8 * (2 ** (activationBits - 1) - 1)));
  const perGroup = tiles / groups;
  const biasBits = sumBits(cols, activationBits) + resultFraction;
  const biasShift = p.weight.unit - resultFraction - (p.bias?.unit ?? 0);
  const unitOffset =
    RSQRT_FRACTION - p.weight.unit + resultFraction - (rowScale === undefined ? 0 : rowScale.unit + ROW_SHIFT);
  const clampedBias = counter('bias');

  function product(g: number): void {
    const [group, out, exps] = [info + g * GROUP_BYTES, y + 8 * g * rows, exponents + 4 * g * perGroup];
    const before = g * perGroup * padded;
    if (binary) {
      run['product_signs']!(
        packed + 2 * before,
        rows,
        2 * columns,
        tables + 8 * before,
        exps,
        perGroup,
        padded / 8,
        safe,
        group,
        resultFraction,
        sums,
        out,
      );
    } else {
      run['product_bytes']!(
        packed + before,
        rows,
        columns,
        q + 2 * before,
        exps,
        perGroup,
        padded,
        group,
        resultFraction,
        out,
      );
    }
    run['add_bias']!(out, rows, scale, factor, ROW_SHIFT, group);
  }

  return {
    multiply(input) {
      run['quantize_input']!(input, weight, cols, tile, padded, p.floor, activationBits, q, exponents);
      if (binary) run['sign_tables']!(q, columns, tables);
      for (let g = 0; g < groups; g++) {
        const first = (g * cols) / groups;
        run['group_input']!(
          input + 4 * first,
          bias === 0 ? 0 : bias + 4 * first,
          cols / groups,
          epsilon,
          exponents + 4 * g * perGroup,
          perGroup,
          biasShift,
          biasBits,
          rsqrt,
          info + g * GROUP_BYTES,
          clampedBias,
        );
        product(g);
      }
    },
    outputs(unit, from, count, bits, out, name) {
      run['outputs']!(y, rows, groups, info, unit + unitOffset, from, count, bits, out, counter(name));
    },
    addTo(residual, unit, bits) {
      run['add_residual']!(y, rows, groups, info, unit + unitOffset, bits, residual, counter('residual'));
    },
  };
}

/** packed[block of 16 rows][group of 8 columns][row]: a byte is the signs of eight columns, of each tile's columns padded to eights. */
function packSigns({ matrix, tile }: FixedProjection, padded: number, bytes: Workshop['bytes']): Int8Array {
  const { rows, cols } = matrix;
  const { signs, rowWords } = matrix.planes[0]!;
  const perRow = ((cols / tile) * padded) / 8;
  const out = bytes(Math.ceil(rows / 16) * 16 * perRow);
  for (let o = 0; o < rows; o++) {
    const block = Math.floor(o / 16) * 16 * perRow + (o % 16);
    for (let i = 0; i < cols; i++) {
      if (((signs[o * rowWords + (i >>> 5)]! >>> (i & 31)) & 1) === 0) continue;
      const column = Math.floor(i / tile) * padded + (i % tile);
      out[block + 16 * (column >> 3)]! |= 1 << (column & 7);
    }
  }
  return out;
}

/** [rows, columns], a byte per weight. */
function packBytes({ matrix, tile }: FixedProjection, padded: number, bytes: Workshop['bytes']): Int8Array {
  const { rows, cols } = matrix;
  const columns = (cols / tile) * padded;
  const out = bytes(rows * columns);
  for (let o = 0; o < rows; o++) {
    for (let i = 0; i < cols; i++) {
      out[o * columns + Math.floor(i / tile) * padded + (i % tile)] = planeWeight(matrix as PlaneMatrix, o, i);
    }
  }
  return out;
}
