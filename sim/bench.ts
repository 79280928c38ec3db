/** A typed test bench on any engine: handles, stream agents and runs by the design's interface. */
import { type Interface, membersOf, type SinkPort, type SourcePort } from '../gen/interface.ts';
import type { Shape } from '../gen/shape.ts';
import type { Constant } from '../gen/value.ts';
import { type Dut, decode, encode, openDut, type Sample } from './dut.ts';
import type { Engine, Snapshot } from './engine.ts';
import {
  type Agent,
  driveStream,
  type MonitorOptions,
  monitorStream,
  type RunOptions,
  reset,
  runUntil,
  type StreamOptions,
} from './testbench.ts';

/** Names of the ports of `I` that are streams of one direction, with the shape of their beats. */
type Sinks<I extends Interface> = { [P in keyof I]: I[P] extends SinkPort<Shape> ? P : never }[keyof I] & string;
type Sources<I extends Interface> = { [P in keyof I]: I[P] extends SourcePort<Shape> ? P : never }[keyof I] & string;
type BeatOf<S> = S extends SinkPort<infer T> ? Constant<T> : never;
type SampleOf<S> = S extends SourcePort<infer T> ? Sample<T> : never;

/** Takes beats of a stream, as typed values. */
export interface TypedMonitor<T> extends Agent {
  /** What was taken, in order. */
  readonly beats: readonly T[];
}

export interface Bench<I extends Interface> {
  readonly dut: Dut<I>;
  /** Holds every reset for some cycles, with no stream valid. */
  reset(cycles?: number): void;
  /** Outputs follow the inputs; `step` and `run` do it themselves. */
  eval(): void;
  /** Clock edges with the inputs as they are: `cycles` (default 1) of the clocks in the mask (default the first). */
  step(cycles?: number, clocks?: number): void;
  /** Feeds beats to a stream, with pauses (`stall`) from the bench's seed and the stream's name. */
  drive<P extends Sinks<I>>(stream: P, beats: Iterable<BeatOf<I[P]>>, options?: StreamOptions): Agent;
  monitor<P extends Sources<I>>(stream: P, options?: MonitorOptions): TypedMonitor<SampleOf<I[P]>>;
  /** Runs agents until all are done, or `until` says so; returns cycles. Throws a `SimProblem` at the limit. */
  run(agents: readonly Agent[], options: RunOptions): number;
  /** Steps until the condition holds after an evaluation; returns cycles. Throws a `SimProblem` at the limit. */
  until(condition: () => boolean, limit: number): number;
  /** The design's state and inputs, to come back to; agents go on from where they are. Throws `cannot-save` on engines other than our simulator. */
  save(): Snapshot;
  restore(snapshot: Snapshot): void;
}

/** A bench of a design on an engine that runs it. The same seed gives the same run, on every engine. */
export function createBench<I extends Interface>(
  design: { readonly ports: I },
  engine: Engine,
  { seed = 1 }: { readonly seed?: number } = {},
): Bench<I> {
  const shapes = new Map(membersOf(design.ports).map((m) => [m.path.join('.'), m]));
  const payload = (stream: string) => shapes.get(`${stream}.payload`)!;
  const seedOf = (stream: string) => [...stream].reduce((sum, c) => Math.imul(sum, 31) + c.charCodeAt(0), seed);
  const fieldOf = (stream: string, leaf: string) => leaf.slice(stream.length + 1);
  return {
    dut: openDut(design.ports, engine),
    reset: (cycles) => reset(engine, cycles),
    eval: () => engine.eval(),
    step: (cycles = 1, clocks = 1) => engine.step(cycles, clocks),
    drive: (stream, beats, options) => {
      const { name, shape } = payload(stream);
      function* records() {
        for (const beat of beats) {
          const record: Record<string, bigint> = {};
          encode(shape, name, beat, (leaf, code) => {
            record[fieldOf(stream, leaf)] = code;
          });
          yield record;
        }
      }
      return driveStream(engine, stream, records(), { seed: seedOf(stream), ...options });
    },
    monitor: (stream, options) => {
      const { name, shape } = payload(stream);
      const monitor = monitorStream(engine, stream, { seed: seedOf(stream), ...options });
      const seen: unknown[] = [];
      const beats = () => {
        for (let i = seen.length; i < monitor.beats.length; i++)
          seen.push(decode(shape, name, (leaf) => monitor.beats[i]![fieldOf(stream, leaf)]!));
        return seen as never;
      };
      return Object.create(monitor, { beats: { get: beats } }) as never;
    },
    run: (agents, options) => runUntil(engine, agents, options),
    until: (condition, limit) => runUntil(engine, [], { limit, until: () => holds(engine, condition) }),
    save: () => engine.save(),
    restore: (snapshot) => engine.restore(snapshot),
  };
}

function holds(engine: Engine, condition: () => boolean): boolean {
  engine.eval();
  return condition();
}
