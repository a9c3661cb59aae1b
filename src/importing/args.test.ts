import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseNamespace } from './args.ts'

describe('parseNamespace', () => {
  it("reads what Python's print makes of arguments", () => {
    const text = `Namespace(batch_size=4, lr=0.0001, wd=1e-05, backbone='ViT-B/32', params=['q', 'k', 'v'], r=2, alpha=1,
      device=device(type='cuda', index=0), resume=None, augment=False, lora=True, nested=[(1, 2), []], pair=(1,), negative=-3.5,
      note="it's (a) 'test', r=9", path=PosixPath('/data/x'), made=<object object at 0x7f00>, options={'a': 1, 'b': [2]})`
    expect(Object.fromEntries(parseNamespace(text))).toEqual({
      batch_size: 4,
      lr: 0.0001,
      wd: 0.00001,
      backbone: 'ViT-B/32',
      params: ['q', 'k', 'v'],
      r: 2,
      alpha: 1,
      device: "device(type='cuda', index=0)",
      resume: null,
      augment: false,
      lora: true,
      nested: [[1, 2], []],
      pair: [1],
      negative: -3.5,
      note: "it's (a) 'test', r=9",
      path: "PosixPath('/data/x')",
      made: '<object object at 0x7f00>',
      options: "{'a': 1, 'b': [2]}",
    })
    expect(parseNamespace('Namespace()\n').size).toBe(0)
  })

  it.each([
    '',
    'r=2, alpha=1',
    'Namespace(r=2',
    'Namespace(2)',
    "Namespace(a='x)",
    'Namespace(a=[1)',
    'Namespace(a=1))',
    'Namespace(a=1 b=(2)',
    '__import__("os").system("id")',
    `Namespace(a=${'9'.repeat(1 << 20)})`,
  ])('refuses %.40s', (text) => {
    expect(() => parseNamespace(text)).toThrow(expect.objectContaining({ code: 'inference/import-args' }))
  })

  it('neither evaluates nor overflows on what is nested without end', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    expect(parseNamespace(`Namespace(a=${deep})`).has('a')).toBe(true)
    expect(parseNamespace("Namespace(a=__import__('os').system('id'), __proto__=1)").get('a')).toBe(
      "__import__('os').system('id')",
    )
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'[](){}<>,=\'"\\ a1N'), maxLength: 60 }), (inner) => {
        try {
          parseNamespace(`Namespace(${inner})`)
        } catch (error) {
          expect((error as { code?: string }).code).toBe('inference/import-args')
        }
      }),
    )
  })
})

const python = (() => {
  try {
    execFileSync('python3', ['-c', ''])
    return true
  } catch {
    return false
  }
})()

describe.skipIf(!python)('beside Python (skipped where there is none)', () => {
  it('numbers and texts come back from their repr', () => {
    const values = [0, -1, 0.1, 1e22, 5e-324, 'a', "it's", 'say "x"', `both ' and "`, 'back\\slash', 'a, b=(c']
    const code =
      'import argparse, json, sys; v = json.loads(sys.argv[1]); print(argparse.Namespace(**{f"x{i}": x for i, x in enumerate(v)}))'
    const printed = execFileSync('python3', ['-c', code, JSON.stringify(values)], { encoding: 'utf8' })
    expect([...parseNamespace(printed).values()]).toEqual(values)
  })
})
