/** Streams that move at given cycles, as a memory or a neighbour would have it. */
import type { Agent, Engine } from '../sim/index.ts';

/** Gives beat i of a stream of one field from cycle `at(i)` on. */
export function pacedSource(
  engine: Engine,
  name: string,
  beats: readonly bigint[],
  at: (beat: number) => number,
): Agent {
  const [valid, ready, data] = ['valid', 'ready', 'data'].map((f) => engine.handle(`${name}_${f}`)) as [
    Handle,
    Handle,
    Handle,
  ];
  let [cycle, moved, offered] = [-1, 0, false];
  return {
    drive: () => {
      cycle++;
      if (offered || moved === beats.length || cycle < at(moved)) {
        if (!offered) valid.set(0);
        return;
      }
      offered = true;
      valid.set(1);
      data.set(beats[moved]!);
    },
    observe: () => {
      if (!offered || ready.getNumber() === 0) return;
      offered = false;
      moved++;
    },
    get done() {
      return moved === beats.length;
    },
    get moved() {
      return moved;
    },
    describe: () => `${name}: ${moved} of ${beats.length} beats given`,
  };
}
type Handle = ReturnType<Engine['handle']>;

export interface PacedSink extends Agent {
  /** The cycle in which each beat was taken. */
  readonly taken: readonly number[];
}

/** Takes beat i from cycle `at(i, beats taken so far)` on; done after `count`. */
export function pacedSink(
  engine: Engine,
  name: string,
  count: number,
  at: (beat: number, taken: readonly number[]) => number,
): PacedSink {
  const [valid, ready] = ['valid', 'ready'].map((f) => engine.handle(`${name}_${f}`)) as [Handle, Handle];
  const taken: number[] = [];
  let cycle = -1;
  let willing = false;
  return {
    taken,
    drive: () => {
      cycle++;
      willing = cycle >= at(taken.length, taken);
      ready.set(willing ? 1 : 0);
    },
    observe: () => {
      if (willing && valid.getNumber() === 1) taken.push(cycle);
    },
    get done() {
      return taken.length >= count;
    },
    get moved() {
      return taken.length;
    },
    describe: () => `${name}: ${taken.length} of ${count} beats taken`,
  };
}
