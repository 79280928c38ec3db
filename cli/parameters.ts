/** Parameters of a unit as options: NAME=VALUE, as the record of parameters has them. */
import { nearest } from './nearest.ts';
import { CommandProblem } from './problem.ts';

type Value = string | number | boolean | undefined;

/** The record with the values given; names of records within are joined by dots. Unknown names and values of another kind are refused. */
export function overridden<T extends object>(unit: string, parameters: T, given: readonly string[]): T {
  return given.reduce((p, text) => {
    const [, name, value] = /^([\w.]+)=(.*)$/.exec(text) ?? [];
    if (name === undefined || value === undefined)
      throw wrong(text, `what --param takes is NAME=VALUE`, 'NAME=VALUE', text, `for example ${exampleOf(p)}`);
    return set(unit, p, name, value, text);
  }, parameters);
}

function set<T extends object>(unit: string, parameters: T, name: string, text: string, option: string): T {
  const known = namesOf(parameters);
  if (!known.includes(name)) {
    const meant = nearest(name, known);
    const remedy = meant === undefined ? 'name one of these' : `did you mean ${meant}?`;
    throw wrong(option, `${unit} has no parameter '${name}'`, known.join(', '), name, remedy);
  }
  const [first, ...rest] = name.split('.') as [string, ...string[]];
  const old = (parameters as Readonly<Record<string, unknown>>)[first];
  const value =
    rest.length > 0
      ? set(unit, old as object, rest.join('.'), text, option)
      : valueLike(old as Value, name, text, option);
  return { ...parameters, [first]: value };
}

/** A value of the kind of the old one; where there is none, a number. */
function valueLike(old: Value, name: string, text: string, option: string): Value {
  if (typeof old === 'string') return text;
  if (typeof old === 'boolean') {
    if (text === 'true' || text === 'false') return text === 'true';
    throw wrong(option, `${name} is yes or no`, 'true or false', text, `write ${name}=true`);
  }
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value)) return value;
  throw wrong(
    option,
    `${name} is a whole number`,
    'a whole number',
    text === '' ? 'nothing' : text,
    `write ${name}=8, for example`,
  );
}

/** The first parameter that has a value, as it is. */
const exampleOf = (p: object): string =>
  Object.entries(p)
    .filter(([, value]) => value !== undefined && typeof value !== 'object')
    .map(([name, value]) => `${name}=${value}`)[0]!;

/** Names of all numbers, texts and flags, those of records within after a dot. */
function namesOf(parameters: object): string[] {
  return Object.entries(parameters).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null ? namesOf(value as object).map((n) => `${name}.${n}`) : [name],
  );
}

const wrong = (option: string, what: string, expected: string, found: string, remedy: string): CommandProblem =>
  new CommandProblem({ id: 'unit-parameter', what, where: `--param ${option}`, expected, found, remedy });
