/**
 * Several engines in lock step: a test bench drives the leader, the followers get the same inputs, and every output port
 * is compared in every cycle up to the first mismatch.
 *
 * The leader's rows are recorded and replayed on the followers chunk by chunk. Since inputs depend on the leader alone,
 * and it is stopped at the first difference, this is what cycle-by-cycle comparison would give, at the followers' full
 * speed.
 */
import { clocksOf } from './batch/rows.mjs';
import {
  type Clocks,
  type Engine,
  type Follower,
  type RowField,
  type RowLayout,
  readField,
  rowLayout,
  SimProblem,
  unsaved,
} from './engine.ts';
import type { History } from './mismatch/history.ts';

export interface Mismatch {
  /** Counted from 0, in ticks since the start (of the history, where there is one). */
  readonly cycle: number;
  readonly port: string;
  /** By engine: the leader, and the followers that had run this cycle. */
  readonly values: ReadonlyMap<string, bigint>;
}

export interface LockStepResult {
  /** Cycles run by the leader; with a mismatch, cycles that agree. */
  readonly cycles: number;
  /** Output words (ports times cycles) that were compared, per follower. */
  readonly compared: number;
  readonly mismatch: Mismatch | undefined;
  /**
   * The first output that had no value in a follower that knows X, after every reset had been 1; payloads that are not valid
   * do not count.
   */
  readonly unknown: Unknown | undefined;
}

/** No mismatch by itself, where outputs need not be known. */
export interface Unknown {
  readonly engine: string;
  readonly cycle: number;
  readonly port: string;
}

export interface LockStepOptions {
  readonly leader: Engine;
  /** In the state the leader is in: freshly made, or after the same inputs. */
  readonly followers: readonly Follower[];
  /** Cycles between comparisons; default 1024. */
  readonly chunk?: number;
  /** Remembers the run; its first cycle is that of power-up, so a history of fresh engines is a fresh one. */
  readonly history?: History;
}

/** Thrown through the test bench to stop it, and caught here. */
class Stop extends Error {
  readonly mismatch: Mismatch;
  constructor(mismatch: Mismatch) {
    super('lock step ends here');
    this.mismatch = mismatch;
  }
}

/** Runs `bench` on the leader with all followers in lock step. The bench's own errors pass through. */
export function lockStep(options: LockStepOptions, bench: (engine: Engine) => void): LockStepResult {
  const recorder = new Recorder(options);
  const result = (mismatch: Mismatch | undefined): LockStepResult => {
    const cycles = (mismatch?.cycle ?? recorder.cycles) - recorder.first;
    return { cycles, compared: cycles * recorder.outputs.fields.length, mismatch, unknown: recorder.unknown };
  };
  try {
    try {
      bench(recorder.engine());
    } finally {
      recorder.flush(); // a mismatch explains a bench that failed, and replaces its error
    }
    return result(undefined);
  } catch (error) {
    if (error instanceof Stop) return result(error.mismatch);
    throw error;
  }
}

/** What a test bench sees: the leader, with every tick recorded. */
class Recorder {
  readonly inputs: RowLayout;
  readonly outputs: RowLayout;
  readonly #options: LockStepOptions;
  readonly #chunk: number;
  readonly #inputRows: Uint32Array;
  readonly #outputRows: Uint32Array;
  readonly first: number;
  readonly #clocks: Uint32Array;
  /** Resets that have not been 1 yet. */
  readonly #untouched: Set<RowField>;
  unknown: Unknown | undefined;
  /** The valids of streams that are given, longest name first. */
  readonly #valids: readonly RowField[];
  #start: number;
  #count = 0;

  constructor(options: LockStepOptions) {
    const { leader, followers } = options;
    for (const follower of followers) samePorts(leader, follower);
    this.#options = options;
    this.#chunk = options.chunk ?? 1024;
    this.inputs = rowLayout(leader.ports, 'input');
    this.outputs = rowLayout(leader.ports, 'output');
    this.#valids = this.outputs.fields
      .filter((f) => f.port.name.endsWith('_valid'))
      .sort((a, b) => b.port.name.length - a.port.name.length);
    this.#inputRows = new Uint32Array(this.#chunk * this.inputs.words);
    this.#outputRows = new Uint32Array(this.#chunk * this.outputs.words);
    this.#clocks = new Uint32Array(this.#chunk);
    this.#untouched = new Set(this.inputs.fields.filter((f) => f.port.reset === true));
    this.first = options.history?.cycles ?? 0;
    this.#start = this.first;
  }

  get cycles(): number {
    return this.#start + this.#count;
  }

  engine(): Engine {
    const { leader } = this.#options;
    return {
      name: leader.name,
      ports: leader.ports,
      poke: (port, value) => leader.poke(port, value),
      peek: (port) => leader.peek(port),
      handle: (port) => leader.handle(port),
      eval: () => leader.eval(),
      sample: (inputs, outputs, row) => leader.sample(inputs, outputs, row),
      tick: (clocks = 1) => this.#tick(clocks),
      step: (cycles, clocks) => {
        for (let i = 0; i < cycles; i++) this.#tick(clocks ?? 1);
      },
      replay: (inputs, cycles, clocks = 1) => this.#replay(inputs, cycles, clocks),
      ...unsaved(`${leader.name} in lock step`),
      close: () => this.flush(),
    };
  }

