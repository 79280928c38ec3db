/** The command line: one command per file in commands/, one report for each, one way to print it and to fail. */
import yargs from 'yargs';
import { version } from '../verify/version.ts';
import { benchCommand } from './commands/bench.ts';
import { calibrateCommand } from './commands/calibrate.ts';
import { demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { evalCommand } from './commands/eval.ts';
import { fuzzCommand } from './commands/fuzz.ts';
import { genCommand } from './commands/gen.ts';
import { generateCommand } from './commands/generate.ts';
import { modelCommand } from './commands/model.ts';
import { mutateCommand } from './commands/mutate.ts';
import { planCommand } from './commands/plan.ts';
import { simCommand } from './commands/sim.ts';
import { synthCommand } from './commands/synth.ts';
import { verifyCommand } from './commands/verify.ts';
import { waveCommand } from './commands/wave.ts';
import { whereCommand } from './commands/where.ts';
import { type Io, processIo } from './io.ts';
import { printFailure, printReport, printText } from './print.ts';
import { internalProblem, problemOf, usageProblem } from './problem.ts';
import { progressOn } from './progress.ts';
import { type AnyCommand, checkUsage, chooseCommand, commonOptions, wordOf } from './usage.ts';

export const commands: readonly AnyCommand[] = [
  demoCommand,
  modelCommand,
  evalCommand,
  calibrateCommand,
  generateCommand,
  planCommand,
  genCommand,
  simCommand,
  verifyCommand,
  fuzzCommand,
  mutateCommand,
  waveCommand,
  whereCommand,
  synthCommand,
  benchCommand,
  doctorCommand,
] as readonly unknown[] as readonly AnyCommand[];

interface Chosen {
  readonly command: AnyCommand;
  readonly args: never;
}

/** Help is set for terminals of this width at most. */
const helpWidth = 100;

const has = (argv: readonly string[], ...names: readonly string[]): boolean => argv.some((a) => names.includes(a));

/** Parses `argv`; gives the command to run, or text to show (help, version). */
async function parse(argv: readonly string[], width: number): Promise<Chosen | string> {
  const asks = has(argv, '--help', '-h', '--version');
  if (!asks || argv.some((a) => !a.startsWith('-'))) {
    const command = chooseCommand(argv, commands);
    if (!asks) checkUsage(command, argv);
  }
  let chosen: Chosen | undefined;
  let shown = '';
  const parser = commonOptions(yargs())
    .scriptName('popscan')
    .usage(
      'popscan <command> [options]\n\nTurns a trained 1-bit Bi-Mamba model into FPGA hardware that anyone can check.',
    )
    .locale('en')
    .parserConfiguration({ 'boolean-negation': false, 'dot-notation': false, 'short-option-groups': false })
    .describe('help', 'show this help')
    .strict()
    .demandCommand(1)
    .version('version', 'show the version', version)
    .wrap(Math.min(helpWidth, width))
    .epilogue(
      'Exit status: 0 all that was asked for holds, 1 a check failed, 2 the input or the usage is wrong,\n3 a tool that was asked for is missing. `popscan <command> --help` lists the options of a command.',
    )
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? usageProblem(message);
    });
  for (const c of commands) {
    parser.command(c.command, c.describe, c.builder, (args) => {
      chosen = { command: c, args: args as never };
    });
  }
  const words = argv.map((a) => (a === '-h' ? '--help' : a));
  await parser.parseAsync(words, {}, (_error, _argv, output) => {
    shown = output;
  });
  return chosen ?? shown;
}

/** The command's full name as reports carry it: its word, and its action where it has one (`model inspect`). */
function nameOf(argv: readonly string[]): string {
  const [word = '', action = ''] = argv.filter((a) => !a.startsWith('-'));
  const command = commands.find((c) => wordOf(c) === word);
  return command?.command.includes('<action>') && action !== '' ? `${word} ${action}` : word;
}

/**
 * Runs one command; returns the exit status: 0 all held, 1 a check failed or we have a defect, 2 wrong input or usage,
 * 3 a tool is missing. Never throws.
 */
export async function main(argv: readonly string[], io: Io = processIo()): Promise<number> {
  const json = argv.includes('--json');
  const progress = progressOn(io);
  const name = nameOf(argv);
  const say = (text: string): void => {
    progress.end();
    io.out(text);
  };
  const stream = json ? undefined : say;
  try {
    const chosen = await parse(argv, io.width);
    if (typeof chosen === 'string') return printText(io, name, chosen, json);
    const { scratch, interrupted } = io;
    if (chosen.command.interruptible === true) io.allowInterrupt();
    const report = await chosen.command.run(chosen.args, progress.show, { scratch, stream, interrupted });
    progress.end();
    return printReport(io, name, report, json);
  } catch (error) {
    progress.end();
    return printFailure(io, name, problemOf(error) ?? internalProblem(error), json);
  }
}
