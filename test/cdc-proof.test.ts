/**
 * Bounded proofs of the elements of gen/cdc: within so many edges after reset, for any order of the two clocks' edges, any
 * stalls, and any outcome of taking a bit at the edge at which it changes, every promise of `cdc/claims.ts` holds. The
 * same claims are refuted for faults, so that they are known to say something.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { asyncFifo, handshake, pulse } from '../gen/cdc/index.ts';
import { type Design, printVerilog, rewriteModule, uint } from '../gen/index.ts';
import { yosys } from '../sim/yosys.ts';
import { pulseClaims, streamCrossingClaims } from './cdc/claims.ts';
import { type Fault, planted } from './stream/elements.ts';

/** Steps after reset, in each of which any of the clocks may have an edge. */
const bound = 16;

/** The pointer that crosses is binary. */
function binaryPointer(design: Design): Design {
  const registers = design.module.registers.map((r) => {
    const name = design.module.names.get(r.node);
    return name === 'tail_pointer_gray' && r.next.tag === 'xor' ? { ...r, next: r.next.a } : r;
  });
  return { ...design, module: { ...design.module, registers } };
}

/** A crossing's enable is open in every step. */
function alwaysTaken(design: Design): Design {
  const registers = design.module.registers.map((r) => (r.crossing === 'held' ? { ...r, enable: undefined } : r));
  return { ...design, module: { ...rewriteModule(design.module, {}), ...design.module, registers } };
}

const fault = (design: Design, signal: string, becomes: Fault['becomes']): Design =>
  planted(design, { signal, becomes, what: '' });
const beat = uint(2);
const fifo = (): Design => asyncFifo(beat, { depth: 2 }) as Design;
const hand = (): Design => handshake(beat) as Design;

interface Task {
  readonly name: string;
  readonly design: Design;
  readonly holds: boolean;
}

/** The reset comes once, at the start. */
const running = Array.from({ length: bound }, (_, i) => `-set-at ${i + 2} rst 0`).join(' ');

const tasks: readonly Task[] = [
  { name: 'FIFO', design: streamCrossingClaims(fifo()), holds: true },
  { name: 'handshake', design: streamCrossingClaims(hand()), holds: true },
  { name: 'pulse', design: pulseClaims(pulse() as Design), holds: true },
  { name: 'FIFO: a binary pointer crosses', design: streamCrossingClaims(binaryPointer(fifo())), holds: false },
  { name: 'FIFO: never full', design: streamCrossingClaims(fault(fifo(), 'full', 'zero')), holds: false },
  {
    name: 'FIFO: reads on while the output waits',
    design: streamCrossingClaims(fault(fifo(), 'free', 'one')),
    holds: false,
  },
  { name: 'handshake: free at once', design: streamCrossingClaims(fault(hand(), 'free', 'one')), holds: false },
  { name: 'handshake: data taken at any time', design: streamCrossingClaims(alwaysTaken(hand())), holds: false },
  { name: 'pulse: free at once', design: pulseClaims(fault(pulse() as Design, 'free', 'one')), holds: false },
];

async function solve(): Promise<ReadonlyMap<string, string>> {
  const files: Record<string, string> = {};
  const script = tasks.map(({ design }, i) => {
    const { files: printed, top } = printVerilog(design);
    files[`${i}.v`] = printed.map((f) => f.text).join('\n');
    return [
      `log ==== task ${i}`,
      'design -reset',
      `read_verilog ${i}.v`,
      `hierarchy -check -top ${top}`,
      'proc; flatten; memory -nomap; memory_map; opt_clean',
      `sat -seq 1 -set-at 1 rst 1 ${running} -timeout 60 -tempinduct -tempinduct-baseonly -maxsteps ${bound} -prove wrong 0 ${top}`,
    ].join('\n');
  });
  const { status, log } = await yosys(script.join('\n'), files, { seconds: 200 });
  if (status !== 0) throw new Error(`yosys ended with ${status}:\n${log.slice(-2000)}`);
  const parts = log.split(/^==== task \d+$/m).slice(1);
  return new Map(tasks.map((t, i) => [t.name, parts[i] ?? 'missing']));
}

describe('bounded proofs', () => {
  let answers: ReadonlyMap<string, string>;
  beforeAll(async () => {
    answers = await solve();
  }, 220_000);

  it.each(tasks.filter((t) => t.holds).map((t) => t.name))('%s keeps its promises', (name) => {
    expect(answers.get(name)).toContain(`Base case for induction length ${bound} proven.`);
  });
  it.each(tasks.filter((t) => !t.holds).map((t) => t.name))('refuted: %s', (name) => {
    expect(answers.get(name)).toContain('model found for base case: FAIL!');
  });
});
