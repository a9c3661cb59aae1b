/** docs/performance.md says of each device what the code does with it. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { ABILITIES, DEVICES } from './device.ts'

const docs = readFileSync(new URL('../../docs/performance.md', import.meta.url), 'utf8')
const rows = docs.split('\n').map((line) => line.split('|').map((cell) => cell.trim()))
const columns = rows.find((cells) => cells[1] === 'device') ?? []

it.each(DEVICES)('the operators and the int8 of %s are as documented', (device) => {
  const row = rows.find((cells) => cells[1] === `\`${device}\``) ?? []
  const cell = (column: string) => row[columns.indexOf(column)]
  expect(cell('operators')).toBe({ runtime: 'its own', standard: 'standard' }[ABILITIES[device].dialect])
  expect(cell('int8')).toBe(ABILITIES[device].int8 ? 'yes' : 'no')
})
