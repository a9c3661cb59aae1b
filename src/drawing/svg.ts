/** Text and images for SVG drawings. */
import { type Content, lines, type Markup, svg } from './markup.ts'

/** The family drawings are set in; the rasteriser carries it, a browser without it takes its own. */
export const fontFamily = svg`'DejaVu Sans', Verdana, sans-serif`

export interface TextStyle {
  /** Height of the font in px. */
  readonly size: number
  readonly fill: string
  readonly bold?: boolean
  readonly anchor?: 'start' | 'middle' | 'end'
  /** A dark edge round the letters, so that they can be read on any tissue. */
  readonly halo?: boolean
  /** Longest the text may be, px: it is set down to three quarters of its size, then shortened in the middle. */
  readonly maxWidth?: number
}

/**
 * A line of text with its baseline at (x, y).
 * @example svgText('10 mm', 20, 40, { size: 12, fill: '#fff' })
 */
export function svgText(text: string, x: number, y: number, style: TextStyle): Markup {
  const { fill, bold = false, anchor = 'start', halo = false, maxWidth = Number.POSITIVE_INFINITY } = style
  const line = text.replace(/\s+/g, ' ').trim()
  const size = Math.max(style.size * 0.75, Math.min(style.size, maxWidth / textWidth(line, 1, bold) || style.size))
  const shown = shorten(line, size, bold, maxWidth)
  const weight = bold && svg` font-weight="bold"`
  const edge = halo && svg` stroke="#000" stroke-opacity="0.75" stroke-width="3" paint-order="stroke"`
  return svg`<text x="${round(x)}" y="${round(y)}" font-size="${round(size)}" fill="${fill}" text-anchor="${anchor}"${weight}${edge}>${shown}</text>`
}

/** Both ends of an identifier tell more than its middle. */
function shorten(text: string, size: number, bold: boolean, maxWidth: number): string {
  if (textWidth(text, size, bold) <= maxWidth) return text
  const characters = [...text]
  for (let kept = characters.length - 1; kept > 1; kept--) {
    const head = Math.ceil(kept / 2)
    const shorter = `${characters.slice(0, head).join('')}…${characters.slice(head - kept).join('')}`
    if (textWidth(shorter, size, bold) <= maxWidth) return shorter
  }
  return '…'
}

/**
 * Width of a text in DejaVu Sans, px: an estimate from above, some percent too wide for ordinary text.
 * @param size of the font, px
 */
export function textWidth(text: string, size: number, bold = false): number {
  let em = 0
  for (const character of text) em += advance(character)
  return em * size * (bold ? 1.13 : 1)
}

function advance(character: string): number {
  if (/[ijl'|]/.test(character)) return 0.3
  if (/[ fIrt.,:;!()[\]/\\·-]/.test(character)) return 0.42
  if (/[mwMW@%…—]/.test(character)) return 1
  if (/[A-Z]/.test(character)) return 0.79
  if (/[\u0020-\u024f]/.test(character))
    return character === '+' || character === '=' || character === '~' ? 0.84 : 0.64
  return 1.1
}

/**
 * A PNG as an address that an SVG can hold.
 * @example svg`<image href="${pngDataUri(grayPng(pixels, [2, 1]))}"/>`
 */
export const pngDataUri = (png: Uint8Array): string => `data:image/png;base64,${base64(png)}`

const alphabet = new TextEncoder().encode('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')

/** RFC 4648. By hand, for `btoa` takes ten times as long and a browser has nothing else. */
function base64(bytes: Uint8Array): string {
  const out = new Uint8Array(Math.ceil(bytes.length / 3) * 4)
  let to = 0
  for (let at = 0; at < bytes.length; at += 3) {
    // Beyond the end bytes read as undefined, which the shifts take as 0.
    const three = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2]
    out[to++] = alphabet[three >> 18]
    out[to++] = alphabet[(three >> 12) & 63]
    out[to++] = alphabet[(three >> 6) & 63]
    out[to++] = alphabet[three & 63]
  }
  const padding = out.length - Math.ceil((bytes.length * 4) / 3)
  out.fill(61, out.length - padding) // "="
  return new TextDecoder().decode(out)
}

/**
 * A whole drawing on a dark ground.
 * @param size [width, height], px
 * @param body elements
 */
export const svgDocument = ([width, height]: readonly [number, number], body: readonly Content[]): Markup =>
  svg`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${fontFamily}">
<rect width="${width}" height="${height}" fill="${colours.ground}"/>
${lines(body)}
</svg>
`

/** Quiet on purpose: nothing in a drawing may be brighter than the image, and colour only marks what is not image. */
export const colours = {
  ground: '#0b0e12',
  frame: '#2a323c',
  title: '#f2f5f8',
  label: '#c6d0da',
  footer: '#8a97a5',
  mark: '#ffd166',
} as const

/** Two decimals are more than a pixel needs. */
export const round = (value: number): number => Math.round(value * 100) / 100
