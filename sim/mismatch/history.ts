/** What has to be remembered of runs so that any cycle of them can be looked at afterwards, with every named net. */
import type { Module } from '../../gen/ir.ts';
import { clocksOf } from '../batch/rows.mjs';
import { type Clocks, type Follower, type RowLayout, readField } from '../engine.ts';
import { createSimulator, type Simulator } from '../simulator.ts';
import type { Trace, TraceSignal, Value } from '../wave/trace.ts';

/** Rows of consecutive cycles: inputs, and the outputs of every engine, leader first. */
export interface Chunk {
  readonly count: number;
  readonly clocks: Clocks;
  readonly inputs: Uint32Array;
  readonly outputs: ReadonlyMap<Follower, Uint32Array>;
}

export interface HistoryOptions {
  /** The design: given, its named nets can be looked at, in a run that is repeated for it by our simulator. */
  readonly module?: Module;
  /** Cycles before the one that is looked at; default 64. */
  readonly before?: number;
  /** Cycles after it, as far as the runs went; default 8. */
  readonly after?: number;
}

/** Runs of the same engines one after the other, the first from power-up. */
export interface History {
  readonly module: Module | undefined;
  /** So far, over all runs: the number of the next cycle. */
  readonly cycles: number;
  add(chunk: Chunk, inputs: RowLayout, outputs: RowLayout): void;
  /**
   * Signals around a cycle: `<engine>.<port>` of outputs, and `design.<path>` of every net (without a module:
   * `<leader>.<port>` of inputs). Outputs of followers before the last chunk are the leader's, with which they agreed.
   */
  lookAt(cycle: number): Trace;
}

interface Kept extends Chunk {
  readonly start: number;
}

/** Words that are kept (128 MB): chunks before that are forgotten, once a simulator of the design has run them. */
const mostWords = 1 << 25;

export function createHistory({ module, before = 64, after = 8 }: HistoryOptions = {}): History {
  const chunks: Kept[] = [];
  let [cycles, words] = [0, 0];
  let layouts: { readonly inputs: RowLayout; readonly outputs: RowLayout } | undefined;
  /** Where the forgotten chunks end. */
  let behind: Simulator | undefined;
  const simulator = (): Simulator => {
    behind ??= createSimulator(module!, { visibility: 'named', properties: 'off' });
    return behind;
  };
  const size = ({ inputs, outputs }: Chunk): number => inputs.length + [...outputs.values()][0]!.length;
  return {
    module,
    get cycles() {
      return cycles;
    },
    add: (chunk, inputs, outputs) => {
      layouts = { inputs, outputs };
      const last = chunks.at(-1);
      if (last !== undefined) chunks[chunks.length - 1] = { ...last, outputs: new Map([...last.outputs].slice(0, 1)) };
      chunks.push({ ...chunk, start: cycles });
      cycles += chunk.count;
      words += size(chunk);
      while (words > mostWords && chunks.length > 2) {
        const gone = chunks.shift()!;
        words -= size(gone);
        if (module !== undefined) simulator().replay(gone.inputs, gone.count, gone.clocks);
      }
    },
    lookAt: (cycle) => {
      const from = Math.max(chunks[0]!.start, cycle - before);
      const to = Math.min(cycles - 1, cycle + after);
      const ports = portRows(chunks, from, to, layouts!, module === undefined);
      return {
        start: from,
        cycles: to - from + 1,
        rows: module === undefined ? ports : [...ports, ...netRows(simulator(), chunks, from, to, layouts!.inputs)],
      };
    },
  };
}

type Rows = { readonly signal: TraceSignal; readonly values: Value[] }[];

const chunkOf = (chunks: readonly Kept[], cycle: number): Kept => chunks.findLast((c) => c.start <= cycle)!;

function portRows(
  chunks: readonly Kept[],
  from: number,
  to: number,
  { inputs, outputs }: { readonly inputs: RowLayout; readonly outputs: RowLayout },
  withInputs: boolean,
): Rows {
  const [leader, ...followers] = chunks.at(-1)!.outputs.keys();
  const rows = (engine: Follower, layout: RowLayout, of: (chunk: Kept) => Uint32Array): Rows =>
    layout.fields.map((field) => {
      const { name, width, signed } = field.port;
      const values = Array.from({ length: to - from + 1 }, (_, i) => {
        const chunk = chunkOf(chunks, from + i);
        return readField(of(chunk), (from + i - chunk.start) * layout.words, field);
      });
      return { signal: { path: `${engine.name}.${name}`, width, signed }, values };
    });
  const leading = (chunk: Kept): Uint32Array => chunk.outputs.get(leader!)!;
  return [
    ...(withInputs ? rows(leader!, inputs, (c) => c.inputs) : []),
    ...rows(leader!, outputs, leading),
    ...followers.flatMap((f) => rows(f, outputs, (c) => c.outputs.get(f) ?? leading(c))),
  ];
}

/** Every named net in the cycles asked for, from a run of the chunks that is undone afterwards. */
function netRows(simulator: Simulator, chunks: readonly Kept[], from: number, to: number, inputs: RowLayout): Rows {
  const before = simulator.save();
  for (const { start, count, clocks, inputs: rows } of chunks) {
    if (start < from) simulator.replay(rows, Math.min(count, from - start), clocks);
  }
  const row = (signal: TraceSignal) => ({
    signal: { ...signal, path: `design.${signal.path}` },
    values: [] as Value[],
  });
  const resets = simulator.ports.filter((p) => p.reset === true);
  const nets = [
    ...resets.map(({ name, width }) => ({ net: simulator.handle(name), row: row({ path: name, width }) })),
    ...simulator.signals().map(({ kind: _, ...s }) => ({ net: simulator.signal(s.path), row: row(s) })),
  ];
  const handles = inputs.fields.map((field) => ({ field, handle: simulator.handle(field.port.name) }));
  for (let cycle = from; cycle <= to; cycle++) {
    const chunk = chunkOf(chunks, cycle);
    const at = cycle - chunk.start;
    for (const { field, handle } of handles) handle.set(readField(chunk.inputs, at * inputs.words, field));
    simulator.eval();
    for (const { net, row: of } of nets) of.values.push(net.get());
    simulator.tick(clocksOf(chunk.clocks, at));
  }
  simulator.restore(before);
  return nets.map((n) => n.row);
}
