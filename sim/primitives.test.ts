import { describe, expect, it } from 'vitest';
import type { BitType, Node } from '../gen/ir.ts';
import { bitsFor } from '../gen/ir.ts';
import { flatten } from '../gen/passes/flatten.ts';
import { createRandom } from './random.ts';
import { createReference, read } from './reference.ts';
import { createSimulator } from './simulator.ts';
import { type Sketch, s, sketch, u } from './testing/ir.ts';

const widths = [1, 2, 7, 8, 31, 32, 33, 63, 64, 65, 127, 128, 200];
const types: BitType[] = widths.flatMap((w) => [u(w), s(w)]);

/** Values where words, limbs and signs meet, then random ones; all values where there are few. */
function values(type: BitType, count: number, seed: number): bigint[] {
  if (type.width <= 4) return Array.from({ length: 2 ** type.width }, (_, i) => read(BigInt(i), type));
  const random = createRandom(seed);
  const edges = [1, 31, 32, 33, 63, 64, 65, type.width - 1].flatMap((b) => [1n << BigInt(b), (1n << BigInt(b)) - 1n]);
  const corners = [0n, 1n, -1n, -2n, 5n, ...edges, ...edges.map((e) => -e)];
  const sparse = () => random.bits(type.width) >> BigInt(random.below(type.width));
  return [...corners, ...Array.from({ length: count }, sparse)].map((v) => read(v, type));
}

/** Drives every combination (or pairs in step when there are too many) through simulator and reference. */
function check(build: (sk: Sketch) => readonly Node[], inputs: Readonly<Record<string, BitType>>): number {
  const sk = sketch('primitive');
  for (const [i, node] of build(sk).entries()) sk.output(`y${i}`, node);
  const module = sk.finish();
  const sim = createSimulator(module);
  const reference = createReference(flatten(module));
  const names = Object.keys(inputs);
  const lists = names.map((n, i) => values(inputs[n]!, 60, 17 * i + inputs[n]!.width));
  const total = lists.reduce((product, l) => product * l.length, 1);
  const exhaustive = total <= 512;
  const rounds = exhaustive ? total : 300;
  const pick = createRandom(total);
  for (let round = 0; round < rounds; round++) {
    let rest = round;
    for (const [i, name] of names.entries()) {
      const list = lists[i]!;
      const value = list[exhaustive ? rest % list.length : pick.below(list.length)]!;
      rest = Math.floor(rest / list.length);
      sim.poke(name, value);
      reference.set(name, value);
    }
    sim.eval();
    for (const [port, expected] of reference.eval()) {
      const found = sim.peek(port);
      if (found !== expected) {
        const at = names.map((n) => `${n}=${sim.peek(n)}`).join(' ');
        expect.fail(`${JSON.stringify(inputs)} ${port} at ${at}: ${found}, expected ${expected}`);
      }
    }
  }
  return rounds;
}

