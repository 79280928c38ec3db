/**
 * How Verilator's C++ is compiled by `@yowasp/clang`. The runtime objects in the archive were compiled with the same
 * flags (rebuild-runtime.ts): whoever changes one rebuilds the other.
 */
export const CLANG_FLAGS: readonly string[] = [
  '-std=c++17',
  '-fno-exceptions',
  '-w',
  '-DVL_IGNORE_UNKNOWN_ARCH',
  '-DVM_COVERAGE=0',
  '-DVM_SC=0',
  '-DVM_TRACE=0',
];

/** The runtime objects every model is linked with. */
export const RUNTIME_OBJECTS = ['verilated.o', 'verilated_threads.o', 'shim.o'] as const;
