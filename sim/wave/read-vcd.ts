/**
 * Reads a window of chosen signals from a VCD (IEEE 1364-2005, clause 18) of any tool, without holding the file in memory.
 *
 * A column is a cycle of one clock: the values as they have settled, just before the next rising edge. The cycle that
 * begins at time t has the number floor(t / period) for the first edge, and counts on from there.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { SimProblem } from '../engine.ts';
import { chosenBy, type Trace, type TraceSignal, type Value } from './trace.ts';

export interface VcdWindow {
  /** See `matcher`; default: every signal. */
  readonly signals?: readonly string[];
  /** First and last cycle; default: the first of the file, and 31 more. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Default: the first signal of one bit whose name has `clk` or `clock` in it, the nearest to the top. */
  readonly clock?: string | undefined;
}

interface Variable extends TraceSignal {
  readonly code: string;
}

/** More signals than anyone means to look at. */
const mostSignals = 200;

function* tokensOf(path: string): Generator<string> {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(1 << 18);
    let rest = '';
    for (let bytes = readSync(file, buffer); bytes > 0; bytes = readSync(file, buffer)) {
      const words = (rest + buffer.toString('latin1', 0, bytes)).split(/\s+/);
      rest = words.pop()!;
      for (const word of words) if (word !== '') yield word;
    }
    if (rest !== '') yield rest;
  } finally {
    closeSync(file);
  }
}

/** Reads the declarations; `popscan:` comments say how the variable before them is to be shown. */
function readHeader(path: string, tokens: Iterator<string>): Variable[] {
  const variables: Variable[] = [];
  const scopes: string[] = [];
  for (let word = tokens.next(); !word.done; word = tokens.next()) {
    const words: string[] = [];
    const keyword = word.value;
    if (!keyword.startsWith('$')) break;
    for (let w = tokens.next(); !w.done && w.value !== '$end'; w = tokens.next()) words.push(w.value);
    if (keyword === '$enddefinitions') return variables;
    if (keyword === '$scope') scopes.push(words[1] ?? '');
    if (keyword === '$upscope') scopes.pop();
    if (keyword === '$comment' && words[0] === 'popscan:') {
      const last = variables.pop();
      if (last !== undefined) variables.push({ ...last, ...(JSON.parse(words.slice(1).join(' ')) as object) });
    }
    if (keyword !== '$var' || words[0] === 'real' || words[0] === 'event' || words[0] === 'string') continue;
    const [, width, code, name] = words;
    variables.push({ path: [...scopes, name!].join('.'), width: Number(width), code: code! });
  }
  throw new SimProblem({
    id: 'not-a-vcd',
    what: 'the file is not a value change dump',
    where: path,
    expected: 'declarations that end with $enddefinitions',
    found: 'none',
    remedy: 'name a VCD file; other formats have converters, such as fst2vcd',
  });
}

const namesOf = (variables: readonly Variable[]): string =>
  variables
    .slice(0, 8)
    .map((v) => v.path)
    .join(', ');

function clockOf(path: string, variables: readonly Variable[], wanted: string | undefined): Variable {
  const bits = variables.filter((v) => v.width === 1);
  const depth = (v: Variable): number => v.path.split('.').length;
  const likely = bits.filter((v) => /(clk|clock)[^.]*$/i.test(v.path)).sort((a, b) => depth(a) - depth(b));
  const clock = wanted === undefined ? likely[0] : chosenBy(wanted, bits, path)[0];
  if (clock !== undefined) return clock;
  throw new SimProblem({
    id: 'no-clock',
    what: 'no clock was found',
    where: path,
    expected: 'a signal of one bit whose name has clk or clock in it',
    found: namesOf(bits) || 'no signal of one bit',
    remedy: 'name the clock',
  });
}

function choose(path: string, variables: readonly Variable[], clock: Variable, patterns: readonly string[]) {
  const all = variables.filter((v) => v.code !== clock.code);
  const chosen = [...new Set(patterns.flatMap((p) => chosenBy(p, all, path)))];
  if (chosen.length <= mostSignals) return chosen;
  throw new SimProblem({
    id: 'too-many-signals',
    what: `${chosen.length} signals are more than a waveform can show`,
    where: path,
    expected: `at most ${mostSignals}`,
    found: `${namesOf(chosen)}, ...`,
    remedy: `choose fewer by name or pattern, as --signals '${chosen[0]!.path},...'`,
  });
}

