/**
 * Proofs by Yosys that every stream a unit gives keeps its beats: valid stays, and the payload as it is, until ready. From one cycle to the next,
 * in any state, whether it can be reached or not, and in any surroundings. Those of the stores are in `scan-proof.test.ts`.
 */
import { describe, expect, it } from 'vitest';
import type { Design, Drivable, Given, Shape, Taken } from '../gen/index.ts';
import { connect, watch } from '../gen/stream/index.ts';
import { defaultNumerics } from '../golden/fixed/index.ts';
import { convUnit, normUnit, residualUnit, type ScanParameters, scanCore } from '../hw/index.ts';
import { monitor } from './stream/monitor.ts';
import { always, sometimes, step, stuck } from './stream/prove.ts';

/** No stream of `design` takes a beat back or changes it. */
function keepsBeats(design: Design): Design {
  const ports = Object.fromEntries(Object.entries(design.ports).filter(([, { kind }]) => kind !== 'output'));
  return monitor(design, ports, (m, io, say) => {
    const dut = m.instance('dut', design) as unknown as Record<string, unknown>;
    const outside = io as unknown as Record<string, unknown>;
    for (const [name, { kind }] of Object.entries(design.ports)) {
      if (kind === 'output') m.unused(dut[name] as never);
      else if (kind === 'input') (dut[name] as Drivable<Shape>).drive(outside[name] as never);
      else if (kind === 'sink') {
        connect(dut[name] as Given<Shape>, outside[name] as Taken<Shape>);
        say.assume(watch(m, `rules_${name}`, outside[name] as Taken<Shape>).now.not());
      } else {
        connect(outside[name] as Given<Shape>, dut[name] as Taken<Shape>);
        say.never(watch(m, `rules_${name}`, outside[name] as Given<Shape>).now);
      }
    }
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
describe('streams keep their beats', () => {
  it.each(units)('of %s, in any state', async (_name, design) => {
    expect(await step(keepsBeats(design))).toContain(always);
  });
  it.each(units)('refuted where %s does not wait', async (_name, design, waits) => {
    expect(await step(keepsBeats(stuck(design, waits)))).toContain(sometimes);
  });
});
