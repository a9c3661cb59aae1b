import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, it } from 'vitest'

/** Reference material that is not part of the project: beside the checkout, or where `SPICULA_SHARED` says. */
const root = process.env.SPICULA_SHARED ?? fileURLToPath(new URL('../../shared/', import.meta.url))

/** Where a needed file or folder lies. For bodies of tests and hooks: throws while tests are collected. */
export type SharedPath = () => string

/**
 * `describe` for tests that need reference material: run where all of it is present, else skipped with a line.
 * Collecting tests must not depend on what lies beside the checkout, so paths are told in tests and hooks only.
 * @param needs files or folders of the reference material
 * @param body the suite; gets a path for each need
 * @example
 * describeShared('fixtures/preprocessing', (folder) => {
 *   it('equals the fixture', async () => { await readFile(join(folder(), 'cases.json')) })
 * })
 */
export function describeShared(needs: string | readonly string[], body: (...paths: SharedPath[]) => void): void {
  const names = [needs].flat()
  const missing = names.filter((name) => !existsSync(join(root, name)))
  describe(names.join(', '), () => {
    if (missing.length > 0) {
      it.skip(`skipped: ${missing.join(', ')} is not beside the checkout`, () => undefined)
      return
    }
    let collected = false
    beforeAll(() => {
      collected = true
    })
    body(
      ...names.map((name) => () => {
        if (!collected) throw new Error(`${name} is asked for while tests are collected: ask in a test or hook`)
        return join(root, name)
      }),
    )
  })
}
