/** Elaborates and prints the planned arrays, and writes them; prints seconds of processor time, bytes, and the peak of memory as JSON. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printVerilog } from '../../gen/index.ts';
import { matmulArray } from '../../hw/index.ts';
import { planned } from './arrays.ts';

const out = mkdtempSync(join(tmpdir(), 'popscan-generate-'));
const runs = (['table', 'popcount'] as const).map((engine) => {
  // popcounts as equations, as `popscan gen` prints them where no target is named
  const { parameters: p } = planned(engine);
  const parameters = engine === 'table' ? p : { ...p, cells: 'portable' as const };
  const start = process.cpuUsage();
  const { files } = printVerilog(matmulArray(parameters));
  for (const { name, text } of files) writeFileSync(join(out, name), text);
  const { user, system } = process.cpuUsage(start);
  const bytes = files.reduce((sum, { text }) => sum + text.length, 0);
  return { engine, seconds: (user + system) / 1e6, bytes, peak: process.resourceUsage().maxRSS * 1024 };
});
rmSync(out, { recursive: true });
console.log(JSON.stringify(runs));
