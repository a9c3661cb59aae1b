import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeFileAtomic } from './atomic.node.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atomic-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('writeFileAtomic', () => {
  it('writes text and bytes, new and over old, and leaves nothing else behind', async () => {
    const path = join(folder, 'a.csv')
    await writeFileAtomic(path, 'é')
    expect(await readFile(path, 'utf8')).toBe('é')
    await chmod(path, 0o600)
    await writeFileAtomic(path, new Uint8Array([1, 2]))
    expect([...(await readFile(path))]).toEqual([1, 2])
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readdir(folder)).toEqual(['a.csv'])
  })

  it('leaves one whole content when many write at once', async () => {
    const path = join(folder, 'a.csv')
    const contents = Array.from({ length: 8 }, (_, i) => String(i).repeat(100_000))
    await Promise.all(contents.map((content) => writeFileAtomic(path, content)))
    expect(contents).toContain(await readFile(path, 'utf8'))
    expect(await readdir(folder)).toEqual(['a.csv'])
  })

  it('writes through a link', async () => {
    await writeFile(join(folder, 'real'), 'old')
    await symlink('real', join(folder, 'link'))
    await writeFileAtomic(join(folder, 'link'), 'new')
    expect((await lstat(join(folder, 'link'))).isSymbolicLink()).toBe(true)
    expect(await readFile(join(folder, 'real'), 'utf8')).toBe('new')
  })

  it('writes to a device, not over it', async () => {
    await writeFileAtomic('/dev/null', 'x')
    expect((await stat('/dev/null')).isCharacterDevice()).toBe(true)
  })

  it('takes names as long as the disk does', async () => {
    await writeFileAtomic(join(folder, 'n'.repeat(255)), 'x')
    expect(await readdir(folder)).toEqual(['n'.repeat(255)])
  })

  it('says why it cannot, and leaves no temporary file', async () => {
    await mkdir(join(folder, 'dir'))
    await expect(writeFileAtomic(join(folder, 'none', 'a'), 'x')).rejects.toMatchObject({
      code: 'file/unwritable',
      message: expect.stringContaining('its folder does not exist'),
    })
    await expect(writeFileAtomic(join(folder, 'dir'), 'x')).rejects.toMatchObject({
      code: 'file/unwritable',
      message: expect.stringContaining('it is a folder'),
    })
    expect(await readdir(folder)).toEqual(['dir'])
  })
})
