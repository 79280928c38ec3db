/** The vendors' models of their primitives, as Yosys ships them. */
import { sharedFile } from '../sim/yosys.ts';

/**
 * The text of some modules among the cells of Xilinx, without timing. Carries that depend on each other within one vector are told apart for
 * Verilator, which otherwise computes long chains wrongly (docs/tool-notes.md).
 */
export const xilinxCells = (...names: readonly string[]): Promise<string> => cells('xilinx/cells_sim.v', names);

/** The same of ECP5. */
export const ecp5Cells = (...names: readonly string[]): Promise<string> => cells('ecp5/cells_sim.v', names);

async function cells(path: string, names: readonly string[]): Promise<string> {
  const text = await sharedFile(path);
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
