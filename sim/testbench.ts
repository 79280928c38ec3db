/**
 * Test benches for ready/valid streams, for any engine: drivers that feed beats, monitors that take them, both stalling at
 * random from a seed, and a loop that runs them until everything has arrived.
 *
 * A stream `s` is the ports `s_valid`, `s_ready` and its payload `s_<field>`, or those of AXI4-Stream: `s_tvalid`,
 * `s_tready`, `s_tdata`, ... A beat moves in a cycle in which valid and ready are both 1; once valid is 1 it stays, with its
 * payload, until the beat has moved.
 */
import { type Engine, type EnginePort, type PortHandle, SimProblem } from './engine.ts';
import { createRandom, type Random } from './random.ts';

/** One beat: a value per field, or just the value where there is one field. */
export type Beat = Readonly<Record<string, bigint | number>> | bigint | number;

/** Takes part in every cycle of a run. */
export interface Agent {
  /** Sets inputs for the cycle. */
  drive(): void;
  /** Looks at the evaluated cycle, before the clock edge. */
  observe(): void;
  readonly done: boolean;
  /** Position of the clock whose cycles it takes part in; default 0, the first. */
  readonly clock?: number;
  /** Beats moved so far. */
  readonly moved: number;
  /** For messages: what it is and how far it got. */
  describe(): string;
}

/** The same in all cycles, or by the stream's cycle, counted from 0. */
export type ByCycle<T> = T | ((cycle: number) => T);

export interface StreamOptions {
  /**
   * Share of cycles without valid (driver, while it has beats) or without ready (monitor); default 0. A function that gives 0 or 1 programs the
   * pauses one by one.
   */
  readonly stall?: ByCycle<number>;
  /** Mean length of a pause in cycles; default: every cycle is drawn anew. */
  readonly pause?: ByCycle<number | undefined>;
  /** Of the stalls, and of the noise on the payload while valid is 0; default 1. */
  readonly seed?: number;
  /** Position of the stream's clock among those of the design; default 0. */
  readonly clock?: number;
}

export interface MonitorOptions extends StreamOptions {
  /** The monitor is done after so many beats; default: at once, whatever comes. */
  readonly count?: number;
}

export interface Monitor extends Agent {
  /** What was taken, in order, with a value for every field. */
  readonly beats: readonly Readonly<Record<string, bigint>>[];
}

interface Stream {
  readonly valid: PortHandle;
  readonly ready: PortHandle;
  /** Payload handles by field. */
  readonly fields: ReadonlyMap<string, PortHandle>;
}

const handshakes = [
  ['_valid', '_ready'],
  ['_tvalid', '_tready'],
] as const;

interface StreamPorts {
  readonly valid: EnginePort;
  readonly ready: EnginePort;
  readonly payload: readonly EnginePort[];
}

/** The streams among ports, by name: payload ports have the direction of valid and belong to the longest stream name. */
export function streamsOf(ports: readonly EnginePort[]): ReadonlyMap<string, StreamPorts> {
  const byName = new Map(ports.map((p) => [p.name, p]));
  const ends = handshakes.flatMap(([v, r]) =>
    ports.flatMap((valid) => {
      const name = valid.name.slice(0, -v.length);
      const ready = valid.name.endsWith(v) ? byName.get(`${name}${r}`) : undefined;
      return ready === undefined ? [] : [{ name, valid, ready }];
    }),
  );
  const owner = (port: string) =>
    ends.filter((s) => port.startsWith(`${s.name}_`)).sort((x, y) => y.name.length - x.name.length)[0];
  return new Map(
    ends.map((stream) => {
      const { name, valid, ready } = stream;
      const mine = ports.filter((p) => p.direction === valid.direction && owner(p.name) === stream && p !== valid);
      return [name, { valid, ready, payload: mine }];
    }),
  );
}

