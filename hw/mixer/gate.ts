/** The gate: v = y silu(z). */
import { bit, bitsFor, type Design, defineModule, output, pack, sink, source, uint, unpack } from '../../gen/index.ts';
import type { Numerics } from '../../golden/fixed/index.ts';
import { clampCounter, counting } from '../lanes/counters.ts';
import { roundTo } from '../lanes/rounding.ts';

export interface GateParameters {
  /** P: rows per cycle. */
  readonly lanes: number;
  readonly numerics: Pick<Numerics, 'mixer' | 'scan'>;
}

/** P gates, with what is known of their place. */
export const gatesShape = ({ lanes, numerics }: GateParameters) => ({
  values: uint(lanes * numerics.mixer.gateBits),
  count: uint(bitsFor(BigInt(lanes))),
  last: bit,
});

export const gatedShape = ({ lanes, numerics }: GateParameters) => ({
  values: uint(lanes * numerics.mixer.gatedBits),
  count: uint(bitsFor(BigInt(lanes))),
});

const gateInterface = (p: GateParameters) => {
  const { gatedBits, gateBits } = p.numerics.mixer;
  const { outputBits } = p.numerics.scan;
  return {
    token: sink({ shift: uint(6) }, 'one token of one layer: shift of the products, to the right'),
    y: sink(uint(p.lanes * outputBits), `${p.lanes} results of the scan, ${outputBits} bits each`),
    gate: sink(gatesShape(p), `their gates, ${gateBits} bits each; count: how many count; last: of the token`),
    out: source(gatedShape(p), `${p.lanes} products of ${gatedBits} bits`),
    saturations: output({ gated: uint(32) }, 'values clamped since reset, modulo 2^32'),
  };
};
export type GateInterface = ReturnType<typeof gateInterface>;

/** round(y gate / 2^shift) in symmetric saturation: golden's `mix`. A beat per cycle, latency 3. */
export function gateUnit(p: GateParameters): Design<GateInterface> {
  const { gatedBits, gateBits } = p.numerics.mixer;
  return defineModule(
    { name: `mixer_gate_p${p.lanes}`, doc: `y silu(z), ${p.lanes} rows per cycle.`, ports: gateInterface(p) },
    (m, io) => {
      const advance = io.out.ready.or(io.out.valid.not()).named('advance');
      const others = io.token.valid.and(advance).named('others');
      const issue = others.and(io.y.valid).and(io.gate.valid).named('issue');
      io.y.ready.drive(others.and(io.gate.valid));
      io.gate.ready.drive(others.and(io.y.valid));
      io.token.ready.drive(issue.and(io.gate.payload.last));
      const pipe = m.pipeline('beat', { enable: advance });
      const shift = pipe.enter(io.token.payload.shift);
      const gates = unpack(pipe.enter(io.gate.payload.values), gateBits);
      const kept = unpack(pipe.enter(io.y.payload), p.numerics.scan.outputBits).map((y, i) => {
        const product = pipe.stage(`product_${i}`, y.asSigned().mul(gates[i]!.asSigned()));
        return roundTo(m, pipe, `gated_${i}`, product, shift, gatedBits, { symmetric: true });
      });
      const latency = pipe.latency(kept[0]!.value);
      const count = pipe.at(pipe.enter(io.gate.payload.count), latency);
      const valid = pipe.at(pipe.flag(issue), latency);
      io.out.valid.drive(valid);
      io.out.payload.drive({ values: pack(kept.map((k) => k.value)), count });
      const clamped = counting(
        kept.map((k) => k.clamped),
        count,
      );
      io.saturations.gated.drive(clampCounter(m, 'gated', clamped, valid.and(io.out.ready)));
    },
  );
}
