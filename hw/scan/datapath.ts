/** The scan's pipeline, stage by stage: stage n has latency n. Every register moves with `advance`. */
import {
  bit,
  cat,
  type Inside,
  type ModuleBuilder,
  pack,
  roundShift,
  type SInt,
  saturate,
  sint,
  sum,
  type UInt,
  uint,
  unpack,
} from '../../gen/index.ts';
import type { InputWords } from './buffer.ts';
import type { Control } from './control.ts';
import { type ScanParameters, scanWidths } from './parameters.ts';
import type { ScanInterface } from './unit.ts';

export function datapath(
  m: ModuleBuilder,
  io: Inside<ScanInterface>,
  p: ScanParameters,
  k: Control,
  words: InputWords,
): void {
  const f = p.numerics;
  const w = scanWidths(p);
  const enable = k.advance;
  const pipe = m.pipeline('scan', { enable });
  const issued = pipe.flag(k.issue);
  const now = pipe.enter({
    state_word: k.stateWord,
    input_word: k.inputWord,
    new_row: k.newRow,
    row_done: k.rowDone,
    token_done: k.tokenDone,
  });

  m.comment('Stage 1: the beat, with the scalars of its head and row, which stay until the next head and row.');
  const newHead = k.issue.and(k.newHead).named('take_head');
  const head = pipe.enter(m.delay('head', io.head.payload, { enable: newHead }), 1);
  const x = pipe.enter(m.delay('x_row', io.x.payload, { enable: k.issue.and(k.newRow).named('take_x') }), 1);

  m.comment('Stage 2: dt x and D x.');
  const dtx = pipe.stage('dt_x', head.dt.toSigned().named('dt').mul(x).named('dt_x_exact'));
  const dx = pipe.stage('d_x', head.direct.mul(x).named('d_x_exact'));

  m.comment('Stage 3: dt x in the unit in which its product with B lines up with a S. Read state, B and C.');
  const rounded = roundShiftBy(m, dtx, pipe.at(head.step_shift, 2), 'step');
  const step = pipe.stage('step', saturate(rounded, sint(f.stepBits)));
  const state = m.memory('states', { depth: p.stateWords, shape: uint(p.lanes * f.stateBits), style: 'block' });
  const stored = pipe.enter(state.read('state_read', pipe.at(now.state_word, 2), { enable }), 3);
  const inputs = words.read(pipe.at(now.input_word, 2));
  const b = inputs.b.map((v) => pipe.enter(v, 3));
  const c = inputs.c.map((v) => pipe.enter(v, 3));
  const decay = pipe.at(head.decay, 3).toSigned().named('decay');

  m.comment('Stage 4: a S and step B, L at once.');
  const before = unpack(stored, f.stateBits).map((s, i) =>
    k.clear.mux(m.constant(s.type, 0), s).asSigned().named(`s_${i}`),
  );
  const aS = before.map((s, i) => pipe.stage(`a_s_${i}`, decay.mul(s).named(`decayed_${i}`)));
  const stepB = b.map((v, i) => pipe.stage(`step_b_${i}`, step.mul(v.named(`b_${i}`)).named(`driven_${i}`)));

  m.comment('Stage 5: the new state, rounded half up and saturated.');
  const next = aS.map((a, i) => {
    const exact = a.add(stepB[i]!).named(`exact_${i}`);
    const near = roundShift(exact, f.decayFraction, 'half-up').named(`rounded_${i}`);
    return pipe.stage(`state_${i}`, saturate(near, sint(f.stateBits)));
  });
  state.write({
    address: pipe.at(now.state_word, 5),
    data: pack(next).named('new_state'),
    enable: pipe.at(issued, 5).and(enable).named('write_state'),
  });

  m.comment('Stage 6: C S.');
  const cS = next.map((s, i) =>
    pipe.stage(
      `c_s_${i}`,
      pipe.join({ c: c[i]!.named(`c_${i}`), s }, (v) => v.c.mul(v.s).named(`seen_${i}`)),
    ),
  );

  m.comment('Stage 7: sum over the lanes.');
  const partial = pipe.stage('partial', sum(cS, 'lanes_sum').ext(w.dot));

  m.comment('Stage 8: sum over the tiles of a row.');
  const total = m.register('total', sint(w.dot), { enable: enable.and(pipe.at(issued, 7)).named('accumulate') });
  const kept = pipe.at(now.new_row, 7).mux(m.constant(total.type, 0), total).named('total_before');
  total.next(kept.add(partial).named('next_total').trunc(w.dot));
  const dot = m.wire('dot', total.type);
  dot.drive(total);

  m.comment('Stage 9: y = C . S in the unit of y, plus D x.');
  const seen = roundShiftBy(m, pipe.enter(dot, 8), pipe.at(head.output_shift, 8), 'dot');
  const direct = roundShift(pipe.at(dx, 8), f.directFraction, 'half-up').named('direct');
  io.y.payload.y.drive(pipe.stage('y', saturate(seen.add(direct).named('y_exact'), sint(f.outputBits))));
  io.y.payload.last.drive(pipe.at(now.token_done, 9));
  const rowDone = pipe.flag(pipe.at(issued, 8).and(pipe.at(now.row_done, 8)).named('row_valid'), 8);
  io.y.valid.drive(pipe.at(rowDone, 9));
  k.draining.drive(pipe.busy(issued).or(io.y.valid));
}

/** x / 2^amount rounded half up: floor((floor(x / 2^(amount - 1)) + 1) / 2), exact for amount 0 too. */
function roundShiftBy(m: ModuleBuilder, x: SInt, amount: UInt, name: string): SInt {
  const doubled = cat(x, m.constant(bit, 0)).asSigned().named(`${name}_doubled`);
  return roundShift(doubled.shiftRight(amount).named(`${name}_shifted`), 1, 'half-up').named(`${name}_rounded`);
}
