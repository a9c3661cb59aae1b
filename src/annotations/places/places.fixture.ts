/** For tests: annotations written from scratch. */
import { type Attributes, dicomFile } from '../../scan/dicom/dicom.fixture.ts'

const code = (value: string, meaning: string, scheme = 'DCM') => ({
  CodeValue: value,
  CodingSchemeDesignator: scheme,
  CodeMeaning: meaning,
})

/** A structure set: a square of 10 mm on three planes 2 mm apart round (5, 15, 22), with a hole on its middle plane; a heart. */
export function structuresFile(change: Attributes = {}): Uint8Array<ArrayBuffer> {
  const square = (z: number, from: number, to: number) => ({
    ContourGeometricType: 'CLOSED_PLANAR',
    ContourData: [from, 10 + from, z, to, 10 + from, z, to, 10 + to, z, from, 10 + to, z],
  })
  return dicomFile({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.481.3',
    Modality: 'RTSTRUCT',
    PatientID: 'P7',
    StructureSetROISequence: [
      { ROINumber: '1', ROIName: 'GTV nodule', ReferencedFrameOfReferenceUID: '1.2.3.9' },
      { ROINumber: '2', ROIName: 'Heart', ReferencedFrameOfReferenceUID: '1.2.3.9' },
    ],
    ROIContourSequence: [
      {
        ReferencedROINumber: '1',
        ContourSequence: [square(20, 0, 10), square(22, 0, 10), square(22, 4, 6), square(24, 0, 10)],
      },
      { ReferencedROINumber: '2', ContourSequence: [square(40, 0, 3)] },
    ],
    ...change,
  })
}

/** A report with a point in the world, and an ellipse in an image. */
export function reportFile(sopInstanceUid = '1.2.3.4.5'): Uint8Array<ArrayBuffer> {
  const group = (...content: Attributes[]): Attributes => ({
    ValueType: 'CONTAINER',
    ConceptNameCodeSequence: [code('125007', 'Measurement Group')],
    ContentSequence: content,
  })
  const tracking = (label: string): Attributes => ({
    ValueType: 'TEXT',
    ConceptNameCodeSequence: [code('112039', 'Tracking Identifier')],
    TextValue: label,
  })
  const world: Attributes = {
    ValueType: 'SCOORD3D',
    ConceptNameCodeSequence: [code('111010', 'Center')],
    GraphicType: 'POINT',
    GraphicData: [-98.5, -117.25, -290],
    ReferencedFrameOfReferenceUID: '1.2.3.9',
  }
  const diameter: Attributes = {
    ValueType: 'NUM',
    ConceptNameCodeSequence: [code('103339001', 'Long Axis', 'SCT')],
    MeasuredValueSequence: [{ NumericValue: '1.2', MeasurementUnitsCodeSequence: [code('cm', 'cm', 'UCUM')] }],
  }
  const inImage: Attributes = {
    ValueType: 'SCOORD',
    GraphicType: 'POLYLINE',
    GraphicData: [2.5, 1.5, 4.5, 3.5],
    ContentSequence: [{ ValueType: 'IMAGE', ReferencedSOPSequence: [{ ReferencedSOPInstanceUID: sopInstanceUid }] }],
  }
  const finding: Attributes = {
    ValueType: 'CODE',
    ConceptNameCodeSequence: [code('121071', 'Finding')],
    ConceptCodeSequence: [code('27925004', 'Nodule', 'SCT')],
  }
  return dicomFile({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.34',
    Modality: 'SR',
    PatientID: 'P7',
    ValueType: 'CONTAINER',
    ContentSequence: [
      {
        ValueType: 'CONTAINER',
        ConceptNameCodeSequence: [code('126010', 'Imaging Measurements')],
        ContentSequence: [
          group(tracking('Nodule A'), finding, world, diameter),
          group(tracking('Nodule B'), inImage),
          group(tracking('C')),
        ],
      },
    ],
  })
}

/** A segmentation of single bits, 5 x 3 pixels: two segments, frames in no order, 15 bits each without filling up. */
export function segmentationFile(change: Attributes = {}): Uint8Array<ArrayBuffer> {
  const pictures = [
    { k: 4, segment: 1, picture: '.....' + '.##..' + '.##..' },
    { k: 3, segment: 1, picture: '.....' + '.##..' + '.##..' },
    { k: 3, segment: 2, picture: '....#' + '.....' + '#....' },
  ]
  const bits = pictures.map(({ picture }) => picture).join('')
  const pixels = new Uint8Array(Math.ceil(bits.length / 16) * 2)
  for (const [n, bit] of [...bits].entries()) if (bit === '#') pixels[n >> 3] |= 1 << (n & 7)
  return dicomFile({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.66.4',
    Modality: 'SEG',
    PatientID: 'P7',
    FrameOfReferenceUID: '1.2.3.9',
    SegmentationType: 'BINARY',
    Rows: 3,
    Columns: 5,
    NumberOfFrames: '3',
    SamplesPerPixel: 1,
    BitsAllocated: 1,
    BitsStored: 1,
    HighBit: 0,
    PixelRepresentation: 0,
    SegmentSequence: [
      { SegmentNumber: 1, SegmentLabel: 'Nodule' },
      { SegmentNumber: 2, SegmentLabel: 'Specks' },
    ],
    SharedFunctionalGroupsSequence: [
      {
        PlaneOrientationSequence: [{ ImageOrientationPatient: [1, 0, 0, 0, 1, 0] }],
        PixelMeasuresSequence: [{ PixelSpacing: [0.8, 0.7], SliceThickness: '2.5', SpacingBetweenSlices: '2.5' }],
      },
    ],
    PerFrameFunctionalGroupsSequence: pictures.map(({ k, segment }) => ({
      PlanePositionSequence: [{ ImagePositionPatient: [-100, -120, -300 + 2.5 * k] }],
      SegmentIdentificationSequence: [{ ReferencedSegmentNumber: segment }],
    })),
    PixelData: pixels,
    ...change,
  })
}

/** Boxes as Lung-PET-CT-Dx has them. */
export const boxesXml = (
  boxes: readonly (readonly [label: string, x0: number, y0: number, x1: number, y1: number])[],
) =>
  `<annotation verified="no"><size><width>512</width></size>${boxes
    .map(
      ([label, x0, y0, x1, y1]) =>
        `<object><name>${label}</name><bndbox><xmin>${x0}</xmin><ymin>${y0}</ymin><xmax>${x1}</xmax><ymax>${y1}</ymax></bndbox></object>`,
    )
    .join('')}</annotation>`
