import { VerilatorProblem } from './problem.ts';

/** A port of the design other than a clock. */
export interface ModelPort {
  readonly name: string;
  /** Bits, at least 1. */
  readonly width: number;
  readonly direction: 'input' | 'output';
}

/** What the harness is made from. */
export interface Interface {
  readonly top: string;
  readonly ports: readonly ModelPort[];
  readonly clocks: readonly string[];
}

/** Part of every cache key: raised whenever the text made here, or the protocol it speaks, changes. */
export const HARNESS_VERSION = 3;

/** The Verilog module the harness wraps round the design, and the file it is in. */
export const WRAPPER = 'popscan_harness';
export const WRAPPER_FILE = `${WRAPPER}.v`;

/** The 32-bit words a port takes in a row: whole 64-bit slots, least significant word first. */
export function portWords(width: number): number {
  return 2 * Math.ceil(width / 64);
}

/** The 32-bit words of one row of all the ports of a direction. */
export function rowWords(ports: readonly ModelPort[], direction: 'input' | 'output'): number {
  return inDirection(ports, direction).reduce((sum, port) => sum + portWords(port.width), 0);
}

function inDirection(ports: readonly ModelPort[], direction: 'input' | 'output'): readonly ModelPort[] {
  return ports.filter((port) => port.direction === direction);
}

/** Refuses an interface that the harness cannot be made for. */
export function checkInterface({ top, ports, clocks }: Interface): void {
  const refuse = (where: string, expected: string, found: string) => {
    const what = 'the interface of the design cannot be driven';
    const remedy = 'correct `top`, `ports` or `clocks` of the request';
    throw new VerilatorProblem({ status: 2, id: 'model-interface', what, where, expected, found, remedy });
  };
  const names = [...clocks, ...ports.map((port) => port.name)];
  for (const name of [top, ...names]) {
    if (/\s/.test(name) || name === '') refuse(JSON.stringify(name), 'a Verilog name', JSON.stringify(name));
  }
  for (const name of names) {
    if (names.indexOf(name) !== names.lastIndexOf(name)) refuse(`port ${name}`, 'every port once', 'the name twice');
  }
  for (const { name, width } of ports) {
    if (!Number.isInteger(width) || width < 1) refuse(`port ${name}`, 'a width of at least 1 bit', `${width}`);
  }
  if (clocks.length > 32) refuse('clocks', 'at most 32 clocks', `${clocks.length}`);
}

/**
 * A Verilog module round the design whose ports are c0.. (clocks), i0.. (inputs) and o0.. (outputs), so that the C++ does
 * not depend on how Verilator spells a name, and Verilator itself compares the stated widths with the design's.
 */
export function wrapperVerilog({ top, ports, clocks }: Interface): string {
  const inputs = inDirection(ports, 'input');
  const outputs = inDirection(ports, 'output');
  const range = (port: ModelPort) => (port.width === 1 ? '' : `[${port.width - 1}:0] `);
  const declarations = [
    ...clocks.map((_, k) => `  input wire c${k}`),
    ...inputs.map((port, k) => `  input wire ${range(port)}i${k}`),
    ...outputs.map((port, k) => `  output wire ${range(port)}o${k}`),
  ];
  const connections = [
    ...clocks.map((name, k) => `    .${verilogName(name)}(c${k})`),
    ...inputs.map((port, k) => `    .${verilogName(port.name)}(i${k})`),
    ...outputs.map((port, k) => `    .${verilogName(port.name)}(o${k})`),
  ];
  return [
    `module ${WRAPPER}(\n${declarations.join(',\n')}\n);`,
    `  ${verilogName(top)} dut (\n${connections.join(',\n')}\n  );`,
    'endmodule\n',
  ].join('\n');
}

/** The port or clock that line `line` of the wrapper connects. */
export function wrapperPort({ ports, clocks }: Interface, line: number): string | undefined {
  const names = [
    ...clocks,
    ...inDirection(ports, 'input').map((port) => port.name),
    ...inDirection(ports, 'output').map((port) => port.name),
  ];
  return names[line - (names.length + 4)];
}

function verilogName(name: string): string {
  return /^[A-Za-z_][\w$]*$/.test(name) ? name : `\\${name} `;
}

/** Rows that fit the static buffers of the harness; a longer replay is cut into calls of this many cycles. */
export function rowsPerCall({ ports }: Interface): number {
  const words = Math.max(rowWords(ports, 'input'), rowWords(ports, 'output'), 1);
  return Math.max(1, Math.floor(BUFFER_WORDS / words));
}

const BUFFER_WORDS = 1 << 16;

/**
 * The C++ round the model, the same for both engines: `harness_*` functions over static buffers, exported from the wasm
 * module; and, compiled natively (HARNESS_NATIVE), a main() that serves them over file descriptors 3 and 4.
 */
