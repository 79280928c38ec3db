/** The vendors' models of their primitives, as Yosys ships them. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const shares = join(dirname(createRequire(import.meta.url).resolve('@yowasp/yosys')), 'share');

/**
 * The text of some modules among the cells of Xilinx, without timing. Carries that depend on each other within one vector are told apart for
 * Verilator, which otherwise computes long chains wrongly (docs/tool-notes.md).
 */
export async function xilinxCells(...names: readonly string[]): Promise<string> {
  const text = await readFile(join(shares, 'xilinx', 'cells_sim.v'), 'utf8');
  return names
    .map((name) => {
      const found = new RegExp(`(^\\(\\*[^\\n]*\\*\\)\\n)*^module ${name}\\b[\\s\\S]*?^endmodule`, 'm').exec(text);
      if (found === null) throw new Error(`no ${name} among the cells`);
      return `${found[0]}\n`;
    })
    .join('')
    .replaceAll(/specify[\s\S]*?endspecify/g, '')
    .replaceAll(/(output \[\d:0\] CO),/g, '$1 /*verilator split_var*/,');
}
