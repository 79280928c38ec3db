/**
 * The convolution with its state on chip.
 *
 *     token --+--> history <----- new state --.
 *             |      '--- state ---.          |
 *             '------------------> core ------'--> out, saturations
 *     in, weight ------------------'
 */
import { type Design, defineModule } from '../../gen/index.ts';
import { connect, skidBuffer } from '../../gen/stream/index.ts';
import { convCore } from './core.ts';
import { historyStore } from './history.ts';
import {
  type ConvInterface,
  type ConvParameters,
  checkConv,
  convInterface,
  historyBits,
  scalingShape,
} from './parameters.ts';

/** golden's `convolveToken`, then SiLU as its `mix` takes it, bit for bit: docs/mixer.md. Initiation interval 1. */
export function convUnit(p: ConvParameters): Design<ConvInterface> {
  checkConv(p);
  const { convBits, projectedBits } = p.numerics.mixer;
  return defineModule(
    {
      name: `conv_p${p.lanes}_t${p.taps}`,
      doc: [
        `Causal depthwise convolution of ${p.taps} taps and bias, then SiLU: ${p.lanes} channels of ${projectedBits} bits per cycle.`,
        '',
        'Streams are ready/valid: a beat moves at a rising edge at which both are 1; valid stays 1, with its payload, until then.',
        'Per token: one beat of token; beats of in up to last; for each of them that is convolved one beat of weight. Every beat gives one.',
        'With round half up and saturation:',
        `c = (bias + sum taps inputs) / 2^shift (${convBits} bits), or z itself; y = silu(c 2^argument / 2^16) 2^16 / 2^result.`,
        `The ${p.taps - 1} inputs before are kept for every layer and sequence in ${p.stateWords} words of ${p.lanes} channels.`,
      ].join('\n'),
      ports: convInterface(p),
    },
    (m, io) => {
      const { base, words, clear, ...scaling } = io.token.payload;
      const store = { name: 'conv', width: historyBits(p), depth: p.stateWords, tokenWords: p.maxWords };
      const states = m.instance('states', historyStore(store));
      states.region.valid.drive(io.token.valid);
      states.region.payload.drive({ base, words, clear });
      io.token.ready.drive(states.region.ready);

      m.comment(
        'The history goes ahead to the next token while the core finishes one: two at most, for which there are places.',
      );
      const tokens = m.instance('core_tokens', skidBuffer(scalingShape()));
      const begins = io.token.valid.and(states.region.ready).named('token_begins');
      m.assert('token_has_a_place', begins.not().or(tokens.in.ready), 'two tokens at most are in the unit');
      tokens.in.valid.drive(begins);
      tokens.in.payload.drive(scaling);

      const core = m.instance('core', convCore(p));
      connect(core.token, tokens.out);
      connect(core.in, io.in);
      connect(core.weight, io.weight);
      connect(core.state, states.read);
      states.write.drive(core.new_state);
      connect(io.out, core.out);
      io.saturations.drive(core.saturations);
    },
  );
}

/** Beats of a token that are convolved: every group of B and C, and every head of x, begins a beat. */
export function convWords(
  shape: { readonly heads: number; readonly headDim: number; readonly dState: number; readonly groups: number },
  lanes: number,
): number {
  return 2 * shape.groups * Math.ceil(shape.dState / lanes) + shape.heads * Math.ceil(shape.headDim / lanes);
}
