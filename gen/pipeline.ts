/**
 * Pipelines that know the latency of every value in them. A value enters at a latency; a stage adds one; logic in between
 * adds none. Values of different latency meet only through `join` and `stage`, which delay the earlier ones; the delay line
 * of a value is made once, however many take from it. All registers of a pipeline move with its enable.
 */
import type { Diagnostic } from './diagnostic.ts';
import { type Node, operandsOf } from './ir.ts';
import type { Location } from './location.ts';
import type { ModuleBuilder } from './module.ts';
import type { RegisterOptions } from './options.ts';
import { bit, type RecordShape, type Shape } from './shape.ts';
import type { UInt } from './signal.ts';
import { build, type Drivable, type Leaf, leavesOf, type Readable, type Shapely, shapeOf } from './value.ts';

export interface PipelineOptions {
  /** The pipeline moves in cycles in which this is 1; default always. */
  readonly enable?: UInt;
}

/** Values to be brought to one latency, by name. */
export type Together<T extends RecordShape> = { readonly [K in keyof T]: Shapely<T[K]> };

export interface Pipeline {
  /** Enters a value, by default at latency 0: a port, a register or the data of a memory that moves with the pipeline. */
  enter<T extends Shape>(value: Shapely<T>, latency?: number): Readable<T>;
  /** Enters a bit whose delays are 0 after reset: it says that the values at its latency count. */
  flag(value: UInt, latency?: number): UInt;
  /** Moves from the inputs of the pipeline to this value. */
  latency(value: Shapely<Shape>): number;
  /** The value as it is at a later latency. */
  at<T extends Shape>(value: Shapely<T>, latency: number): Readable<T>;
  /** Logic on values of any latency: all are delayed to the latest. */
  join<T extends RecordShape, R>(values: Together<T>, logic: (values: Readable<T>) => R): R;
  /** A register: its latency is one more than that of its value. */
  stage<T extends Shape>(name: string, value: Shapely<T>): Readable<T>;
  /** 1 while the flag is set anywhere behind its entry, as far as it is delayed. */
  busy(flag: UInt): UInt;
}

/** Where a value comes from: an entry, a stage or a delay, and its latency. */
interface Arrival {
  readonly node: Node;
  readonly latency: number;
}

/** A value and its delays, one register each. */
interface Line {
  readonly name: string;
  /** Latency of the first. */
  readonly from: number;
  readonly leaves: Leaf[];
}

/** What the module has to ask of a pipeline when its body is done. */
export interface OpenPipeline extends Pipeline {
  finish(nodes: readonly Node[]): void;
}

