/**
 * The SSM scan with its stores.
 *
 *     token --+--> stores (states, exponents) <----- new state, new exponents -----.
 *             |            '------- state, exponents --------.                     |
 *             '----------------------------------------> core -----> y, saturations
 *     B and C, head, x ----------------------------------'
 *
 * For each token of a layer: one descriptor; ceil(dState / L) beats of B and C per group; one beat of every head's scalars; and per
 * Q rows one beat of x, for which one beat of y comes back. Heads in order, rows in order, as golden's `scanTokenRows`.
 */
import {
  addressWidth,
  bitsFor,
  type Design,
  defineModule,
  type Outside,
  sink,
  type UInt,
  uint,
} from '../../gen/index.ts';
import { connect, fork } from '../../gen/stream/index.ts';
import { scanCore } from './core.ts';
import { only } from './fields.ts';
import { activationPorts, type exponentPorts, tokenShape } from './interface.ts';
import { fieldsIf, rowFormat, type ScanParameters, scanWidths } from './parameters.ts';
import { memoryInterface, placeStore, storesOf } from './placed-store.ts';

/** Where a token's state is, beside what the core needs of it. */
export const placedShape = (p: ScanParameters) => {
  const w = scanWidths(p);
  return {
    ...tokenShape(p),
    token: uint(32),
    state_base: uint(addressWidth(p.stateWords)),
    state_words: uint(bitsFor(BigInt(w.tokenWords))),
    ...fieldsIf(rowFormat(p) !== undefined, () => ({
      row_base: uint(addressWidth(p.rowWords)),
      row_words: uint(bitsFor(BigInt(w.tokenRows))),
    })),
  };
};

export const scanInterface = (p: ScanParameters) => ({
  token: sink(
    placedShape(p),
    'one token of one layer: its sizes, tiles = ceil(d_state / L), what the rounding depends on, first word and words of its state and of its exponents; token 0 starts from a zero state',
  ),
  ...activationPorts(p),
  ...(memoryInterface(p) as object),
});
export type ScanInterface = ReturnType<typeof scanInterface>;

/** golden's `scanTokenRows` (state format `row`) or `scanToken` (`head`), bit for bit. docs/scan.md has the schedule. */
export function scanUnit(p: ScanParameters): Design<ScanInterface> {
  const w = scanWidths(p);
  const f = p.numerics;
  const format = rowFormat(p);
  return defineModule(
    {
      name: `scan_l${p.lanes}_q${p.rows}_s${w.code}`,
      doc: [
        `SSM scan unit: ${p.rows} rows x ${p.lanes} elements of ${w.code}-bit state per cycle, one read and one write of each per token.`,
        `S = a S + (dt x) B; y = C . S + D x, for up to ${p.maxHeads} heads x ${p.maxHeadDim} rows x ${p.maxState} elements.`,
        '',
        'Streams are ready/valid: a beat moves at a rising edge at which both are 1; valid stays 1, with its payload, until then.',
        `Per token: one beat of token; for each group ceil(d_state / ${p.lanes}) beats of bc; then for each head one beat of head, and for`,
        `every ${p.rows} of its head_dim rows one beat of x, which gives one beat of y.`,
        'With round half up and saturation:',
        ...(format === undefined
          ? [
              `step = dt x / 2^step_shift (${f.stepBits} bits), S = (decay S + step B) / 2^${f.decayFraction} (${f.stateBits} bits),`,
            ]
          : [
              `S' = decay q 2^e / 2^${f.decayFraction} + dt x B / 2^step_shift (${format.workBits} bits, dt x of ${format.stepBits} significant bits),`,
              `stored as q 2^e, q of ${format.bits} bits rounded ${format.rounding === 'nearest' ? 'to nearest' : 'stochastically'}, e the least that holds the row,`,
            ]),
        `y = (sum C S) / 2^output_shift + direct x / 2^${f.directFraction} (${f.outputBits} bits).`,
      ].join('\n'),
      ports: scanInterface(p),
    },
    (m, io) => {
      const stores = format === undefined ? (['core', 'states'] as const) : (['core', 'states', 'exponents'] as const);
      const fan = m.instance('tokens', fork(placedShape(p), stores as readonly ('core' | 'states' | 'exponents')[]));
      connect(fan.in, io.token);
      const core = m.instance('core', scanCore(p));
      connect(core.token, only(m, fan.core, tokenShape(p)));
      connect(core.bc, io.bc);
      connect(core.head, io.head);
      connect(core.x, io.x);
      connect(io.y, core.y);
      io.saturations.drive(core.saturations);

      m.comment('State, and its exponents in a store of their own.');
      const [stateStore, exponentStore] = storesOf(p).map((store) => placeStore(m, p, store, io));
      const clear = io.token.payload.token.eq(0).named('clear');
      const place = (store: typeof stateStore, from: typeof fan.states, base: UInt, words: UInt): void => {
        store!.region.valid.drive(from.valid);
        from.ready.drive(store!.region.ready);
        store!.region.payload.drive({ base, words, clear });
        m.unused(from.payload);
      };
      place(stateStore, fan.states, fan.states.payload.state_base, fan.states.payload.state_words);
      connect(core.state, stateStore!.read);
      connect(stateStore!.write, core.new_state);
      if (exponentStore === undefined) return;
      const rows = core as unknown as Outside<ReturnType<typeof exponentPorts>>;
      place(exponentStore, fan.exponents, fan.exponents.payload.row_base, fan.exponents.payload.row_words);
      connect(rows.exponent, exponentStore.read);
      connect(exponentStore.write, rows.new_exponent);
    },
  );
}
