/** B and C of two tokens: one is read for every row while the next arrives. Elements beyond d_state count as zero. */
import {
  addressWidth,
  atMost,
  bit,
  bitsFor,
  type Design,
  defineModule,
  increment,
  input,
  lessBy,
  output,
  pack,
  sink,
  type UInt,
  uint,
  unpack,
} from '../../gen/index.ts';
import { activationPorts, inputTokenShape } from './interface.ts';
import { type ScanParameters, scanWidths } from './parameters.ts';

const inputsInterface = (p: ScanParameters) => {
  const w = scanWidths(p);
  const inputs = uint(p.lanes * p.numerics.inputBits);
  return {
    token: sink(inputTokenShape(p), 'one token of one layer'),
    bc: activationPorts(p).bc,
    filled: output(bit, 'B and C of the token that is read are there'),
    done: input(bit, 'the token that is read is done: on to the next'),
    word: input(uint(addressWidth(w.inputWords)), 'group by group, tile by tile'),
    b: output(inputs, 'the word two cycles later'),
    c: output(inputs, 'the word two cycles later'),
  };
};

export function inputBuffer(p: ScanParameters): Design<ReturnType<typeof inputsInterface>> {
  const w = scanWidths(p);
  const { inputBits } = p.numerics;
  return defineModule(
    {
      name: `scan_inputs_l${p.lanes}_d${w.inputWords}`,
      doc: `B and C of two tokens, ${w.inputWords} words of ${p.lanes} elements each.`,
      ports: inputsInterface(p),
    },
    (m, io) => {
      m.comment('Two banks, full or not.');
      const fills = m.register('fills', bit, { reset: 0 });
      const reads = m.register('reads', bit, { reset: 0 });
      const full = [0, 1].map((i) => m.register(`full_${i}`, bit, { reset: 0 }));
      const fullOf = (bank: UInt) => bank.mux(full[1]!, full[0]!);
      const filled = fullOf(reads).named('bank_filled');
      io.filled.drive(filled);
      reads.next(reads.xor(io.done));

      m.comment(
        'Filling: group by group, tile by tile; `elements_left` counts the state elements of the group that are left.',
      );
      const { heads, heads_per_group, d_state } = io.token.payload;
      const busy = m.register('busy', bit, { reset: 0 });
      const load = busy.and(io.bc.valid).named('load');
      const left = m.register('elements_left', d_state.type);
      const headsLeft = m.register('heads_left', heads.type);
      const groupDone = atMost(left, p.lanes).named('group_done');
      const loaded = m.wire('loaded', bit);
      const free = busy
        .not()
        .or(loaded)
        .and(fullOf(fills.xor(loaded)).not())
        .named('free');
      const take = io.token.valid.and(free).named('take');
      io.token.ready.drive(free);
      io.bc.ready.drive(busy);
      const dState = m.delay('d_state', d_state, { enable: take });
      const perGroup = m.delay('heads_per_group', heads_per_group, { enable: take });
      loaded.drive(load.and(groupDone).and(headsLeft.eq(perGroup)));
      busy.next(take.or(busy.and(loaded.not())));
      fills.next(fills.xor(loaded));
      full.forEach((flag, i) => {
        const filling = loaded.and(fills.eq(i));
        const emptied = io.done.and(reads.eq(i));
        flag.next(filling.or(flag.and(emptied.not())));
      });
      const word = m.register('fill_word', io.word.type);
      m.when(take, () => {
        left.next(d_state);
        headsLeft.next(heads);
        word.next(0);
      }).elsewhen(load, () => {
        left.next(groupDone.mux(dState, p.lanes < 2 ** left.width ? lessBy(left, p.lanes) : left));
        headsLeft.next(groupDone.mux(lessBy(headsLeft, perGroup), headsLeft));
        word.next(increment(word));
      });

      const elements = left.ext(Math.max(w.state, bitsFor(BigInt(p.lanes))));
      const masked = (beat: UInt, name: string) =>
        pack(unpack(beat, inputBits).map((v, i) => elements.gt(i).mux(v, 0).named(`${name}_${i}`)));
      const { b, c } = io.bc.payload;
      const inputs = uint(p.lanes * inputBits);
      const depth = 2 ** (addressWidth(w.inputWords) + 1);
      const words = m.memory('words', { depth, shape: { b: inputs, c: inputs } });
      const address = (bank: UInt, at: UInt) => pack([at, bank]);
      words.write({
        address: address(fills, word),
        data: { b: masked(b, 'b'), c: masked(c, 'c') },
        enable: load,
      });
      const read = words.read('read', m.delay('address', address(reads, io.word)));
      io.b.drive(read.b);
      io.c.drive(read.c);
    },
  );
}
