/**
 * Proofs about the printed Verilog of the stream elements: for any number of beats, any stalls, any reset. By temporal
 * induction: the claims of `stream/claims-*.ts` hold in the cycles after a reset, and hold in a cycle when they did in those
 * before. The same claims are refuted for elements with a planted fault, so that they are known to say something.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { bit, cat, type Design, defineModule, printVerilog, uint } from '../gen/index.ts';
import {
  arbiter,
  fifo,
  fork,
  fromAxiStream,
  join,
  narrow,
  registerSlice,
  type Stage,
  skidBuffer,
  toAxiStream,
  widen,
  wordsFromAxiStream,
  wordsToAxiStream,
} from '../gen/stream/index.ts';
import { yosys } from '../sim/yosys.ts';
import { arbiterClaims } from './stream/claims-arbiter.ts';
import {
  fields,
  fromAxiClaims,
  sample,
  type ToAxi,
  toAxiClaims,
  units,
  wordsFromAxiClaims,
  wordsToAxiClaims,
} from './stream/claims-axi.ts';
import { forkClaims, joinClaims, small } from './stream/claims-fork-join.ts';
import { insideFifo, insideSkidBuffer, type StageSheet, stageClaims } from './stream/claims-stage.ts';
import { narrowClaims, widenClaims } from './stream/claims-width.ts';
import { consumers, type elements, type Fault, faults, planted, widths } from './stream/elements.ts';
import { probe } from './stream/probe.ts';

type Plant = <I extends Design['ports']>(design: Design<I>) => Design<I>;

interface Obligation {
  readonly name: string;
  /** The monitor around the element as it is, or with a fault. */
  readonly build: (plant: Plant) => Design;
  readonly faults: readonly Fault[];
}

const asIs: Plant = (design) => design;
const payload = uint(2);
const fifoSheet = (depth: number): StageSheet => ({
  places: depth,
  latency: 2,
  ready: (inside) => inside.ne(depth),
  inside: insideFifo(depth),
});
type AnyStage = Design<Stage<typeof payload>>;
const probedFifo = (depth: number, plant: Plant): AnyStage =>
  probe(plant(fifo(payload, { depth })), [
    ...['held', 'shown', depth > 2 ? 'words' : 'words_0'],
    ...(depth > 2 ? ['head', 'tail'] : []),
  ]) as unknown as AnyStage;

const of = (element: keyof typeof elements): readonly Fault[] => faults[element];
const beat = { data: uint(1), last: bit };
const obligations: readonly Obligation[] = [
  {
    name: 'register slice',
    build: (plant) =>
      stageClaims(plant(registerSlice(payload)), {
        places: 1,
        latency: 1,
        ready: (inside, outReady) => inside.eq(0).or(outReady),
      }),
    faults: of('registerSlice'),
  },
  {
    name: 'skid buffer',
    build: (plant) =>
      stageClaims(probe(plant(skidBuffer(payload)), ['skid']) as unknown as AnyStage, {
        places: 2,
        latency: 1,
        ready: (inside) => inside.ne(2),
        inside: insideSkidBuffer,
      }),
    faults: of('skidBuffer'),
  },
  ...[1, 2, 3, 5, 8].map((depth) => ({
    name: `FIFO ${depth}`,
    build: (plant: Plant) => stageClaims(probedFifo(depth, plant), fifoSheet(depth)),
    faults: depth === 3 ? of('fifo') : [],
  })),
  { name: 'fork', build: (plant) => forkClaims(plant(fork(small, consumers))), faults: of('fork') },
  { name: 'join', build: (plant) => joinClaims(plant(join({ a: small, b: small }))), faults: of('join') },
  { name: 'arbiter', build: (plant) => arbiterClaims(plant(arbiter(beat, consumers)), false), faults: of('arbiter') },
  {
    name: 'packet arbiter',
    build: (plant) => arbiterClaims(plant(arbiter(beat, consumers, { until: 'last' })), true),
    faults: of('packetArbiter'),
  },
  { name: 'widener', build: (plant) => widenClaims(plant(widen(widths)), widths), faults: of('widen') },
  {
    name: 'widener by 4',
    build: (plant) => widenClaims(plant(widen({ unit: 1, ratio: 4 })), { unit: 1, ratio: 4 }),
    faults: [],
  },
  { name: 'narrower', build: (plant) => narrowClaims(plant(narrow(widths)), widths), faults: of('narrow') },
  {
    name: 'narrower by 4',
    build: (plant) => narrowClaims(plant(narrow({ unit: 1, ratio: 4 })), { unit: 1, ratio: 4 }),
    faults: [],
  },
  {
    name: 'to AXI4-Stream',
    build: (plant) => toAxiClaims(plant(toAxiStream(sample, fields))),
    faults: of('toAxiStream'),
  },
  {
    name: 'from AXI4-Stream',
    build: (plant) => fromAxiClaims(plant(fromAxiStream(sample, fields))),
    faults: of('fromAxiStream'),
  },
  {
    name: 'words to AXI4-Stream',
    build: (plant) => wordsToAxiClaims(plant(wordsToAxiStream(units))),
    faults: of('wordsToAxiStream'),
  },
  {
    name: 'words from AXI4-Stream',
    build: (plant) => wordsFromAxiClaims(plant(wordsFromAxiStream(units))),
    faults: of('wordsFromAxiStream'),
  },
];

