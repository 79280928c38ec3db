/** Pipelines: latencies, shared delay lines, results whatever the stalls, and the mistakes. */
import { describe, expect, it } from 'vitest';
import {
  bit,
  DesignError,
  defineModule,
  input,
  type ModuleBuilder,
  output,
  type Pipeline,
  type SInt,
  sint,
  uint,
  vector,
} from '../gen/index.ts';
import { createSimulator, reset } from '../sim/index.ts';
import { createRandom } from '../sim/random.ts';

const lanes = 5;

/** sum_i x_i w_i + bias: a tree of registered adders whose odd terms and bias wait for the others. */
function mac(latencies: number[]) {
  const ports = {
    advance: input(bit, 'the pipeline moves'),
    valid: input(bit, 'x, w and bias count'),
    x: input(vector(sint(8), lanes), 'values'),
    w: input(vector(sint(8), lanes), 'weights'),
    bias: input(sint(16), 'bias'),
    y: output({ sum: sint(20), valid: bit, busy: bit }, 'result'),
  };
  return defineModule({ name: 'mac', doc: 'Multiply-accumulate.', ports }, (m, io) => {
    const p = m.pipeline('mac', { enable: io.advance });
    const valid = p.flag(io.valid);
    const [x, w, bias] = [p.enter(io.x), p.enter(io.w), p.enter(io.bias)];
    let level: SInt[] = x.map((v, i) => p.stage(`product_${i}`, v.mul(w[i]!)));
    for (let depth = 1; level.length > 1; depth++) {
      const pairs = Array.from({ length: Math.ceil(level.length / 2) }, (_, i) => level.slice(2 * i, 2 * i + 2));
      level = pairs.map(([a, b], i) =>
        b === undefined
          ? a!
          : p.stage(
              `sum_${depth}_${i}`,
              p.join({ a: a!, b }, (v) => v.a.add(v.b)),
            ),
      );
    }
    const total = p.stage(
      'total',
      p.join({ sum: level[0]!, bias }, (v) => v.sum.add(v.bias)),
    );
    latencies.push(p.latency(level[0]!), p.latency(total));
    io.y.sum.drive(total.ext(20));
    io.y.valid.drive(p.at(valid, p.latency(total)));
    io.y.busy.drive(p.busy(valid));
  });
}

describe('a multiply-accumulate tree', () => {
  const latencies: number[] = [];
  const { module } = mac(latencies);

  it('knows its latencies and makes every delay once', () => {
    expect(latencies).toEqual([4, 5]);
    const names = module.registers.map((r) => module.names.get(r.node)!);
    expect(names.filter((n) => /^product_4/.test(n))).toEqual(['product_4', 'product_4_at_2', 'product_4_at_3']);
    expect(names.filter((n) => /^bias/.test(n))).toEqual([1, 2, 3, 4].map((n) => `bias_at_${n}`));
    expect(names.filter((n) => /^valid/.test(n)).length).toBe(5);
  });

  it('resets what says that values count, and nothing else', () => {
    const reset = module.registers.filter((r) => r.reset !== undefined).map((r) => module.names.get(r.node));
    expect(reset).toEqual([1, 2, 3, 4, 5].map((n) => `valid_at_${n}`));
    expect(module.registers.every((r) => r.reset === undefined || r.reset === 0n)).toBe(true);
  });

  it('computes, whatever the stalls', () => {
    const random = createRandom(3);
    const engine = createSimulator(module);
    reset(engine);
    const line: ({ readonly sum: bigint } | undefined)[] = Array(5).fill(undefined);
    let results = 0;
    for (let cycle = 0; cycle < 500; cycle++) {
      const valid = random.chance(0.5);
      const advance = random.chance(0.7);
      let sum = 0n;
      for (let i = 0; i < lanes; i++) {
        const [x, w] = [BigInt.asIntN(8, random.bits(8)), BigInt.asIntN(8, random.bits(8))];
        engine.poke(`x_${i}`, x);
        engine.poke(`w_${i}`, w);
        sum += x * w;
      }
      const bias = BigInt.asIntN(16, random.bits(16));
      engine.poke('bias', bias);
      engine.poke('valid', valid ? 1 : 0);
      engine.poke('advance', advance ? 1 : 0);
      engine.eval();
      const last = line.at(-1);
      expect(engine.peek('y_valid')).toBe(last === undefined ? 0n : 1n);
      expect(engine.peek('y_busy')).toBe(line.some((v) => v !== undefined) ? 1n : 0n);
      if (last !== undefined) expect(engine.peek('y_sum')).toBe(last.sum);
      if (last !== undefined) results++;
      engine.tick();
      if (advance) {
        line.pop();
        line.unshift(valid ? { sum: sum + bias } : undefined);
      }
    }
    expect(results).toBeGreaterThan(100);
  });
});

