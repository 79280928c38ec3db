/** The waveforms of docs/scan.md are those of a run. `npx vitest run test/scan-waves -u` draws them again. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { defaultNumerics, type ScanShape } from '../golden/fixed/index.ts';
import { type ScanParameters, scanTiming, scanUnit, storeSize } from '../hw/index.ts';
import { createRandom, createSimulator, driveStream, monitorStream, reset, runUntil } from '../sim/index.ts';
import { probesOf, recordTrace, waveSvg } from '../sim/wave/index.ts';
import { scanBench } from '../verify/bench-scan.ts';
import { goldenScan } from '../verify/golden-scan.ts';
import { randomScanInput } from '../verify/jobs-corner-scan.ts';

/** Tokens of one layer, drawn as SVG. */
function draw(shape: ScanShape, tokens: number, signals: readonly string[]) {
  const sizes = { lanes: 8, rows: 1 };
  const { words, rows } = storeSize(shape, sizes);
  const most = { maxHeads: shape.heads, maxHeadDim: shape.headDim, maxState: shape.dState, maxGroups: shape.groups };
  const formats = { numerics: defaultNumerics.scan, state: defaultNumerics.state };
  const p: ScanParameters = { ...sizes, ...most, stateWords: words, rowWords: rows, ...formats };
  const scan = goldenScan(shape, { slot: 0, layer: 0 }, p);
  const random = createRandom(3);
  const jobs = Array.from({ length: tokens }, () =>
    scan.next(randomScanInput(shape, p, random, 'random'), { group: '', label: '' }),
  );
  const bench = scanBench(jobs, p);
  const engine = createSimulator(scanUnit(p).module, { visibility: 'named', properties: 'throw' });
  reset(engine);
  const recorder = recordTrace(probesOf(engine, signals));
  const drivers = Object.entries(bench.feeds).map(([name, beats]) => driveStream(engine, name, beats()));
  const y = monitorStream(engine, 'y', { count: bench.collects['y']! });
  runUntil(engine, [...drivers, y], { limit: 300, onCycle: recorder.sample });
  expect(y.beats.length).toBe(jobs.length * rows);
  engine.close();
  return { svg: waveSvg(recorder.trace()), timing: scanTiming(shape, p) };
}

const picture = (name: string) => fileURLToPath(new URL(`../docs/waves/${name}.svg`, import.meta.url));
const signals = [
  'token_valid',
  'token_ready',
  'bc_valid',
  'bc_ready',
  'head_ready',
  'x_ready',
  'core.issue',
  'core.tile',
  'core.row_done',
  'core.write_back.read',
  'states.write_moves',
  'y_valid',
  'y_last',
];

describe('waveforms of the scan', () => {
  it('two tokens of one layer, each longer than a word is on its way: a beat in every cycle', async () => {
    const { svg, timing } = draw({ heads: 2, headDim: 8, dState: 16, groups: 1 }, 2, signals);
    expect(timing.beats).toBeGreaterThanOrEqual(timing.turnaround);
    await expect(svg).toMatchFileSnapshot(picture('scan-full'));
  });

  it('three tokens that are shorter: each waits until its words have come back', async () => {
    const { svg, timing } = draw({ heads: 1, headDim: 4, dState: 16, groups: 1 }, 3, signals);
    expect(timing.beats).toBeLessThan(timing.turnaround);
    await expect(svg).toMatchFileSnapshot(picture('scan-wait'));
  });
});
