/** The page of a nodule, from plain data. */
export type { CaseFailure, CaseNodule, CasePage, CaseReading, Part } from './content.ts'
export { composePage, MOST_NODULES } from './page.ts'
