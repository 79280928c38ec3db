/**
 * Every mistake that a design can be told of, with what it is in one line. Each has a page in docs/diagnostics/ whose wrong
 * and right examples are run by gen/diagnostic-pages.test.ts: an identifier without a page fails there.
 */
export const diagnosticIds = {
  'constant-range': 'a constant does not fit its type',
  'driven-twice': 'a net or register has two drivers',
  'ext-width': '.ext to fewer bits',
  'firrtl-memory-init': 'FIRRTL cannot say the contents of a memory at power-up',
  'firrtl-memory-style': 'FIRRTL cannot say the kind of a memory',
  'firrtl-register-init': 'FIRRTL cannot say the value of a register at power-up',
  'memory-init': 'a memory has more initial words than it is deep',
  'memory-mask': 'a write mask does not divide the word',
  'partly-driven': 'a net has no value on some path',
  'port-name': 'a port cannot have this name',
  'select-width': 'the select of a mux is not one bit',
  'sign-mismatch': 'a signed and an unsigned value are mixed',
  'slice-range': 'bits that do not exist',
  'stream-parameter': 'an element of the stream library cannot be built so',
  'switch-case': 'a case of a switch cannot be reached',
  'trunc-width': '.trunc to more bits',
  undriven: 'a net or register has no driver',
  'width-mismatch': 'a value has another type than its place',
} as const;

export type DiagnosticId = keyof typeof diagnosticIds;
