import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe } from 'vitest'

const root = fileURLToPath(new URL('../../shared/', import.meta.url))

/** Path of a file or folder of the reference material beside the checkout, whether or not it is there. */
export const sharedPath = (relative: string): string => `${root}${relative}`

/**
 * `describe` for tests that need reference material: run where it is present, skipped with a line where it is not.
 * @example describeShared('fixtures/preprocessing', (folder) => { it('equals the fixture', ...) })
 */
export function describeShared(relative: string, body: (path: string) => void): void {
  const path = sharedPath(relative)
  if (existsSync(path)) describe(relative, () => body(path))
  else describe.skip(`${relative} (skipped: reference material not present beside the checkout)`, () => body(path))
}