/** What the standard forbids: TVALID that waits for TREADY. */
const waitsForReady: ToAxi = defineModule(
  { name: 'waits_for_ready', doc: 'An adapter as it must not be.', ports: toAxiStream(sample, fields).ports },
  (_m, { in: from, m_axis }) => {
    const { low, lane, high, last } = from.payload;
    m_axis.valid.drive(from.valid.and(m_axis.ready));
    from.ready.drive(m_axis.ready);
    m_axis.payload.drive({ tdata: cat(high, low).ext(8), tdest: lane, tlast: last });
  },
);

/** What the prover is asked: all claims for all time, or a way from reset to a broken data sheet within 12 cycles. */
const rules = '-set assumed 1';
const goals = {
  proof: `${rules} -tempinduct -maxsteps 4 -prove wrong 0 -prove inconsistent 0`,
  refutation: `${rules} -tempinduct -tempinduct-baseonly -maxsteps 12 -prove wrong 0`,
  /** The same with surroundings that break the rules of streams. */
  unruly: '-tempinduct -tempinduct-baseonly -maxsteps 12 -prove wrong 0',
};

interface Task {
  readonly name: string;
  readonly design: Design;
  readonly goal: keyof typeof goals;
}

/** The part of the log that is about each task; all tasks in one process, because starting Yosys takes longer than most. */
async function solve(tasks: readonly Task[]): Promise<ReadonlyMap<string, string>> {
  const files: Record<string, string> = {};
  const script = tasks.map(({ design, goal }, i) => {
    const { files: printed, top } = printVerilog(design);
    files[`${i}.v`] = printed.map((f) => f.text).join('\n');
    return [
      `log ==== task ${i}`,
      'design -reset',
      `read_verilog ${i}.v`,
      `hierarchy -check -top ${top}`,
      'proc; flatten; memory -nomap; memory_map; opt_clean',
      `sat -seq 1 -set-at 1 rst 1 -timeout 30 ${goals[goal]} ${top}`,
    ].join('\n');
  });
  const { status, log } = await yosys(script.join('\n'), files, { seconds: 100 });
  if (status !== 0) throw new Error(`yosys ended with ${status}:\n${log.slice(-2000)}`);
  const parts = log.split(/^==== task \d+$/m).slice(1);
  return new Map(tasks.map((t, i) => [t.name, parts[i] ?? 'missing']));
}

const proved = /Induction step proven: SUCCESS!/;
const refuted = /SAT temporal induction proof finished - model found for base case: FAIL!/;

describe('proofs', () => {
  const tasks = obligations.flatMap(({ name, build, faults: planned }): Task[] => [
    { name, design: build(asIs), goal: 'proof' },
    ...planned.map((fault): Task => {
      const design = build((d) => planted(d, fault));
      return { name: `${name}: ${fault.what}`, design, goal: 'refutation' };
    }),
  ]);
  tasks.push(
    {
      name: 'FIFO: latency 1',
      design: stageClaims(probedFifo(3, asIs), { ...fifoSheet(3), latency: 1 }),
      goal: 'refutation',
    },
    {
      name: 'FIFO: fewer places',
      design: stageClaims(probedFifo(3, asIs), { ...fifoSheet(3), places: 2 }),
      goal: 'refutation',
    },
    { name: 'to AXI4-Stream: TVALID waits for TREADY', design: toAxiClaims(waitsForReady), goal: 'refutation' },
    { name: 'fork: the producer withdraws a beat', design: forkClaims(fork(small, consumers)), goal: 'unruly' },
  );
  let answers: ReadonlyMap<string, string>;
  beforeAll(async () => {
    answers = await solve(tasks);
  });

  it.each(tasks.filter((t) => t.goal === 'proof').map((t) => t.name))('%s keeps its data sheet', (name) => {
    expect(answers.get(name)).toMatch(proved);
    expect(answers.get(name)).not.toMatch(refuted);
  });
  it.each(tasks.filter((t) => t.goal !== 'proof').map((t) => t.name))('refuted: %s', (name) => {
    expect(answers.get(name)).toMatch(refuted);
  });
});
