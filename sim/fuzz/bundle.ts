/** Many modules under one top, with the stimulus of each, so that one build runs them all. */
import type { Module, Node, Result } from '../../gen/ir.ts';
import { enginePorts, rowLayout, writeField } from '../engine.ts';
import { createRandom, type Random } from '../random.ts';
import { sameClocks, sketch } from '../testing/ir.ts';
import { type Case, randomCase, randomClocks } from './generate.ts';

export interface Stimulus {
  readonly rows: Uint32Array;
  /** The clocks that rise in each cycle. */
  readonly clocks: Uint32Array;
  readonly cycles: number;
}

const prefixOf = ({ id }: Case): string => `${id}_`;

export const topName = 'fuzz_top';

/** A top whose ports are those of all cases, each with the number of its case before it. */
export function bundleOf(cases: readonly Case[]): Module {
  const top = sketch(topName);
  for (const item of cases) {
    const { module } = item;
    const results = new Map<string, Result>();
    const inputs = new Map<string, Node>();
    for (const port of module.ports) {
      const name = `${prefixOf(item)}${port.name}`;
      const { width, signed } = port;
      if (port.direction === 'input') inputs.set(port.name, top.input(name, { width, signed }));
      else {
        const result = top.node({ tag: 'result', width, signed });
        results.set(port.name, result);
        top.output(name, result);
      }
    }
    const { location } = module;
    top.instances.push({ name: `i_${item.id}`, module, clocks: sameClocks(module), inputs, results, location });
  }
  return top.finish(randomClocks);
}

/** The first cases of a seed under one top. */
export const randomDesign = (seed: number, count: number, nodes: number): Module =>
  bundleOf(Array.from({ length: count }, (_, i) => randomCase(seed, i, { nodes })));

/** The case that a port of the top belongs to. */
export function caseOf(cases: readonly Case[], port: string): Case {
  return cases.find((item) => port.startsWith(prefixOf(item)))!;
}

/**
 * Random inputs of a bundle, often the least, greatest or a one-bit number; resets are rare, but the first cycle has them
 * all. What a port gets depends on the seed, the number of its case and its name alone; clocks and resets on the seed alone.
 */
export function stimulusOf(seed: number, cases: readonly Case[], top: Module, cycles: number): Stimulus {
  const layout = rowLayout(enginePorts(top), 'input');
  const rows = new Uint32Array(cycles * layout.words);
  const shared = createRandom(Math.imul(seed + 1, 0x27d4eb2f));
  const clocks = new Uint32Array(cycles);
  const fields = layout.fields.map((field) => {
    const { reset, name } = field.port;
    return { field, random: reset === true ? undefined : sourceOf(seed, caseOf(cases, name), name) };
  });
  for (let cycle = 0; cycle < cycles; cycle++) {
    clocks[cycle] = cycle === 0 ? 3 : shared.below(4);
    for (const { field, random } of fields) {
      const value = random === undefined ? BigInt(shared.chance(0.05) || cycle === 0) : input(random, field.port.width);
      writeField(rows, cycle * layout.words, field, value);
    }
  }
  return { rows, clocks, cycles };
}

/** Random numbers for an input, whatever other inputs its case has. */
function sourceOf(seed: number, { id, index }: Case, port: string): Random {
  let hash = Math.imul(seed + 1, 0x165667b1) ^ Math.imul(index + 1, 0x85ebca6b);
  for (const letter of port.slice(id.length)) hash = Math.imul(hash, 31) + letter.charCodeAt(0);
  return createRandom(hash);
}

function input(random: Random, width: number): bigint {
  const kind = random.unit();
  if (kind < 0.1) return -BigInt(random.below(2));
  if (kind < 0.2) return 1n << BigInt(random.below(width));
  if (kind < 0.25) return (1n << BigInt(width - 1)) - BigInt(random.below(2));
  return random.bits(width);
}
