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

  it('knows an archive by its name without the series', () => {
    const series = { pid: '', imagePath: '', imageFile: '/data/Smith.zip#1234' }
    expect(anonymous('Smith.zip: 3 series', series)).toBe('<image>: 3 series')
  })
})