export function openPipeline(m: ModuleBuilder, name: string, options: PipelineOptions): OpenPipeline {
  const arrivals = new Map<Node, Arrival | undefined>();
  const lines = new Map<Node, Line>();
  const flags = new Set<Node>();
  const busies: { readonly flag: Node; readonly net: Drivable<typeof bit> }[] = [];

  const mark = <T extends Leaf>(leaf: T, latency: number): T => {
    arrivals.set(leaf.node, { node: leaf.node, latency });
    return leaf;
  };
  const arrivalOf = (root: Node): Arrival | undefined => {
    for (const node of unknownBehind(root, arrivals)) arrivals.set(node, meet(node));
    return arrivals.get(root);
  };
  /** The latest of the arrivals at a node; two that differ are a mistake. */
  const meet = (node: Node): Arrival | undefined => {
    const met = operandsOf(node).flatMap((o) => arrivals.get(o) ?? []);
    const latest = met.reduce<Arrival | undefined>(
      (a, b) => (a === undefined || b.latency > a.latency ? b : a),
      undefined,
    );
    const other = met.find((a) => a.latency !== latest?.latency);
    if (latest !== undefined && other !== undefined)
      m.report(latencyMismatch(name, describe(other), describe(latest), node.location));
    return latest;
  };
  const describe = ({ node, latency }: Arrival): string =>
    `${m.nameOf(node) ?? 'a value'} of latency ${latency} (made at ${node.location})`;

  const latencyOf = (leaves: readonly Leaf[], at: Location): number => {
    const found = leaves.flatMap(({ node }) => arrivalOf(node) ?? []);
    const [first] = found;
    if (first === undefined) {
      m.report(noLatency(name, at));
      return 0;
    }
    const other = found.find((a) => a.latency !== first.latency);
    if (other !== undefined) m.report(latencyMismatch(name, describe(first), describe(other), at));
    return first.latency;
  };
  const lineOf = (leaf: Leaf, from: number): Line => {
    const line = lines.get(leaf.node) ?? { name: m.nameOf(leaf.node) ?? name, from, leaves: [leaf] };
    lines.set(leaf.node, line);
    return line;
  };
  const delayed = (leaf: Leaf, from: number, to: number): Leaf => {
    const line = lineOf(leaf, from);
    const reset = flags.has(line.leaves[0]!.node) ? { reset: 0 } : {};
    for (let latency = line.from + line.leaves.length; latency <= to; latency++) {
      const settings = { ...options, ...reset } as RegisterOptions<Shape>;
      const next = m.delay<Shape>(`${line.name}_at_${latency}`, line.leaves.at(-1)!, settings) as Leaf;
      line.leaves.push(mark(next, latency));
      lines.set(next.node, line);
    }
    return line.leaves[to - line.from]!;
  };
  const at = <T extends Shape>(value: Shapely<T>, latency: number, here: Location): Readable<T> => {
    const leaves = leavesOf(value);
    const early = leaves.filter(({ node }) => arrivalOf(node) !== undefined);
    const from = early.length === 0 ? latency : latencyOf(early, here);
    if (from > latency) m.report(tooLate(name, from, latency, here));
    let i = 0;
    return build(shapeOf(value), '', () => {
      const leaf = leaves[i++]!;
      return arrivalOf(leaf.node) === undefined || from > latency ? leaf : delayed(leaf, from, latency);
    }) as Readable<T>;
  };
  const pipeline: OpenPipeline = {
    enter: (value, latency = 0) => {
      for (const leaf of leavesOf(value)) mark(leaf, latency);
      return value as never;
    },
    flag: (value, latency = 0) => {
      flags.add(value.node);
      return mark(value, latency);
    },
    latency: (value) => latencyOf(leavesOf(value), m.locate(pipeline.latency)),
    at: (value, latency) => m.located(() => at(value, latency, m.locate(pipeline.at)), pipeline.at),
    join: (values, logic) => {
      const here = m.locate(pipeline.join);
      const found = leavesOf(values).flatMap(({ node }) => arrivalOf(node) ?? []);
      if (found.length === 0) m.report(noLatency(name, here));
      const latest = Math.max(0, ...found.map((a) => a.latency));
      const together = m.located(
        () =>
          Object.fromEntries(Object.entries(values).map(([key, v]) => [key, at(v as Shapely<Shape>, latest, here)])),
        pipeline.join,
      );
      return logic(together as never);
    },
    stage: (as, value) =>
      m.located(() => {
        const from = latencyOf(leavesOf(value), m.locate(pipeline.stage));
        const register = m.delay(as, value, options as RegisterOptions<never>);
        for (const leaf of leavesOf(register)) mark(leaf, from + 1);
        return register;
      }, pipeline.stage),
    busy: (flag) => {
      const net = m.located(() => m.wire(`${m.nameOf(flag.node) ?? name}_busy`, bit), pipeline.busy);
      busies.push({ flag: flag.node, net });
      return net;
    },
    finish: (nodes) => {
      for (const node of nodes) if (!arrivals.has(node)) arrivals.set(node, meet(node));
      for (const { flag, net } of busies) {
        const line = (lines.get(flag)?.leaves.slice(1) ?? []) as UInt[];
        if (line.length === 0) m.report(neverDelayed(name, flag.location));
        else net.drive(line.reduce((some, one) => some.or(one)));
      }
    },
  };
  return pipeline;
}

/** The nodes that `root` is computed from and whose arrival is not known, operands first. */
function unknownBehind(root: Node, known: ReadonlyMap<Node, unknown>): readonly Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>();
  const stack: { readonly node: Node; done: boolean }[] = [{ node: root, done: false }];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    if (top.done) order.push(top.node);
    else if (!known.has(top.node) && !seen.has(top.node)) {
      seen.add(top.node);
      stack.push({ node: top.node, done: true }, ...operandsOf(top.node).map((node) => ({ node, done: false })));
    }
  }
  return order;
}

const latencyMismatch = (name: string, one: string, other: string, location: Location): Diagnostic => ({
  id: 'latency-mismatch',
  what: `values of different latency meet in pipeline ${name}`,
  location,
  expected: 'values of one latency',
  found: `${one} and ${other}`,
  remedy: 'bring them together with .join, or delay the earlier with .at',
});

const noLatency = (name: string, location: Location): Diagnostic => ({
  id: 'latency-unknown',
  what: `a value is not in pipeline ${name}`,
  location,
  expected: 'a value computed from one that has entered the pipeline',
  found: 'a value of no known latency',
  remedy: 'enter it with .enter, at its latency',
});

const tooLate = (name: string, from: number, to: number, location: Location): Diagnostic => ({
  id: 'latency-past',
  what: `a value of pipeline ${name} is asked for before it is there`,
  location,
  expected: `a latency of ${from} or more`,
  found: `${to}`,
  remedy: 'take the value from an earlier stage, or ask for it later',
});

const neverDelayed = (name: string, location: Location): Diagnostic => ({
  id: 'latency-unknown',
  what: `.busy of a flag that is never delayed in pipeline ${name}`,
  location,
  expected: 'a flag that is taken .at a later latency',
  found: 'no register',
  remedy: 'take it .at the latency of the last value that it goes with',
});
