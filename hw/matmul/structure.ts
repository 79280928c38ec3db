/** What an array consists of, by its parameters: cells that follow from its structure, and sizes that the rest grows with. */
import { bitsFor } from '../../gen/index.ts';
import { type MatmulParameters, type MatmulWidths, matmulWidths, tableColumns } from './parameters.ts';
import { productsPlans, summedColumns } from './products.ts';
import { cellsOfTables } from './table/tables.ts';
import { cellsOfThrees } from './ternary.ts';

export interface Cells {
  readonly lut: number;
  readonly ff: number;
  /** CARRY4 of adders and CARRY8 of sums of three, or CCU2C. */
  readonly carry: number;
}

/** Sizes, in bits, of what has no simpler count: each costs so many cells for each of its bits, which is fitted. */
export interface Sizes {
  /** Control: the same in every array. */
  readonly control: number;
  /** Accumulators; those that go on from a stored sum. */
  readonly sums: number;
  readonly recalled: number;
  /** Results on their way out, and what they are selected from. */
  readonly results: number;
  readonly selected: number;
  /** Activations as they are loaded; as they are written in passes; the tables that they fill. */
  readonly loaded: number;
  readonly written: number;
  readonly filled: number;
  /** Sums of segments, and multiplexers of their shifters. */
  readonly shifted: number;
  readonly shifters: number;
  /** Those of results. */
  readonly rounded: number;
  /** What depends on the number of weight planes. */
  readonly planes: number;
  /** Positions of carry chains. */
  readonly carries: number;
}

export interface Structure {
  readonly cells: Cells;
  readonly sizes: Sizes;
}

const bits = (most: number): number => bitsFor(BigInt(most));
const plus = (...parts: readonly Partial<Cells>[]): Cells => {
  const sum = (what: keyof Cells): number => parts.reduce((n, c) => n + (c[what] ?? 0), 0);
  return { lut: sum('lut'), ff: sum('ff'), carry: sum('carry') };
};
const times = (n: number, c: Cells): Cells => ({ lut: n * c.lut, ff: n * c.ff, carry: n * c.carry });

/** LUTs and carry cells of a sum of two. */
const adderOf =
  ({ cells }: MatmulParameters) =>
  (width: number): Cells => ({ lut: width, ff: 0, carry: Math.ceil(width / (cells === 'ecp5' ? 2 : 4)) });

export function structureOf(p: MatmulParameters): Structure {
  const w = matmulWidths(p);
  const lanes = p.lanes * p.tokens;
  const segments = p.columns / summedColumns(p);
  const segment = widthOfSegment(p, w);
  const shift = p.maxShift > 0 ? w.shift : 0;
  const engine = p.engine === 'table' ? tableCells(p, w) : popcountCells(p, w);
  const adder = adderOf(p);
  // two levels of a shifter in a LUT
  const shifter = (width: number): Cells => plus({ lut: (width * shift) / 2 });
  const registered = (width: number): Cells => plus(adder(width), { ff: width });
  const lane = plus(
    engine.lane,
    segments === 1 ? {} : plus(adder(segment), { lut: 2 * (segments - 2) * segment }),
    times(segments, shifter(segment)),
    { ff: (segments > 1 ? segment : 0) + (shift === 0 ? 0 : segments * segment) },
    ...foldsOf(p, w, segment).map(registered),
    registered(w.sum),
  );
  const corrections = cellsOfThrees(Math.min(p.segment, w.load), w.activation, p.cells);
  const beats = { ff: p.lanes * p.columns };
  const copies = { ff: w.storedTiles === 0 ? lanes * w.sum : 0 };
  const below = shift === 0 ? 0 : p.numerics.resultFraction + 1;
  const rounding = shift === 0 ? {} : plus(adder(w.sum + below), shifter(w.sum + below));
  const result = plus(adder(w.sum), rounding, adder(w.result), { ff: 3 * w.sum + below + w.result });
  const shifted = shift === 0 ? 0 : lanes * segments * segment;
  const parts = [times(lanes, lane), engine.shared, times(w.loadSegments, corrections), beats, copies];
  return {
    cells: plus(...parts, times(p.drain, result)),
    sizes: {
      control: 1,
      sums: lanes * w.sum,
      recalled: w.storedTiles === 0 ? 0 : lanes * w.sum,
      results: p.drain * w.result,
      selected: p.drain * w.drains * p.tokens * w.sum,
      loaded: w.load * w.activation,
      written: w.passes === 1 ? 0 : w.load * w.activation,
      filled: p.engine === 'table' ? (w.load / tableColumns) * w.entry : 0,
      shifted,
      shifters: shift * shifted,
      rounded: shift * p.drain * (w.sum + p.numerics.resultFraction),
      planes: p.planes === 1 ? 0 : w.sum * bits(p.planes),
      carries: lanes * engine.carries,
    },
  };
}

