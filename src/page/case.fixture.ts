/**
 * A page's content for tests, every text in it that comes from outside the same one, and numbers that no mirror or
 * exchange leaves as they are.
 */
import type { FeatureAnswer } from '../predict/answers.ts'
import type { CaseNodule, CasePage } from './content.ts'

const FOLDS = [0.17, 0.22, 0.36]
const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length

const answer = (feature: string, folds: Readonly<Record<string, readonly number[]>>): FeatureAnswer => ({
  feature,
  values: Object.entries(folds).map(([value, each]) => ({ value, folds: each, probability: mean(each) })),
})

const less = (values: readonly number[]) => values.map((x) => 1 - x)

/** @param text what stands in the place of names, remarks, reports and columns' values */
export function madeNodule(text: string, line = 2): CaseNodule {
  return {
    label: `Row ${line}`,
    identifiers: { pid: text, noduleId: text },
    pointLps: [-70, 10.25, -20],
    reading: {
      raw: FOLDS,
      ensemble: 0.25,
      calibrated: [0.31, 0.4, 0.55],
      calibratedEnsemble: 0.42,
      attention: [
        [0.5, 0.3, 0.2],
        [0.6, 0.25, 0.15],
        [0.4, 0.35, 0.25],
      ],
      features: {
        content: [
          answer('nodule_margin_conspicuity', {
            'Well marginated': less([0.8, 0.81, 0.82]),
            'Poorly marginated': [0.8, 0.81, 0.82],
          }),
          answer('necrosis', { Present: FOLDS, Absent: less(FOLDS) }),
          answer('mean_diameter', { 8: FOLDS, 12: less(FOLDS) }),
          answer(text, { [text]: FOLDS, other: less(FOLDS) }),
        ],
      },
      similar: { content: [{ text, nodules: 2, similarity: 0.4321, folds: [0.4, 0.43, 0.47] }] },
    },
    pictures: {
      overview: { planes: ['axial', 'coronal', 'sagittal'].map((label) => ({ label, svg: '<svg></svg>' })) },
      views: ['Axial', 'Coronal', 'Sagittal'].map((label) => ({ label, svg: '<svg></svg>' })),
    },
    risks: [
      {
        model: { key: 'mayo', label: 'Mayo', scale: 'probability', answer: () => ({ kind: 'blank', why: '' }) },
        answer: { kind: 'answer', value: 0.0979, shown: '0.0979', notes: [text] },
      },
      {
        model: { key: 'va', label: 'VA', scale: 'probability', answer: () => ({ kind: 'blank', why: '' }) },
        answer: { kind: 'blank', why: text },
      },
    ],
    notes: [{ code: text, message: text }],
  }
}

export function madePage(text: string): CasePage {
  const plain = madeNodule(text, 3)
  const wordless: CaseNodule = {
    ...plain,
    label: 'Row 4',
    identifiers: undefined,
    reading: {
      raw: [0.2],
      ensemble: 0.2,
      attention: [[0.5, 0.3, 0.2]],
      features: { why: text },
      similar: { why: text },
    },
    pictures: { ...plain.pictures, overview: { why: text } },
    risks: [],
    notes: [],
  }
  return {
    stamp: { model: text, modelVersion: text, software: 'spicula 0', use: 'for research use' },
    config: {
      format: 'spicula-model/1',
      name: text,
      version: text,
      provenance: text,
      license: text,
      intendedUse: text,
      architecture: {
        image: {
          width: 8,
          layers: 1,
          heads: 1,
          mlpWidth: 8,
          activation: 'gelu',
          layerNormEpsilon: 1e-5,
          resolution: 224,
          patch: 32,
          preNorm: true,
          patchBias: false,
          embedDim: 8,
        },
        pooling: { embedDim: 8, attentionWidth: 4 },
      },
      preprocessing: { geometry: 'exact', mean: [0, 0, 0], std: [1, 1, 1] },
      base: 'base.safetensors',
      folds: [{ both: 'fold_0.safetensors' }],
    },
    nodules: [madeNodule(text), plain, wordless],
    failures: [
      { label: 'Row 5', identifiers: { pid: text, noduleId: text }, code: text, message: text, hint: text },
      { label: 'Row 6', code: text, message: text },
    ],
    notes: [{ code: text, message: text }],
  }
}
