/** Every counter, however it is filled, gives the number of ones that it takes. */
import { describe, expect, it } from 'vitest';
import { type Family, type FamilyName, familyOf, type Variant } from './family.ts';
import { evaluate, type Shape } from './table.ts';

/** What a counter gives less what it takes, in units of its own weight, for one value of its slots and the carry. */
function surplus({ counter, filling }: Variant, values: number, carryIn: number): number {
  const at = (slot: number): number => (filling[slot] === undefined ? 0 : (values >> slot) & 1);
  const lookUp = (lut: number, pin: 'o6' | 'o5'): number => {
    const l = counter.luts[lut]!;
    const shapes = l.sees.map((s): Shape => filling[s] && { kind: 'bit' });
    const address = l.sees.filter((s) => filling[s] !== undefined).reduce((a, s, i) => a | (at(s) << i), 0);
    return evaluate(l[pin]!, shapes, address);
  };
  let carry = carryIn;
  let position = 0;
  let given = 0;
  for (const [i, l] of counter.luts.entries()) {
    if (l.generate === undefined) continue;
    const passes = lookUp(i, 'o6');
    given += (passes ^ carry) << position++;
    if (passes === 0) carry = l.generate === 'o5' ? lookUp(i, 'o5') : at(l.generate);
  }
  if (position > 0) given += carry << position;
  for (const o of counter.outs) given += lookUp(o.lut, o.pin) << o.column;
  const taken = counter.slots.reduce((n, s, i) => n + (at(i) << s.column), position > 0 ? carryIn : 0);
  return given - taken;
}

describe.each<FamilyName>(['xilinx', 'xilinx-portable', 'ecp5'])('the counters of %s', (name) => {
  const family: Family = familyOf(name);
  it('give what they take', () => {
    for (const v of family.variants)
      for (let values = 0; values < 2 ** v.counter.slots.length; values++)
        for (const carry of [0, 1])
          if (surplus(v, values, carry) !== 0) expect.fail(`${v.counter.name} ${v.filling}: ${values}, carry ${carry}`);
    expect(family.variants.length).toBeGreaterThan(10);
  });
});

it('a counter with a wrong formula is found', () => {
  const [v] = familyOf('xilinx').variants.filter((v) => v.counter.name === '3:2');
  const [lut] = v!.counter.luts;
  const wrong = { ...v!, counter: { ...v!.counter, luts: [{ ...lut!, o5: lut!.o6 }] } };
  expect([0, 1, 2, 3, 4, 5, 6, 7].some((values) => surplus(wrong, values, 0) !== 0)).toBe(true);
});
