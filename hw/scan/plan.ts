/** How long the scan takes, to the cycle, and how large it must be for a model. docs/scan.md explains the formulas. */
import { inProjRows, type ModelConfig } from '../../golden/config.ts';
import type { ScanShape } from '../../golden/fixed/index.ts';
import type { CostTarget } from '../fabric.ts';
import type { Resources } from '../matmul/resources.ts';
import { HardwareProblem } from '../problem.ts';
import { mostLanes, type ScanParameters, scanWidths, storeSize } from './parameters.ts';
import { prepareRows } from './prepare.ts';
import { scanResources } from './resources.ts';
import { roundStages } from './round.ts';
import { rowUnit } from './row.ts';

/** Cycles through an empty FIFO. */
const fifo = 2;
/** Cycles through the register of a walk, of a skid buffer. */
const register = 1;

export interface ScanTiming {
  /** From the descriptor to the first beat. */
  readonly firstBeat: number;
  /** Beats of a token. */
  readonly beats: number;
  /** From a beat that is read to the next read of the same words: the least distance of two tokens of one layer. */
  readonly turnaround: number;
  /** From the last beat of a row to its y. */
  readonly toY: number;
}

/** Streams at full speed, on-chip state. */
export function scanTiming(shape: ScanShape, p: ScanParameters): ScanTiming {
  const tiles = Math.ceil(shape.dState / p.lanes);
  const { latency } = rowUnit(p);
  const inputs = fifo + register + shape.groups * tiles;
  const rows = fifo + register + prepareRows(p).latency + register;
  const complete = register + latency.exponent;
  const back = register + (p.state.kind === 'row' ? roundStages : 0);
  return {
    firstBeat: Math.max(inputs, rows),
    beats: storeSize(shape, p).words,
    turnaround: register + (tiles - 1) + complete + fifo + back + register,
    toY: register + latency.y + fifo,
  };
}

/**
 * Cycles per token of tokens that follow each other: a beat in every cycle; a token with fewer beats than a word is on its way
 * waits for the difference.
 */
export const cyclesPerToken = ({ beats, turnaround }: Pick<ScanTiming, 'beats' | 'turnaround'>): number =>
  Math.max(beats, turnaround);

/** Cycles from the descriptor of the first of `tokens` tokens of one shape to the last y. */
export const scanCycles = (t: ScanTiming, tokens: number): number =>
  t.firstBeat + (tokens - 1) * cyclesPerToken(t) + t.beats + t.toY;

/** Memories of the two kinds that UltraScale+ has. */
export interface Memories {
  readonly bram36: number;
  readonly uram: number;
}

/** What `depth` words of `width` bits take, in either kind: 36 Kbit of 72 x 512 to 1 x 32768, 288 Kbit of 72 x 4096. */
export function memories(width: number, depth: number): Memories {
  const take = (bits: number, words: number): number => Math.ceil(width / bits) * Math.ceil(depth / words);
  const shapes = [72, 36, 18, 9, 4, 2, 1].map((bits, i) => take(bits, 512 * 2 ** i));
  return { bram36: Math.min(...shapes), uram: take(72, 4096) };
}

export interface ScanPlan {
  readonly parameters: ScanParameters;
  /** Per token, all layers. */
  readonly cycles: number;
  /** That the weights of all projections take to arrive: the scan hides behind them. */
  readonly weightCycles: number;
  /** Elements updated, over lanes times cycles. */
  readonly busy: number;
  /** With the state of one layer on chip; undefined where the cost model has not been fitted. */
  readonly resources: Resources | undefined;
  /** State and exponents of one sequence, if they are on chip. */
  readonly state: Memories;
  /** Row buffer, B and C. */
  readonly buffers: Memories;
}

/**
 * The fewest lanes whose scan takes no longer than the binary weights, of which `bitsPerCycle` arrive; of equals those with the longest
 * rows, which share most; its resources on `target`. Throws a `HardwareProblem` where `mostLanes` are not enough.
 */
export function planScan(
  config: ModelConfig,
  bitsPerCycle: number,
  formats: Pick<ScanParameters, 'numerics' | 'state' | 'products'>,
  target: CostTarget = 'xcup',
): ScanPlan {
  const { nHeads: heads, headDim, dState, nGroups: groups, nLayer, dModel, dInner } = config;
  const shape: ScanShape = { heads, headDim, dState, groups };
  const sized = (lanes: number, rows: number): ScanParameters => {
    const size = storeSize(shape, { lanes, rows });
    const most = { maxHeads: heads, maxHeadDim: headDim, maxState: dState, maxGroups: groups };
    return { lanes, rows, ...most, stateWords: nLayer * size.words, rowWords: nLayer * size.rows, ...formats };
  };
  const weightCycles = Math.ceil((nLayer * dModel * (inProjRows(config) + dInner)) / bitsPerCycle);
  let best: { readonly p: ScanParameters; readonly cycles: number } | undefined;
  for (let lanes = 2 ** Math.min(8, Math.ceil(Math.log2(dState))); lanes >= 1; lanes /= 2) {
    const { turnaround } = scanTiming(shape, sized(lanes, 1));
    const least = best === undefined ? mostLanes : best.p.lanes * best.p.rows - 1;
    for (let rows = 1; rows <= Math.min(headDim, Math.floor(least / lanes)); rows++) {
      const p = sized(lanes, rows);
      const cycles = nLayer * cyclesPerToken({ beats: storeSize(shape, p).words, turnaround });
      if (cycles > weightCycles) continue;
      best = { p, cycles };
      break;
    }
  }
  if (best === undefined)
    throw new HardwareProblem(
      'scan',
      'lanes',
      `at most ${mostLanes} lanes`,
      `more, for ${bitsPerCycle} bits per cycle`,
    );
  const { p, cycles } = best;
  const count = p.lanes * p.rows;
  return {
    parameters: p,
    cycles,
    weightCycles,
    resources: scanResources({ ...p, stateWords: p.stateWords / nLayer, rowWords: p.rowWords / nLayer }, target),
    ...onChip(p, count),
    busy: (nLayer * dInner * dState) / (count * cycles),
  };
}

function onChip(p: ScanParameters, count: number): Pick<ScanPlan, 'state' | 'buffers'> {
  const w = scanWidths(p);
  const both = (a: Memories, b: Memories): Memories => ({ bram36: a.bram36 + b.bram36, uram: a.uram + b.uram });
  const inputs = memories(2 * p.lanes * p.numerics.inputBits, 2 * w.inputWords);
  const states = memories(count * w.code, p.stateWords);
  return {
    state: p.state.kind === 'row' ? both(states, memories(p.rows * w.exponent, p.rowWords)) : states,
    buffers: both(memories(count * w.work, w.buffer), inputs),
  };
}
