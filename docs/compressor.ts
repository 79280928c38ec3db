/** Draws docs/compressor-plan.svg: the plan of 256 products for UltraScale+. `npm run docs`. */
import { writeFile } from 'node:fs/promises';
import { planPicture } from '../hw/compressor/picture.ts';
import { searchPlan } from '../hw/compressor/search.ts';

const plan = searchPlan([{ bits: 0, products: 256, operation: 'and' }], 9, { family: 'xilinx' });
await writeFile(new URL('compressor-plan.svg', import.meta.url), planPicture(plan));