describe('delay lines', () => {
  it('two uses of a value at one latency take one register', () => {
    const ports = { x: input(uint(8), ''), y: output(vector(uint(8), 3), '') };
    const { module } = defineModule({ name: 'delays', doc: '', ports }, (m, io) => {
      const p = m.pipeline('delays');
      const x = p.enter(io.x);
      io.y.drive([p.at(x, 3), p.at(x, 3), p.at(p.at(x, 1), 3)]);
    });
    expect(module.registers.length).toBe(3);
  });

  it('are made for every leaf of a record', () => {
    const shape = { a: uint(3), b: vector(sint(4), 2) };
    const { module } = defineModule(
      { name: 'records', doc: '', ports: { x: input(shape, ''), y: output(shape, '') } },
      (m, io) => {
        const p = m.pipeline('records');
        io.y.drive(p.at(p.enter(io.x), 2));
      },
    );
    const names = module.registers.map((r) => module.names.get(r.node));
    expect(names).toEqual(['x_a_at_1', 'x_a_at_2', 'x_b_0_at_1', 'x_b_0_at_2', 'x_b_1_at_1', 'x_b_1_at_2']);
  });
});

describe('mistakes', () => {
  function mistakes(body: (p: Pipeline, io: { readonly a: SInt; readonly b: SInt }, m: ModuleBuilder) => SInt) {
    const ports = { a: input(sint(8), ''), b: input(sint(8), ''), y: output(sint(8), '') };
    try {
      defineModule({ name: 'probe', doc: '', ports }, (m, io) => {
        io.y.drive(body(m.pipeline('probe'), { a: io.a, b: io.b }, m).trunc(8));
      });
      return [];
    } catch (error) {
      if (error instanceof DesignError) return error.diagnostics;
      throw error;
    }
  }

  it('values of different latency meet: both named, with latencies and places', () => {
    const [d, ...more] = mistakes((p, io) => {
      const early = p.enter(io.a);
      const late = p.stage('late', p.enter(io.b));
      return early.add(late);
    });
    expect(more).toEqual([]);
    expect(d!.id).toBe('latency-mismatch');
    expect(d!.found).toMatch(
      /^a of latency 0 \(made at .*\) and late of latency 1 \(made at .*pipeline\.test\.ts:\d+:\d+\)$/,
    );
  });

  it('also through logic in between, in the select of a mux, and where stages join unbalanced values', () => {
    const ids = (body: Parameters<typeof mistakes>[0]) => mistakes(body).map((d) => d.id);
    expect(ids((p, io) => p.stage('s', p.enter(io.a)).add(1).sub(p.enter(io.b)).trunc(8))).toEqual([
      'latency-mismatch',
    ]);
    expect(
      ids((p, io) =>
        p
          .enter(io.a)
          .lt(0)
          .mux(p.stage('s', p.enter(io.b)), 0),
      ),
    ).toEqual(['latency-mismatch']);
    expect(ids((p, io) => p.stage('t', p.enter(io.a).add(p.stage('s', p.enter(io.b)))))).toEqual(['latency-mismatch']);
    expect(ids((p, io) => p.join({ a: p.enter(io.a), b: p.stage('s', p.enter(io.b)) }, (v) => v.a.add(v.b)))).toEqual(
      [],
    );
  });

  it('a value from outside, a value too late, a flag that goes nowhere', () => {
    const ids = (body: Parameters<typeof mistakes>[0]) => mistakes(body).map((d) => d.id);
    expect(ids((p, io) => p.stage('s', io.a))).toEqual(['latency-unknown']);
    expect(ids((p, io) => p.at(p.stage('s', p.enter(io.a)), 0))).toEqual(['latency-past']);
    expect(ids((p, io) => p.busy(p.flag(io.a.bit(0))).mux(io.b, 0))).toContain('latency-unknown');
  });
});
