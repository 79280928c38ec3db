/** How a value came about: the signals it was computed from, cycle by cycle, back to where the window begins. */
import { fileURLToPath } from 'node:url';
import type { Display, Memory, Module, ReadPort, Register } from '../../gen/ir.ts';
import type { Location } from '../../gen/location.ts';
import { elaborate, nameOf, type Place, type Scope } from '../../gen/passes/scopes.ts';
import { showValue } from '../wave/format.ts';
import type { Trace } from '../wave/trace.ts';
import { driverText, type Expression, evaluate, mentionOf, ones, origin, pathOf, type Reading } from './expression.ts';

/** One signal in one cycle. */
export interface Cause {
  readonly cycle: number;
  readonly path: string;
  readonly value: string;
  /** What gave it the value: an expression of signals in the same cycle, or what a clock edge did. */
  readonly because: string;
  /** Others that took part in the same way, differing only in the numbers in their names. */
  readonly alike: readonly string[];
  /** A word of a memory, which may have been wrong long before, and whether the window shows its being written. */
  readonly memory: 'written' | 'kept' | undefined;
  /** Made inside an element of popscan's library, not by the design that uses it. */
  readonly library: boolean;
  /** It decided when something moved, not what: a handshake, an enable, and what those come from. */
  readonly control: boolean;
  /** Where it is made; undefined for inputs of the design. */
  readonly location: Location | undefined;
}

/** What is to be explained: bits of an output port (default: all), or a property that did not hold, by its hierarchical name. */
export type Effect = { readonly port: string; readonly bits?: bigint | undefined } | { readonly property: string };

/** A signal that another comes from, in a cycle. */
type Step = Reading & { readonly cycle: number };

type Query = Step & { readonly alike: readonly string[] };

interface Answer {
  readonly because: string;
  readonly next: readonly Step[];
  /** What decided when the value was taken. */
  readonly when?: readonly Step[];
  /** Undefined for inputs of the design. */
  readonly location?: Location;
  readonly memory?: Cause['memory'];
}

/** The folder of the library. */
const library = fileURLToPath(new URL('../../gen/', import.meta.url));

/** Of each kind: enough for the pipeline behind one result. */
const mostCauses = 640;

/**
 * The causes of effects in `cycle`, nearest first: of what is in `effects`, then, marked as control, of what is in `moves` and of the
 * enables on the way. The trace holds the nets of `module` as `design.<path>`.
 */
export function causesOf(
  module: Module,
  trace: Trace,
  cycle: number,
  effects: readonly Effect[],
  moves: readonly Effect[] = [],
): Cause[] {
  const look = lookUp(trace);
  const scopes = elaborate(module);
  const causes: Cause[] = [];
  const seen = new Set<string>();
  const later: Query[] = [];
  const follow = (queue: Query[], control: boolean): void => {
    const most = causes.length + mostCauses;
    for (let i = 0; i < queue.length && causes.length < most; i++) {
      const { place, bits, cycle: at, alike } = queue[i]!;
      const path = pathOf(place) ?? nameOf(place);
      if (seen.has(path)) continue; // earlier cycles of a signal are in the waves
      seen.add(path);
      const { because, next, when = [], location, memory } = answer(place, bits, at, look, trace.start);
      const value = shown(place, look(at)(path));
      const inLibrary = location?.resolve()?.file.startsWith(library) === true;
      causes.push({ cycle: at, path, value, because, alike, control, memory, library: inLibrary, location });
      queue.push(...families(next));
      (control ? queue : later).push(...families(when));
    }
  };
  const queriesOf = (list: readonly Effect[], control: boolean): Query[] =>
    list.flatMap((effect) => {
      if ('port' in effect) return [outputQuery(scopes[0]!, effect, cycle)];
      const { cause, next } = violated(scopes, effect.property, cycle, look);
      causes.push({ ...cause, control });
      return families(next);
    });
  follow(queriesOf(effects, false), false);
  follow([...queriesOf(moves, true), ...later], true);
  return causes;
}

function outputQuery(top: Scope, { port, bits }: Extract<Effect, { port: string }>, cycle: number): Query {
  const node = top.module.outputs.get(port)!;
  return { place: origin({ scope: top, node }), bits: bits ?? ones(node.width), cycle, alike: [] };
}