describe('every primitive equals the reference', () => {
  it.each(types)('unary and slices, $width bits, signed $signed', (t) => {
    check(
      (sk) => {
        const a = sk.input('a', t);
        const slices = [0, 1, 31, 32, 63, 64, 100].filter((low) => low < t.width);
        const targets = [...types, u(t.width + 1), s(t.width + 1), u(300), s(300)];
        return [
          sk.node({ tag: 'not', ...t, a }),
          sk.node({ tag: 'popcount', ...u(bitsFor(BigInt(t.width))), a }),
          sk.node({ tag: 'any', ...u(1), a }),
          sk.node({ tag: 'parity', ...u(1), a }),
          ...targets.map((target) => sk.node({ tag: 'resize', ...target, a })),
          ...slices.map((low) => sk.node({ tag: 'slice', ...u(t.width - low), a, low })),
          ...slices.map((low) => sk.node({ tag: 'slice', ...u(Math.ceil((t.width - low) / 2)), a, low })),
        ];
      },
      { a: t },
    );
  });

  it.each(types)('one type: logic, comparison, mux, $width bits, signed $signed', (t) => {
    check(
      (sk) => {
        const [a, b, select] = [sk.input('a', t), sk.input('b', t), sk.input('select', u(1))];
        return [
          ...(['and', 'or', 'xor'] as const).map((tag) => sk.node({ tag, ...t, a, b })),
          ...(['eq', 'lt'] as const).map((tag) => sk.node({ tag, ...u(1), a, b })),
          sk.node({ tag: 'eq', ...u(1), a, b: a }),
          sk.node({ tag: 'mux', ...t, select, a, b }),
        ];
      },
      { a: t, b: t, select: u(1) },
    );
  });

  it.each(types)('arithmetic and shifts of every width with $width bits, signed $signed', (t) => {
    for (const width of widths) {
      const other = { width, signed: t.signed };
      const amount = u(width);
      check(
        (sk) => {
          const [a, b, n] = [sk.input('a', t), sk.input('b', other), sk.input('n', amount)];
          const grown = Math.max(t.width, width) + 1;
          return [
            sk.node({ tag: 'add', width: grown, signed: t.signed, a, b }),
            sk.node({ tag: 'sub', ...s(grown), a, b }),
            sk.node({ tag: 'mul', width: t.width + width, signed: t.signed, a, b }),
            sk.node({ tag: 'shl', ...t, a, b: n }),
            sk.node({ tag: 'shl', width: t.width + 70, signed: t.signed, a, b: n }),
            sk.node({ tag: 'shr', ...t, a, b: n }),
          ];
        },
        { a: t, b: other, n: amount },
      );
      if (width <= 9) continue;
      const small = u(8);
      check(
        (sk) => {
          const [a, n] = [sk.input('a', t), sk.input('n', small)];
          return [sk.node({ tag: 'shl', width, signed: t.signed, a, b: n }), sk.node({ tag: 'shr', ...t, a, b: n })];
        },
        { a: t, n: small },
      );
    }
  });

  it.each(types)('concatenation of every type with $width bits, signed $signed', (t) => {
    for (const other of types) {
      check(
        (sk) => {
          const [a, b] = [sk.input('a', t), sk.input('b', other)];
          const pair = sk.node({ tag: 'cat', ...u(t.width + other.width), parts: [a, b] });
          return [pair, sk.node({ tag: 'cat', ...u(2 * t.width + other.width), parts: [a, b, a] })];
        },
        { a: t, b: other },
      );
    }
  });

  it('constants of every type fold to the same values', () => {
    for (const t of types) {
      const list = values(t, 4, 3);
      check(
        (sk) => {
          const a = sk.input('a', t);
          const n = sk.node({ tag: 'const', ...u(8), value: BigInt(t.width % 70) });
          return list.flatMap((value) => {
            const b = sk.node({ tag: 'const', ...t, value });
            const c = sk.node({ tag: 'const', ...t, value: list[1]! });
            const wide = { width: 2 * t.width, signed: t.signed };
            return [
              b,
              sk.node({ tag: 'mul', ...wide, a, b }),
              sk.node({ tag: 'mul', ...wide, a: c, b }),
              sk.node({ tag: 'sub', ...s(t.width + 1), a: c, b }),
              sk.node({ tag: 'popcount', ...u(bitsFor(BigInt(t.width))), a: b }),
              sk.node({ tag: 'lt', ...u(1), a: b, b: c }),
              sk.node({ tag: 'eq', ...u(1), a, b }),
              sk.node({ tag: 'shl', ...t, a, b: n }),
              sk.node({ tag: 'shr', ...t, a: b, b: n }),
              sk.node({ tag: 'and', ...t, a, b }),
              sk.node({ tag: 'cat', ...u(2 * t.width), parts: [b, a] }),
            ];
          });
        },
        { a: t },
      );
    }
  });
});