  #tick(clocks: number): void {
    this.#clocks[this.#count] = clocks;
    const { leader } = this.#options;
    leader.sample(this.#inputRows, this.#outputRows, this.#count);
    this.#count++; // before the tick: a property that ends it does not hold in this cycle
    leader.tick(clocks);
    if (this.#count === this.#chunk) this.flush();
  }

  /** Vectors prepared beforehand: no recording is needed, but the comparison is made chunk by chunk all the same. */
  #replay(inputs: Uint32Array, cycles: number, clocks: Clocks): Uint32Array {
    this.flush();
    const { words } = this.outputs;
    const outputs = new Uint32Array(cycles * words);
    for (let done = 0; done < cycles; done += this.#chunk) {
      const count = Math.min(this.#chunk, cycles - done);
      const rows = inputs.slice(done * this.inputs.words, (done + count) * this.inputs.words);
      const masks = Uint32Array.from({ length: count }, (_, row) => clocksOf(clocks, done + row));
      const found = this.#options.leader.replay(rows, count, masks);
      outputs.set(found, done * words);
      this.#compare(rows, found, count, masks);
      this.#start += count;
    }
    return outputs;
  }

  /** Brings the followers up to the leader. Throws `Stop` on a mismatch. */
  flush(): void {
    const count = this.#count;
    if (count === 0) return;
    this.#count = 0;
    const inputs = this.#inputRows.slice(0, count * this.inputs.words);
    const outputs = this.#outputRows.slice(0, count * this.outputs.words);
    this.#compare(inputs, outputs, count, this.#clocks.slice(0, count));
    this.#start += count;
  }

  #compare(inputs: Uint32Array, expected: Uint32Array, count: number, clocks: Uint32Array): void {
    const { leader, followers } = this.#options;
    const outputs = new Map<Follower, Uint32Array>([[leader, expected]]);
    for (const follower of followers) outputs.set(follower, follower.replay(inputs, count, clocks));
    this.#options.history?.add({ count, clocks, inputs, outputs }, this.inputs, this.outputs);
    this.#lookForUnknowns(inputs, outputs, count);
    const firsts = followers.map((f) => firstDifference(expected, outputs.get(f)!, f.unknown?.()));
    const first = Math.min(...firsts.filter((at) => at >= 0));
    if (!Number.isFinite(first)) return;

    const { row, field } = this.#placeOf(first);
    const cycle = this.#start + row;
    const valueIn = (rows: Uint32Array) => readField(rows, row * this.outputs.words, field);
    const values = new Map([...outputs].map(([engine, rows]) => [engine.name, valueIn(rows)]));
    throw new Stop({ cycle, port: field.port.name, values });
  }

  /** The port that word `word` of the rows of outputs belongs to. */
  #placeOf(word: number): { row: number; field: RowField } {
    const row = Math.floor(word / this.outputs.words);
    const at = word - row * this.outputs.words;
    return { row, field: this.outputs.fields.findLast((f) => f.at <= at)! };
  }

  /** Whether a port is the payload of a stream whose valid is 0. */
  #idle(rows: Uint32Array, unknown: Uint32Array, row: number, { port }: RowField): boolean {
    const valid = this.#valids.find((f) => f.port !== port && port.name.startsWith(f.port.name.replace(/valid$/, '')));
    if (valid === undefined || port.name.endsWith('_ready')) return false;
    const start = row * this.outputs.words;
    return readField(rows, start, valid) === 0n && readField(unknown, start, valid) === 0n;
  }

  #lookForUnknowns(inputs: Uint32Array, outputs: ReadonlyMap<Follower, Uint32Array>, count: number): void {
    let reset = 0;
    for (; reset < count && this.#untouched.size > 0; reset++) {
      for (const field of this.#untouched) {
        if (readField(inputs, reset * this.inputs.words, field) === 1n) this.#untouched.delete(field);
      }
    }
    for (const follower of this.#options.followers) {
      const bits = follower.unknown?.();
      if (bits === undefined || this.unknown !== undefined || this.#untouched.size > 0) continue;
      for (let at = reset * this.outputs.words; at < bits.length && this.unknown === undefined; at++) {
        if (bits[at] === 0) continue;
        const { row, field } = this.#placeOf(at);
        if (this.#idle(outputs.get(follower)!, bits, row, field)) continue;
        this.unknown = { engine: follower.name, cycle: this.#start + row, port: field.port.name };
      }
    }
  }
}

/** The first word that differs, in bits that are known in `b`. */
function firstDifference(a: Uint32Array, b: Uint32Array, unknown?: Uint32Array): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i] && ((a[i]! ^ b[i]!) & ~(unknown?.[i] ?? 0)) !== 0) return i;
  return -1;
}

function samePorts(leader: Follower, follower: Follower): void {
  const show = (e: Follower) => e.ports.map((p) => `${p.direction} ${p.name}[${p.width}]`).join(', ');
  if (show(leader) === show(follower)) return;
  throw new SimProblem({
    id: 'ports-differ',
    what: 'engines in lock step must have the same ports',
    where: `${leader.name} and ${follower.name}`,
    expected: show(leader),
    found: show(follower),
    remedy: 'build both from one module',
  });
}
