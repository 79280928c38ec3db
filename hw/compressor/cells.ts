/** The cells that a plan becomes in a print, counted without making them: as its realization places them. */
import type { Print } from './compressor.ts';
import { ecp5Cells } from './ecp5.ts';
import { familyOf } from './family.ts';
import { cellsOf, type Level, lutsOf, type Plan } from './plan.ts';
import { xilinxCells } from './xilinx.ts';

export interface CompressorCells {
  /** LUTs; CCU2C count two each. */
  readonly lut: number;
  readonly ff: number;
  readonly carry: number;
}

/** Exact for primitives; for equations what the plan counts on. */
export function compressorCells(plan: Plan, print: Exclude<Print, 'behavioural'>): CompressorCells {
  const family = familyOf(plan.family);
  const luts = (level: Level): number => level.reduce((n, c) => n + lutsOf(c, family), 0);
  const levels: { readonly [P in typeof print]: (level: Level) => { readonly lut: number; readonly carry: number } } = {
    portable: (level) => ({ lut: luts(level), carry: level.reduce((n, c) => n + cellsOf(c, family), 0) }),
    xcup: (level) => ({ lut: luts(level), carry: xilinxCells('CARRY8', level) }),
    xc7: (level) => ({ lut: luts(level), carry: xilinxCells('CARRY4', level) }),
    ecp5: (level) => ecp5Cells(level, plan.width),
  };
  const of = plan.levels.map(levels[print]);
  const sum = (what: 'lut' | 'carry'): number => of.reduce((n, l) => n + l[what], 0);
  return { lut: sum('lut'), ff: plan.registers, carry: sum('carry') };
}
