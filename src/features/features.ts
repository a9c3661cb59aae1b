/**
 * The semantic features of a nodule, as published (Zhuang et al. 2025; docs/method.md M15): what a
 * radiologist says of it, in the columns and values of the published tables.
 */

export const GROUPS = ['general', 'internal', 'external', 'assessment'] as const
export type Group = (typeof GROUPS)[number]

interface Described {
  readonly group: Group
  /** How a sentence calls it. */
  readonly label: string
  /** Other spellings of the column beside those that differ in punctuation and case only. */
  readonly aliases?: readonly string[]
}

/** A length in mm. */
export interface LengthFeature extends Described {
  readonly kind: 'length'
  readonly unit: 'mm'
}

/** A choice. `synonyms` of each value are what real tables hold: compared without case and punctuation. */
export interface ChoiceFeature extends Described {
  readonly kind: 'choice'
  readonly values: readonly string[]
  readonly synonyms: Readonly<Record<string, readonly string[]>>
}

const length = (label: string, aliases: readonly string[]) =>
  ({ kind: 'length', unit: 'mm', group: 'general', label, aliases }) as const

const presence = <G extends 'internal' | 'external'>(group: G, label: string, aliases: readonly string[] = []) =>
  ({
    kind: 'choice',
    group,
    label,
    aliases,
    values: ['Present', 'Absent'],
    synonyms: {
      Present: ['yes', 'y', 'true', '1', '1.0', 'pos', 'positive', '+'],
      Absent: ['no', 'n', 'false', '0', '0.0', 'none', 'neg', 'negative', 'not present', 'not seen'],
    },
  }) as const

const marginSynonyms = {
  Smooth: ['smooth margin', 'smooth margins', 'regular'],
  Lobulated: ['lobular', 'lobulation', 'lobulated margin', 'lobulated margins'],
  'Spiculated/Serrated': ['spiculated', 'serrated', 'spiculation', 'spiculated or serrated', 'spicular'],
} as const

/** Every feature by its published column, in the order of the published tables. */
export const FEATURES = {
  'longest_axial_diameter_(mm)': length('longest axial diameter', ['longest_axial_diameter', 'longest_diameter']),
  'short_diameter_(mm)': length('short diameter', ['short_diameter', 'short_axial_diameter', 'shortest_diameter']),
  mean_diameter: length('mean diameter', ['mean_diameter_(mm)', 'average_diameter']),
  psn_longest_diameter_solid_component: length('longest diameter of the solid component', [
    'psn_longest_diameter_solid_component_(mm)',
    'longest_diameter_solid_component',
    'solid_component_diameter',
  ]),
  nodule_margin_conspicuity: {
    kind: 'choice',
    group: 'general',
    label: 'margin conspicuity',
    aliases: ['margin_conspicuity', 'nodule_conspicuity'],
    values: ['Well marginated', 'Poorly marginated'],
    synonyms: {
      'Well marginated': ['well', 'well defined', 'well circumscribed', 'sharply marginated', 'sharp'],
      'Poorly marginated': ['poor', 'poorly', 'poorly defined', 'ill defined', 'ill marginated', 'indistinct'],
    },
  },
  nodule_margins: {
    kind: 'choice',
    group: 'general',
    label: 'margins',
    aliases: ['margins', 'nodule_margin'],
    values: ['Smooth', 'Lobulated', 'Spiculated/Serrated'],
    synonyms: marginSynonyms,
  },
  additional_nodule_margins: {
    kind: 'choice',
    group: 'general',
    label: 'additional margins',
    aliases: ['additional_margins', 'additional_nodule_margin'],
    values: ['Smooth', 'Lobulated', 'Spiculated/Serrated'],
    synonyms: marginSynonyms,
  },
  nodule_shape: {
    kind: 'choice',
    group: 'general',
    label: 'shape',
    aliases: ['shape'],
    values: ['Round', 'Ovoid', 'Polygonal', 'Complex/Irregular'],
    synonyms: {
      Round: ['rounded', 'spherical'],
      Ovoid: ['oval', 'elliptical'],
      Polygonal: ['polygon'],
      'Complex/Irregular': ['complex', 'irregular', 'complex or irregular'],
    },
  },
  nodule_consistency: {
    kind: 'choice',
    group: 'general',
    label: 'consistency',
    aliases: ['consistency', 'attenuation', 'texture'],
    values: ['Solid', 'Part-solid', 'Pure ground glass'],
    synonyms: {
      Solid: ['solid nodule'],
      'Part-solid': [
        'partly solid',
        'semi solid',
        'semisolid',
        'subsolid part-solid',
        'mixed',
        'mixed ggo',
        'mixed ggn',
        'psn',
      ],
      'Pure ground glass': [
        ...['ground glass', 'pure ground', 'ground glass opacity', 'ground glass nodule', 'pure ground glass opacity'],
        ...['pure ggo', 'ggo', 'pure ggn', 'ggn', 'non solid', 'nonsolid'],
      ],
    },
  },
  nodule_reticulation: presence('internal', 'reticulation', ['reticulation']),
  'cyst-like_spaces': presence('internal', 'cyst-like spaces', ['cysts', 'cyst_like_space']),
  'intra-nodular_bronchiectasis': presence('internal', 'intra-nodular bronchiectasis', ['bronchiectasis']),
  necrosis: presence('internal', 'necrosis', ['nodule_necrosis']),
  cavitation: presence('internal', 'cavitation', ['nodule_cavitation', 'cavity']),
  eccentric_calcification: presence('internal', 'eccentric calcification', ['eccentric_calcifications']),
  // Not among the published columns: LIDC-IDRI's readers rated it, and it is what tells most benign nodules.
  nodule_calcification: presence('internal', 'calcification'),
  'airway_cut-off': presence('internal', 'airway cut-off', ['airway_cutoff', 'airway_cut_off_sign']),
  pleural_attachment: presence('external', 'pleural attachment'),
  pleural_retraction: presence('external', 'pleural retraction', ['pleural_indentation']),
  vascular_convergence: presence('external', 'vascular convergence', ['vessel_convergence']),
  septal_stretching: presence('external', 'septal stretching'),
  paracicatricial_emphysema: presence('external', 'paracicatricial emphysema', ['paracicatricial_emphysema_present']),
  level_of_suspicion_of_lung_cancer: {
    kind: 'choice',
    group: 'assessment',
    label: 'suspicion of lung cancer',
    aliases: ['level_of_suspicion', 'suspicion', 'suspicion_of_lung_cancer'],
    values: ['Low', 'Intermediate', 'Moderately High', 'High'],
    synonyms: {
      Low: ['low suspicion'],
      Intermediate: ['medium', 'moderate', 'intermediate suspicion'],
      'Moderately High': ['moderate high', 'mod high', 'moderately high suspicion'],
      High: ['high suspicion'],
    },
  },
} as const satisfies Record<string, LengthFeature | ChoiceFeature>

