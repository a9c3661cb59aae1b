/** Everything a network is written with: `import * as g from '../graph/operations.ts'`. */
export { gradients } from './differentiate.ts'
export * from './elementwise.ts'
export * from './int8.ts'
export * from './linear.ts'
export * from './reduction.ts'
export * from './structure.ts'
export { constant, input, parameter, scalar, vector } from './tensor.ts'
