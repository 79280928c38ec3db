/** The frequency of a unit on ECP5 and iCE40, where nextpnr is found; no open tool places and routes on the others. */
import { Problem } from 'popscan-problem';
import type { Design } from '../gen/index.ts';
import { findNextpnr, inHarness, placeAndRoute, placers, type SynthesisTarget, synthesize } from '../sim/index.ts';
import type { Progress, Report, Skipped } from './command.ts';

export interface Timing {
  readonly fmax: number | undefined;
  readonly skipped: readonly Skipped[];
  readonly tools: Report['tools'];
}

/** The median over the seeds, in MHz, of the unit between registers at its ports: it may have more of these than a device has pins. */
export async function frequency(
  design: Design,
  target: SynthesisTarget,
  seeds: number,
  progress: Progress,
): Promise<Timing> {
  const skipped = (why: string, get: string): Timing => ({
    fmax: undefined,
    skipped: [{ name: `Fmax on ${target}`, why, get }],
    tools: {},
  });
  if (target === 'xcup' || target === 'xc7')
    return skipped(
      'nextpnr places and routes on ecp5 and ice40 only',
      "the Verilog of popscan gen in the vendor's tool",
    );
  const nextpnr = await findNextpnr(target);
  if (nextpnr === undefined) {
    const { install, variable } = placers[target];
    const named = process.env[variable];
    const why = named ? `${named}, which ${variable} names, does not run` : `nextpnr-${target} was not found`;
    return skipped(why, `${install}, or name the program in ${variable}`);
  }
  const { netlist } = await synthesize(inHarness(design), {
    ...{ target, seconds: 7200 },
    progress: (line) => progress(`between registers: ${line}`),
  });
  const tools = { nextpnr: { version: nextpnr.version, how: 'native' } } as const;
  const found: number[] = [];
  try {
    for (let seed = 1; seed <= seeds; seed++) {
      const run = `nextpnr, seed ${seed} of ${seeds}`;
      progress(run);
      found.push((await placeAndRoute(nextpnr, netlist, seed, (step) => progress(`${run}: ${step}`))).fmax);
    }
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { id, what, where, expected, found: taken, remedy } = error;
    const why: Readonly<Record<string, string>> = {
      'device-too-small': `${where}: ${taken}; it has ${expected.replaceAll('at most ', '')}`,
      'not-routed-in-time': what,
    };
    if (why[id] === undefined) throw error;
    return { ...skipped(why[id], remedy), tools };
  }
  const fmax = found.sort((x, y) => x - y)[Math.floor(found.length / 2)]!;
  return { fmax, skipped: [], tools };
}
