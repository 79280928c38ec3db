/**
 * B and C of two tokens: one is read for every row while the next arrives. B counts as zero beyond d_state, so that the state there stays
 * zero, whatever C is.
 */
import {
  addressWidth,
  atMost,
  bit,
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
import { counted } from '../lanes/counters.ts';
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
    b: output(inputs, 'the word when it is multiplied'),
    c: output(inputs, 'the word when the state meets it'),
  };
};

/** How many cycles after its address a word of B is given, and one of C, so that neither need be kept; 2 or more. */
export interface InputLatency {
  readonly b: number;
  readonly c: number;
}

export function inputBuffer(p: ScanParameters, latency: InputLatency): Design<ReturnType<typeof inputsInterface>> {
  const w = scanWidths(p);
  const { inputBits } = p.numerics;
  return defineModule(
    {
      name: `scan_inputs_l${p.lanes}_d${w.inputWords}`,
      doc: `B and C of two tokens, ${w.inputWords} words of ${p.lanes} elements each.`,
      ports: inputsInterface(p),
    },
    (m, io) => {
      m.comment('Two banks. One is filled until its token is done, and held until its last word of C has been read.');
      const fills = m.register('fills', bit, { reset: 0 });
      const reads = m.register('reads', bit, { reset: 0 });
      const loaded = m.wire('loaded', bit);
      const pipe = m.pipeline('address');
      const released = pipe.at(pipe.flag(io.done), latency.c - 1);
      const releases = m.register('releases', bit, { reset: 0 });
      releases.next(releases.xor(released));
      const flags = (name: string, emptied: UInt, emptiedBank: UInt) => {
        const of = [0, 1].map((i) => {
          const flag = m.register(`${name}_${i}`, bit, { reset: 0 });
          flag.next(loaded.and(fills.eq(i)).or(flag.and(emptied.and(emptiedBank.eq(i)).not())));
          return flag;
        });
        return (which: UInt): UInt => which.mux(of[1]!, of[0]!);
      };
      const filled = flags('filled', io.done, reads);
      const held = flags('held', released, releases);
      io.filled.drive(filled(reads));
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
      const free = busy
        .not()
        .or(loaded)
        .and(held(fills.xor(loaded)).not())
        .named('free');
      const take = io.token.valid.and(free).named('take');
      io.token.ready.drive(free);
      io.bc.ready.drive(busy);
      const dState = m.delay('d_state', d_state, { enable: take });
      const perGroup = m.delay('heads_per_group', heads_per_group, { enable: take });
      loaded.drive(load.and(groupDone).and(headsLeft.eq(perGroup)));
      busy.next(take.or(busy.and(loaded.not())));
      fills.next(fills.xor(loaded));
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

      const { b, c } = io.bc.payload;
      const masked = pack(unpack(b, inputBits).map((v, i) => counted(m, v, i, left).named(`b_${i}`)));
      const inputs = uint(p.lanes * inputBits);
      const depth = 2 ** (addressWidth(w.inputWords) + 1);
      const address = (bank: UInt, at: UInt): UInt => pack([at, bank]);
      const place = pipe.enter(address(reads, io.word).named('place'));
      const words = (name: string, beat: UInt, later: number): UInt => {
        const memory = m.memory(`${name}_words`, { depth, shape: inputs });
        memory.write({ address: address(fills, word), data: beat, enable: load });
        return memory.read(`${name}_read`, pipe.at(place, later));
      };
      io.b.drive(words('b', masked, latency.b - 1));
      io.c.drive(words('c', c, latency.c - 1));
    },
  );
}
