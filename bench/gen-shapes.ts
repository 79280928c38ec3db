/** Designs of any number of nodes in several shapes, and what it costs to elaborate and to print one. */
import { fileURLToPath } from 'node:url';
import {
  type Design,
  defineModule,
  input,
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

const shapes: Readonly<Record<Shape, (nodes: number) => Design>> = {
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

export type Shape = 'chain' | 'helper' | 'random' | 'sum' | 'instances';
export type Format = 'verilog' | 'firrtl';

export interface Measured {
  readonly nodes: number;
  /** Wall time of elaboration and of printing. */
  readonly elaborating: number;
  readonly printing: number;
  /** Processor time of both, on all threads. */
  readonly processor: number;
  readonly bytes: number;
  /** Of the process, in MB. */
  readonly peak: number;
}

/** In a process of its own: `node --import tsx bench/gen-shapes.ts SHAPE FORMAT NODES` prints a `Measured` as JSON. */
function measure(shape: Shape, format: Format, nodes: number): Measured {
  const clock = (): number => performance.now() / 1000;
  const [start, before] = [clock(), process.cpuUsage()];
  const { module } = shapes[shape](nodes);
  const built = clock();
  const bytes =
    format === 'verilog'
      ? printVerilog({ module }).files.reduce((total, f) => total + f.text.length, 0)
      : (printFirrtl({ module }).text ?? '').length;
  const end = clock();
  const { user, system } = process.cpuUsage(before);
  return {
    nodes: module.nodes.length,
    elaborating: built - start,
    printing: end - built,
    processor: (user + system) / 1e6,
    bytes,
    peak: process.resourceUsage().maxRSS / 1024,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [shape, format, nodes] = process.argv.slice(2) as [Shape, Format, string];
  console.log(JSON.stringify(measure(shape, format, Number(nodes))));
}
