/** Tests of the tests: reference material is reached through `describeShared` alone, and never while tests are collected. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { describeShared } from './shared.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const tested = ['src', 'test']
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  )
  .filter((file) => file.endsWith('.ts') && !/^test\/shared\.(test\.)?ts$/.test(file))

it.each(tested)('%s names no path beside the checkout', (file) => {
  const text = readFileSync(join(root, file), 'utf8').replaceAll(/\btest\/shared\.ts\b/g, '')
  expect(text).not.toMatch(/['"`/]shared\/(cases|data|fixtures|weights)\b|SPICULA_SHARED/)
})

describeShared('fixtures', (folder) => {
  let early: unknown
  try {
    folder()
  } catch (error) {
    early = error
  }
  it('is told in tests only', () => {
    expect(String(early)).toContain('while tests are collected')
    expect(readdirSync(folder())).not.toEqual([])
  })
})
