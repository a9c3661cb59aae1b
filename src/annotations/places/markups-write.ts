/** Points as 3D Slicer's markups, in LPS, which both of its formats say of themselves. */
import type { Triple } from '../../scan/scan.ts'

/** A point to be shown. */
export interface MarkedPoint {
  readonly label: string
  readonly description: string
  readonly pointLps: Triple
}

const SCHEMA =
  'https://raw.githubusercontent.com/slicer/slicer/master/Modules/Loadable/Markups/Resources/Schema/markups-schema-v1.0.3.json#'

/**
 * A point list as `.mrk.json`.
 * @example markupsJson([{ label: '1', description: '', pointLps: [10, -20, -100] }])
 */
export function markupsJson(points: readonly MarkedPoint[]): string {
  const controlPoints = points.map(({ label, description, pointLps }, n) => ({
    id: String(n + 1),
    label,
    description,
    associatedNodeID: '',
    position: pointLps,
    selected: true,
    locked: false,
    visibility: true,
    positionStatus: 'defined',
  }))
  const markup = {
    type: 'Fiducial',
    coordinateSystem: 'LPS',
    coordinateUnits: 'mm',
    locked: false,
    fixedNumberOfControlPoints: false,
    labelFormat: '%N-%d',
    lastUsedControlPointNumber: points.length,
    controlPoints,
  }
  return `${JSON.stringify({ '@schema': SCHEMA, markups: [markup] }, null, 2)}\n`
}

/**
 * The same as `.fcsv`, for Slicer before 4.13.
 * @example markupsFcsv([{ label: '1', description: '', pointLps: [10, -20, -100] }])
 */
export function markupsFcsv(points: readonly MarkedPoint[]): string {
  const rows = points.map(({ label, description, pointLps }, n) =>
    [n + 1, ...pointLps, 0, 0, 0, 1, 1, 1, 0, quoted(label), quoted(description), ''].join(','),
  )
  const header = [
    '# Markups fiducial file version = 4.11',
    '# CoordinateSystem = LPS',
    '# columns = id,x,y,z,ow,ox,oy,oz,vis,sel,lock,label,desc,associatedNodeID',
  ]
  return `${[...header, ...rows].join('\n')}\n`
}

/** A line break would be a new point. */
const quoted = (text: string): string => {
  const line = text.replaceAll(/[\r\n]+/g, ' ')
  return /[",]/.test(line) ? `"${line.replaceAll('"', '""')}"` : line
}
