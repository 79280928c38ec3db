/** What the number formats of the fixed-point model cost: reprints the table of docs/numerics.md. `npx tsx bench/golden-formats.ts [windows]` */
import { fileURLToPath } from 'node:url';
import {
  bitsPerByte,
  calibrate,
  defaultNumerics,
  loadModel,
  readCalibrationText,
  readWindows,
  VARIANTS,
  variant,
} from '../golden/index.ts';

const at = (path: string) => fileURLToPath(new URL(`../models/${path}`, import.meta.url));
const windows = Number(process.argv[2] ?? 64);
const text = at('kjv-val.txt');

for (const name of ['nano', 'tiny']) {
  const model = await loadModel(at(name));
  const calibration = calibrate(model, await readCalibrationText({ text, offset: 131072, window: 1024, windows: 8 }));
  const tokens = await readWindows(text, { windows });
  const float = (await bitsPerByte(model, tokens)).bitsPerByte;
  console.log(`${name}: ${float.toFixed(5)} bits per byte in floating point, ${windows} windows of 1024 bytes`);
  for (const option of ['activation_bits', 'state_format', 'head_bits', 'head_activation_bits'] as const) {
    for (const value of Object.keys(VARIANTS[option])) {
      const numerics = variant(defaultNumerics, option, value);
      const { bitsPerByte: fixed, clamped } = await bitsPerByte(model, tokens, { fixed: { calibration, numerics } });
      const lost = Object.values(clamped).reduce((sum, n) => sum + n, 0);
      console.log(`  ${option} ${value}: ${(100 * (fixed / float - 1)).toFixed(3)} %, ${lost} clamped`);
    }
  }
}
