/** Texts and integers as pickles write them. */
import { damagedPickle } from './value.ts'

/**
 * UTF-8, lone surrogates let through as Python's `surrogatepass` does: as the replacement character.
 * @example utf8(Uint8Array.of(0x61)) // 'a'
 */
export const utf8 = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)

/** Every byte a character. */
export function latin1(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return text
}

/** Little-endian two's complement, the least bytes that hold it. */
export function bytesLong(bytes: Uint8Array): number | bigint {
  if (bytes.length === 0) return 0
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).reverse()
  return exact(BigInt.asIntN(8 * bytes.length, BigInt(`0x${digits.join('')}`)))
}

/** `123L` */
export function decimalLong(line: Uint8Array): number | bigint {
  const text = short(line).replace(/L$/, '')
  if (!/^[+-]?\d+$/.test(text)) throw damagedPickle(`${JSON.stringify(text)} is not an integer`)
  return exact(BigInt(text.replace(/^\+/, '')))
}

/** `12`; `00` and `01` are Booleans. */
export function protocol0Int(line: Uint8Array): number | bigint | boolean {
  const text = short(line)
  if (text === '00' || text === '01') return text === '01'
  return decimalLong(line)
}

/** What Python's repr makes of a float. */
export function protocol0Float(line: Uint8Array): number {
  const text = short(line)
  const special: Readonly<Record<string, number>> = {
    inf: Number.POSITIVE_INFINITY,
    '-inf': Number.NEGATIVE_INFINITY,
    nan: Number.NaN,
  }
  const value = special[text] ?? (/^[-+\d.eE]+$/.test(text) ? Number(text) : undefined)
  if (value === undefined || (Number.isNaN(value) && text !== 'nan'))
    throw damagedPickle(`${JSON.stringify(text)} is not a number`)
  return value
}

const exact = (value: bigint): number | bigint =>
  value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value

const LONGEST_NUMBER = 400

function short(line: Uint8Array): string {
  if (line.length > LONGEST_NUMBER) throw damagedPickle(`a number of ${line.length} digits`)
  return latin1(line).trim()
}

/** `'a\\'b'`: Python 2's repr of a string. */
export function quoted(line: Uint8Array): string {
  const text = latin1(line).trim()
  const quote = text[0]
  if (text.length < 2 || (quote !== "'" && quote !== '"') || text.at(-1) !== quote)
    throw damagedPickle('a string without quotes')
  return text
    .slice(1, -1)
    .replace(/\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|[\s\S])/g, (_, code: string) =>
      code[0] === 'x' && code.length === 3
        ? String.fromCharCode(Number.parseInt(code.slice(1), 16))
        : /^[0-7]/.test(code)
          ? String.fromCharCode(Number.parseInt(code, 8) & 0xff)
          : (ESCAPES[code] ?? `\\${code}`),
    )
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
}

/** Latin-1 with `\uXXXX` and `\UXXXXXXXX`. */
export function rawUnicode(line: Uint8Array): string {
  return latin1(line).replace(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g, (_, four?: string, eight?: string) => {
    const code = Number.parseInt(four ?? eight ?? '', 16)
    if (code > 0x10ffff) throw damagedPickle('a character beyond Unicode')
    return four === undefined ? String.fromCodePoint(code) : String.fromCharCode(code)
  })
}
