/** Bounded proofs by Yosys about monitored designs: everything that a number of cycles after a reset can bring. */
import { type Design, type Node, printVerilog, type Replacement, rewriteModule } from '../../gen/index.ts';
import { yosys } from '../../sim/yosys.ts';

/** The log of the search for a wrong cycle among the first `cycles` of what `monitor` made. */
export async function check(claims: Design, cycles: number): Promise<string> {
  const { files, top } = printVerilog(claims);
  const script = [
    'read_verilog a.v',
    `hierarchy -check -top ${top}`,
    'proc; flatten; delete t:$assert t:$assume; opt -full; memory; opt -full',
    `sat -seq 1 -set-at 1 rst 1 -timeout 300 -set assumed 1 -tempinduct -tempinduct-baseonly -maxsteps ${cycles} -prove wrong 0 ${top}`,
  ].join('\n');
  const { status, log } = await yosys(script, { 'a.v': files.map((f) => f.text).join('\n') }, { seconds: 400 });
  if (status !== 0) throw new Error(log.slice(-2000));
  return log;
}

export const proved = (cycles: number): string => `proved base case for ${cycles} steps: SUCCESS!`;
export const refuted = /proof finished - model found for base case: FAIL!/;

/** The design with a named value always 1: the fault that a proof has to find. */
export function stuck<D extends Design>(design: D, name: string): D {
  const { module } = design;
  const node = [...module.names].find(([, n]) => n === name)![0] as Node;
  const one: Replacement = (_, create) => create({ tag: 'const', width: 1, signed: false, value: 1n });
  return { ...design, module: rewriteModule(module, { values: new Map([[node, one]]) }) };
}
