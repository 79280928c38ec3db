/** What an array consists of, by its parameters: cells that follow from its structure, and sizes that the rest grows with. */
import { bitsFor } from '../../gen/index.ts';
import { type Cells, plus, type Structure, times } from '../cost.ts';
import { type CostTarget, type Fabric, fabrics, inBlocks } from '../fabric.ts';
import { roundingStages, rounds } from './drain.ts';
import { laneLatency } from './lane.ts';
import { type MatmulParameters, type MatmulWidths, matmulWidths, tableColumns } from './parameters.ts';
import { productsCells, summedColumns } from './products.ts';
import { type ShiftStage, stagesLeft, stagesRight } from './shift.ts';
import { tableLaneLatency } from './table/lane.ts';
import { cellsOfTables } from './table/tables.ts';
import { cellsOfThrees } from './ternary.ts';

/** Sizes, in bits where nothing else is said, of what has no simpler count: each costs so many cells for each of its bits, which is fitted. */
export interface Sizes {
  /** Control: the same in every array. */
  readonly control: number;
  /** Counters of rows, columns, planes and vectors. */
  readonly counters: number;
  /** Flags and places that go along the pipeline of the lanes: their bits, and bits times stages. */
  readonly flags: number;
  readonly along: number;
  /** Sums that saturate. */
  readonly saturated: number;
  /** Columns that are loaded at once, each cleared where the matrix has none; loads of a beat; bits of their activations. */
  readonly columns: number;
  readonly chunks: number;
  readonly loaded: number;
  /** Words of the buffer, where it lies in block RAM. */
  readonly words: number;
  /** LUTs of the correction by the number of weight planes. */
  readonly planes: number;
  /** Factors of rows, and what they scale. */
  readonly factors: number;
  readonly scaled: number;
}

export type ArrayStructure = Structure<keyof Sizes>;
const bits = (most: number): number => bitsFor(BigInt(most));

export function structureOf(p: MatmulParameters, target: CostTarget): ArrayStructure {
  const w = matmulWidths(p);
  const fabric = fabrics[target];
  const adder = (width: number): Cells => adderOf(fabric, width);
  const digits = (width: number): Cells => plus(adder(width), { lut: fabric.chosenAddend * width, ff: width });
  const lanes = p.lanes * p.tokens;
  const segments = p.columns / summedColumns(p);
  const segment = widthOfSegment(p, w);
  const shift = p.maxShift > 0 ? w.shift : 0;
  const engine = p.engine === 'table' ? tableCells(p, w, fabric) : popcountCells(p, w, fabric);
  const ofBeat = segment + p.maxShift + (segments === 1 ? 0 : bits(segments - 1));
  const shifted = shifterCells(fabric, stagesLeft(segment, p.maxShift));
  const lane = plus(
    engine.lane,
    times(segments, shifted),
    ...(segments === 1 ? [] : [sumOf(fabric, segments, ofBeat), { ff: ofBeat }]),
    ...[...foldsOf(p, w, ofBeat), w.sum].map(digits),
  );
  const result = resultCells(p, w, fabric);
  const buffer = bufferInBlocks(p, target) ? wordsOf(p, w) : 0;
  const latency = p.engine === 'table' ? tableLaneLatency(p) : laneLatency(p);
  const tile = w.storedTiles === 0 ? 0 : w.tile;
  const flags = 4 + tile + w.segments * shift;
  const parts = [times(lanes, lane), engine.shared, loadCells(p, w, fabric), storeCells(p, w, fabric)];
  return {
    cells: plus(...parts, times(p.drain, result), { ff: p.lanes * p.columns }),
    sizes: {
      control: 1,
      counters: w.rowCount + w.columnCount + w.planeCount + w.tokenCount + tile,
      flags,
      along: latency.partial * flags,
      saturated: p.saturate === undefined ? 0 : (lanes + p.drain) * w.sum,
      columns: w.load,
      chunks: w.chunks === 1 ? 0 : w.chunks,
      loaded: w.load * w.activation,
      words: buffer,
      planes: p.planes === 1 ? 0 : w.sum * fabric.scaledDifference(p.planes),
      factors: p.drain * (p.rowScaleBits ?? 0),
      scaled: p.rowScaleBits === undefined ? 0 : p.drain * (w.unscaled + w.bias),
    },
  };
}

/** The memory of sums, which the lanes and the drain read. */
export const sumMemory = (
  p: MatmulParameters,
  w: MatmulWidths,
): { readonly width: number; readonly words: number } => ({
  width: p.lanes * p.tokens * w.sum,
  words: 2 ** (w.tile + 1),
});

