/**
 * Waveforms as VCD (IEEE 1364-2005, clause 18). A cycle takes ten time units: its values appear at 10 t together with the
 * rising edge of `clk` that made them, the falling edge is at 10 t + 5. How a signal is to be shown stands in a comment
 * behind its declaration, for `readVcd`.
 */
import { openAtomically } from './files.ts';
import type { Trace, TraceProbe, TraceSignal, Value } from './wave/trace.ts';

export interface VcdWriter {
  /** Writes what has changed; cycles ascend. */
  sample(cycle: number): void;
  /** Gives the file its name; before that there is none. */
  close(): void;
  /** Removes what was written. */
  abandon(): void;
}

const clock = '!';
/** Identifier codes: printable characters, short ones first; `!` is the clock. */
function codeOf(index: number): string {
  let code = '';
  for (let rest = index + 1; rest > 0; rest = Math.floor(rest / 94)) code += String.fromCharCode(33 + (rest % 94));
  return code;
}

/** The declarations: a tree of scopes from the dotted paths, in order of first appearance. */
function header(signals: readonly TraceSignal[]): string {
  interface Scope {
    readonly name: string;
    readonly variables: string[];
    readonly children: Map<string, Scope>;
  }
  const root: Scope = { name: '', variables: [], children: new Map() };
  for (const [index, { path, width, ...show }] of signals.entries()) {
    const steps = path.split('.');
    const name = steps.pop()!;
    let scope = root;
    for (const step of steps) {
      let child = scope.children.get(step);
      if (child === undefined) {
        child = { name: step, variables: [], children: new Map() };
        scope.children.set(step, child);
      }
      scope = child;
    }
    const range = width === 1 ? '' : ` [${width - 1}:0]`;
    scope.variables.push(`$var wire ${width} ${codeOf(index)} ${name}${range} $end`);
    if (show.signed || show.display) scope.variables.push(`$comment popscan: ${JSON.stringify(show)} $end`);
  }
  const lines = ['$timescale 1 ns $end', '$scope module top $end', `$var wire 1 ${clock} clk $end`, ...root.variables];
  const work: (Scope | undefined)[] = [...root.children.values()].reverse();
  while (work.length > 0) {
    const scope = work.pop();
    if (scope === undefined) {
      lines.push('$upscope $end');
    } else {
      lines.push(`$scope module ${scope.name} $end`, ...scope.variables);
      work.push(undefined, ...[...scope.children.values()].reverse());
    }
  }
  return `${lines.join('\n')}\n$upscope $end\n$enddefinitions $end\n`;
}

/** Text of a VCD, cycle after cycle. */
function encoder(signals: readonly TraceSignal[]): (cycle: number, values: readonly Value[]) => string {
  const last = new Array<Value | undefined>(signals.length).fill(undefined);
  return (cycle, values) => {
    const lines = [`#${10 * cycle}`, `1${clock}`];
    for (const [i, value] of values.entries()) {
      if (last[i] === value) continue;
      last[i] = value;
      const { width } = signals[i]!;
      const bits = typeof value === 'string' ? value : BigInt.asUintN(width, value).toString(2);
      lines.push(width === 1 ? `${bits}${codeOf(i)}` : `b${bits} ${codeOf(i)}`);
    }
    lines.push(`#${10 * cycle + 5}`, `0${clock}`);
    return `${lines.join('\n')}\n`;
  };
}

/** Opens a VCD of the probes, whose paths' dots become scopes; it is written as the run goes on and gets its name on `close`. */
export function openVcd(path: string, probes: readonly TraceProbe[]): VcdWriter {
  const file = openAtomically(path);
  const encode = encoder(probes);
  let pending = header(probes);
  const flush = () => {
    file.write(pending);
    pending = '';
  };
  return {
    sample: (cycle) => {
      const values = probes.map((p) => p.get());
      pending += encode(cycle, values);
      if (pending.length > 1 << 16) flush();
    },
    close: () => {
      flush();
      file.close();
    },
    abandon: () => file.abandon(),
  };
}

/** Writes a trace. */
export function writeVcd(path: string, { start, cycles, rows }: Trace): void {
  const file = openAtomically(path);
  const encode = encoder(rows.map((r) => r.signal));
  file.write(header(rows.map((r) => r.signal)));
  for (let i = 0; i < cycles; i++) {
    file.write(
      encode(
        start + i,
        rows.map((r) => r.values[i]!),
      ),
    );
  }
  file.close();
}
