import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parsePids, readSplits, writeSplits } from './splits.node.ts'
import { kFold } from './splits.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'splits-'))
})
afterAll(() => rm(folder, { recursive: true }))

const rows = Array.from({ length: 60 }, (_, i) => ({
  pid: String(i).padStart(4, '0'),
  malignant: i % 3 === 0 ? (1 as const) : (0 as const),
}))

describe('splits as files', () => {
  it('read back as they were written, twelve folds in their order', async () => {
    const splits = kFold(rows, { folds: 12, seed: 3, testShare: 0.2 })
    const path = join(folder, 'written')
    await mkdir(path) // an empty folder is as good as none
    await writeSplits(path, splits, { seed: 3 })
    expect(await readSplits(path)).toEqual(splits)
    expect((await readdir(path)).length).toBe(14)
    expect(await readFile(join(path, 'fold_0/val_pid.csv'), 'utf8')).toMatch(/^,pid\n0,\d{4}\n1,/)
    expect(JSON.parse(await readFile(join(path, 'about.json'), 'utf8'))).toEqual({ seed: 3 })
  })

  it('overwrite nothing, and leave nothing behind', async () => {
    const path = join(folder, 'taken')
    await mkdir(path)
    await writeFile(join(path, 'mine.txt'), 'mine')
    const before = await readdir(folder)
    const refused = expect.objectContaining({ code: 'training/splits-exist' })
    await expect(writeSplits(path, kFold(rows, { folds: 2 }), {})).rejects.toThrow(refused)
    await expect(writeSplits(join(path, 'mine.txt'), kFold(rows, { folds: 2 }), {})).rejects.toThrow(refused)
    expect([await readdir(folder), await readdir(path)]).toEqual([before, ['mine.txt']])
  })

  it('say which file is missing', async () => {
    const path = join(folder, 'half')
    await mkdir(join(path, 'fold_1'), { recursive: true })
    await writeFile(join(path, 'fold_1/train_pid.csv'), ',pid\n0,1\n')
    await expect(readSplits(path)).rejects.toThrow(/fold_1\/val_pid\.csv: cannot be read/)
    await expect(readSplits(join(folder, 'none'))).rejects.toThrow(/none: no such folder/)
    await expect(readSplits(folder)).rejects.toThrow(/no folder fold_0/)
  })
})

describe('a list of patients', () => {
  it.each([
    ['as published', ',pid\n0,007\n1,LIDC-IDRI-0001\n'],
    ['with the columns turned', 'pid,\n007,0\nLIDC-IDRI-0001,1\n'],
    ['without an index', 'pid\n007\nLIDC-IDRI-0001\n'],
    ['of a series without a name', ',0\n0,007\n1,LIDC-IDRI-0001\n'],
    ['from a spreadsheet', '\uFEFF;PID\r\n0; 007\r\n1;LIDC-IDRI-0001\r\n'],
    ['with an index saved twice', 'Unnamed: 0.1,Unnamed: 0,pid\n0,0,007\n1,1,LIDC-IDRI-0001\n'],
    ['with a row a nodule', ',pid\n0,007\n1,007\n2,LIDC-IDRI-0001\n'],
  ])('%s', (_, text) => {
    expect(parsePids(text, 'val_pid.csv')).toEqual(['007', 'LIDC-IDRI-0001'])
  })

  it.each([
    ['', 'the file is empty'],
    ['a,b\n1,2\n', 'no column pid'],
    [',pid\n', 'no patient in it'],
    [',pid\n0,7\n1,\n', 'line 3 has no pid'],
  ])('%j is refused', (text, message) => {
    expect(() => parsePids(text, 'val_pid.csv')).toThrow(`val_pid.csv: ${message}`)
  })
})
