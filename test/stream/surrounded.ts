/** A design among streams that keep the rules, for proofs about it. */
import type { Design, Drivable, Given, ModuleBuilder, Shape, Taken } from '../../gen/index.ts';
import { connect, watch } from '../../gen/stream/index.ts';
import { type Claims, monitor } from './monitor.ts';

export type Ports = Readonly<Record<string, unknown>>;

/** `design` in surroundings that keep the rules of streams; of its outputs only probes are looked at. */
export function surrounded(
  design: Design,
  claim: (m: ModuleBuilder, dut: Ports, io: Ports, say: Claims) => void,
): Design {
  const ports = Object.fromEntries(Object.entries(design.ports).filter(([, { kind }]) => kind !== 'output'));
  return monitor(design, ports, (m, inside, say) => {
    const dut = m.instance('dut', design) as unknown as Ports;
    const io = inside as unknown as Ports;
    for (const [name, { kind }] of Object.entries(design.ports)) {
      if (kind === 'output') m.unused(dut[name] as never);
      else if (kind === 'input') (dut[name] as Drivable<Shape>).drive(io[name] as never);
      else if (kind === 'source') connect(io[name] as Given<Shape>, dut[name] as Taken<Shape>);
      else {
        connect(dut[name] as Given<Shape>, io[name] as Taken<Shape>);
        say.assume(watch(m, `rules_${name}`, io[name] as Taken<Shape>).now.not());
      }
    }
    claim(m, dut, io, say);
  });
}
