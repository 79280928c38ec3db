/** What a scan unit with its state on chip consists of: cells that follow from its structure, and sizes that the rest grows with. */
import { addressWidth } from '../../gen/index.ts';
import { fifoWords } from '../../gen/stream/fifo.ts';
import { type Cells, plus, type Structure, times } from '../cost.ts';
import { type CostTarget, type Fabric, fabrics, inBlocks } from '../fabric.ts';
import { spareRows, tokensAhead } from './core.ts';
import { formatOf } from './format.ts';
import { isStochastic, productStyle, rowFormat, type ScanParameters, scanWidths } from './parameters.ts';
import { logicStages } from './product.ts';
import { rowUnit } from './row.ts';

/** Each costs so many cells for each of its bits, or of what it counts, which is fitted. */
export interface ScanSizes {
  /** Control: the same in every unit. */
  readonly control: number;
  /** Counters of heads, rows and elements, and addresses. */
  readonly counters: number;
  /** Lanes, of which each updates an element and multiplies it by C; rows; lanes of a row, for which B and C arrive. */
  readonly lanes: number;
  readonly rows: number;
  readonly columns: number;
  /** Elements of the state at once as they are stored. */
  readonly stored: number;
  /** Words of random bits, each for up to four lanes. */
  readonly words: number;
  /** Bits of the rows that products in look-up tables consist of, and of the multiples that they choose from. */
  readonly digits: number;
}

export type ScanStructure = Structure<keyof ScanSizes>;

/** A memory with one port to write and one to read; `small`: of LUTs, however many words. */
export interface MemorySize {
  readonly words: number;
  readonly width: number;
  readonly small?: boolean;
}

/** All memories of a unit. */
export function memoriesOf(p: ScanParameters): readonly MemorySize[] {
  const w = scanWidths(p);
  const { inputBits, outputBits } = p.numerics;
  const lanes = p.lanes * p.rows;
  const exponents = p.rows * w.exponent;
  const inputs = { words: 2 ** (addressWidth(w.inputWords) + 1), width: p.lanes * inputBits };
  const queue = (depth: number, width: number): MemorySize => ({ words: fifoWords(depth), width, small: true });
  return [
    ...[inputs, inputs],
    { words: w.buffer, width: lanes * w.work },
    queue(w.buffer, w.tiles + exponents),
    queue(rowUnit(p).latency.y + spareRows, p.rows * outputBits + 1),
    queue(tokensAhead, 2 * w.heads + w.headDim + w.tiles),
    queue(tokensAhead, 2 * w.heads + w.state),
    ...(isStochastic(p) ? [queue(tokensAhead, w.heads + w.headDim + w.tiles + 48)] : []),
    { words: p.stateWords, width: lanes * w.code },
    ...(w.exponent === 0 ? [] : [{ words: p.rowWords, width: exponents }]),
  ];
}

/** Whether it lies in LUTs: twice as many words do where they are narrow. */
export const inLuts = ({ words, width, small = false }: MemorySize, target: CostTarget): boolean =>
  small || words <= fabrics[target].mostWords * (width <= 64 ? 2 : 1);

/** Of a memory with a register behind it; of several banks one is chosen. */
function memoryCells(memory: MemorySize, target: CostTarget): Partial<Cells> {
  const { words, width } = memory;
  const fabric = fabrics[target];
  if (!inLuts(memory, target)) return { lut: width * fabric.bankChoice(inBlocks(width, words).banks) };
  const banks = Math.ceil(words / fabric.mostWords);
  const bank = fabric.memory(Math.min(words, fabric.mostWords), width);
  return { lut: banks * bank + width * fabric.choice(banks), ff: width };
}

/** C S' of a row, summed pair by pair; each sum has a bit more and a register. */
function sumCells(p: ScanParameters, { cell }: Fabric): Cells {
  const product = scanWidths(p).work + p.numerics.inputBits;
  const levels = Array.from({ length: Math.log2(p.lanes) }, (_, k) => {
    const width = product + k + 1;
    return times(p.lanes / 2 ** (k + 1), { lut: width, ff: width, carry: Math.ceil(width / cell) });
  });
  return plus(...levels);
}

/** So many times: products with one factor of so many bits, whose multiples they share. */
interface LogicProducts {
  readonly times: number;
  readonly factor: number;
  readonly others: number;
  readonly count: number;
}

/** Products in look-up tables: dt x and D x of all rows, t' B of the lanes of a row, C S' of a lane of all rows, and with one unit per head a S of those of a row. */
function logicProducts(p: ScanParameters): LogicProducts[] {
  if (productStyle(p) === 'dsp') return [];
  const { numerics: f, rows, lanes } = p;
  return [
    { times: 1, factor: f.dtBits + 1, others: f.inputBits, count: rows },
    { times: 1, factor: f.directBits, others: f.inputBits, count: rows },
    { times: rows, factor: formatOf(p).stepBits, others: f.inputBits, count: lanes },
    { times: lanes, factor: f.inputBits, others: scanWidths(p).work, count: rows },
    ...(rowFormat(p) === undefined
      ? [{ times: 1, factor: f.decayFraction + 2, others: f.stateBits, count: rows * lanes }]
      : []),
  ];
}

/** As `logicProduct` makes them: -x and -3x once, and a row of two bits more than x for every two bits of the other factor. */
const digitBits = ({ times, factor, others, count }: LogicProducts): number =>
  times * (factor + 2) * (2 + logicStages(others) * count);

/** -x and -3x are wanted a digit later each time, x at the end. */
const waitingBits = ({ times, factor, others }: LogicProducts): number =>
  times * (factor + 2) * 2 * (logicStages(others) - 1);

const total = (products: readonly LogicProducts[], bits: (of: LogicProducts) => number): number =>
  products.reduce((sum, of) => sum + bits(of), 0);

export function structureOf(p: ScanParameters, target: CostTarget): ScanStructure {
  const w = scanWidths(p);
  const fabric = fabrics[target];
  const lanes = p.lanes * p.rows;
  const stores = rowFormat(p) === undefined ? [p.stateWords] : [p.stateWords, p.rowWords];
  const products = logicProducts(p);
  const addresses = stores.reduce((sum, words) => sum + addressWidth(words), 0);
  return {
    cells: plus(times(p.rows, sumCells(p, fabric)), ...memoriesOf(p).map((m) => memoryCells(m, target)), {
      ff: total(products, waitingBits),
    }),
    sizes: {
      control: 1,
      counters: w.heads + w.headDim + w.state + w.tiles + addresses,
      lanes,
      rows: p.rows,
      columns: p.lanes,
      stored: lanes * w.code,
      words: isStochastic(p) ? p.rows * Math.ceil(p.lanes / 4) : 0,
      digits: total(products, digitBits),
    },
  };
}