/** A property that did not hold, as the first cause of itself. */
function violated(
  scopes: readonly Scope[],
  name: string,
  cycle: number,
  look: LookUp,
): { readonly cause: Omit<Cause, 'control'>; readonly next: readonly Step[] } {
  const scope = scopes.find((s) => s.module.properties.some((p) => s.prefix + p.name === name))!;
  const { condition, location } = scope.module.properties.find((p) => scope.prefix + p.name === name)!;
  const expression = driverText({ scope, node: condition }, 1n, look(cycle));
  const because = `= ${short(expression)}`;
  return {
    cause: { cycle, path: name, value: '0', because, alike: [], memory: undefined, library: false, location },
    next: inCycle(cycle, expression),
  };
}

type LookUp = (cycle: number) => (path: string) => bigint | undefined;

function lookUp(trace: Trace): LookUp {
  const prefix = 'design.';
  const rows = new Map(
    trace.rows.flatMap(({ signal, values }) =>
      signal.path.startsWith(prefix) ? [[signal.path.slice(prefix.length), values] as const] : [],
    ),
  );
  return (cycle) => (path) => {
    const value = rows.get(path)?.[cycle - trace.start];
    return typeof value === 'bigint' ? value : undefined;
  };
}

function shown({ scope, node }: Place, value: bigint | undefined): string {
  if (value === undefined) return '(not recorded)';
  const { width, signed } = node;
  const display: Display | undefined = scope.module.displays.get(node);
  return showValue(value, { path: '', width, signed, ...(display === undefined ? {} : { display }) });
}

