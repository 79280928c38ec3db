/**
 * Elaborating and printing a million nodes, as Verilog and as FIRRTL: seconds and peak memory, measured, each shape in a
 * process of its own. `npx tsx bench/gen-million.ts [shape ...]`; `--nodes N` for other sizes.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  type Design,
  defineModule,
  input,
  type Module,
  output,
  printFirrtl,
  printVerilog,
  sum,
  type UInt,
  uint,
} from '../gen/index.ts';

const word = uint(32);
const ports = { x: input(word, 'first value'), k: input(word, 'second value'), y: output(word, 'result') };

/** A small generator of numbers (Numerical Recipes' LCG), so that every run builds the same design. */
function numbers(): (below: number) => number {
  let state = 1;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const shapes: Readonly<Record<string, (nodes: number) => Design>> = {
  /** Additions one behind another, every one a call in the user's file. */
  chain: (nodes) =>
    defineModule({ name: 'chain', doc: 'A chain of additions.', ports }, (_m, { x, k, y }) => {
      let value = x;
      for (let i = 0; i < nodes / 2; i++) value = value.add(k).trunc(32);
      y.drive(value);
    }),
  /** The same made by a helper, which has one location. */
  helper: (nodes) =>
    defineModule({ name: 'helper', doc: 'A chain of additions made by one call.', ports }, (m, { x, k, y }) => {
      y.drive(
        m.located(() => {
          let value = x;
          for (let i = 0; i < nodes / 2; i++) value = value.add(k).trunc(32);
          return value;
        }),
      );
    }),
  /** Values of random earlier ones, made by one call. */
  random: (nodes) =>
    defineModule({ name: 'random', doc: 'A wide random graph.', ports }, (m, { x, k, y }) =>
      m.located(() => {
        const below = numbers();
        const values: UInt[] = [x, k];
        const pick = (): UInt => values[below(values.length)]!;
        while (values.length < nodes / 2.6) {
          const [a, b] = [pick(), pick()];
          const op = below(5);
          values.push(
            op === 0
              ? a.xor(b)
              : op === 1
                ? a.and(b)
                : op === 2
                  ? a.or(b.not())
                  : op === 3
                    ? a.lt(b).mux(a, b)
                    : a.add(b).trunc(32),
          );
        }
        let all = values[0]!;
        for (const v of values) all = all.xor(v);
        y.drive(all);
      }),
    ),
  /** One adder tree. */
  sum: (nodes) =>
    defineModule({ name: 'total', doc: 'A tree of additions.', ports }, (_m, { x, k, y }) => {
      y.drive(
        sum(
          Array.from({ length: nodes }, (_, i) => (i % 2 === 0 ? x : k)),
          'part',
        ).trunc(32),
      );
    }),
  /** Instances of a small module in a row, made by one call: a choice, a net and a result each. */
  instances: (nodes) => {
    const cell = defineModule(
      { name: 'plus_one', doc: 'Adds one.', ports: { a: input(word, 'a'), b: output(word, 'a + 1') } },
      (_m, { a, b }) => b.drive(a.add(1).trunc(32)),
    );
    return defineModule({ name: 'row', doc: 'A row of cells.', ports }, (m, { x, k, y }) =>
      m.located(() => {
        let value = x;
        for (let i = 0; i < nodes / 3; i++) {
          const inner = m.instance(`step_${i}`, cell);
          inner.a.drive(value.xor(k));
          value = inner.b;
        }
        y.drive(value);
      }),
    );
  },
};

function measure(shape: string, format: string, nodes: number): void {
  const clock = (): number => performance.now() / 1000;
  const start = clock();
  const { module }: { module: Module } = shapes[shape]!(nodes);
  const built = clock();
  const bytes =
    format === 'verilog'
      ? printVerilog({ module }).files.reduce((total, f) => total + f.text.length, 0)
      : (printFirrtl({ module }).text ?? '').length;
  const end = clock();
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  const row = [
    shape.padEnd(10),
    format.padEnd(8),
    `${module.nodes.length} nodes`.padStart(15),
    `${(built - start).toFixed(2)} s elaborating`,
    `${(end - built).toFixed(2)} s printing`,
    `${(end - start).toFixed(2)} s (process: ${((userCPUTime + systemCPUTime) / 1e6).toFixed(2)} s CPU)`,
    `${(bytes / 1e6).toFixed(0)} MB text`,
    `${(maxRSS / 1024).toFixed(0)} MB peak memory`,
  ];
  console.log(row.join('  '));
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { nodes: { type: 'string', default: '1000000' }, format: { type: 'string' } },
});
if (values.format !== undefined) measure(positionals[0]!, values.format, Number(values.nodes));
else {
  for (const shape of positionals.length > 0 ? positionals : Object.keys(shapes)) {
    for (const format of ['verilog', 'firrtl']) {
      const self = fileURLToPath(import.meta.url);
      const run = spawnSync(
        process.execPath,
        ['--import', 'tsx', self, shape, '--format', format, '--nodes', values.nodes],
        { stdio: 'inherit' },
      );
      if (run.status !== 0) console.log(`${shape} ${format}: failed (${run.signal ?? `status ${run.status}`})`);
    }
  }
}
