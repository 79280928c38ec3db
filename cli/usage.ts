/** Checks a command line against the commands before yargs reads it: every mistake has one message that names it. */
import { parseArgs } from 'node:util';
import yargs, { type Argv } from 'yargs';
import type { Command } from './command.ts';
import { nearest } from './nearest.ts';
import { CommandProblem } from './problem.ts';

export type AnyCommand = Command<never>;

interface Option {
  readonly type: 'string' | 'number' | 'boolean';
  readonly choices: readonly string[] | undefined;
  readonly required: boolean;
  readonly repeats: boolean;
}

/** What yargs knows of a command's options; it has no public name for it. */
interface Known {
  readonly key: Readonly<Record<string, unknown>>;
  readonly number: readonly string[];
  readonly boolean: readonly string[];
  readonly array: readonly string[];
  readonly choices: Readonly<Record<string, readonly string[]>>;
  readonly demandedOptions: Readonly<Record<string, unknown>>;
}

/** Options that every command has. */
export const commonOptions = <T>(y: Argv<T>) =>
  y.option('json', { type: 'boolean', default: false, describe: 'print one JSON object on stdout, nothing else' });

function optionsOf(command: AnyCommand): Map<string, Option> {
  const y = command.builder(commonOptions(yargs())) as unknown as { getOptions(): Known };
  const { key, number, boolean, array, choices, demandedOptions } = y.getOptions();
  const typeOf = (name: string): Option['type'] => {
    if (boolean.includes(name)) return 'boolean';
    return number.includes(name) ? 'number' : 'string';
  };
  return new Map(
    Object.keys(key).map((name) => [
      name,
      {
        type: typeOf(name),
        choices: choices[name],
        required: name in demandedOptions,
        repeats: array.includes(name),
      },
    ]),
  );
}

/** The word that chooses a command. */
export const wordOf = (command: AnyCommand): string => command.command.split(' ')[0]!;

/** The command that `argv` names. Throws a usage problem for none and for one that does not exist. */
export function chooseCommand(argv: readonly string[], commands: readonly AnyCommand[]): AnyCommand {
  const words = commands.map(wordOf);
  const word = argv.find((a) => !a.startsWith('-'));
  const expected = `popscan <command> [options], with one of ${words.join(', ')}`;
  if (word === undefined) {
    const found = argv.length === 0 ? 'nothing' : `only ${argv.join(' ')}`;
    throw usage('usage-command', 'no command given', 'popscan', expected, found, 'see `popscan --help`');
  }
  const command = commands.find((c) => wordOf(c) === word);
  if (command !== undefined) return command;
  const remedy = meant(nearest(word, words), 'see `popscan --help`');
  throw usage('usage-command', `unknown command '${word}'`, `popscan ${word}`, expected, word, remedy);
}

/** Throws a usage problem for the first thing on the command line that `command` does not take. */
export function checkUsage(command: AnyCommand, argv: readonly string[]): void {
  const options = optionsOf(command);
  const positionals = [...command.command.matchAll(/<(\w+)>/g)].map((m) => m[1]!);
  const where = `popscan ${wordOf(command)}`;
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      [...options]
        .filter(([name]) => !positionals.includes(name))
        .map(([name, option]) => {
          const type = option.type === 'boolean' ? option.type : 'string';
          return [name, name.length === 1 ? { type, short: name } : { type }];
        }),
    ),
    strict: false,
    tokens: true,
  });
  const given = new Set<string>();
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const option = positionals.includes(token.name) ? undefined : options.get(token.name);
    if (option === undefined || token.rawName !== written(token.name))
      throw unknownOption(where, token.rawName, options);
    if (given.has(token.name) && !option.repeats) throw repeated(where, token.rawName);
    given.add(token.name);
    checkValue(where, token.rawName, option, token.value, token.inlineValue === true);
  }
  words.shift();
  checkPositionals(where, positionals, options, words);
  for (const [name, { required }] of options) {
    if (!required || given.has(name) || positionals.includes(name)) continue;
    const option = written(name);
    throw usage('usage-required', `${option} is missing`, where, `${option} with a value`, 'none', `add ${option}`);
  }
}

function checkPositionals(
  where: string,
  names: readonly string[],
  options: ReadonlyMap<string, Option>,
  words: readonly string[],
): void {
  const shape = names.map((n) => `<${n}>`).join(' ');
  const extra = words[names.length];
  if (extra !== undefined) {
    const expected = names.length === 0 ? 'options only' : shape;
    throw usage('usage-argument', `unexpected argument '${extra}'`, where, expected, extra, `remove '${extra}'`);
  }
  for (const [i, name] of names.entries()) {
    const option = options.get(name);
    const word = words[i];
    if (word !== undefined) checkValue(where, `<${name}>`, option!, word, true);
    else {
      const among = option?.choices === undefined ? '' : `: ${option.choices.join(', ')}`;
      const found = words.length === 0 ? 'nothing' : words.join(' ');
      const expected = `${where} ${shape}`;
      throw usage('usage-argument', `<${name}> is missing${among}`, where, expected, found, `see \`${where} --help\``);
    }
  }
}

function checkValue(where: string, name: string, option: Option, value: string | undefined, inline: boolean): void {
  const at = `${where} ${name}`;
  if (option.type === 'boolean') {
    if (value === undefined) return;
    throw usage(
      'usage-value',
      `${name} takes no value`,
      at,
      name,
      `${name}=${value}`,
      `write ${name} alone, or leave it out`,
    );
  }
  const number = Number(value);
  const dash = value !== undefined && /^-./.test(value) && !inline && Number.isNaN(number);
  const kind = option.choices?.join(', ') ?? (option.type === 'number' ? 'a number' : 'a value');
  if (value === undefined || value.trim() === '' || dash) {
    const found = dash ? `${value}, which looks like an option` : 'nothing';
    const remedy = dash ? `give ${name} a value; ${name}=VALUE where it begins with a dash` : `give ${name} a value`;
    throw usage('usage-value', `${name} needs a value`, at, kind, found, remedy);
  }
  if (option.choices !== undefined && !option.choices.includes(value)) {
    const expected = `one of ${kind}`;
    const remedy = meant(nearest(value, option.choices), `choose one of them`);
    throw usage('usage-value', `${name} does not know '${value}'`, at, expected, value, remedy);
  }
  if (option.type === 'number' && !Number.isFinite(number)) {
    throw usage('usage-value', `${name} is not a number`, at, kind, value, `give ${name} a number`);
  }
}

/** As it stands on the command line: one letter behind one dash. */
const written = (option: string): string => (option.length === 1 ? `-${option}` : `--${option}`);

function unknownOption(where: string, raw: string, options: ReadonlyMap<string, Option>): CommandProblem {
  const known = [...options.keys()].map(written);
  const remedy = meant(nearest(raw, known), `see \`${where} --help\``);
  return usage('usage-option', `unknown option ${raw}`, where, `one of ${known.join(' ')}`, raw, remedy);
}

const repeated = (where: string, raw: string): CommandProblem =>
  usage('usage-repeated', `${raw} is given twice`, where, `${raw} once`, 'twice or more', `keep one ${raw}`);

const meant = (word: string | undefined, otherwise: string): string =>
  word === undefined ? otherwise : `did you mean ${word}?`;

function usage(
  id: string,
  what: string,
  where: string,
  expected: string,
  found: string,
  remedy: string,
): CommandProblem {
  return new CommandProblem({ id, what, where, expected, found, remedy });
}
