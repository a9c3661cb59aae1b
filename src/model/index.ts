/** What a model folder says: its configuration, prompts and calibration. */
export { calibrate } from './calibration.ts'
export { CHECKPOINTS, type Checkpoint } from './checkpoint.ts'
export { type BetaCalibration, type InitConfig, type ModelConfig, parseInitConfig, parseModelConfig } from './config.ts'
export { type ModelPreprocessing, preprocessingOf } from './preprocessing.ts'
export { PRESETS } from './presets.ts'
export { type PromptSet, parsePrompts } from './prompts.ts'
