/** When the parts of a mixer work, to the cycle: docs/mixer.md draws it. */
import type { ModelConfig } from '../../golden/config.ts';
import type { Numerics, ScanShape } from '../../golden/fixed/index.ts';
import { convLane } from '../conv/lane.ts';
import { HardwareProblem } from '../problem.ts';
import { treeDepth } from '../scan/arithmetic.ts';
import { mostLanes, storeSize } from '../scan/parameters.ts';
import { scanTiming } from '../scan/plan.ts';
import { prepareRows } from '../scan/prepare.ts';
import { beats } from './order.ts';
import type { MixerParameters } from './parameters.ts';
import { mixerParameters } from './sizing.ts';

/** Cycles through an empty FIFO, a register, the front, the step sizes, the gate, and the second pass of the norm. */
const cyclesOf = { fifo: 2, register: 1, front: 3, stepSize: 15, gate: 3, quantize: 3 } as const;

/** A beat of elements on its way: when it can be taken, how many, and whether its packet ends. */
interface Moving {
  readonly at: number;
  readonly count: number;
  readonly end: boolean;
}

/** When `regroup` gives its beats, where they are taken at once. */
function regroupTimes(given: readonly Moving[], from: number, to: number, ragged = false): Moving[] {
  const grain = ragged ? 1 : divisor(from, to);
  const most = from + to - grain;
  const out: Moving[] = [];
  let [now, held, ended] = [0, 0, false];
  for (const { at, count, end } of given) {
    for (let waits = true; waits; now++) {
      if (held === 0 && now < at) now = at;
      const gives = ended || held >= to;
      const last = ended && held <= to;
      if (gives) out.push({ at: now, count: Math.min(held, to), end: last });
      const after = gives ? Math.max(0, held - to) : held;
      waits = now < at || after > most - from || (ended && !last);
      held = waits ? after : after + count;
      ended = waits ? ended && !last : end;
    }
  }
  for (; held > 0; held -= to, now++) out.push({ at: now, count: Math.min(held, to), end: held <= to });
  return out;
}

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));

/** Each at `at` of its own, and one per cycle. */
function inTurn(ats: readonly number[], gap = 1): number[] {
  let free = 0;
  return ats.map((at) => {
    const moved = Math.max(at, free);
    free = moved + gap;
    return moved;
  });
}

export interface MixerSchedule {
  /** The first beat of every row group of the scan. */
  readonly scan: readonly number[];
  /** Where the scan has finished. */
  readonly scanned: number;
  /** Every beat of out_proj's input. */
  readonly act: readonly number[];
}

/** Latencies of parts that are known when they are built. */
export interface MixerLatencies {
  /** From a result of in_proj to SiLU. */
  readonly active: number;
  /** From x to its row group. */
  readonly known: number;
  /** From the last beat of a row group to its y. */
  readonly toY: number;
}

/** They do not depend on Q. */
export function mixerLatencies(shape: ScanShape, p: MixerParameters): MixerLatencies {
  const scan = { ...p.scan, rows: 1 };
  const { front, register } = cyclesOf;
  return {
    active: front + register + convLane(p.conv).latency,
    known: prepareRows(scan).latency + register,
    toY: scanTiming(shape, scan).toY,
  };
}

/**
 * One token through an idle mixer: beat i of in_proj's results comes in cycle `product(i)` or as soon as it is taken; out_proj's input is
 * taken at once. Weights and the descriptor are there in time (the descriptor 4 cycles before the first result).
 */
