/** ECP5: LUTs of AND and popcount, and frequency and flip-flops of a lane with its accumulator. */

import type { Check, Progress, Report } from '../../cli/command.ts';
import { type Design, defineModule, input, output, printVerilog, uint } from '../../gen/index.ts';
import { findNextpnr, placeAndRoute, placers, synthesize } from '../../sim/index.ts';
import { measured, reportOf } from '../bench.ts';
import { counter } from './area.ts';
import { binaryLane, sumBits } from './binary-lane.ts';

const columns = 256;
const seeds = [1, 2, 3];

/** A lane between registers of its operands, which are shifted in, and of its sum, which is shifted out: few pins. */
export function laneOnChip(): Design {
  const one = uint(1);
  const ports = {
    shiftIn: input(one, 'operands, bit by bit'),
    first: input(one, 'the next sum is the first of its row'),
    load: input(one, 'the sum goes out next'),
    out: output(one, 'sum, bit by bit'),
  };
  return defineModule({ name: 'lane_on_chip', doc: 'A lane between registers.', ports }, (m, io) => {
    const weight = m.register('weight', uint(columns));
    const planes = m.register('planes', uint(columns));
    weight.next(weight.shl(1).trunc(columns).or(io.shiftIn.ext(columns)));
    planes.next(
      planes
        .shl(1)
        .trunc(columns)
        .or(weight.bit(columns - 1).ext(columns)),
    );
    const l = m.instance('lane', binaryLane(columns, 'ecp5', 'ecp5'));
    l.weight.drive(weight);
    l.plane.drive(planes);
    l.take.drive(1);
    l.first.drive(m.delay('first_q', io.first));
    const result = m.register('result', uint(sumBits));
    result.next(m.delay('load_q', io.load).mux(l.total.slice(sumBits - 1, 0), result.shr(1).ext(sumBits)));
    io.out.drive(result.bit(0));
  }) as Design;
}

export async function ecp5(progress: Progress): Promise<Report> {
  const product = await synthesize(printVerilog(counter(columns, 'products', 'ecp5', 'ecp5')), {
    target: 'ecp5',
    progress,
  });
  const perMac = product.lut / columns;
  const chip = await synthesize(printVerilog(laneOnChip()), { target: 'ecp5', progress });
  // the operands, two flags and the result stand around the lane
  const around = 2 * columns + 2 + sumBits;
  const ffPerMac = (chip.ff - around) / columns;
  const check = (name: string, ok: boolean, detail: string): Check => ({ name, ok, detail });
  const checks = [
    check(
      'ECP5, AND + popcount of 256: LUT4, two for each CCU2C, per binary MAC',
      perMac <= 2.4,
      `${perMac.toFixed(3)}, at most 2.4: ratio ${(perMac / 2.4).toFixed(2)}; ${product.carry} CCU2C, ${product.ff} FF; carry save 2.64`,
    ),
    check(
      'ECP5, lane of 256 columns with accumulator: FF per MAC beside its operands',
      ffPerMac <= 1.2,
      `${ffPerMac.toFixed(3)}, at most 1.2: ratio ${(ffPerMac / 1.2).toFixed(2)}`,
    ),
  ];
  const figures = [
    measured('ecp5.and_popcount_256', perMac, 'LUT4 per binary MAC'),
    measured('ecp5.lane_ff', ffPerMac, 'FF per binary MAC'),
  ];
  const tools = { yosys: { version: product.version, how: 'wasm' } };
  const nextpnr = await findNextpnr('ecp5');
  const name = 'ECP5, lane of 256 columns with accumulator, speed grade 8, median of three seeds: MHz';
  if (nextpnr === undefined) {
    const { install, variable } = placers.ecp5;
    const get = `${install}, or name the program in ${variable}`;
    return { ...reportOf(figures, checks), skipped: [{ name, why: 'nextpnr-ecp5 was not found', get }], tools };
  }
  const found: number[] = [];
  for (const seed of seeds) {
    progress(`nextpnr: seed ${seed}`);
    found.push((await placeAndRoute(nextpnr, chip.netlist, seed)).fmax);
  }
  const median = [...found].sort((a, b) => a - b)[1]!;
  const detail = `${median}, at least 330: ratio ${(median / 330).toFixed(2)}; seeds ${found.join(', ')}; naive loop 101, carry save per two levels 352`;
  return {
    ...reportOf(
      [...figures, measured('ecp5.fmax_mhz', median, 'MHz')],
      [...checks, check(name, median >= 330, detail)],
    ),
    tools: { ...tools, nextpnr: { version: nextpnr.version, how: 'native' } },
  };
}
