/** Sentences from features, and features from sentences. */
export { type AugmentOptions, augmentReport } from './augment.ts'
export { checkReport } from './check-report.ts'
export { estimateTokens, type Prompt, promptOf } from './llm-prompt.ts'
export { LlmFailure, PROVIDERS, type Provider, type Writer, type WriterOptions } from './llm-provider.ts'
export { type LlmOptions, type LlmOutcome, type ReportCache, rateLimit, writeLlmReport } from './llm-writer.ts'
export { parseReport } from './read-report.ts'
export { impressionOf } from './report-text.ts'
export { type TrainingText, writeTemplateReport, writeTrainingText } from './template-writer.ts'