export function mixerSchedule(
  shape: ScanShape,
  p: MixerParameters,
  product: (beat: number) => number,
  { active, known, toY }: MixerLatencies = mixerLatencies(shape, p),
): MixerSchedule {
  const { headDim, dState, groups } = shape;
  const { fifo, register } = cyclesOf;
  const order = beats(shape, p.lanes);
  const taken = inTurn(order.map((_, i) => product(i)));
  const of = (segment: 'b' | 'c' | 'dt' | 'x' | 'z', by: number): Moving[] =>
    order.flatMap((b, i) => (b.segment === segment ? [{ at: taken[i]! + by, count: b.count, end: b.end }] : []));

  const dt = regroupTimes(of('dt', cyclesOf.front + fifo), p.lanes, 1);
  const head = dt.map((b) => b.at + cyclesOf.stepSize + fifo);
  const input = (segment: 'b' | 'c' | 'x', to: number): number[] =>
    regroupTimes(of(segment, active + fifo), p.lanes, to).map((b) => b.at);
  const [b, c] = [input('b', p.scan.lanes), input('c', p.scan.lanes)];
  const filled = inTurn(b.map((at, i) => Math.max(at, c[i]!))).at(-1)! + 1;
  const x = input('x', p.scan.rows);

  const rowGroups = Math.ceil(headDim / p.scan.rows);
  const tiles = Math.ceil(dState / p.scan.lanes);
  const prepared = inTurn(x.map((at, j) => Math.max(at, head[Math.floor(j / rowGroups)]!)));
  const scan = inTurn(
    prepared.map((at) => Math.max(at + known, filled)),
    tiles,
  );
  const y = scan.map((at, j): Moving => {
    const row = (j % rowGroups) * p.scan.rows;
    const end = row + p.scan.rows >= headDim;
    return { at: at + tiles - 1 + toY, count: Math.min(p.scan.rows, headDim - row), end };
  });

  const gates = of('z', active + fifo);
  const ys = regroupTimes(y, p.scan.rows, p.lanes);
  const gated = inTurn(ys.map((v, i) => Math.max(v.at + fifo, gates[i]!.at))).map(
    (at) => at + cyclesOf.gate + register,
  );
  const tileWords = p.norm.maxTileWords;
  const exponent = 5 + treeDepth(p.lanes, 4) + fifo;
  const read = inTurn(
    gated.map((at, i) =>
      Math.max(at + register + fifo, gated[(Math.floor(i / tileWords) + 1) * tileWords - 1]! + exponent),
    ),
  );
  const perGroup = ys.length / groups;
  const columns = read.map(
    (at, i): Moving => ({ at: at + cyclesOf.quantize, count: ys[i]!.count, end: (i + 1) % perGroup === 0 }),
  );
  const act = regroupTimes(columns, p.lanes, p.columns, p.ragged).map((v) => v.at);
  return { scan, scanned: scan.at(-1)! + tiles, act };
}

/** The matmul array as its neighbour sees it. */
export interface ArrayPace {
  /** R rows x K columns of weight bits per cycle. */
  readonly lanes: number;
  readonly columns: number;
}

/** From a tile's last weights to its first results; from a load of activations to the first weights on them. */
const arrayLatency = { result: 16, load: 1 };

export interface LayerTiming {
  /** Cycles that the weights of in_proj and out_proj take. */
  readonly weights: number;
  /** The same with the mixer between them, from the first weights of in_proj to the last of out_proj. */
  readonly cycles: number;
}

/** Beat i of in_proj's results, row-major, whose weights begin in cycle 0: R rows come every ceil(columns / K) cycles, P in a cycle. */
export function resultPace(array: ArrayPace, inputs: number, lanes: number): (beat: number) => number {
  const perTile = Math.ceil(inputs / array.columns);
  const beats = array.lanes / lanes;
  return (i) => (Math.floor(i / beats) + 1) * perTile + arrayLatency.result + (i % beats);
}

/** Cycles that the weights of both projections take; rows of in_proj as the mixer orders them, out_proj group by group. */
function weightCycles(
  { dModel, dInner, nGroups }: Pick<ModelConfig, 'dModel' | 'dInner' | 'nGroups'>,
  shape: ScanShape,
  lanes: number,
  array: ArrayPace,
): number {
  return inProjCycles(dModel, shape, lanes, array) + nGroups * groupCycles(dModel, dInner / nGroups, array);
}
const inProjCycles = (dModel: number, shape: ScanShape, lanes: number, array: ArrayPace): number =>
  Math.ceil((beats(shape, lanes).length * lanes) / array.lanes) * Math.ceil(dModel / array.columns);
