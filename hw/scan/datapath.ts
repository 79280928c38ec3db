/** The scan's pipeline, stage by stage. Every register moves with `advance`; the row's scalars travel with its beats. */
import {
  bit,
  cat,
  type Inside,
  type ModuleBuilder,
  pack,
  roundShift,
  type SInt,
  type Sign,
  type Signal,
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
  const pipe = <S extends Sign>(name: string, value: Signal<S>): Signal<S> => m.delay(name, value, { enable });
  const pipes = <S extends Sign>(name: string, value: Signal<S>, from: number, to: number): Signal<S> => {
    let v = value;
    for (let stage = from + 1; stage <= to; stage++) v = pipe(`${name}_${stage}`, v);
    return v;
  };

  m.comment('Stage 1: the beat, with the scalars of its head and row, which stay until the next head and row.');
  const valid: UInt[] = [k.issue];
  for (let stage = 1; stage <= 8; stage++) valid.push(m.delay(`valid_${stage}`, valid.at(-1)!, { enable, reset: 0 }));
  k.draining.drive(valid.slice(1).reduce((any, v) => any.or(v), io.y.valid as UInt));
  const newHead = k.issue.and(k.newHead).named('take_head');
  const head = io.head.payload;
  const decay1 = m.delay('decay_1', head.decay, { enable: newHead });
  const dt1 = m.delay('dt_1', head.dt, { enable: newHead });
  const direct1 = m.delay('direct_1', head.direct, { enable: newHead });
  const stepShift1 = m.delay('step_shift_1', head.step_shift, { enable: newHead });
  const outputShift1 = m.delay('output_shift_1', head.output_shift, { enable: newHead });
  const x1 = m.delay('x_1', io.x.payload, { enable: k.issue.and(k.newRow).named('take_x') });
  const stateWord1 = pipe('state_word_1', k.stateWord);
  const inputWord1 = pipe('input_word_1', k.inputWord);

  m.comment('Stage 2: dt x and D x.');
  const dtx2 = pipe('dt_x_2', dt1.toSigned().named('dt').mul(x1).named('dt_x'));
  const dx2 = pipe('d_x_2', direct1.mul(x1).named('d_x'));

  m.comment('Stage 3: dt x in the unit in which its product with B lines up with a S. Read state, B and C.');
  const shift2 = pipe('step_shift_2', stepShift1);
  const rounded = roundShiftBy(m, dtx2, shift2, 'step');
  const step3 = pipe('step_3', saturate(rounded, sint(f.stepBits)));
  const stateWord2 = pipe('state_word_2', stateWord1);
  const state = m.memory('states', { depth: p.stateWords, shape: uint(p.lanes * f.stateBits), style: 'block' });
  const stored = state.read('state_read', stateWord2, { enable });
  const { b, c } = words.read(pipe('input_word_2', inputWord1));
  const decay3 = pipes('decay', decay1, 1, 3).toSigned().named('decay');

  m.comment('Stage 4: a S and step B, L at once.');
  const before = unpack(stored, f.stateBits).map((s, i) =>
    k.clear.mux(m.constant(s.type, 0), s).asSigned().named(`s_${i}`),
  );
  const aS = before.map((s, i) => pipe(`a_s_${i}`, decay3.mul(s).named(`decayed_${i}`)));
  const stepB = b.map((v, i) => pipe(`step_b_${i}`, step3.mul(v.named(`b_${i}`)).named(`driven_${i}`)));
  const c4 = c.map((v, i) => pipe(`c_${i}_4`, v));

  m.comment('Stage 5: the new state, rounded half up and saturated.');
  const next = aS.map((a, i) => {
    const exact = a.add(stepB[i]!).named(`exact_${i}`);
    return pipe(
      `state_${i}`,
      saturate(roundShift(exact, f.decayFraction, 'half-up').named(`rounded_${i}`), sint(f.stateBits)),
    );
  });
  const writeWord = pipes('state_word', stateWord2, 2, 5);
  state.write({
    address: writeWord,
    data: pack(next).named('new_state'),
    enable: valid[5]!.and(enable).named('write_state'),
  });
  const c5 = c4.map((v, i) => pipe(`c_${i}_5`, v));

  m.comment('Stage 6: C S.');
  const cS = next.map((s, i) => pipe(`c_s_${i}`, c5[i]!.mul(s).named(`seen_${i}`)));

  m.comment('Stage 7: sum over the lanes.');
  const partial = pipe('partial_7', sum(cS, 'lanes_sum').ext(w.dot));

  m.comment('Stage 8: sum over the tiles of a row.');
  const first = pipes('new_row', k.newRow, 0, 7);
  const dot = m.register('dot_8', sint(w.dot), { enable: enable.and(valid[7]!).named('accumulate') });
  dot.next(first.mux(m.constant(dot.type, 0), dot).named('dot_before').add(partial).named('next_dot').trunc(w.dot));

  m.comment('Stage 9: y = C . S in the unit of y, plus D x.');
  const seen = roundShiftBy(m, dot, pipes('output_shift', outputShift1, 1, 8), 'dot');
  const direct = roundShift(pipes('d_x', dx2, 2, 8).named('d_x_late'), f.directFraction, 'half-up').named('direct');
  io.y.payload.y.drive(pipe('y_9', saturate(seen.add(direct).named('y_exact'), sint(f.outputBits))));
  io.y.payload.last.drive(pipe('y_last', pipes('token_done', k.tokenDone, 0, 8)));
  const rowDone = pipes('row_done', k.rowDone, 0, 8);
  io.y.valid.drive(m.delay('y_valid_9', valid[8]!.and(rowDone), { enable, reset: 0 }));
}

/** x / 2^amount rounded half up: floor((floor(x / 2^(amount - 1)) + 1) / 2), exact for amount 0 too. */
function roundShiftBy(m: ModuleBuilder, x: SInt, amount: UInt, name: string): SInt {
  const doubled = cat(x, m.constant(bit, 0)).asSigned().named(`${name}_doubled`);
  return roundShift(doubled.shiftRight(amount).named(`${name}_shifted`), 1, 'half-up').named(`${name}_rounded`);
}
