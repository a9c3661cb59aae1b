/** Bytes and tables: what scans, cohorts and reports are read from. */
export { type ByteSource, memorySource, mergeSpans, type Span, type TakeBytes } from './bytes.ts'
export { csvText } from './csv.ts'
export { decodeNpy, encodeNpy, type NpyArray } from './npy.ts'
export { parseTable, type Table, type TableRecord } from './table.ts'
