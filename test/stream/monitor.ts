/**
 * What is proved of every stream element, written as hardware around it. A monitor is a design whose inputs a prover
 * chooses and that says in every cycle: `assumed`, the surroundings have kept the rules; `wrong`, the element has broken its
 * data sheet; `inconsistent`, the monitor and the element disagree about what is inside (which only helps the induction).
 *
 * To follow one beat among any number, the prover marks one when it enters; what holds for it holds for each.
 */
import {
  type Bits,
  bit,
  type Design,
  type Drivable,
  defineModule,
  type Given,
  type Inside,
  type Interface,
  input,
  type ModuleBuilder,
  output,
  type Shape,
  type Taken,
  type UInt,
} from '../../gen/index.ts';

/** Collects the claims of one monitor. */
export interface Claims {
  assume(holds: UInt): void;
  never(happens: UInt): void;
  invariant(holds: UInt): void;
}

export const free = { mark: input(bit, 'follow the beat that enters now') };
const flags = { assumed: output(bit, ''), wrong: output(bit, ''), inconsistent: output(bit, '') };

export function monitor<I extends Interface>(
  element: Design,
  ports: I,
  body: (m: ModuleBuilder, io: Inside<I>, claims: Claims) => void,
): Design {
  const all = { ...ports, ...flags };
  return defineModule({ name: 'monitor', doc: `Claims about ${element.module.name}.`, ports: all }, (m, io) => {
    const kept: UInt[] = [m.constant(bit, 1)];
    const happened: UInt[] = [m.constant(bit, 0)];
    const consistent: UInt[] = [m.constant(bit, 1)];
    body(m, io as unknown as Inside<I>, {
      assume: (holds) => kept.push(holds),
      never: (happens) => happened.push(happens),
      invariant: (holds) => consistent.push(holds),
    });
    const outputs = io as unknown as Readonly<Record<keyof typeof flags, Drivable<Bits<'unsigned'>>>>;
    outputs.assumed.drive(kept.reduce((a, b) => a.and(b)));
    outputs.wrong.drive(happened.reduce((a, b) => a.or(b)));
    outputs.inconsistent.drive(consistent.reduce((a, b) => a.and(b)).not());
  });
}

export const moves = <T extends Shape>(s: Taken<T> | Given<T>): UInt => s.valid.and(s.ready);
export const implies = (a: UInt, b: UInt): UInt => a.not().or(b);
export const same = (a: UInt, b: UInt): UInt => a.eq(b);
export const plus = (x: UInt, y: number | UInt): UInt => x.add(y).trunc(x.width);
export const minus = (x: UInt, y: number | UInt): UInt => x.sub(y).trunc(x.width).asUnsigned();
export const anyOf = (all: readonly UInt[]): UInt => all.reduce((a, b) => a.or(b));
export const allOf = (all: readonly UInt[]): UInt => all.reduce((a, b) => a.and(b));
/** The value at `index`. */
export const pick = (values: readonly UInt[], index: UInt): UInt =>
  values.slice(1).reduce((other, v, i) => index.eq(i + 1).mux(v, other), values[0]!);
