/**
 * Proofs by Yosys that every stream a unit gives keeps its beats: valid stays, and the payload as it is, until ready. From one cycle to the next,
 * in any state, whether it can be reached or not, and in any surroundings. No row of the scan is lost or given twice: by induction from the reset on. The
 * stores are in `scan-proof.test.ts`.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Design, Given, Shape, UInt } from '../gen/index.ts';
import { watch } from '../gen/stream/index.ts';
import { defaultNumerics } from '../golden/fixed/index.ts';
import { convUnit, normUnit, residualUnit, type ScanParameters, scanCore } from '../hw/index.ts';
import { spareRows } from '../hw/scan/core.ts';
import { rowUnit } from '../hw/scan/row.ts';
import { probe } from './stream/probe.ts';
import { always, inductions, inductive, sometimes, steps, stuck } from './stream/prove.ts';
import { surrounded } from './stream/surrounded.ts';

/** No stream of `design` takes a beat back or changes it. */
const keepsBeats = (design: Design): Design =>
  surrounded(design, (m, _dut, io, say) => {
    for (const [name, { kind }] of Object.entries(design.ports))
      if (kind === 'source') say.never(watch(m, `rules_${name}`, io[name] as Given<Shape>).now);
  });

/**
 * Row groups of the scan from their last beat to y: those that were issued and not taken are in the pipeline or in the FIFO, which has a place for
 * each that comes; none is taken that is not there.
 */
function keepsRows(core: Design): Design {
  const names = [
    'rows_kept',
    'rows_waiting',
    'rows_under_way',
    'room_for_y',
    `row_ended_${rowUnit(scan).latency.y + 1}`,
    'row_done',
    'y_taken',
  ] as const;
  return surrounded(probe(core, names), (_m, dut, _io, say) => {
    const [kept, waiting, underWay, room, given, done, taken] = names.map((n) => dut[`probe_${n}`]) as [
      ...(typeof names extends readonly [...infer N] ? { [K in keyof N]: UInt } : never),
    ];
    say.never(kept.not());
    say.never(underWay.gt(rowUnit(scan).latency.y + spareRows));
    say.never(given.and(waiting.ge(underWay)));
    say.never(taken.and(waiting.eq(0)));
    say.never(done.and(room.not()));
  });
}

const scan: ScanParameters = {
  ...{ lanes: 1, rows: 1, maxHeads: 2, maxHeadDim: 2, maxState: 2, maxGroups: 1, stateWords: 8, rowWords: 4 },
  numerics: defaultNumerics.scan,
  state: defaultNumerics.state,
};
const conv = { lanes: 1, taps: 2, maxWords: 4, stateWords: 4, numerics: defaultNumerics };
const norm = {
  ...{ lanes: 1, inputBits: 24, maxTileWords: 2, maxTiles: 1, maxGroups: 1, maxColumns: 2, maxShift: 16 },
  numerics: defaultNumerics,
};
const residual = { lanes: 1, maxRows: 2, maxGroups: 2, resultBits: 8, residualBits: 8 };

/** Each with a value that makes it go on without asking when it is always 1. */
const units: readonly (readonly [string, Design, string])[] = [
  ['the core of the scan', scanCore(scan) as Design, 'advance'],
  ['the convolution', convUnit(conv) as Design, 'advance'],
  ['the norm', normUnit(norm) as Design, 'advance'],
  ['the residual addition', residualUnit(residual) as Design, 'move'],
];
describe('streams keep their beats, in any state', () => {
  let logs: string[];
  beforeAll(async () => {
    logs = await steps(units.flatMap(([, unit, waits]) => [keepsBeats(unit), keepsBeats(stuck(unit, waits))]));
  });
  it.each(units.map(([name], i) => [name, i] as const))('%s; refuted where it does not wait', (_name, i) => {
    expect(logs[2 * i]).toContain(always);
    expect(logs[2 * i + 1]).toContain(sometimes);
  });
});

describe('rows of the scan', () => {
  it('are taken as y once each, after any number of cycles; refuted where a beat is issued without room', async () => {
    const core = scanCore(scan) as Design;
    const [good, bad] = await inductions([keepsRows(core), keepsRows(stuck(core, 'room'))]);
    expect(good).toContain(inductive);
    expect(bad).toMatch(/-> proof failed|model found/);
  });
});
