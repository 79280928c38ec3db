/**
 * The convolution without its state, which comes as a stream; what becomes of a word is known in the cycle in which it is taken.
 *
 *     state ----.----------------------------> new state (the oldest input out, this one in)
 *     weight ---+--> issue --> P lanes: taps, sum, round --> SiLU --> round --> out
 *     in -------'                                   z ----^
 *
 * The pipeline stands while its last result is not taken.
 */
import { type Design, defineModule, pack, unpack } from '../../gen/index.ts';
import { clampCounter, counting } from '../lanes/counters.ts';
import { convLane } from './lane.ts';
import { biasBits, type ConvCoreInterface, type ConvParameters, convCoreInterface } from './parameters.ts';

/** golden's `convolveToken`, then SiLU as its `mix` takes it, bit for bit. One beat per cycle; latency `convLane(p).latency`. */
export function convCore(p: ConvParameters): Design<ConvCoreInterface> {
  const { design, latency } = convLane(p);
  const { projectedBits, convWeightBits } = p.numerics.mixer;
  return defineModule(
    {
      name: `conv_core_p${p.lanes}_t${p.taps}`,
      doc: `Causal depthwise convolution of ${p.taps} taps, and SiLU, ${p.lanes} channels per cycle; state as a stream.`,
      ports: convCoreInterface(p),
    },
    (m, io) => {
      const { kind, values, count, end, last } = io.in.payload;
      const { shift, argument_conv, argument_z, result_b, result_c, result_x, result_z } = io.token.payload;
      m.comment('Issue: a beat needs its token; one that is convolved its state and its weights.');
      const advance = io.out.ready.or(io.out.valid.not()).named('advance');
      const convolved = kind.is('z').not().named('convolved');
      const supplied = io.state.valid.and(io.weight.valid).named('supplied');
      const offered = io.in.valid.and(io.token.valid).and(advance).named('offered');
      const issue = offered.and(convolved.not().or(supplied)).named('issue');
      const convolve = offered.and(convolved).named('convolve');
      io.in.ready.drive(io.token.valid.and(advance).and(convolved.not().or(supplied)));
      io.token.ready.drive(issue.and(last));
      io.state.ready.drive(convolve.and(io.weight.valid));
      io.weight.ready.drive(convolve.and(io.state.valid));

      m.comment('Of each channel the oldest input goes, and this one comes.');
      const history = unpack(io.state.payload, (p.taps - 1) * projectedBits);
      const channels = unpack(values, projectedBits);
      io.new_state.drive(pack(history.map((h, i) => pack([...unpack(h, projectedBits).slice(1), channels[i]!]))));

      m.comment('Lanes.');
      const pipe = m.pipeline('beat', { enable: advance });
      const argument = convolved.mux(argument_conv, argument_z).named('argument');
      const result = kind.is('z').mux(result_z, kind.is('x').mux(result_x, kind.is('c').mux(result_c, result_b)));
      const taps = unpack(io.weight.payload.taps, p.taps * convWeightBits);
      const biases = unpack(io.weight.payload.bias, biasBits);
      const lanes = channels.map((channel, i) => {
        const lane = m.instance(`lane_${i}`, design);
        lane.advance.drive(advance);
        lane.x.drive(channel.asSigned());
        lane.history.drive(history[i]!);
        lane.taps.drive(taps[i]!);
        lane.bias.drive(biases[i]!.asSigned());
        lane.convolved.drive(convolved);
        lane.shift.drive(shift);
        lane.argument.drive(argument);
        lane.result.drive(result.named('result'));
        return lane;
      });
      const along = pipe.at(pipe.enter({ kind, count, end, last }), latency);
      io.out.valid.drive(pipe.at(pipe.flag(issue), latency));
      io.out.payload.drive({ values: pack(lanes.map((lane) => lane.y)), ...along });

      m.comment('Clamped values of the channels that count.');
      const moved = io.out.valid.and(io.out.ready).named('moved');
      const clamped = counting(
        lanes.map((lane) => lane.clamped),
        along.count,
      ).named('clamped');
      io.saturations.drive({
        conv: clampCounter(
          m,
          'conv',
          counting(
            lanes.map((lane) => lane.conv_clamped),
            along.count,
          ),
          moved,
        ),
        b: clampCounter(m, 'b', clamped, moved.and(along.kind.is('b'))),
        c: clampCounter(m, 'c', clamped, moved.and(along.kind.is('c'))),
        x: clampCounter(m, 'x', clamped, moved.and(along.kind.is('x'))),
        gate: clampCounter(m, 'gate', clamped, moved.and(along.kind.is('z'))),
      });
    },
  );
}