export function harnessCpp(request: Interface): string {
  const { ports, clocks } = request;
  const rows = rowsPerCall(request);
  const inputWords = rowWords(ports, 'input');
  const outputWords = rowWords(ports, 'output');
  return `#include <cstdint>
#include <cstring>
static constexpr uint32_t ROWS = ${rows}, IN = ${inputWords}, OUT = ${outputWords};
static uint32_t rows_in[ROWS * IN + 1], rows_out[ROWS * OUT + 1], clocks[ROWS], applied[IN + 1];
static VerilatedContext* context;
static Vmodel* dut;

static inline void set_clocks(uint32_t mask, uint8_t level) {
${clocks.map((_, k) => `  if (mask >> ${k} & 1) dut->c${k} = level;`).join('\n')}
}
static inline void apply(const uint32_t* row) {
${perPort(ports, 'input', applyPort)}
}
static inline void sample(uint32_t* row) {
${perPort(ports, 'output', samplePort)}
}
// Inputs settle before the edge, as they do in hardware; a row like the one before needs no evaluation.
static inline void settle(const uint32_t* row) {
  if (std::memcmp(row, applied, IN * 4) == 0) return;
  std::memcpy(applied, row, IN * 4);
  apply(row);
  dut->eval();
}
static inline void edge(uint32_t mask) {
  set_clocks(mask, 1);
  dut->eval();
  set_clocks(mask, 0);
  dut->eval();
}

#ifdef HARNESS_NATIVE
#define EXPORT(name) static
#else
#define EXPORT(name) extern "C" __attribute__((export_name(#name)))
#endif
EXPORT(harness_start) void harness_start() {
  context = new VerilatedContext;
  dut = new Vmodel{context};
  dut->eval();
}
EXPORT(harness_rows_in) uint32_t* harness_rows_in() { return rows_in; }
EXPORT(harness_clocks) uint32_t* harness_clocks() { return clocks; }
EXPORT(harness_rows_out) uint32_t* harness_rows_out() { return rows_out; }
EXPORT(harness_eval) void harness_eval() {
  settle(rows_in);
  sample(rows_out);
}
EXPORT(harness_tick) void harness_tick(uint32_t mask) {
  settle(rows_in);
  edge(mask);
  sample(rows_out);
}
EXPORT(harness_replay) void harness_replay(uint32_t cycles) {
  for (uint32_t k = 0; k < cycles; k++) {
    settle(rows_in + k * IN);
    sample(rows_out + k * OUT);
    edge(clocks[k]);
  }
}
EXPORT(harness_step) void harness_step(uint32_t cycles) {
  settle(rows_in);
  for (uint32_t k = 0; k < cycles; k++) edge(clocks[0]);
  sample(rows_out);
}
EXPORT(harness_finish) void harness_finish() { dut->final(); }

#ifdef HARNESS_NATIVE
#include <cstdio>
#include <unistd.h>
static bool get(void* data, size_t size) {
  for (char* at = static_cast<char*>(data); size;) {
    const ssize_t n = read(3, at, size);
    if (n <= 0) return false;
    at += n, size -= n;
  }
  return true;
}
static bool put(const void* data, size_t size) {
  for (const char* at = static_cast<const char*>(data); size;) {
    const ssize_t n = write(4, at, size);
    if (n <= 0) return false;
    at += n, size -= n;
  }
  return true;
}
// A request is {operation, argument}, its rows, and its clocks: of each row of a replay, or of a step; the reply is the rows that result.
// Whoever reads does not write, so neither side can block the other, whatever the size of a pipe.
int main() {
  harness_start();
  const uint32_t hello = 0x706f7073;
  if (!put(&hello, 4)) return 1;
  for (uint32_t request[2]; get(request, 8);) {
    const auto [operation, argument] = request;
    const uint32_t rows = operation == 2 ? argument : 1;
    if (rows > ROWS || !get(rows_in, rows * IN * 4) || (operation >= 2 && !get(clocks, rows * 4))) break;
    if (operation == 0) harness_eval();
    if (operation == 1) harness_tick(argument);
    if (operation == 2) harness_replay(argument);
    if (operation == 3) harness_step(argument);
    std::fflush(stdout);
    if (!put(rows_out, rows * OUT * 4)) break;
  }
  harness_finish();
  std::fflush(stdout);
  return 0;
}
#endif
`;
}

function perPort(
  ports: readonly ModelPort[],
  direction: 'input' | 'output',
  line: (name: string, width: number, word: number) => string,
): string {
  let word = 0;
  const lines = inDirection(ports, direction).map((port, k) => {
    const text = line(`dut->${direction[0]}${k}`, port.width, word);
    word += portWords(port.width);
    return `  ${text}`;
  });
  return lines.join('\n');
}

/** Verilator wants unused high bits zero, so they are masked. */
function applyPort(name: string, width: number, word: number): string {
  const mask = (bits: number) => (bits % 32 === 0 ? '0xffffffffu' : `0x${(2 ** (bits % 32) - 1).toString(16)}u`);
  if (width <= 32) return `${name} = row[${word}] & ${mask(width)};`;
  if (width <= 64) return `${name} = row[${word}] | static_cast<uint64_t>(row[${word + 1}] & ${mask(width)}) << 32;`;
  const words = Math.ceil(width / 32);
  return `for (int k = 0; k < ${words}; k++) ${name}[k] = row[${word} + k]; ${name}[${words - 1}] &= ${mask(width)};`;
}

function samplePort(name: string, width: number, word: number): string {
  if (width <= 32) return `row[${word}] = ${name}; row[${word + 1}] = 0;`;
  if (width <= 64) return `row[${word}] = ${name}; row[${word + 1}] = ${name} >> 32;`;
  const words = Math.ceil(width / 32);
  const odd = words % 2 === 1 ? ` row[${word + words}] = 0;` : '';
  return `for (int k = 0; k < ${words}; k++) row[${word} + k] = ${name}[k];${odd}`;
}
