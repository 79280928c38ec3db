/** What goes along with the data: flags that a flush clears, and a choice by number. */
import { bit, type ModuleBuilder, type SInt, type UInt } from '../../gen/index.ts';

/** `flag` after so many stages that move with `enable`. A flush clears it in all of them, but for the last where that is `shown` outside. */
export function flagAfter(
  m: ModuleBuilder,
  name: string,
  flag: UInt,
  stages: number,
  { enable, flush, shown }: { readonly enable: UInt; readonly flush: UInt; readonly shown: boolean },
): UInt {
  let before = flag;
  for (let stage = 1; stage <= stages; stage++) {
    const register = m.register(`${name}_at_${stage}`, bit, { reset: 0 });
    const kept = stage === stages && shown;
    const next = kept ? before.and(flush.not()) : before;
    m.when(enable, () => register.next(next));
    if (!kept) m.when(flush, () => register.next(0));
    before = register;
  }
  return before;
}

/** values[index] as a tree of choices; what an index beyond them gives is undefined. */
export function select(values: readonly SInt[], index: UInt): SInt {
  let level = values;
  for (let b = 0; level.length > 1; b++) {
    const odd = index.bit(b);
    level = Array.from({ length: Math.ceil(level.length / 2) }, (_, i) => {
      const other = level[2 * i + 1];
      return other === undefined ? level[2 * i]! : odd.mux(other, level[2 * i]!);
    });
  }
  return level[0]!;
}
