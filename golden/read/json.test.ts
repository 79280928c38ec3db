import { expect, it } from 'vitest';
import { expectProblem } from '../testing/problems.ts';
import { parseJson } from './json.ts';

const parse = (text: string) => parseJson(Buffer.from(text), 'test.json');

it('reads what JSON.parse reads', () => {
  const texts = ['null', ' [1, -2.5e3, 0, "a\\u00e9\\n", true, false] ', '{"a": {"b": []}, "": {}}', '"\u00e9"', '-0'];
  for (const text of texts) {
    const plain = (value: unknown): unknown => {
      if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]));
      return Array.isArray(value) ? value.map(plain) : value;
    };
    expect(plain(parse(text))).toEqual(JSON.parse(text));
  }
});

it("reads Python's infinities", () => {
  expect(parse('[Infinity, -Infinity, NaN]')).toEqual([Infinity, -Infinity, NaN]);
});

it('keeps keys that mean something to JavaScript', () => {
  const object = parse('{"__proto__": 1, "constructor": 2}') as Map<string, unknown>;
  expect([...object]).toEqual([
    ['__proto__', 1],
    ['constructor', 2],
  ]);
});

it.each([
  ['', 'a JSON value'],
  ['{', 'a key in double quotes'],
  ['{"a"', "':'"],
  ['{"a":1', "',' or '}'"],
  ['{"a":1,}', 'a key in double quotes'],
  ['[1,]', 'a JSON value'],
  ['[1 2]', "',' or ']'"],
  ['"abc', 'a closing quote'],
  ['"\\', 'a closing quote'],
  ['"\\x"', 'a JSON string'],
  ['01', 'a JSON value'],
  ['+1', 'a JSON value'],
  ['1e', 'a JSON value'],
  ['nul', 'a JSON value'],
  ['1 2', 'the end of the JSON text'],
  ['{"a":1,"a":2}', 'every key once'],
  ['['.repeat(100_000), 'at most 16 levels'],
  [`[${'0,'.repeat(600_000)}0]`, 'at most 500000 values'],
  ['1'.repeat(1000), 'the end of the JSON text'],
])('refuses %.20s', async (text, expected) => {
  await expectProblem('json-invalid', expected, () => parse(text));
});

it('refuses invalid UTF-8', async () => {
  await expectProblem('json-invalid', 'UTF-8', () => parseJson(Buffer.from([0x22, 0xff, 0xfe, 0x22]), 'test.json'));
});

it('says where', async () => {
  await expectProblem('json-invalid', 'test.json, byte 8 of the JSON text', () => parse('{"a": 1 x}'));
});
