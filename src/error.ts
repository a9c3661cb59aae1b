/** What an error says besides its message; every field is printed by the command line and kept in `errors.csv`. */
export interface ErrorDetail {
  /** What the user can do about it, as a sentence. */
  hint?: string
  /** The error underneath. */
  cause?: unknown
}

/**
 * The one family of errors that Spicula throws on purpose: a stable code for programs, and for people what happened,
 * the value, the likely cause and what to do.
 *
 * @example
 * throw new SpiculaError('volume/truncated', `${name}: 1,024 bytes of voxels expected, 1,000 found`, {
 *   hint: 'The file was cut short: copy or download it again.',
 * })
 */
export class SpiculaError extends Error {
  override readonly name = 'SpiculaError'
  /** Stable code `area/what`, e.g. `volume/truncated`. */
  readonly code: string
  readonly hint: string | undefined

  constructor(code: string, message: string, { hint, cause }: ErrorDetail = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.hint = hint
  }
}

/** A warning that does not stop the work, with a stable code. */
export interface Note {
  readonly code: string
  readonly message: string
}
