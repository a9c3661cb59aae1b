/**
 * Cohorts from annotations and tables of others.
 * @module spicula/annotations
 */
export { type Lesion, type LesionOptions, lidcCsv, lidcLesions } from './lidc/cohort.ts'
export type { SeriesGeometry } from './lidc/geometry.ts'
export type { PixelCentroid } from './lidc/outline.ts'
export type { Ratings } from './lidc/ratings.ts'
export type { Readings } from './lidc/readings.ts'
export { type BadFile, listXml, readMessages } from './lidc/source.ts'
export { type Contour, parseReadMessage, type Reading, type ReadMessage } from './lidc/xml.ts'
export { placesOfSeg } from './places/dicom-seg.ts'
export { type MaskOptions, placesOfMask } from './places/mask.ts'
export { lesionsOfBoxes, type PlacedBox, parseBoxes, type SliceBox } from './places/pascal-voc.ts'
export { type FoundPlaces, type NodulePlace, type PlacedRow, placesCsv } from './places/place.ts'
export { placesOfStructures } from './places/rtstruct.ts'
export { placesOfReport } from './places/sr.ts'
export { type ColumnMap, mappedCohort, parseColumnMap } from './tables/column-map.ts'
export { type Converted, type ConvertedRow, cohortCsv } from './tables/converted.ts'
export { dlcsCohort } from './tables/dlcs.ts'
export { luna16Cohort, luna25Cohort, luna25PointsCohort } from './tables/luna.ts'
export { lungxCohort, type WorkbookNodule, workbookNodules } from './tables/lungx.ts'
export { monaiCohort } from './tables/monai.ts'
export { type NlstOptions, nlstCohort } from './tables/nlst.ts'
