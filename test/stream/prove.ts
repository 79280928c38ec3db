/** Bounded proofs by Yosys about monitored designs: everything that a number of cycles after a reset can bring. */
import {
  type Design,
  type Node,
  printVerilog,
  type Replacement,
  rewriteHierarchy,
  rewriteModule,
} from '../../gen/index.ts';
import { yosys } from '../../sim/yosys.ts';

const timeout = 300;
/** What products are, and what memories give, is left open: claims that hold then hold all the more. */
const opened = 'proc; flatten; delete t:$assert t:$assume t:$mul t:$mem*; opt_expr; opt_clean';

/** What Yosys says of each of the monitored designs; all in one process, because starting it takes longer than most proofs. */
async function solve(all: readonly Design[], simplify: string, sat: string): Promise<string[]> {
  const texts: Record<string, string> = {};
  const script = all.map((claims, i) => {
    const { files, top } = printVerilog(claims);
    texts[`${i}.v`] = files.map((f) => f.text).join('\n');
    const read = [`log ==== ${i}`, 'design -reset', `read_verilog ${i}.v`, `hierarchy -check -top ${top}`];
    return [...read, simplify, `${sat} ${top}`].join('\n');
  });
  const { status, log } = await yosys(script.join('\n'), texts, { seconds: timeout + 100 });
  if (status !== 0) throw new Error(log.slice(-2000));
  return log.split(/^==== \d+$/m).slice(1);
}

/** The logs of the search for a wrong cycle among the first `cycles` of what `monitor` made. */
export const checks = (all: readonly Design[], cycles: number): Promise<string[]> =>
  solve(
    all,
    'proc; flatten; delete t:$assert t:$assume; opt -full; memory; opt -full',
    `sat -seq 1 -set-at 1 rst 1 -timeout ${timeout} -set assumed 1 -tempinduct -tempinduct-baseonly -maxsteps ${cycles} -prove wrong 0`,
  );
export const check = async (claims: Design, cycles: number): Promise<string> => (await checks([claims], cycles))[0]!;

/** The logs of the search for a state of each, reached or not, and a cycle from it into a wrong one. */
export const steps = (all: readonly Design[]): Promise<string[]> =>
  solve(all, opened, `sat -seq 2 -prove-skip 1 -set rst 0 -timeout ${timeout} -set assumed 1 -prove wrong 0`);

/** The logs of an induction for each: what is never wrong in the cycle after a reset, and in no cycle behind one in which it is not. */
export const inductions = (all: readonly Design[]): Promise<string[]> =>
  solve(
    all,
    opened,
    `sat -seq 1 -set-at 1 rst 1 -timeout ${timeout} -set assumed 1 -tempinduct -maxsteps 1 -prove wrong 0`,
  );
export const inductive = 'Induction step proven: SUCCESS!';

export const always = 'SAT proof finished - no model found: SUCCESS!';
export const sometimes = 'SAT proof finished - model found: FAIL!';

export const proved = (cycles: number): string => `proved base case for ${cycles} steps: SUCCESS!`;
export const refuted = /proof finished - model found for base case: FAIL!/;

/** The design with a named value always 1, in every module that has it: the fault that a proof has to find. */
export function stuck<D extends Design>(design: D, name: string): D {
  const one: Replacement = (_, create) => create({ tag: 'const', width: 1, signed: false, value: 1n });
  let found = false;
  const module = rewriteHierarchy(design.module, (m) => {
    const node: Node | undefined = [...m.names].find(([, n]) => n === name)?.[0];
    found ||= node !== undefined;
    return node === undefined ? m : rewriteModule(m, { values: new Map([[node, one]]) });
  });
  if (!found) throw new Error(`${design.module.name} has no value ${name}`);
  return { ...design, module };
}
