/** One row, L elements a beat: S' = a S + (dt x) B, y = C . S' + D x, and the exponent that S' needs. */
import {
  bit,
  bitsFor,
  type Design,
  defineModule,
  input,
  type ModuleBuilder,
  output,
  type Pipeline,
  pack,
  type Sign,
  type Signal,
  saturate,
  sint,
  uint,
  unpack,
} from '../../gen/index.ts';
import { resized } from '../width.ts';
import { bitLength, reduceTree, roundShiftedBy } from './arithmetic.ts';
import { formatOf } from './format.ts';
import { directBits, fieldsIf, productStyle, rowFormat, type ScanParameters, scanWidths } from './parameters.ts';
import { factorOf, factorStages } from './product.ts';

const rowInterface = (p: ScanParameters) => {
  const w = scanWidths(p);
  const f = p.numerics;
  const { stepBits, coarseBits, inputsAt } = formatOf(p);
  const exponent = uint(Math.max(1, w.exponent));
  return {
    valid: input(bit, 'there is a beat'),
    first: input(bit, 'it is the first of its row'),
    decay: input(uint(f.decayFraction + 1), 'of the head'),
    output_shift: input(uint(f.shiftBits), 'of the head'),
    step: input({ value: sint(stepBits), coarse: uint(coarseBits) }, 'dt x of the row'),
    direct: input(sint(directBits(p)), 'D x of the row'),
    ...fieldsIf(w.exponent > 0, () => ({
      exponent: input(exponent, 'of the stored row'),
      new_exponent: output(exponent, 'of the row, after its last beat'),
    })),
    q: input(uint(p.lanes * w.code), `${p.lanes} elements as they are stored`),
    b: input(uint(p.lanes * f.inputBits), `B of these elements, ${inputsAt} cycles later than the rest`),
    c: input(
      uint(p.lanes * f.inputBits),
      "C of these elements, when S' is there, or as much earlier as its multiples take",
    ),
    state: output(uint(p.lanes * w.work), "S' of these elements"),
    clamped: output(uint(bitsFor(BigInt(p.lanes))), 'how many of the elements were clamped, one cycle after them'),
    y: output(sint(f.outputBits), 'of the row, after its last beat'),
    y_clamped: output(bit, 'y was clamped'),
  };
};

export interface RowUnit {
  readonly design: Design<ReturnType<typeof rowInterface>>;
  /** Cycles from a beat to its B and its C, and to the outputs that belong to it. */
  readonly latency: Readonly<Record<'inputs' | 'outputs' | 'state' | 'exponent' | 'y', number>>;
}

/** A free-running pipeline. */
export function rowUnit(p: ScanParameters): RowUnit {
  const w = scanWidths(p);
  const f = p.numerics;
  const format = rowFormat(p);
  const hardware = formatOf(p);
  let latency = { inputs: hardware.inputsAt, outputs: 0, state: 0, exponent: 0, y: 0 };
  const design = defineModule(
    {
      name: `scan_row_l${p.lanes}_s${w.code}`,
      doc: `One row, ${p.lanes} elements per cycle, ${w.code}-bit state.`,
      ports: rowInterface(p),
    },
    (m, io) => {
      const pipe = m.pipeline('row');
      m.comment('Update.');
      const scalars = pipe.enter({ decay: io.decay, step: io.step });
      const update = hardware.update(m, pipe, { ...scalars, exponent: format && pipe.enter(io.exponent) });
      const q = unpack(io.q, w.code).map((v) => pipe.enter(v.asSigned()));
      const b = unpack(io.b, f.inputBits).map((v) => pipe.enter(v.asSigned(), hardware.inputsAt));
      const next = q.map((v, i) => update(v, b[i]!, `${i}`));
      const state = pipe.latency(next[0]!.state);
      const c = unpack(io.c, f.inputBits).map((v) => pipe.enter(v.asSigned(), state - factorStages(productStyle(p))));
      io.state.drive(pack(next.map((v) => v.state)));
      io.clamped.drive(pipe.stage('clamped', pack(next.map((v) => v.clamped)).popcount()));

      m.comment("Output: C . S', summed over the lanes, then over the tiles of the row.");
      const products = next.map((v, i) =>
        factorOf(m, pipe, productStyle(p), c[i]!, `c_${i}`).times(v.state, `seen_${i}`, { bits: w.product }),
      );
      const partial = reduceTree(pipe, 'seen_sum', products, 2, (x, y) => x.add(y));
      const at = pipe.latency(partial);
      const valid = pipe.enter(io.valid);
      const dot = m.register('dot', sint(w.dot), { enable: pipe.at(valid, at) });
      const before = pipe.at(pipe.enter(io.first), at).mux(m.constant(dot.type, 0), dot);
      dot.next(before.add(resized(partial, w.dot)).trunc(w.dot));
      const rowDot = behind(m, pipe, 'row_dot', dot, at + 1);
      const seen = roundShiftedBy(m, pipe, rowDot, pipe.enter(io.output_shift), 'seen');
      const total = pipe.join({ seen, direct: pipe.enter(io.direct) }, (v) =>
        pipe.stage('total', resized(v.seen.add(v.direct), w.total)),
      );
      const y = saturate(total, sint(f.outputBits));
      const result = pipe.stage('y', { y, clamped: y.ext(total.width).ne(total) });
      io.y.drive(result.y);
      io.y_clamped.drive(result.clamped);
      latency = {
        ...latency,
        outputs: state - factorStages(productStyle(p)),
        state,
        exponent: state,
        y: pipe.latency(result.y),
      };
      if (format === undefined) return;

      m.comment("Exponent: the largest magnitude's length; the bits of all magnitudes together have it too.");
      const sizes = next.map((v) => v.size!);
      const together = reduceTree(pipe, 'sizes', sizes, 6, (x, y) => x.or(y));
      const sized = pipe.latency(together);
      const most = m.register('most', together.type, { enable: pipe.at(valid, sized) });
      most.next(pipe.at(pipe.enter(io.first), sized).mux(m.constant(most.type, 0), most).or(together));
      const rowMost = behind(m, pipe, 'row_most', most, sized + 1);
      const exponent = pipe.stage('exponent', bitLength(rowMost).trunc(w.exponent));
      io.new_exponent.drive(exponent);
      latency = { ...latency, exponent: pipe.latency(exponent) };
    },
  );
  return { design, latency };
}

/** A register that adds to itself, as a value of the pipeline. */
function behind<S extends Sign>(
  m: ModuleBuilder,
  pipe: Pipeline,
  name: string,
  register: Signal<S>,
  latency: number,
): Signal<S> {
  const value = m.wire(name, register.type);
  value.drive(register as never);
  return pipe.enter(value as never, latency) as unknown as Signal<S>;
}
