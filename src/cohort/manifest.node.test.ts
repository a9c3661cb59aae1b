import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readManifest } from './manifest.node.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'manifest-'))
})
afterAll(() => rm(folder, { recursive: true }))

const header = 'pid,nodule_id,image_path,coordX,coordY,coordZ\n'

async function file(name: string, content: string | Uint8Array): Promise<string> {
  await writeFile(join(folder, name), content)
  return join(folder, name)
}

describe('readManifest', () => {
  it('resolves paths from the folder of the manifest; absolute ones stay', async () => {
    const path = await file(
      'a.csv',
      `${header}a,1,ct/a.nii,1,2,3\na,2,../b.nii,1,2,3\na,3,/x/c.nii,1,2,3\na,4,ct\\d.nii,1,2,3\n`,
    )
    const { rows, name, frame } = await readManifest(path, { frame: 'ras' })
    expect([name, frame]).toEqual(['a.csv', 'ras'])
    expect(rows.map(({ imageFile }) => imageFile)).toEqual([
      join(folder, 'ct/a.nii'),
      join(folder, '../b.nii'),
      '/x/c.nii',
      join(folder, 'ct/d.nii'),
    ])
  })

  it('reads UTF-8, UTF-16 with its mark, and with a note anything older', async () => {
    const text = `${header}Zoë,1,a.nii,1,2,3\n`
    const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')])
    const cases = [
      ['u8.csv', Buffer.from(text), 0],
      ['u16.csv', utf16, 0],
      ['l1.csv', Buffer.from(text, 'latin1'), 1],
    ] as const
    for (const [name, bytes, noteCount] of cases) {
      const { rows, notes } = await readManifest(await file(name, bytes))
      expect([rows[0].pid, notes.length]).toEqual(['Zoë', noteCount])
    }
  })

  it.each([
    ['missing.csv', undefined, 'cohort/not-found'],
    ['scan.nii.gz', gzipSync('x'), 'cohort/binary'],
    ['table.xlsx', Buffer.from([0x50, 0x4b, 3, 4, 1]), 'datasets/workbook'],
    ['table.xls', Buffer.from([0xd0, 0xcf, 0x11, 0xe0]), 'cohort/binary'],
    ['scan.nii', Buffer.alloc(352), 'cohort/binary'],
    ['empty.csv', '', 'cohort/empty'],
  ])('refuses %s', async (name, content, code) => {
    const path = content === undefined ? join(folder, name) : await file(name, content)
    await expect(readManifest(path)).rejects.toMatchObject({ code })
  })

  it('refuses a folder', async () => {
    await mkdir(join(folder, 'dir'))
    await expect(readManifest(join(folder, 'dir'))).rejects.toMatchObject({
      code: 'cohort/unreadable',
      message: expect.stringContaining('it is a folder'),
    })
  })
})
