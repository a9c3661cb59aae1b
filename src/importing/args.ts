/** A printed `argparse.Namespace`, as the published training keeps its arguments: read as data, never evaluated. */
import { SpiculaError } from '../error.ts'

/** Python literals; anything else (`device(type='cpu')`) stays text. */
export type Argument = null | boolean | number | string | readonly Argument[]

const DEEPEST = 20
const LONGEST = 1 << 20

/**
 * Reads `Namespace(r=2, alpha=1, params=['q', 'k', 'v'])`.
 * @throws SpiculaError `inference/import-args` where it is anything else
 * @example parseNamespace('Namespace(r=2, alpha=1)').get('alpha') // 1
 */
export function parseNamespace(text: string, name = 'args.txt'): Map<string, Argument> {
  const fail = (what: string) =>
    new SpiculaError('inference/import-args', `${name}: ${what}`, {
      hint: 'A printed argparse.Namespace is meant: Namespace(r=2, alpha=1, ...).',
    })
  const source = text.trim()
  if (source.length > LONGEST) throw fail(`${source.length} characters are not arguments`)
  const opening = /^(?:argparse\.)?Namespace\(/.exec(source)
  if (!opening || !source.endsWith(')')) throw fail('it is not a printed Namespace')
  const args = new Map<string, Argument>()
  const end = source.length - 1
  let at = opening[0].length
  while (at < end) {
    const key = /^\s*([A-Za-z_]\w*)=/.exec(source.slice(at, at + 200))
    if (!key) throw fail(`no argument at character ${at}`)
    at += key[0].length
    const stop = valueEnd(source, at, end)
    if (stop === undefined) throw fail(`the value of ${key[1]} does not end`)
    args.set(key[1], literal(source.slice(at, stop).trim(), 0))
    at = stop + 1
  }
  return args
}

/** Where a value ends: at the next comma or `end`, outside quotes and brackets. */
function valueEnd(source: string, from: number, end: number): number | undefined {
  let depth = 0
  for (let at = from; at < end; at++) {
    const c = source[at]
    if (c === "'" || c === '"') {
      for (at++; at < end && source[at] !== c; at++) if (source[at] === '\\') at++
      if (at >= end) return undefined
    } else if (c === '(' || c === '[' || c === '{' || c === '<') depth++
    else if (c === ')' || c === ']' || c === '}' || c === '>') depth--
    else if (c === ',' && depth === 0) return at
    if (depth < 0) return undefined
  }
  return depth === 0 ? end : undefined
}

const WORDS: ReadonlyMap<string, Argument> = new Map<string, Argument>([
  ['None', null],
  ['True', true],
  ['False', false],
])

function literal(text: string, depth: number): Argument {
  const word = WORDS.get(text)
  if (word !== undefined) return word
  if (/^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text)) return Number(text)
  const quoted = /^(['"])([\s\S]*)\1$/.exec(text)
  if (quoted) return quoted[2].replace(/\\([\\'"])/g, '$1')
  if (depth < DEEPEST && /^[[(]/.test(text) && /[\])]$/.test(text)) return items(text.slice(1, -1), depth + 1)
  return text
}

function items(text: string, depth: number): Argument[] {
  const found: Argument[] = []
  for (let at = 0; at < text.length; ) {
    const stop = valueEnd(text, at, text.length) ?? text.length
    const item = text.slice(at, stop).trim()
    if (item !== '') found.push(literal(item, depth))
    at = stop + 1
  }
  return found
}