type Schema = typeof FEATURES
export type FeatureName = keyof Schema
export type LengthName = { [K in FeatureName]: Schema[K]['kind'] extends 'length' ? K : never }[FeatureName]
export type ChoiceName = Exclude<FeatureName, LengthName>
export type PresenceName = { [K in ChoiceName]: 'Present' extends Schema[K]['values'][number] ? K : never }[ChoiceName]

/** What is known of one nodule; a feature that nobody recorded is left out. Lengths in mm. */
export type NoduleFeatures = {
  readonly [K in LengthName]?: number
} & {
  readonly [K in ChoiceName]?: Schema[K] extends { readonly values: readonly (infer V)[] } ? V : never
}

/** Features in the order of the published tables, seen without the types of each. */
export const FEATURE_LIST: readonly (readonly [FeatureName, LengthFeature | ChoiceFeature])[] = Object.entries(
  FEATURES,
) as [FeatureName, LengthFeature | ChoiceFeature][]

export const isLength = (name: FeatureName): name is LengthName => FEATURES[name].kind === 'length'
export const isPresence = (name: FeatureName): name is PresenceName =>
  FEATURES[name].group === 'internal' || FEATURES[name].group === 'external'

export const FEATURE_NAMES = FEATURE_LIST.map(([name]) => name)
export const LENGTHS: readonly LengthName[] = FEATURE_NAMES.filter(isLength)
export const PRESENCES: readonly PresenceName[] = FEATURE_NAMES.filter(isPresence)

/** Features that are not columns of the published tables. */
const OWN: readonly FeatureName[] = ['nodule_calcification']
/** The columns of the published tables, in their order. */
export const PUBLISHED_NAMES = FEATURE_NAMES.filter((name) => !OWN.includes(name))
/**
 * The 17 categorical features of docs/method.md M9.2, which the sampler balances: all published choices but the
 * suspicion.
 */
export const CATEGORICAL: readonly ChoiceName[] = PUBLISHED_NAMES.filter(
  (name): name is ChoiceName => !isLength(name) && FEATURES[name].group !== 'assessment',
)

/** A choice feature's definition, seen without the types of its values. */
export const choiceOf = (name: ChoiceName): ChoiceFeature => FEATURES[name]