/** Of readings whose names differ in numbers only, the first stands for all; those of one signal are one. */
function families(readings: readonly Step[]): Query[] {
  const groups = new Map<string, { query: Query; alike: Set<string> }>();
  for (const reading of readings) {
    const path = pathOf(reading.place) ?? '';
    const key = `${reading.cycle} ${path.replace(/\d+/g, '#')}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { query: { ...reading, alike: [] }, alike: new Set() });
    else if (group.query.place.node === reading.place.node)
      group.query = { ...group.query, bits: group.query.bits | reading.bits };
    else group.alike.add(path);
  }
  return [...groups.values()].map(({ query, alike }) => ({ ...query, alike: [...alike] }));
}

function answer(place: Place, bits: bigint, cycle: number, look: LookUp, start: number): Answer {
  const { scope, node } = place;
  const register = scope.tables.registers.get(node);
  if (register !== undefined) return ofRegister(place, register, bits, cycle, look, start);
  const read = scope.tables.reads.get(node);
  if (read !== undefined) return ofRead(place, read.memory, read.read, bits, cycle, look, start);
  if (node.tag === 'input' && scope.parent === undefined) return { because: 'an input of the design', next: [] };
  const expression = driverText(place, bits, look(cycle));
  return { because: `= ${short(expression)}`, next: inCycle(cycle, expression), location: expression.root.location };
}

const short = ({ text }: Expression): string => (text.length <= 200 ? text : `${text.slice(0, 199)}…`);
const inCycle = (cycle: number, ...expressions: readonly Expression[]): readonly Step[] =>
  expressions.flatMap((e) => e.reads.map((r) => ({ ...r, cycle })));

/** The last cycle before `cycle` of which `holds` is true; undefined where the window does not tell. */
function lastBefore(cycle: number, start: number, holds: (cycle: number) => boolean): number | undefined {
  for (let at = cycle - 1; at >= start; at--) if (holds(at)) return at;
  return undefined;
}

function ofRegister(
  place: Place,
  register: Register,
  bits: bigint,
  cycle: number,
  look: LookUp,
  start: number,
): Answer {
  let loads = loadOf(place, register, cycle, look, start);
  const { scope, node } = place;
  const passed: string[] = [];
  let at = { place, register };
  for (
    let from = loads.reset === undefined ? delayed(at.place, at.register) : undefined;
    from !== undefined;
    from = delayed(at.place, at.register)
  ) {
    const earlier = loads.cycle === undefined ? undefined : loadOf(from.place, from.register, loads.cycle, look, start);
    if (earlier?.cycle === undefined || earlier.reset !== undefined) break;
    passed.push(pathOf(from.place)!);
    [at, loads] = [from, earlier];
  }
  const through = passed.length === 0 ? '' : ` through ${[passed[0], ...passed.slice(1).slice(-1)].join(' to ')}`;
  const told = (text: string): Answer => ({
    because: `a register, ${text}${through}`,
    next: [],
    location: node.location,
  });
  if (loads.cycle === undefined) return told(`unchanged since before cycle ${start}`);
  if (loads.reset !== undefined) return told(`reset to ${loads.reset} in cycle ${loads.cycle}`);
  const { next, enable } = at.register;
  const expression = mentionOf({ scope: at.place.scope, node: next }, bits, look(loads.cycle));
  const condition =
    enable === undefined ? undefined : mentionOf({ scope: at.place.scope, node: enable }, 1n, look(loads.cycle));
  const when = condition === undefined ? '' : ` because its enable, ${short(condition)}, was 1`;
  const named = pathOf(origin({ scope, node: register.next })) !== undefined;
  return {
    because: `a register, loaded in cycle ${loads.cycle}${through}${when} with ${short(expression)}`,
    next: inCycle(loads.cycle, expression),
    when: condition === undefined ? [] : inCycle(loads.cycle, condition),
    location: named ? node.location : register.next.location,
  };
}

/** The register that this one only delays, when it is not being reset. */
function delayed({ scope }: Place, { next }: Register): { place: Place; register: Register } | undefined {
  const place = origin({ scope, node: next });
  const register = place.scope.tables.registers.get(place.node);
  return register === undefined || pathOf(place) === undefined ? undefined : { place, register };
}

/** When a register got the value that it has in a cycle, and whether by reset. */
function loadOf({ scope }: Place, { enable, reset, clock }: Register, cycle: number, look: LookUp, start: number) {
  const resetPort = scope.controls.get(clock.reset)!;
  const resetting = (at: number) => reset !== undefined && look(at)(resetPort) === 1n;
  const enabled = (at: number) => enable === undefined || evaluate({ scope, node: enable }, look(at)) !== 0n;
  const found = lastBefore(cycle, start, (at) => resetting(at) || enabled(at));
  return { cycle: found, reset: found !== undefined && resetting(found) ? reset : undefined };
}

/** The word's address, and the write that gave it its content. */
function ofRead(
  { scope, node }: Place,
  memory: Memory,
  { address, enable, kind }: ReadPort,
  bits: bigint,
  cycle: number,
  look: LookUp,
  start: number,
): Answer {
  const value = (n: typeof address, at: number) => evaluate({ scope, node: n }, look(at));
  const read =
    kind === 'combinational'
      ? cycle
      : lastBefore(cycle, start, (at) => enable === undefined || value(enable, at) !== 0n);
  if (read === undefined)
    return { because: `read from memory before cycle ${start}`, next: [], location: node.location, memory: 'kept' };
  const index = value(address, read);
  const mention = (n: typeof address, at: number, wanted = ones(n.width)): Expression =>
    mentionOf({ scope, node: n }, wanted, look(at));
  const where = mention(address, read);
  const word = `word ${index ?? '?'} of ${scope.prefix}${memory.name}, address ${short(where)}, read in cycle ${read}`;
  const reasons: string[] = [];
  const next = [...inCycle(read, where)];
  let state: Cause['memory'] = 'kept';
  const when: Step[] = enable === undefined ? [] : [...inCycle(read, mention(enable, read))];
  for (const write of memory.writes) {
    const hits = (at: number) => value(write.enable, at) === 1n && value(write.address, at) === index;
    const written = lastBefore(read, start, hits);
    const wanted = bits & ones(write.data.width);
    const [to, data] = [mention(write.address, written ?? read), mention(write.data, written ?? read, wanted)];
    const past = written === undefined ? `not written since cycle ${start}; writes go` : `written in cycle ${written}`;
    reasons.push(`${past} to address ${short(to)} with ${short(data)}`);
    if (written === undefined) continue;
    state = 'written';
    next.push(...inCycle(written, to, data));
    when.push(...inCycle(written, mention(write.enable, written)));
  }
  return { because: [word, ...reasons].join('; '), next, when, location: node.location, memory: state };
}
