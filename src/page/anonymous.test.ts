import { describe, expect, it } from 'vitest'
import { anonymous } from './anonymous.ts'

const row = { pid: 'P-0042', imagePath: 'ct/Smith_John.hdr', imageFile: '/data/ct/Smith_John.hdr' }

describe('anonymous', () => {
  it.each([
    ['Smith_John.hdr has a single slice', '<image> has a single slice'],
    ['Smith_John.img.gz: cut short', '<image>: cut short'],
    ['/data/ct/Smith_John.hdr is gone', '<image> is gone'],
    ['the scan of P-0042, 0042 mm', 'the scan of <pid>, 0042 mm'],
    ['the border of the nodule', 'the border of the nodule'],
  ])('%s', (text, clean) => {
    expect(anonymous(text, row)).toBe(clean)
  })

  it.each([
    // Two letters would hide half of a remark.
    ['a.hdr, ab.img and ab.hdr', 'ab.hdr', 'a.hdr, ab.img and <image>'],
    ['abc.img.gz and xabc.img, abc', 'ct/abc.hdr', '<image> and xabc.img, abc'],
    ['scan(1).nii.gz: odd; scan(1).json', 'scan(1).nii.gz', '<image>: odd; <image>'],
    ['J. Smith.img: cut; J. Smith.img.gz', 'J. Smith.hdr', '<image>: cut; <image>'],
    ['a#1.2b.hdr: odd', 'ct/a#1.2b.hdr', '<image>: odd'],
    ['D:\\ct\\one.hdr: odd', 'D:\\ct\\one.hdr', '<image>: odd'],
  ])('%s, of %s', (text, imagePath, clean) => {
    expect(anonymous(text, { pid: 'P-1', imagePath, imageFile: imagePath })).toBe(clean)
  })

  it('knows an archive by its name without the series', () => {
    const series = { pid: '', imagePath: '', imageFile: '/data/Smith.zip#1234' }
    expect(anonymous('Smith.zip: 3 series', series)).toBe('<image>: 3 series')
  })
})
