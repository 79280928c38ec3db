/**
 * The SSM scan unit: L state elements per cycle, each read once and written once per token.
 *
 *     token ---> control: head, row, tile --.
 *     B, C ---> mask --> buffer ------------|---------.-------------------.
 *     head, x ----> dt x --> step ----------+--> a S + step B --> S' --> C S' --> sum --> + D x --> y
 *                                                 ^               |
 *                                              state memory <-----'
 *
 * For each token of a layer: one descriptor; ceil(dState / L) beats of B and C per group; then per head one beat of its
 * scalars, and per row one x, for which one y comes back. Heads in order, rows in order, as golden's `scanToken`.
 */
import { bit, type Design, defineModule, sink, sint, source, uint } from '../../gen/index.ts';
import { inputBuffer } from './buffer.ts';
import { control } from './control.ts';
import { datapath } from './datapath.ts';
import { type ScanParameters, scanWidths } from './parameters.ts';

export const scanInterface = (p: ScanParameters) => {
  const w = scanWidths(p);
  const f = p.numerics;
  return {
    token: sink(
      {
        heads: uint(w.heads),
        heads_per_group: uint(w.heads),
        head_dim: uint(w.headDim),
        d_state: uint(w.state),
        tiles: uint(w.tiles),
        base: uint(w.stateAddress),
        clear: bit,
      },
      'one token of one layer: its sizes, tiles = ceil(d_state / L), first word of its state; clear: start from a zero state',
    ),
    bc: sink(
      { b: uint(p.lanes * f.inputBits), c: uint(p.lanes * f.inputBits) },
      `B and C of ${p.lanes} state elements, ${f.inputBits} bits each, two's complement, the first in the low bits; group by group`,
    ),
    head: sink(
      {
        decay: uint(f.decayFraction + 1),
        dt: uint(f.dtBits),
        direct: sint(f.directBits),
        step_shift: uint(f.shiftBits),
        output_shift: uint(f.shiftBits),
      },
      `one head: exp(dt A) in Q1.${f.decayFraction}, dt in Q${f.dtBits - f.dtFraction}.${f.dtFraction}, D and the shifts as above`,
    ),
    x: sink(sint(f.inputBits), 'x of one row'),
    y: source({ y: sint(f.outputBits), last: bit }, 'y of one row; last: of the token'),
  };
};

export type ScanInterface = ReturnType<typeof scanInterface>;

/**
 * golden's `scanToken`, bit for bit. Initiation interval: one beat of L state elements per cycle while x and head arrive and
 * y is taken. Latency: 9 cycles from the last beat of a row to its y. A token starts when the one before has left the
 * pipeline, so that a state word is never read before it is written.
 */
export function scanUnit(p: ScanParameters): Design<ScanInterface> {
  const f = p.numerics;
  return defineModule(
    {
      name: `scan_l${p.lanes}_s${f.stateBits}`,
      doc: [
        `SSM scan unit: ${p.lanes} elements of ${f.stateBits}-bit state per cycle, one read and one write of each per token.`,
        `S = a S + (dt x) B; y = C . S + D x, for up to ${p.maxHeads} heads x ${p.maxHeadDim} rows x ${p.maxState} elements.`,
        '',
        'Streams are ready/valid: a beat moves at a rising edge at which both are 1; valid stays 1, with its payload, until then.',
        `Per token: one beat of token; for each group ceil(d_state / ${p.lanes}) beats of bc; then for each head one beat of head, and for`,
        'each of its head_dim rows one beat of x, which gives one beat of y, 9 cycles after the last beat of its row has started.',
        `With round half up and saturation: step = dt x / 2^step_shift (${f.stepBits} bits), S = (decay S + step B) / 2^${f.decayFraction} (${f.stateBits} bits),`,
        `y = (sum C S) / 2^output_shift + direct x / 2^${f.directFraction} (${f.outputBits} bits).`,
      ].join('\n'),
      ports: scanInterface(p),
    },
    (m, io) => {
      const c = control(m, io, p);
      const words = inputBuffer(m, io.bc.payload, p, c);
      datapath(m, io, p, c, words);
    },
  );
}
