/** The whole array of the look-up engine, the filling of its tables included: LUTs per multiply-accumulate and cycle. */
import type { Progress, Report } from '../../cli/command.ts';
import { printVerilog } from '../../gen/index.ts';
import { matmulArray } from '../../hw/index.ts';
import { cellCounts } from '../../sim/index.ts';
import { measured, reportOf } from '../bench.ts';
import { lookUpTile } from './arrays.ts';

const bound = 4;

export async function lookUp(progress: Progress): Promise<Report> {
  progress('Yosys on the array of 16 x 256, some minutes');
  const { lut, ff, carry, bram, version } = await cellCounts(printVerilog(matmulArray(lookUpTile)), {
    ...{ target: 'xcup' as const, seconds: 3600 },
    progress,
  });
  const perMac = lut / (lookUpTile.lanes * lookUpTile.columns);
  const check = {
    name: 'W1A8, table look-up, whole array of 16 x 256: LUT per MAC and cycle',
    ok: perMac <= bound,
    detail: `${perMac.toFixed(2)}, at most ${bound.toFixed(1)}; ratio ${(perMac / bound).toFixed(2)}; ${carry} carry cells, ${bram} block RAMs`,
  };
  const figures = [
    measured('look_up.lut', lut, 'LUT'),
    measured('look_up.ff', ff, 'FF'),
    measured('look_up.lut_per_mac', perMac, 'LUT per MAC and cycle'),
  ];
  return { ...reportOf(figures, [check]), tools: { yosys: { version, how: 'wasm' } } };
}