function openStream(engine: Engine, name: string, direction: 'input' | 'output'): Stream {
  const streams = streamsOf(engine.ports);
  const stream = streams.get(name);
  if (stream?.valid.direction !== direction) {
    const side = direction === 'input' ? 'takes' : 'gives';
    throw new SimProblem({
      id: 'unknown-stream',
      what: `${engine.name} has no stream ${name} that it ${side}`,
      where: `the ports ${name}_valid and ${name}_ready`,
      expected: `one of ${[...streams.keys()].join(', ') || '(the design has no streams)'}`,
      found: name,
      remedy: 'correct the name, or the side: drivers feed what the design takes, monitors take what it gives',
    });
  }
  const { valid, ready, payload } = stream;
  return {
    valid: engine.handle(valid.name),
    ready: engine.handle(ready.name),
    fields: new Map(payload.map((p) => [p.name.slice(name.length + 1), engine.handle(p.name)])),
  };
}

function beatFields(name: string, beat: Beat, fields: ReadonlyMap<string, PortHandle>): Map<PortHandle, bigint> {
  const lone = fields.size === 1 ? [...fields.keys()][0]! : 'data';
  const record: Readonly<Record<string, bigint | number>> = typeof beat === 'object' ? beat : { [lone]: beat };
  const found = Object.keys(record).sort().join(', ');
  const expected = [...fields.keys()].sort().join(', ');
  if (found !== expected) {
    throw new SimProblem({
      id: 'beat-fields',
      what: `a beat for stream ${name} has the wrong fields`,
      where: `stream ${name}`,
      expected,
      found,
      remedy: 'give every field of the payload and nothing else',
    });
  }
  return new Map([...fields].map(([field, handle]) => [handle, BigInt(record[field]!)]));
}

/** Feeds `beats` to a stream that the design takes. While valid is 0 the payload carries noise. */
export function driveStream(engine: Engine, name: string, beats: Iterable<Beat>, options: StreamOptions = {}): Agent {
  const { valid, ready, fields } = openStream(engine, name, 'input');
  const random = createRandom(options.seed ?? 1);
  const paused = pausing(random, options);
  const source = beats[Symbol.iterator]();
  let upcoming = source.next();
  let offered = false;
  let moved = 0;
  let cycle = 0;
  return {
    clock: options.clock ?? 0,
    drive: () => {
      const now = cycle++;
      if (offered) return;
      offered = upcoming.done !== true && !paused(now);
      valid.set(offered ? 1 : 0);
      if (offered) for (const [handle, value] of beatFields(name, upcoming.value, fields)) handle.set(value);
      else for (const handle of fields.values()) handle.set(noise(random, handle));
    },
    observe: () => {
      if (!offered || ready.getNumber() === 0) return;
      offered = false;
      moved++;
      upcoming = source.next();
    },
    get done() {
      return upcoming.done === true;
    },
    get moved() {
      return moved;
    },
    describe: () => {
      const state = upcoming.done === true ? 'finished' : offered ? 'waiting for ready' : 'pausing';
      return `driver of ${name}: ${state}, ${moved} beats given`;
    },
  };
}

/** Whether a stream pauses, cycle by cycle. */
export function pausing(random: Random, { stall = 0, pause }: StreamOptions): (cycle: number) => boolean {
  const at = <T>(of: ByCycle<T>, cycle: number): T => (of instanceof Function ? of(cycle) : of);
  let now = false;
  return (cycle) => {
    const [share, length] = [at(stall, cycle), at(pause, cycle)];
    if (length === undefined) now = random.chance(share);
    else now = random.chance(now ? 1 - 1 / length : share / (1 - share) / length);
    return now;
  };
}

const noise = (random: Random, { port }: PortHandle): bigint | number =>
  port.width <= 32 ? random.word() : random.bits(port.width);

