/**
 * Model folders: opened, inspected, made.
 * @module spicula/model
 */
export { embeddedModel } from './embedded-model.node.ts'
export { checkModelFolder, type ModelFolder, openModelFolder } from './folder.node.ts'
export * from './index.ts'
export { initModel } from './init.node.ts'
export { inspectModel, type ModelReport } from './inspect.node.ts'
export { readPrompts } from './prompts.node.ts'
export { storeCalibrations } from './store-calibration.node.ts'
