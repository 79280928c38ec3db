/** A black box as FIRRTL: an `extmodule`, whose parameters firtool hands on as they are. */
import { showParameter } from '../black-box.ts';
import type { Module } from '../ir.ts';
import { typeOf } from './expressions.ts';
import { controls, resetType } from './module.ts';
import { quoted } from './names.ts';

/** What stands below the head, indented. */
export function printExternal(module: Module): string {
  const { clocks, resets } = controls(module);
  const lines = [
    ...clocks.map((c) => `input ${quoted(c)} : Clock`),
    ...resets.map((r) => `input ${quoted(r)} : ${resetType(module, r)}`),
    ...module.ports.map((p) => `${p.direction} ${quoted(p.name)} : ${typeOf(p)}`),
    `defname = ${quoted(module.name)}`,
    ...[...module.blackBox!.parameters].map(
      ([name, value]) => `parameter ${name} = '${showParameter(value).replaceAll("'", "\\'")}'`,
    ),
  ];
  return lines.map((line) => `    ${line}\n`).join('');
}