/** Takes beats from a stream that the design gives, and checks that it keeps valid and payload while it waits. */
export function monitorStream(engine: Engine, name: string, options: MonitorOptions = {}): Monitor {
  const { valid, ready, fields } = openStream(engine, name, 'output');
  const random = createRandom(options.seed ?? 1);
  const paused = pausing(random, options);
  const beats: Record<string, bigint>[] = [];
  let waiting: Record<string, bigint> | undefined;
  let willing = false;
  let cycle = 0;
  const payload = () => Object.fromEntries([...fields].map(([field, handle]) => [field, handle.get()]));
  const done = () => beats.length >= (options.count ?? 0);
  return {
    clock: options.clock ?? 0,
    drive: () => {
      willing = !paused(cycle++);
      ready.set(willing ? 1 : 0);
    },
    observe: () => {
      const offered = valid.getNumber() === 1;
      const before = waiting;
      if (!offered && before === undefined) return;
      const now = offered ? payload() : undefined;
      if (before !== undefined) checkKept(name, before, now, beats.length);
      waiting = willing ? undefined : now;
      if (willing && now !== undefined) beats.push(now);
    },
    beats,
    get done() {
      return done();
    },
    get moved() {
      return beats.length;
    },
    describe: () => {
      const wanted = options.count === undefined ? '' : ` of ${options.count}`;
      return `monitor of ${name}: ${done() ? 'finished' : 'waiting for valid'}, ${beats.length}${wanted} beats taken`;
    },
  };
}

function checkKept(
  name: string,
  before: Readonly<Record<string, bigint>>,
  now: Readonly<Record<string, bigint>> | undefined,
  beat: number,
): void {
  const changed = now === undefined ? 'valid' : Object.keys(before).find((field) => before[field] !== now[field]);
  if (changed === undefined) return;
  throw new SimProblem({
    id: 'stream-protocol',
    what: `the design changed ${name}_${changed} while the beat was waiting for ready`,
    where: `stream ${name}, beat ${beat}`,
    expected: changed === 'valid' ? '1' : `${before[changed]}`,
    found: changed === 'valid' ? '0' : `${now?.[changed]}`,
    remedy: 'keep valid and payload in registers that change only when the beat has moved',
    port: `${name}_${changed}`,
  });
}

export interface RunOptions {
  /** Most cycles to run. */
  readonly limit: number;
  /** True when the run may end; default: every agent is done. */
  readonly until?: () => boolean;
  /** The clocks that rise in a cycle, as for `tick`; default: the first alone. */
  readonly clocks?: (cycle: number) => number;
  /** Called in every evaluated cycle before the edge, e.g. to sample waves. */
  readonly onCycle?: (cycle: number) => void;
}

/**
 * Runs the agents cycle by cycle until they are done; returns the number of cycles. An agent sees the cycles in which its
 * clock rises, and drives after them.
 */
export function runUntil(engine: Engine, agents: readonly Agent[], options: RunOptions): number {
  const finished = options.until ?? (() => agents.every((a) => a.done));
  let starting = agents;
  for (let cycle = 0; cycle < options.limit; cycle++) {
    if (finished()) return cycle;
    const clocks = options.clocks?.(cycle) ?? 1;
    const rising = agents.filter((a) => (clocks >> (a.clock ?? 0)) & 1);
    for (const agent of starting) agent.drive();
    engine.eval();
    for (const agent of rising) agent.observe();
    options.onCycle?.(cycle);
    engine.tick(clocks);
    starting = rising;
  }
  if (finished()) return options.limit;
  throw new SimProblem({
    id: 'cycle-limit',
    what: `the run did not end within ${options.limit} cycles`,
    where: engine.name,
    expected: 'every stream finished',
    found: agents.map((a) => a.describe()).join('; '),
    remedy: 'look at the first stream that waits; raise the limit if the work is simply longer',
  });
}

/** Holds every reset for `cycles` (default 2) edges of the clocks with no stream valid, then releases them. */
export function reset(engine: Engine, cycles = 2, clocks = 1): void {
  const inputs = engine.ports.filter((p) => p.direction === 'input');
  const resets = inputs.filter((p) => p.reset === true);
  for (const { name } of inputs) if (/_t?(valid|ready)$/.test(name)) engine.poke(name, 0);
  for (const { name } of resets) engine.poke(name, 1);
  for (let i = 0; i < cycles; i++) engine.tick(clocks);
  for (const { name } of resets) engine.poke(name, 0);
}