/** Sums as the drain takes them: from one of the banks of their memory, of which there are two, or copied. */
function storeCells(p: MatmulParameters, w: MatmulWidths, fabric: Fabric): Partial<Cells> {
  const { width, words } = sumMemory(p, w);
  return w.storedTiles === 0 ? { ff: width } : { lut: 2 * width * fabric.bankChoice(inBlocks(width, words).banks) };
}

/** Registers of the stages of a shift, and their choices. */
const shifterCells = ({ shifted }: Fabric, stages: readonly ShiftStage[]): Cells =>
  plus(...stages.map(({ width, choices }) => ({ lut: shifted(width, choices), ff: width })));

/** A result of the drain: a sum is selected, corrected, shifted, rounded, and biased or scaled. */
function resultCells(p: MatmulParameters, w: MatmulWidths, fabric: Fabric): Cells {
  const adder = (width: number): Cells => adderOf(fabric, width);
  const fraction = p.numerics.resultFraction + 1;
  const used = w.unscaled + 1;
  const rounded = rounds(p) ? { ...adder(used), lut: fabric.increment * used } : {};
  return plus(
    { lut: fabric.choice(w.drains * p.tokens) * w.sum + w.sum },
    adder(w.sum + (p.saturate === undefined ? 0 : 1)),
    shifterCells(fabric, stagesRight(w.sum + fraction, p.maxShift, { zeros: fraction, used })),
    rounded,
    p.rowScaleBits === undefined ? adder(w.unscaled - zerosOf(p)) : scaledCells(fabric, p, w, p.rowScaleBits),
    { ff: 2 * w.sum + w.result },
  );
}

/** Lowest bits of a rounded sum, which are 0 where no amount that a shift can have reaches down to them. */
const zerosOf = ({ numerics, maxShift }: MatmulParameters): number =>
  Math.max(0, numerics.resultFraction - (maxShift === 0 ? 0 : 2 ** bits(maxShift) - 1));

/** Its other bits. */
const significant = (p: MatmulParameters, { sum, unscaled }: MatmulWidths): number =>
  Math.min(unscaled, sum + p.numerics.resultFraction) - zerosOf(p);

/** Two products and their sum, which is rounded, and factors that wait for four stages. Parts of a product are added up above the lowest of them. */
function scaledCells(fabric: Fabric, p: MatmulParameters, w: MatmulWidths, factor: number): Cells {
  const [unscaled, bias] = [significant(p, w), w.bias];
  const { part, adds } = fabric.factor;
  const products = [unscaled, bias].map((width) => {
    const parts = partsOf(fabric, width);
    return adds || parts === 1 ? {} : times(parts - 1, adderOf(fabric, width + factor - part));
  });
  const waiting = fabric.shiftRegisters
    ? { lut: 2 * factor }
    : { ff: 2 * factor * (roundingStages(p) + 1) + unscaled + bias + 2 * factor };
  return plus(...products, waiting, adderOf(fabric, unscaled + factor + 1), { ff: unscaled });
}

/** DSP blocks of a product with the factor of a row: a factor is one that fits, or in parts as Yosys cuts it. */
const partsOf = ({ factor: { whole, part } }: Fabric, width: number): number =>
  width <= whole ? 1 : Math.ceil(width / part);

/** DSP blocks of the two products of a result. */
export function dspPerResult(p: MatmulParameters, target: CostTarget): number {
  const w = matmulWidths(p);
  return partsOf(fabrics[target], significant(p, w)) + partsOf(fabrics[target], w.bias);
}

const adderOf = ({ cell }: Fabric, width: number): Cells => ({
  lut: cell === 2 ? 2 * Math.ceil(width / 2) : width,
  ff: 0,
  carry: Math.ceil(width / cell),
});

/** Bits in which what `count` numbers have too much, 2^low each, is taken back from their sum; for a power of two the highest is inverted. */
function excessBits(count: number, low: number, width: number): number {
  const lowest = Math.log2(count & -count);
  return count === 2 ** lowest ? 0 : width - low - lowest;
}

/** The sum of several numbers: full adders, two LUTs each, but for the last level; AMD's carry chains take the last of the full adders in. */
function sumOf(fabric: Fabric, count: number, width: number): Cells {
  if (count === 1) return plus();
  const adder = adderOf(fabric, width);
  if (count === 2) return adder;
  return { ...adder, lut: 2 * (count - 2) * width + fabric.chosenAddend * adder.lut };
}

/** Bits of the sum of a segment before its shift; with several passes it has a sign of its own. */
function widthOfSegment(p: MatmulParameters, w: MatmulWidths): number {
  const columns = summedColumns(p);
  return p.engine === 'table'
    ? bits((columns / tableColumns) * (2 ** w.entry - tableColumns))
    : bits(columns * (2 ** w.planesAtOnce - 1)) + (w.passes > 1 ? 1 : 0);
}

