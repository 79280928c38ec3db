/** Counting what is under way. */
import { bitsFor, increment, type ModuleBuilder, type UInt, uint } from '../../gen/index.ts';

/** How many have come and not gone, 0 to `most`. */
export function counter(m: ModuleBuilder, name: string, most: number, come: UInt, go: UInt): UInt {
  const count = m.register(name, uint(bitsFor(BigInt(most))), { reset: 0 });
  const up = come.and(go.not());
  const down = go.and(come.not());
  const fewer = count.sub(1).trunc(count.width).asUnsigned();
  count.next(up.mux(increment(count), down.mux(fewer, count)));
  m.assert(`${name}_has_some`, down.not().or(count.ne(0)), `${name}: none goes that has not come`);
  return count;
}
