/**
 * Pictures of a nodule, as SVG.
 * @module spicula/pictures
 */
export { type ContactSheet, contactSheetSvg } from './contact-sheet.ts'
export { type Orthogonal, orthogonalSvg } from './orthogonal.ts'
export { overview } from './overview.ts'
export { type Panel, panelSvg } from './panel.ts'
export { type CasePictures, drawNodule, type Picture } from './pictures.ts'
export type { Plane } from './planes.ts'
