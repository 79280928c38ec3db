/** Mutation testing. */
export { type Mutation, type MutationKind, mutationKinds, mutationsOf } from './mutation.ts';
export { describe, type Mutant, type Mutants, type MutationOptions, mutate, plant } from './run.ts';
