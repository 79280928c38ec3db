/**
 * Proof by Yosys that no word of state is lost in the core of the scan, and none comes back twice or before it is there: by induction from the reset on,
 * in surroundings that keep the rules of streams and are anything else. From its issue until it leaves, a beat is in the pipeline, in the row
 * buffer, or on its way out. All rows have one length, which the prover chooses; what products and memories give is left open.
 */
import { expect, it } from 'vitest';
import { type Design, type UInt, uint } from '../gen/index.ts';
import { defaultNumerics } from '../golden/fixed/index.ts';
import { type ScanParameters, scanCore, scanWidths } from '../hw/index.ts';
import { rowUnit } from '../hw/scan/row.ts';
import { probe } from './stream/probe.ts';
import { inductions, inductive, stuck } from './stream/prove.ts';
import { surrounded } from './stream/surrounded.ts';

const scan: ScanParameters = {
  ...{ lanes: 1, rows: 1, maxHeads: 2, maxHeadDim: 2, maxState: 3, maxGroups: 1, stateWords: 12, rowWords: 4 },
  numerics: defaultNumerics.scan,
  state: defaultNumerics.state,
};
const { buffer, tiles } = scanWidths(scan);
const { latency } = rowUnit(scan);
const [stateAt, exponentAt] = [latency.state + 1, latency.exponent + 1];

/** Bits of the sums of the claims. */
const bits = 9;
const wide = (x: UInt): UInt => x.ext(bits);
const plus = (a: UInt, b: UInt): UInt => a.add(b).trunc(bits);
const total = (flags: readonly UInt[]): UInt => flags.map(wide).reduce(plus);
const stages = <N extends string>(name: N, count: number) =>
  Array.from({ length: count }, (_, i) => `${name}_${1 + i}` as const);

const issuedNames = stages('issued', stateAt);
const endedNames = stages('row_ended', exponentAt);
const inCore = ['beats_under_way', 'beats_held', 'beats_kept', 'row_tiles', 'tile'] as const;
const inWriteBack = [
  'rows_waiting',
  'row_counted',
  'oldest_tiles',
  'tile',
  'read',
  'head',
  'tail',
  'state_kept',
  'exponent_kept',
] as const;

function keepsState(core: Design): Design {
  const names = [...inCore, ...issuedNames, ...endedNames, ...inWriteBack.map((n) => `write_back.${n}` as const)];
  return surrounded(probe(core, names), (m, dut, _io, say) => {
    const of = (name: string): UInt => dut[`probe_${name}`] as UInt;
    const back = (name: (typeof inWriteBack)[number]): UInt => of(`write_back_${name}`);
    const length = m.register('length', uint(tiles));
    length.next(length);
    say.assume(length.ne(0));
    say.assume(of('row_tiles').eq(length).and(back('oldest_tiles').eq(length)));
    const times = (n: UInt): UInt =>
      Array.from({ length: tiles }, (_, i) => length.bit(i).mux(n.shl(i).trunc(bits), 0)).reduce(plus);

    const [underWay, held] = [wide(of('beats_under_way')), wide(of('beats_held'))];
    const issued = issuedNames.map(of);
    const ended = endedNames.map(of);
    const waiting = wide(back('rows_waiting'));

    m.comment(
      'Every beat that was issued and not read belongs to a row group on its way, to one that is complete, or to the one that is issued.',
    );
    const rows = times(plus(total(ended), waiting));
    say.never(
      plus(underWay, wide(back('tile')))
        .eq(plus(rows, wide(of('tile'))))
        .not(),
    );
    say.never(of('tile').ge(length).or(back('tile').ge(length)));
    say.never(back('row_counted').not());
    m.comment('In the pipeline no row group is complete before its beats.');
    for (let k = 1; k <= stateAt; k++)
      say.never(total(issued.slice(0, k)).gt(plus(times(total(ended.slice(0, k))), wide(of('tile')))));

    m.comment('The beats that are under way are there, in the words between head and tail.');
    say.never(of('beats_kept').not());
    say.never(underWay.gt(buffer));
    const between = back('tail').sub(back('head')).trunc(back('tail').width).asUnsigned();
    say.never(between.eq(of('beats_held').trunc(between.width)).not());
    say.never(back('read').and(held.eq(0)));
    say.never(issued.at(-1)!.and(held.ge(buffer)));
    say.never(ended.at(-1)!.and(waiting.ge(buffer)));

    m.comment('What is read leaves.');
    say.never(back('state_kept').not());
    say.never(back('exponent_kept').not());
  });
}

it('of a word of state: it comes back once, whatever happens; refuted without room, and where the way out does not wait', async () => {
  const core = scanCore(scan) as Design;
  const faults = [stuck(core, 'room'), stuck(core, 'advance')];
  const [good, ...bad] = await inductions([core, ...faults].map(keepsState));
  expect(good).toContain(inductive);
  for (const log of bad) expect(log).toMatch(/-> proof failed|model found/);
});