/** Of the sum of activations that are loaded at once and share an exponent. */
const columnsOfLoad = (p: MatmulParameters, w: MatmulWidths): number => Math.min(p.segment, w.load);
const widthOfLoad = (p: MatmulParameters, w: MatmulWidths): number =>
  bits(columnsOfLoad(p, w) * (2 ** w.activation - 1));

/** Activations as they are loaded, and what they sum up to. */
function loadCells(p: MatmulParameters, w: MatmulWidths, fabric: Fabric): Cells {
  const columns = columnsOfLoad(p, w);
  const width = widthOfLoad(p, w);
  const beat = width + p.maxShift + (w.loadSegments === 1 ? 0 : bits(w.loadSegments - 1));
  const depth = 2 * 2 ** (p.tokens === 1 ? 0 : w.token);
  return plus(
    { ff: w.load * w.activation },
    times(w.loadSegments, cellsOfThrees(columns, w.activation, p.cells, fabric.cell)),
    times(w.loadSegments, adderOf(fabric, excessBits(columns, w.activation - 1, widthOfLoad(p, w)))),
    times(w.loadSegments, shifterCells(fabric, stagesLeft(width, p.maxShift))),
    { ff: beat },
    sumOf(fabric, w.loadSegments, beat),
    plus(adderOf(fabric, w.sum), { ff: w.sum }),
    { lut: fabric.memory(depth, w.sum) + fabric.memory(depth, w.bias) },
    { ff: w.sum + w.bias },
    waits(fabric, w.bias, roundingStages(p) - 1),
  );
}

/** A value that goes along a pipeline: in shift registers from three stages on, as Yosys has it. */
const waits = (fabric: Fabric, width: number, stages: number): Partial<Cells> =>
  fabric.shiftRegisters && stages > 2 ? { lut: width } : { ff: stages * width };

/** Widths of the registers that add up passes and weight planes. */
function foldsOf(p: MatmulParameters, w: MatmulWidths, segment: number): number[] {
  const ofPasses = w.passes === 1 ? [] : [segment + w.planesAtOnce * (w.passes - 1) + 1];
  return p.planes === 1 ? ofPasses : [...ofPasses, (ofPasses[0] ?? segment) + p.planes];
}

interface Engine {
  readonly lane: Cells;
  readonly shared: Cells;
}

function popcountCells(p: MatmulParameters, w: MatmulWidths, fabric: Fabric): Engine {
  const segments = p.columns / summedColumns(p);
  const sign = w.passes === 1 ? 0 : widthOfSegment(p, w);
  const lane = plus(...productsCells(p), adderOf(fabric, sign), { ff: sign });
  return { lane: times(segments, lane), shared: memoryCells(p, w, fabric) };
}

/** Whether the buffer of activations lies in block RAM. */
export const bufferInBlocks = (p: MatmulParameters, target: CostTarget): boolean =>
  p.engine !== 'table' && bufferDepth(matmulWidths(p)) > fabrics[target].mostWords;

/** Words of the buffer of activations: its banks, and the passes. */
export const bufferDepth = (w: MatmulWidths): number => 2 ** (w.address + 1) * (w.passes === 1 ? 1 : 2 ** w.pass);

/** Bits of its words, without shifts. */
const wordsOf = (p: MatmulParameters, w: MatmulWidths): number => p.tokens * p.columns * w.planesAtOnce;

/** A few words of activations lie in LUTs, with a register behind; those that are written in passes are chosen first. */
function memoryCells(p: MatmulParameters, w: MatmulWidths, fabric: Fabric): Cells {
  const depth = bufferDepth(w);
  const written = { lut: fabric.choice(w.passes) * w.load * w.planesAtOnce };
  if (depth > fabric.mostWords) return plus(written);
  const ff = wordsOf(p, w);
  return plus(written, { lut: fabric.memory(depth, ff), ff });
}

function tableCells(p: MatmulParameters, w: MatmulWidths, fabric: Fabric): Engine {
  const segments = p.columns / summedColumns(p);
  const tables = p.columns / tableColumns;
  const adders = cellsOfThrees(tables / segments, w.entry, p.cells, fabric.cell);
  const excess = adderOf(fabric, excessBits(tables / segments, w.entry - 1, widthOfSegment(p, w)));
  const lane = plus({ ff: tables * w.entry }, times(segments, plus(adders, excess)));
  const filled = (w.load / tableColumns) * w.entry;
  const memory = p.cells === 'xilinx' ? cellsOfTables(p) : p.lanes * tables * fabric.memory(32, w.entry);
  const change = (w.load / tableColumns) * w.activation * fabric.choice(tableColumns);
  return {
    lane,
    shared: plus(
      { lut: memory + change },
      times(w.load / tableColumns, { ...adderOf(fabric, w.entry), carry: adderOf(fabric, w.entry + 1).carry }),
      { ff: filled },
    ),
  };
}
