/** What an array takes of a device, from its structure; the shares per bit are those that Yosys reports (docs/matmul.md). */
import { type MatmulParameters, type MatmulWidths, matmulWidths, tableColumns } from './parameters.ts';
import { levels } from './ternary.ts';

export interface Resources {
  readonly lut: number;
  readonly ff: number;
  /** Blocks of 36 Kbit. */
  readonly bram: number;
  readonly dsp: number;
}

/** Blocks of a memory with one port to read: 72 bits wide and 512 deep. */
const blocks = (width: number, depth: number): number => Math.ceil(width / 72) * Math.ceil(depth / 512);

/** LUTs of a lane's products per bit of weight and plane, of a sum of three per bit, and of a look-up of 14 bits in a RAM32M16. */
const shares = { products: 0.87, ternary: 1, lookUp: 8 / 14 };

/** LUTs with cells of UltraScale+. */
export function resources(p: MatmulParameters): Resources {
  const w = matmulWidths(p);
  const lanes = p.lanes * p.tokens;
  const lane = p.engine === 'table' ? tableLane(p, w) : popcountLane(p, w);
  const shifters = p.maxShift === 0 ? 0 : (p.columns / p.segment) * (w.activation + 8 + p.maxShift) * 2.5;
  const front = w.load * 6 + (p.engine === 'table' ? (w.load / tableColumns) * 22 : 0);
  const results = p.drain * (w.result * 3 + (w.drains * p.tokens * w.sum) / 3 + (p.maxShift > 0 ? 2.5 * w.result : 0));
  const depth = 2 ** (w.address + 1);
  const words = w.passes === 1 ? depth : depth * 2 ** w.pass;
  const buffer = p.engine === 'table' ? 0 : p.tokens * w.chunks * blocks(w.load * w.planesAtOnce, words);
  const sums = w.storedTiles === 0 ? 0 : 2 * blocks(lanes * w.sum, 2 ** (w.tile + 1));
  return {
    lut: Math.round(lanes * (lane.lut + shifters + 2 * w.sum) + front + results + 500),
    ff: Math.round(lanes * (lane.ff + w.sum * 2) + p.lanes * p.columns + w.load * w.activation * 2 + results),
    bram: buffer + sums,
    dsp: 0,
  };
}

/** All products in one heap, with registers behind every third level; two sums more where there are several passes. */
function popcountLane(p: MatmulParameters, w: MatmulWidths): { lut: number; ff: number } {
  const bits = p.columns * w.planesAtOnce;
  const passes = w.passes === 1 ? 0 : w.sum;
  return { lut: bits * shares.products + 2 * passes, ff: bits * 0.27 + 2 * passes };
}

/** Entries looked up and added by threes. */
function tableLane(p: MatmulParameters, w: MatmulWidths): { lut: number; ff: number } {
  const tables = p.columns / tableColumns;
  let [lut, ff, terms, width] = [tables * w.entry * shares.lookUp * 1.05, tables * w.entry, tables, w.entry];
  for (let level = 0; level < levels(tables); level++) {
    terms = Math.ceil(terms / 3);
    lut += terms * (width + 1) * shares.ternary;
    width += 2;
    ff += terms * width;
  }
  return { lut, ff };
}
