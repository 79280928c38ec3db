/** When the parts of a mixer work, to the cycle: docs/mixer.md draws it. */
import type { ScanShape } from '../../golden/fixed/index.ts';
import { convLane } from '../conv/lane.ts';
import { treeDepth } from '../scan/arithmetic.ts';
import { scanTiming } from '../scan/plan.ts';
import { prepareRows } from '../scan/prepare.ts';
import { beats } from './order.ts';
import type { MixerParameters } from './parameters.ts';

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

/**
 * One token through an idle mixer: beat i of in_proj's results comes in cycle `product(i)` or as soon as it is taken; out_proj's input is
 * taken at once. Weights and the descriptor are there in time (the descriptor 4 cycles before the first result).
 */
export function mixerSchedule(shape: ScanShape, p: MixerParameters, product: (beat: number) => number): MixerSchedule {
  const { headDim, dState, groups } = shape;
  const { fifo, register } = cyclesOf;
  const order = beats(shape, p.lanes);
  const taken = inTurn(order.map((_, i) => product(i)));
  const of = (segment: 'b' | 'c' | 'dt' | 'x' | 'z', by: number): Moving[] =>
    order.flatMap((b, i) => (b.segment === segment ? [{ at: taken[i]! + by, count: b.count, end: b.end }] : []));
  const active = cyclesOf.front + register + convLane(p.conv).latency;

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
  const known = prepareRows(p.scan).latency + register;
  const scan = inTurn(
    prepared.map((at) => Math.max(at + known, filled)),
    tiles,
  );
  const { toY } = scanTiming(shape, p.scan);
  const y = scan.map((at, j): Moving => {
    const row = (j % rowGroups) * p.scan.rows;
    const end = row + p.scan.rows >= headDim;
    return { at: at + tiles - 1 + toY + fifo, count: Math.min(p.scan.rows, headDim - row), end };
  });

  const gates = of('z', active + fifo);
  const ys = regroupTimes(y, p.scan.rows, p.lanes);
  const gated = inTurn(ys.map((v, i) => Math.max(v.at, gates[i]!.at))).map((at) => at + cyclesOf.gate + register);
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
