/** The waveform around a mismatch: the ports of every engine, and the design's named nets from a run repeated for it. */
import type { Module } from '../gen/ir.ts';
import { type Clocks, clocksOf, type Follower, type RowLayout, readField } from './engine.ts';
import { createSimulator } from './simulator.ts';
import { type Signal, waveWindow } from './vcd.ts';

/** Rows of consecutive cycles; the leader's outputs, which are everybody's as long as they agree. */
export interface Chunk {
  readonly start: number;
  readonly count: number;
  readonly clocks: Clocks;
  readonly inputs: Uint32Array;
  readonly outputs: Uint32Array;
}

export interface WaveRequest {
  readonly path: string;
  /** Cycles before the mismatch. */
  readonly before: number;
  /** Cycles after it, as far as the chunk goes. */
  readonly after: number;
  readonly module: Module | undefined;
}

/** What has to be remembered of a run so that the waves can be drawn afterwards. */
export interface History {
  add(chunk: Chunk): void;
  /** `outputs`: the rows of every engine in the last chunk, leader first. */
  write(cycle: number, outputs: ReadonlyMap<Follower, Uint32Array>): void;
}

/** With a module all inputs are kept for the repeated run, up to this many words (128 MB); then only the window is. */
const mostWords = 1 << 25;

export function createHistory(request: WaveRequest, inputs: RowLayout, outputs: RowLayout): History {
  const chunks: Chunk[] = [];
  let words = 0;
  let complete = request.module !== undefined;
  return {
    add: (chunk) => {
      chunks.push(chunk);
      words += chunk.inputs.length + chunk.outputs.length;
      if (words > mostWords) complete = false;
      const needed = () => chunks.length > 1 && chunks[1]!.start + request.before <= chunk.start;
      while (!complete && needed()) {
        const gone = chunks.shift()!;
        words -= gone.inputs.length + gone.outputs.length;
      }
    },
    write: (cycle, engines) => {
      const last = chunks.at(-1)!;
      const from = Math.max(chunks[0]!.start, cycle - request.before);
      const to = Math.min(last.start + last.count - 1, cycle + request.after);
      const [leader, ...followers] = engines.keys();
      const nets = complete ? repeatedRun(request.module!, chunks, from, inputs) : undefined;
      const scope = (engine: Follower, layout: RowLayout): Signal[] =>
        layout.fields.map(({ port: { name, width, signed } }) => ({ path: `${engine.name}.${name}`, width, signed }));
      const signals = [
        ...(nets === undefined ? scope(leader!, inputs) : []),
        ...scope(leader!, outputs),
        ...followers.flatMap((f) => scope(f, outputs)),
        ...(nets?.signals ?? []),
      ];
      const window = waveWindow(signals, to - from + 1);
      for (let now = from; now <= to; now++) {
        const chunk = chunks.findLast((c) => c.start <= now)!;
        const row = now - chunk.start;
        const values = (rows: Uint32Array, layout: RowLayout) =>
          layout.fields.map((f) => readField(rows, row * layout.words, f));
        window.record(now, [
          ...(nets === undefined ? values(chunk.inputs, inputs) : []),
          ...values(chunk.outputs, outputs),
          ...followers.flatMap((f) => values(chunk === last ? engines.get(f)! : chunk.outputs, outputs)),
          ...(nets?.next(chunk, row) ?? []),
        ]);
      }
      window.write(request.path);
    },
  };
}

/** Our simulator with every name visible, brought to cycle `from` by the inputs recorded. */
function repeatedRun(module: Module, chunks: readonly Chunk[], from: number, inputs: RowLayout) {
  const simulator = createSimulator(module, { visibility: 'named', properties: 'off' });
  for (const { start, count, clocks, inputs: rows } of chunks) {
    if (start < from) simulator.replay(rows, Math.min(count, from - start), clocks);
  }
  const names = simulator.signals();
  const probes = names.map((n) => simulator.signal(n.path));
  const handles = inputs.fields.map((field) => ({ field, handle: simulator.handle(field.port.name) }));
  return {
    signals: names.map(({ kind: _, ...signal }): Signal => ({ ...signal, path: `design.${signal.path}` })),
    next: (chunk: Chunk, row: number): bigint[] => {
      for (const { field, handle } of handles) handle.set(readField(chunk.inputs, row * inputs.words, field));
      simulator.eval();
      const values = probes.map((p) => p.get());
      simulator.tick(clocksOf(chunk.clocks, row));
      return values;
    },
  };
}
