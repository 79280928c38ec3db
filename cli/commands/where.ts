/** `popscan where FILE:LINE`: from a line of generated Verilog to the TypeScript that made it. */
import { readFile } from 'node:fs/promises';
import { originOf } from '../../gen/index.ts';
import { bundled } from '../bundled.ts';
import type { Command } from '../command.ts';
import { CommandProblem } from '../problem.ts';

interface Args {
  readonly place: string;
}

export const whereCommand: Command<Args> = {
  command: 'where <place>',
  describe: 'Lead from a line of generated Verilog to the TypeScript that made it',
  builder: (y) =>
    y
      .positional('place', { type: 'string', demandOption: true, describe: 'FILE:LINE, in a directory that gen wrote' })
      .example('popscan where out/rtl/scan_l8_q2_s8.v:120', ''),
  run: async ({ place }) => {
    const match = /^(.+):([1-9]\d*)$/.exec(place);
    if (match === null)
      throw problem('a place is a file and a line', place, 'FILE:LINE, the line counted from 1', place);
    const [, file, text] = match;
    const line = Number(text);
    const verilog = await read(file!, 'a Verilog file that `popscan gen` wrote');
    const map = await read(`${file}.map`, 'the map that `popscan gen` writes beside every Verilog file');
    const lines = verilog.split('\n').length - 1;
    if (line > lines) throw problem('the file has no such line', place, `a line from 1 to ${lines}`, `${line}`);
    const origin = originOf(map, line);
    if (origin === undefined)
      throw problem(
        'no design stands behind this line',
        place,
        'a line of a declaration or a statement',
        'the head of the file',
      );
    const source = await readFile(bundled(origin.source), 'utf8').catch(() => '');
    const code = source.split('\n')[origin.line - 1]?.trim() ?? '';
    return {
      figures: [
        { name: 'line', value: origin.line, unit: `line of ${origin.source}`, kind: 'measured' },
        { name: 'column', value: origin.column, unit: 'column', kind: 'measured' },
      ],
      checks: [],
      skipped: [],
      tools: {},
      text: [
        `${file}:${origin.verilogLine}    ${verilog.split('\n')[origin.verilogLine - 1]!.trim()}`,
        `${origin.source}:${origin.line}:${origin.column}    ${code}`,
      ].join('\n'),
    };
  },
};

const read = (path: string, expected: string): Promise<string> =>
  readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw problem('a file cannot be read', path, expected, error.code ?? error.message);
  });

const problem = (what: string, where: string, expected: string, found: string): CommandProblem =>
  new CommandProblem({
    id: 'where',
    what,
    where,
    expected,
    found,
    remedy: 'name a line of a file in the rtl/ that `popscan gen --out` made',
  });
