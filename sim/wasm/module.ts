/** Assembles a WebAssembly module with one memory: types, functions, exports, code. No imports, no tables. */
import { Bytes } from './bytes.ts';
import { op, type ValueType } from './op.ts';

export interface WasmFunction {
  /** Exported under this name, if any. */
  readonly name?: string;
  readonly parameters: readonly ValueType[];
  /** Locals beyond the parameters, in runs of one type. */
  readonly locals: readonly { readonly count: number; readonly type: ValueType }[];
  /** Instructions without the closing `end`. */
  readonly code: Uint8Array;
}

const pageBytes = 65536;
const section = { type: 1, function: 3, memory: 5, export: 7, code: 10 } as const;
const kind = { function: 0, memory: 2 } as const;

/** The binary of a module whose functions are numbered in the order given; its memory is exported as `memory`. */
export function assemble(functions: readonly WasmFunction[], memoryBytes: number): Uint8Array<ArrayBuffer> {
  const out = new Bytes(4096 + functions.reduce((sum, f) => sum + f.code.length + 32, 0));
  out.append([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

  const signatures = new Map<string, number>();
  const types = new Bytes();
  const typeOf = functions.map((f) => {
    const key = f.parameters.join();
    let index = signatures.get(key);
    if (index === undefined) {
      index = signatures.size;
      signatures.set(key, index);
      types.append([0x60]);
      types.unsigned(f.parameters.length);
      types.append(f.parameters);
      types.unsigned(0);
    }
    return index;
  });
  writeSection(out, section.type, signatures.size, types);

  const declared = new Bytes();
  for (const index of typeOf) declared.unsigned(index);
  writeSection(out, section.function, functions.length, declared);

  const pages = Math.max(1, Math.ceil(memoryBytes / pageBytes));
  const memory = new Bytes();
  memory.byte(1);
  memory.unsigned(pages);
  memory.unsigned(pages);
  writeSection(out, section.memory, 1, memory);

  const exports = new Bytes();
  exports.text('memory');
  exports.append([kind.memory, 0]);
  let exported = 1;
  for (const [index, f] of functions.entries()) {
    if (f.name === undefined) continue;
    exports.text(f.name);
    exports.byte(kind.function);
    exports.unsigned(index);
    exported++;
  }
  writeSection(out, section.export, exported, exports);

  const code = new Bytes(1024 + functions.reduce((sum, f) => sum + f.code.length + 16, 0));
  const header = new Bytes();
  for (const f of functions) {
    header.truncate(0);
    header.unsigned(f.locals.length);
    for (const run of f.locals) {
      header.unsigned(run.count);
      header.byte(run.type);
    }
    code.unsigned(header.length + f.code.length + 1);
    code.append(header.view());
    code.append(f.code);
    code.byte(op.end);
  }
  writeSection(out, section.code, functions.length, code);
  return new Uint8Array(out.view());
}

function writeSection(out: Bytes, id: number, count: number, body: Bytes): void {
  const prefix = new Bytes(8);
  prefix.unsigned(count);
  out.byte(id);
  out.unsigned(prefix.length + body.length);
  out.append(prefix.view());
  out.append(body.view());
}