/** Bits of the sum of a segment after its shift; with several passes it has a sign of its own. */
function widthOfSegment(p: MatmulParameters, w: MatmulWidths): number {
  const columns = summedColumns(p);
  const most = bits(columns * (2 ** w.planesAtOnce - 1)) + (w.passes > 1 ? 1 : 0);
  return most + p.maxShift + (p.columns > columns ? bits(p.columns / columns - 1) : 0);
}

/** Widths of the registers that add up passes and weight planes. */
function foldsOf(p: MatmulParameters, w: MatmulWidths, segment: number): number[] {
  const ofPasses = w.passes === 1 ? [] : [segment + w.planesAtOnce * (w.passes - 1) + 1];
  return p.planes === 1 ? ofPasses : [...ofPasses, (ofPasses[0] ?? segment) + p.planes];
}

interface Engine {
  readonly lane: Cells;
  readonly shared: Cells;
  /** Positions of carry chains in a lane. */
  readonly carries: number;
}

function popcountCells(p: MatmulParameters, w: MatmulWidths): Engine {
  const segments = p.columns / summedColumns(p);
  const plans = productsPlans(p);
  const sign = w.passes === 1 ? 0 : bits(summedColumns(p) * (2 ** w.planesAtOnce - 1)) + 1;
  const lane = plus(...plans.map(({ luts, registers }) => ({ lut: luts, ff: registers })), adderOf(p)(sign), {
    ff: sign,
  });
  return {
    lane: times(segments, lane),
    shared: memoryCells(p, w),
    carries: segments * plans.reduce((n, plan) => n + plan.cells, 0),
  };
}

/** Words of the buffer of activations: its banks, and the passes. */
export const bufferDepth = (w: MatmulWidths): number => 2 ** (w.address + 1) * (w.passes === 1 ? 1 : 2 ** w.pass);

/** Up to 64 words of activations lie in LUTs of UltraScale+ (seven bits in eight of them, fourteen of 32 words) with a register behind. */
function memoryCells(p: MatmulParameters, w: MatmulWidths): Cells {
  const depth = bufferDepth(w);
  if (p.cells === 'ecp5' || depth > 64) return plus();
  const ff = p.tokens * p.columns * w.planesAtOnce;
  return plus({ lut: 8 * Math.ceil(ff / (depth > 32 ? 7 : 14)), ff });
}

function tableCells(p: MatmulParameters, w: MatmulWidths): Engine {
  const segments = p.columns / summedColumns(p);
  const tables = p.columns / tableColumns;
  const adders = cellsOfThrees(tables / segments, w.entry, p.cells);
  // what entries have too much is a bit of the sum only for a power of two of them
  const excess = Math.log2(tables / segments) % 1 === 0 ? 0 : segments * (widthOfSegment(p, w) - p.maxShift);
  const lane = plus(adderOf(p)(excess), { ff: tables * w.entry }, times(segments, adders));
  return { lane, shared: plus({ lut: cellsOfTables(p) }), carries: 0 };
}
