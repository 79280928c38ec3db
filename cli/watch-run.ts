/** What is seen of a run in the simulator: its streams, its speed, and, where asked for, the waves. */
import {
  meterStreams,
  openVcd,
  probesOf,
  type StreamMeter,
  type StreamUse,
  temporaryOf,
  type VcdWriter,
} from '../sim/index.ts';
import type { Watch } from '../verify/index.ts';
import type { Figure } from './command.ts';
import type { Scratch } from './io.ts';
import { patternsOf } from './list.ts';
import { wholeNumber, writableFile } from './options.ts';
import { showNumber, table } from './print.ts';
import { CommandProblem } from './problem.ts';

export interface WaveArgs {
  readonly vcd: string | undefined;
  readonly signals: readonly string[] | undefined;
  readonly from: number | undefined;
  readonly to: number | undefined;
}

interface Window {
  readonly path: string;
  readonly patterns: readonly string[];
  readonly from: number;
  readonly to: number;
}

/** Ends with `close` or `abandon`. Errors: options that do not fit, before the run begins. */
export function watchRun(a: WaveArgs, scratch: Scratch) {
  const window = windowOf(a);
  let vcd: VcdWriter | undefined;
  let meter: StreamMeter | undefined;
  let [cycles, written, start, end] = [0, 0, 0, 0];
  const begin: Watch = (simulator) => {
    const streams = meterStreams(simulator);
    meter = streams;
    if (window !== undefined) {
      const probes = probesOf(simulator, window.patterns);
      scratch.begin(temporaryOf(window.path), []);
      vcd = openVcd(window.path, probes);
    }
    return (cycle) => {
      if (cycles++ === 0) start = performance.now();
      streams.observe(cycle);
      if (vcd !== undefined && cycle >= window!.from && cycle <= window!.to) {
        vcd.sample(cycle);
        written++;
      }
      end = performance.now();
    };
  };
  return {
    begin,
    streams: () => meter?.result() ?? [],
    speed: (): Figure => ({
      name: 'kcycles_per_second',
      value: end > start ? cycles / (end - start) : 0,
      unit: 'thousand clock cycles per second, test bench included',
      kind: 'measured',
    }),
    /** Gives the file its name, and says so. */
    close: (): string[] => {
      if (vcd === undefined) return [];
      const { path } = window!;
      vcd.close();
      scratch.end(temporaryOf(path));
      return [`wrote ${path}: ${showNumber(written)} cycles; popscan wave ${path} draws them`];
    },
    /** Takes the file away. */
    abandon: (): void => {
      vcd?.abandon();
      if (window !== undefined) scratch.end(temporaryOf(window.path));
    },
  };
}

function windowOf({ vcd, signals, from, to }: WaveArgs): Window | undefined {
  if (vcd === undefined) {
    const option = Object.entries({ signals, from, to }).find(([, value]) => value !== undefined)?.[0];
    if (option !== undefined) throw withoutFile(`--${option}`);
    return undefined;
  }
  const first = wholeNumber('--from', from ?? 0, 0);
  const last = wholeNumber('--to', to ?? Number.MAX_SAFE_INTEGER, first);
  return { path: writableFile('--vcd', vcd), patterns: patternsOf(signals) ?? ['*'], from: first, to: last };
}

const withoutFile = (option: string): CommandProblem =>
  new CommandProblem({
    id: 'usage-required',
    what: `${option} is about waves, which are not written`,
    where: option,
    expected: '--vcd FILE beside it',
    found: 'no --vcd',
    remedy: `add --vcd FILE, or leave ${option} out`,
  });

/** For people. */
export function streamTable(streams: readonly StreamUse[]): string {
  const cycle = (at: number | undefined): string => (at === undefined ? '' : showNumber(at));
  const rows = streams.map(({ stream, side, beats, first, last, held, starved }) => [
    stream,
    side,
    showNumber(beats),
    cycle(first),
    cycle(last),
    showNumber(held),
    showNumber(starved),
  ]);
  const head = ['stream', 'the unit', 'beats', 'first cycle', 'last cycle', 'valid, not ready', 'ready, not valid'];
  return table(head, rows, [2, 3, 4, 5, 6]);
}
