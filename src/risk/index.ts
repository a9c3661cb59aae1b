/**
 * The clinic's models: Brock, Mayo, VA, Lung-RADS.
 * @module spicula/risk
 */
export { type BrockInput, brock2a, brock2b } from './brock.ts'
export { CONSISTENCIES, type Consistency, type RiskResult } from './inputs.ts'
export { CATEGORIES, type Category, hasGrown, type LungRads, type LungRadsInput, lungRads } from './lung-rads.ts'
export { type MayoInput, mayo } from './mayo.ts'
export { RISK_COLUMNS, RISK_MODELS, type RiskAnswer, type RiskModel } from './table.ts'
export { type VaInput, va } from './va.ts'
