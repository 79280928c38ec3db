/** The command line: one command per file in commands/, one report for each, one way to print it and to fail. */
import yargs from 'yargs';
import type { Command } from './command.ts';
import { demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { evalCommand } from './commands/eval.ts';
import { genCommand } from './commands/gen.ts';
import { modelCommand } from './commands/model.ts';
import { verifyCommand } from './commands/verify.ts';
import { printFailure, printReport } from './print.ts';
import { type Problem, problemOf, usageProblem } from './problem.ts';
import { progressOn } from './progress.ts';
import { version } from './version.ts';

type AnyCommand = Command<never>;

const commands: readonly AnyCommand[] = [
  demoCommand,
  modelCommand,
  evalCommand,
  genCommand,
  verifyCommand,
  doctorCommand,
] as readonly unknown[] as readonly AnyCommand[];

interface Chosen {
  readonly command: AnyCommand;
  readonly args: never;
}

/** Parses `argv`; gives the command to run, or text to show (help, version). */
async function parse(argv: readonly string[]): Promise<Chosen | string> {
  let chosen: Chosen | undefined;
  let shown = '';
  const parser = yargs()
    .scriptName('popscan')
    .usage('$0 <command>\n\nTurns a trained 1-bit Bi-Mamba model into FPGA hardware that anyone can check.')
    .option('json', { type: 'boolean', default: false, describe: 'print one JSON object on stdout' })
    .strict()
    .demandCommand(1, 'name a command')
    .recommendCommands()
    .version(version)
    .wrap(110)
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? usageProblem(message);
    });
  for (const c of commands) {
    parser.command(c.command, c.describe, c.builder, (args) => {
      chosen = { command: c, args: args as never };
    });
  }
  await parser.parseAsync([...argv], {}, (_error, _argv, output) => {
    shown = output;
  });
  return chosen ?? shown;
}

const nameOf = (argv: readonly string[]): string => argv.find((a) => !a.startsWith('-')) ?? '';

/** Runs one command; returns the exit status: 0 all held, 1 a check failed, 2 wrong input or usage, 3 a tool is missing. */
export async function main(argv: readonly string[]): Promise<number> {
  const json = argv.includes('--json');
  const progress = progressOn(process.stderr);
  try {
    const chosen = await parse(argv);
    if (typeof chosen === 'string') {
      process.stdout.write(`${chosen}\n`);
      return 0;
    }
    const report = await chosen.command.run(chosen.args, progress.show);
    progress.end();
    return printReport(nameOf(argv), report, json);
  } catch (error) {
    progress.end();
    const problem: Problem | undefined = problemOf(error);
    if (problem === undefined && !json) throw error;
    return printFailure(nameOf(argv), problem ?? internal(error), json);
  }
}

/** A mistake of ours: shown whole, so that it can be reported. */
function internal(error: unknown): Problem {
  return {
    status: 1,
    id: 'internal',
    what: error instanceof Error ? error.message : String(error),
    where: error instanceof Error ? (error.stack ?? '') : '',
    expected: 'no such failure',
    found: 'a defect of popscan',
    remedy: 'report it with the command and this text',
  };
}
