/** The waveforms of docs/matmul.md are those of a run. `npx vitest run test/matmul-waves -u` draws them again. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { defaultNumerics } from '../golden/fixed/index.ts';
import { type MatmulParameters, matmulArray } from '../hw/index.ts';
import { createSimulator, driveStream, monitorStream, reset, runUntil } from '../sim/index.ts';
import { probesOf, recordTrace, waveSvg } from '../sim/wave/index.ts';
import { matmulBench } from '../verify/bench-matmul.ts';
import { matmulJob, planeMatrix, tiledVector } from '../verify/jobs-corner.ts';

const base: MatmulParameters = {
  ...{ lanes: 2, columns: 8, segment: 8, load: 4, tokens: 1, drain: 1, planes: 1, maxShift: 0 },
  ...{ maxRows: 8, maxColumns: 32, numerics: defaultNumerics.matmul },
};

/** Two matrices back to back, drawn as SVG. */
function draw(p: MatmulParameters, order: 'row-major' | 'column-major', signals: readonly string[]): string {
  const job = (rows: number, cols: number) =>
    matmulJob(
      'drawn',
      planeMatrix(rows, cols, 1, (o, i) => (o + i) % 3 === 0),
      'signs',
      [tiledVector(p, cols, p.segment, { value: () => 3, shift: () => 0, bias: 0 })],
      p.numerics,
      order,
    );
  const bench = matmulBench([job(4, 24), job(2, 16)], p, false);
  const engine = createSimulator(matmulArray(p).module, { visibility: 'named' });
  reset(engine);
  const recorder = recordTrace(probesOf(engine, signals));
  const drivers = Object.entries(bench.feeds).map(([name, beats]) => driveStream(engine, name, beats()));
  const results = monitorStream(engine, 'result', { count: bench.collects['result']! });
  runUntil(engine, [...drivers, results], { limit: 120, onCycle: recorder.sample });
  const verdicts = bench.judge({ result: results.beats }, () => 0n);
  expect(verdicts.flatMap((v) => v.mismatch?.text ?? [])).toEqual([]);
  engine.close();
  return waveSvg(recorder.trace());
}

const picture = (name: string) => fileURLToPath(new URL(`../docs/waves/${name}.svg`, import.meta.url));
const streams = ['desc_valid', 'desc_ready', 'act_valid', 'act_ready', 'weight_valid', 'weight_ready'];
const results = ['capture', 'result_valid', 'result_last'];

describe('waveforms of the matmul array', () => {
  it('popcount, row-major: the next matrix is loaded and the last tile leaves while weights are taken', async () => {
    const signals = [...streams, 'load_bank', 'run_bank', 'column', 'run', 'tile_done', ...results];
    await expect(draw(base, 'row-major', signals)).toMatchFileSnapshot(picture('matmul-rows'));
  });

  it('look-up, column-major: tables are filled while others are read', async () => {
    const p: MatmulParameters = { ...base, engine: 'table', load: 8, storedRows: 8, drain: 2 };
    const signals = [
      ...streams,
      'fill_bank',
      'fill_step',
      'tables_ready',
      'table_bank',
      'column',
      'tile',
      'run',
      ...results,
    ];
    await expect(draw(p, 'column-major', signals)).toMatchFileSnapshot(picture('matmul-tables'));
  });
});
