/** One bit into another clock domain. */
import { inDomain } from '../domain.ts';
import { type InputPort, input, type OutputPort, output } from '../interface.ts';
import { type Design, defineModule, type ModuleBuilder } from '../module.ts';
import { type Bits, bit } from '../shape.ts';
import type { UInt } from '../signal.ts';
import { checkParameters } from '../stream/parameter.ts';
import { type CrossingOptions, checkFlops } from './parameter.ts';

export interface SynchroniserOptions extends CrossingOptions {
  /** Value in reset; default: none, the registers are not reset. */
  readonly reset?: 0 | 1;
}

export type SynchroniserInterface = {
  readonly d: InputPort<Bits<'unsigned'>>;
  readonly q: OutputPort<Bits<'unsigned'>>;
};

/**
 * Synchroniser of one bit that comes straight from a register of another clock, or from outside. It must stay for longer
 * than a period of this clock to be seen.
 *
 *     latency     `flops` edges of this clock, one less or more for an edge close to the change
 *     state       flops flip-flops with ASYNC_REG
 *     formula     q = d, `flops` edges ago
 */
export function synchroniser(options: SynchroniserOptions = {}): Design<SynchroniserInterface> {
  const { flops = 2, reset } = options;
  checkParameters('synchroniser', synchroniser, [checkFlops(flops)]);
  const suffix = reset === undefined ? '' : `_r${reset}`;
  return defineModule(
    {
      name: `cdc_synchroniser_n${flops}${suffix}`,
      doc: `Synchroniser: one bit of any clock through ${flops} registers of this one.`,
      ports: {
        ...inDomain('asynchronous', { d: input(bit, 'straight from a register, of any clock') }),
        q: output(bit, 'the same, of this clock'),
      },
    },
    (m, io) => io.q.drive(settled(m, 'd', 'bit', io.d, flops, reset)),
  );
}

/** `value`, of another domain, through a row of registers of the present one. */
export function settled(
  m: ModuleBuilder,
  name: string,
  kind: 'bit' | 'gray',
  value: UInt,
  flops: number,
  reset: number | undefined = 0,
): UInt {
  const options = reset === undefined ? {} : { reset };
  let at = m.delay(`${name}_meta`, value, { ...options, crossing: kind });
  for (let i = 1; i < flops; i++) at = m.delay(`${name}_sync_${i}`, at, { ...options, crossing: 'settle' });
  return at;
}