const groupCycles = (dModel: number, width: number, array: ArrayPace): number =>
  Math.ceil(dModel / array.lanes) * Math.ceil(width / array.columns);

/**
 * One layer of one token: out_proj in column-major order follows in_proj as soon as it may. `act`: when its columns come. K columns of all
 * its rows take ceil(rows / R) cycles, and begin when they have been loaded.
 */
export function layerTiming(
  config: Pick<ModelConfig, 'dModel' | 'dInner' | 'nGroups'>,
  shape: ScanShape,
  p: Pick<MixerParameters, 'lanes' | 'columns'>,
  array: ArrayPace,
  act: readonly number[],
): LayerTiming {
  const { dModel, nGroups } = config;
  const perColumns = Math.ceil(dModel / array.lanes);
  const perGroup = Math.ceil(config.dInner / nGroups / array.columns);
  const loads = act.length / nGroups;
  let cycles = inProjCycles(dModel, shape, p.lanes, array);
  for (let g = 0; g < nGroups; g++) {
    for (let k = 1; k <= perGroup; k++) {
      const last = Math.min(loads, Math.ceil((k * array.columns) / p.columns));
      cycles = Math.max(cycles, act[g * loads + last - 1]! + arrayLatency.load) + perColumns;
    }
  }
  return { weights: weightCycles(config, shape, p.lanes, array), cycles };
}

export interface MixerPlan {
  readonly parameters: MixerParameters;
  readonly timing: LayerTiming;
}

/**
 * The fewest lanes of the scan with which a layer takes no longer than its weights; of equals those with the longest rows. Where none hide
 * the mixer, those with the shortest layer. P is the least power of two that takes the array's results as they come, and the columns go to
 * the array P at a time. Throws a `HardwareProblem` where the scan alone is slower than the weights.
 */
export function planMixer(config: ModelConfig, array: ArrayPace, numerics: Numerics): MixerPlan {
  const { nHeads: heads, headDim, dState, nGroups: groups, dModel } = config;
  const shape: ScanShape = { heads, headDim, dState, groups };
  const lanes = 2 ** Math.max(0, Math.ceil(Math.log2(array.lanes / Math.ceil(dModel / array.columns))));
  const ports = { columns: lanes, segment: headDim, resultBits: 29 };
  const weights = weightCycles(config, shape, lanes, array);
  const latencies = new Map<number, MixerLatencies>();
  let best: MixerPlan | undefined;
  for (const scan of scanSizes(shape)) {
    if (storeSize(shape, scan).words > weights) continue;
    const choice = { lanes, scanLanes: scan.lanes, scanRows: scan.rows };
    const parameters = mixerParameters(config, choice, ports, numerics);
    const known = latencies.get(scan.lanes) ?? mixerLatencies(shape, parameters);
    latencies.set(scan.lanes, known);
    const { act } = mixerSchedule(shape, parameters, resultPace(array, dModel, lanes), known);
    const timing = layerTiming(config, shape, parameters, array, act);
    if (best === undefined || timing.cycles < best.timing.cycles) best = { parameters, timing };
    if (timing.cycles <= timing.weights) break;
  }
  if (best !== undefined) return best;
  const expected = `at most ${mostLanes} lanes for weights that take ${weights} cycles`;
  throw new HardwareProblem('mixer', 'lanes of the scan', expected, 'more');
}

/** L and Q, the fewest lanes first. */
function scanSizes({ headDim, dState }: ScanShape): { readonly lanes: number; readonly rows: number }[] {
  const sizes: { lanes: number; rows: number }[] = [];
  for (let lanes = 2 ** Math.min(8, Math.ceil(Math.log2(dState))); lanes >= 1; lanes /= 2) {
    for (let rows = 1; rows <= Math.min(headDim, Math.floor(mostLanes / lanes)); rows++) sizes.push({ lanes, rows });
  }
  return sizes.sort((a, b) => a.lanes * a.rows - b.lanes * b.rows || b.lanes - a.lanes);
}
