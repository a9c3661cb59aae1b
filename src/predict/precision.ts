/** How exactly a model computes. `int8`: the towers' matrices and what meets them rounded to eight bits. */
export const PRECISIONS = ['fp32', 'int8'] as const
export type Precision = (typeof PRECISIONS)[number]