const readBits = (bits: string, signal: TraceSignal): Value => {
  if (!/[^01]/.test(bits)) {
    const value = BigInt(`0b${bits}`);
    return signal.signed === true ? BigInt.asIntN(signal.width, value) : value;
  }
  // The leftmost bit is repeated when it is x or z (clause 18.2.1).
  return bits.toLowerCase().padStart(signal.width, /^[01]/.test(bits) ? '0' : bits[0]!.toLowerCase());
};

/** Reads the window. Throws a `SimProblem` for what is no VCD, has no clock, or lacks a signal. */
export function readVcd(path: string, window: VcdWindow = {}): Trace {
  const tokens = tokensOf(path);
  try {
    const variables = readHeader(path, tokens);
    const clock = clockOf(path, variables, window.clock);
    const chosen = choose(path, variables, clock, window.signals ?? ['*']);
    return sampled(path, tokens, clock, chosen, window);
  } finally {
    tokens.return(undefined);
  }
}

/** What changes at each time, by code: bits, the most significant first. */
function* changesOf(
  tokens: Iterator<string>,
): Generator<{ readonly time: number; readonly bits: ReadonlyMap<string, string> }> {
  let time = 0;
  let bits = new Map<string, string>();
  for (let word = tokens.next(); !word.done; word = tokens.next()) {
    const text = word.value;
    if (text.startsWith('#')) {
      yield { time, bits };
      time = Number(text.slice(1));
      bits = new Map();
    } else if (text === '$comment') while (tokens.next().value !== '$end');
    else if (/^[bB]/.test(text)) bits.set(tokens.next().value ?? '', text.slice(1));
    else if (/^[rRsS]/.test(text)) tokens.next();
    else if (/^[01xzXZ]/.test(text)) bits.set(text.slice(1), text[0]!);
  }
  yield { time, bits };
}

/** Takes a column for every cycle of the window: the values before the changes of the edge that ends it. */
function sampled(
  path: string,
  tokens: Iterator<string>,
  clock: Variable,
  chosen: readonly Variable[],
  window: VcdWindow,
): Trace {
  const now = new Map<string, string>(chosen.map((v) => [v.code, 'x']));
  const rows = chosen.map(({ code: _, ...signal }) => ({ signal, values: [] as Value[] }));
  const edges: number[] = [];
  const numberOf = (edge: number, period: number): number => Math.floor(edges[0]! / period) + edge;
  let level: string | undefined;
  let start: number | undefined;
  let [taken, full] = [0, false];
  const take = (period: number): void => {
    const cycle = numberOf(edges.length - 1, period);
    const from = window.from ?? cycle - (edges.length - 1);
    const to = window.to ?? from + 31;
    full = cycle >= to;
    if (cycle < from || cycle > to) return;
    start ??= cycle;
    taken++;
    for (const [i, v] of chosen.entries()) rows[i]!.values.push(readBits(now.get(v.code)!, v));
  };
  let period = Number.POSITIVE_INFINITY;
  for (const { time, bits } of changesOf(tokens)) {
    const next = bits.get(clock.code) ?? level;
    if (next === '1' && level !== '1') {
      if (edges.length === 1) period = time - edges[0]!;
      if (edges.length > 0) take(period);
      edges.push(time);
    }
    if (full) break;
    level = next;
    for (const [code, value] of bits) if (now.has(code)) now.set(code, value);
  }
  if (!full && edges.length > 0) take(period);
  if (start === undefined)
    throw emptyWindow(
      path,
      clock,
      edges.map((_, edge) => numberOf(edge, period)),
      window,
    );
  return { start, cycles: taken, rows };
}

function emptyWindow(path: string, clock: Variable, cycles: readonly number[], { from, to }: VcdWindow): SimProblem {
  return new SimProblem({
    id: 'empty-window',
    what: 'the window has no cycle in it',
    where: path,
    expected: cycles.length === 0 ? `a rising edge of ${clock.path}` : `cycles from ${cycles[0]} to ${cycles.at(-1)}`,
    found: cycles.length === 0 ? 'none' : `cycles from ${from ?? cycles[0]} to ${to ?? 'the last'}`,
    remedy: cycles.length === 0 ? 'name another clock' : 'choose other cycles with --from and --to',
  });
}
