/** For tests: small LIDC-IDRI files, made up. */

/** One outline of a nodule. */
export interface MadeOutline {
  readonly z: number
  readonly points: readonly (readonly [number, number])[]
  readonly hole?: boolean
}

/** A square outline with a side of 2 * half. */
export const square = (x: number, y: number, half: number, z = 0, hole = false): MadeOutline => ({
  z,
  hole,
  points: [
    [x - half, y - half],
    [x + half, y - half],
    [x + half, y + half],
    [x - half, y + half],
  ],
})

export interface MadeNodule {
  readonly outlines: readonly MadeOutline[]
  /** The nine ratings in the order of the XML; none for a nodule under 3 mm. */
  readonly ratings?: readonly number[]
}

const NAMES = [
  'subtlety',
  'internalStructure',
  'calcification',
  'sphericity',
  'margin',
  'lobulation',
  'spiculation',
  'texture',
  'malignancy',
]
export const RATINGS = [5, 1, 6, 4, 4, 1, 1, 5, 3]

/** A message: sessions of nodules. */
export function madeXml(
  sessions: readonly (readonly MadeNodule[])[],
  series = '1.2.3',
  root = 'LidcReadMessage',
): string {
  const tag = (name: string, content: string | number) => `<${name}>${content}</${name}>\n`
  const roi = ({ z, points, hole }: MadeOutline) =>
    tag(
      'roi',
      tag('imageZposition', z) +
        tag('imageSOP_UID', '9.9') +
        tag('inclusion', hole ? 'FALSE' : 'TRUE') +
        points.map(([x, y]) => tag('edgeMap', tag('xCoord', x) + tag('yCoord', y))).join(''),
    )
  const nodule = ({ outlines, ratings }: MadeNodule, i: number) =>
    tag(
      'unblindedReadNodule',
      tag('noduleID', i) +
        (ratings ? tag('characteristics', ratings.map((r, n) => tag(NAMES[n], r)).join('')) : '') +
        outlines.map(roi).join(''),
    )
  const body = sessions.map((nodules) => tag('readingSession', nodules.map(nodule).join(''))).join('')
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://www.nih.gov">${tag('ResponseHeader', tag('SeriesInstanceUid', series))}${body}</${root}>`
}
