/** Layers of other shapes than the models', L and Q that do not divide them: golden bit for bit, random stalls on every stream. */
import { bundle } from '../../gen/index.ts';
import { defaultNumerics } from '../../golden/fixed/index.ts';
import { type ScanParameters, scanUnit, storeSize } from '../../hw/index.ts';
import { createHistory, createRandom, createSimulator } from '../../sim/index.ts';
import { scanBench } from '../../verify/bench-scan.ts';
import { goldenScan } from '../../verify/golden-scan.ts';
import { randomScanInput } from '../../verify/jobs-corner-scan.ts';
import { run } from '../../verify/run.ts';

/** L, Q, heads, head_dim, d_state, groups. */
export const shapes = [
  [8, 4, 1, 8, 8, 1],
  [16, 3, 96, 8, 24, 8],
  [32, 3, 8, 128, 256, 4],
  [64, 5, 12, 64, 200, 2],
  [4, 7, 24, 48, 100, 8],
  [128, 2, 3, 20, 8, 3],
] as const;

const spreads = ['random', 'extreme', 'quiet'] as const;

/** Tokens of two sequences in turn; what was wrong, and how many words were compared. */
export function runShape([lanes, rows, heads, headDim, dState, groups]: (typeof shapes)[number]) {
  const shape = { heads, headDim, dState, groups };
  const size = storeSize(shape, { lanes, rows });
  const most = { maxHeads: heads, maxHeadDim: headDim, maxState: dState, maxGroups: groups };
  const words = { stateWords: 2 * size.words, rowWords: 2 * size.rows };
  const formats = { numerics: defaultNumerics.scan, state: defaultNumerics.state };
  const p: ScanParameters = { lanes, rows, ...most, ...words, ...formats };
  const random = createRandom(lanes + heads);
  const scans = [0, 1].map((slot) => goldenScan(shape, { slot, layer: 7 + slot }, p));
  const jobs = [0, 1, 1, 0].map((slot, i) =>
    scans[slot]!.next(randomScanInput(shape, p, random, spreads[i % 3]!), { group: '', label: `token ${i}` }),
  );
  const top = bundle('top', { scan: scanUnit(p) }).module;
  const engine = createSimulator(top, { properties: 'throw' });
  const bench = { top, engines: [engine], tools: {}, history: createHistory(), close: () => engine.close() };
  const done = run(bench, [scanBench(jobs, p)], { stall: 0.3, seed: 1, wave: undefined, progress: () => undefined });
  engine.close();
  const wrong = done.verdicts.flatMap((v) => (v.mismatch === undefined ? [] : [`${v.label}: ${v.mismatch.text}`]));
  return {
    wrong: done.stuck === undefined ? wrong : [...wrong, done.stuck],
    words: done.verdicts.reduce((sum, v) => sum + v.words, 0),
  };
}
