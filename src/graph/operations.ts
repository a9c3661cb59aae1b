/** Everything a network is written with: `import * as g from './operations.ts'`. */
export { gradients } from './differentiate.ts'
export * from './elementwise.ts'
export * from './int8.ts'
export * from './linear.ts'
export * from './movement.ts'
export * from './reduction.ts'
export { constant, input, parameter, scalar, vector } from './tensor.ts'
