/** Why there is nothing for one nodule, as data that can cross threads. */
import { SpiculaError } from '../error.ts'

export interface Failed {
  readonly failed: { readonly code: string; readonly message: string; readonly hint: string | undefined }
}

/** An error as data. One that is not ours is a defect of the software: it is reported with its row, and the run goes on. */
export function failure(error: unknown): Failed {
  if (error instanceof SpiculaError) return { failed: { code: error.code, message: error.message, hint: error.hint } }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { failed: { code: 'internal/unexpected', message, hint: 'This is a defect of spicula: please report it.' } }
}
