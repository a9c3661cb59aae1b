/**
 * Sentences from features; language models, whose clients are optional packages; folders of reports.
 * @module spicula/report
 */
export * from './index.ts'
export { openWriter } from './llm-model.ts'
export { reportCache } from './report-cache.node.ts'
export { type ReportOf, readReports } from './reports-folder.node.ts'
