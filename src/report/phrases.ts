/** What the template writer says of each feature: several variants, the same in meaning. */
import type { ChoiceName, LengthName, PresenceName } from '../features/features.ts'

/** Sentences on a length; `{x}` stands for the number. */
export const LENGTH_SENTENCES: Readonly<Record<LengthName, readonly string[]>> = {
  'longest_axial_diameter_(mm)': [
    'The longest axial diameter is {x} mm.',
    'The nodule measures {x} mm in longest axial diameter.',
    'The greatest axial diameter of the nodule is {x} mm.',
    'The nodule has a maximum axial diameter of {x} mm.',
  ],
  'short_diameter_(mm)': [
    'The short diameter is {x} mm.',
    'The nodule measures {x} mm in short diameter.',
    'The smallest axial diameter of the nodule is {x} mm.',
  ],
  mean_diameter: [
    'The mean diameter is {x} mm.',
    'The nodule has a mean diameter of {x} mm.',
    'The average diameter of the nodule is {x} mm.',
  ],
  psn_longest_diameter_solid_component: [
    'The longest diameter of the solid component is {x} mm.',
    'The solid component measures {x} mm in longest diameter.',
    'A solid component of {x} mm in longest diameter is seen.',
  ],
}

type ValueChoice = Exclude<ChoiceName, PresenceName>

/** Sentences on a choice; `{x}` stands for the value in lower case, `{a}` for it with its article. */
export const CHOICE_SENTENCES: Readonly<Record<ValueChoice, readonly string[]>> = {
  nodule_margin_conspicuity: [
    'The nodule is {x}.',
    'The border of the nodule is {x}.',
    'The nodule displays {a} boundary.',
    'The nodule is seen to be {x}.',
  ],
  nodule_margins: [
    'The margins are {x}.',
    'The nodule exhibits {x} margins.',
    'The nodule has {x} margins.',
    'The borders of the nodule are {x}.',
  ],
  additional_nodule_margins: [
    'Additional margins are {x}.',
    'The nodule shows additional {x} margins.',
    'Additional {x} margins are noted.',
  ],
  nodule_shape: [
    'The shape is {x}.',
    'The nodule is {x} in shape.',
    'The nodule has {a} shape.',
    'The nodule presents with {a} shape.',
  ],
  nodule_consistency: [
    'The nodule is {x}.',
    'The consistency is {x}.',
    'The nodule demonstrates {a} consistency.',
    'The nodule is {x} in consistency.',
  ],
  level_of_suspicion_of_lung_cancer: [
    'The level of suspicion of lung cancer is {x}.',
    'There is {a} suspicion of lung cancer.',
    'The suspicion of lung cancer is {x}.',
  ],
}

/** How a sentence names the sign, and whether it is a plural. */
export const SIGNS: Readonly<Record<PresenceName, { readonly name: string; readonly plural?: true }>> = {
  nodule_reticulation: { name: 'reticulation' },
  'cyst-like_spaces': { name: 'cyst-like spaces', plural: true },
  'intra-nodular_bronchiectasis': { name: 'intra-nodular bronchiectasis' },
  necrosis: { name: 'necrosis' },
  cavitation: { name: 'cavitation' },
  eccentric_calcification: { name: 'eccentric calcification' },
  nodule_calcification: { name: 'calcification' },
  'airway_cut-off': { name: 'airway cut-off' },
  pleural_attachment: { name: 'pleural attachment' },
  pleural_retraction: { name: 'pleural retraction' },
  vascular_convergence: { name: 'vascular convergence' },
  septal_stretching: { name: 'septal stretching' },
  paracicatricial_emphysema: { name: 'paracicatricial emphysema' },
}

/** Sentences on a sign; `{x}` its name, `{X}` the same with a capital, `{is}` its verb. */
export const PRESENT_SENTENCES: readonly string[] = [
  '{X} {is} present.',
  'There {is} {x}.',
  'The nodule shows {x}.',
  '{X} {is} observed.',
  'Evidence of {x} is noted.',
  'The nodule reveals {x}.',
]
export const ABSENT_SENTENCES: readonly string[] = [
  '{X} {is} absent.',
  'There {is} no {x}.',
  'No {x} {is} seen.',
  'There is no evidence of {x}.',
  'The nodule shows no signs of {x}.',
  'The absence of {x} is noted.',
]

/** More ways to say one sign, beside the common ones. */
export const OWN_SENTENCES: Partial<Record<PresenceName, { readonly Present: string; readonly Absent: string }>> = {
  pleural_attachment: {
    Present: 'The nodule is attached to the pleura.',
    Absent: 'The nodule is not attached to the pleura.',
  },
}

/** How the impression ends; `{x}` and `{X}` stand for the level. */
export const SUSPICION_ENDINGS: readonly string[] = [
  '{X} suspicion of lung cancer.',
  'Suspicion of lung cancer is {x}.',
  'The suspicion of lung cancer is {x}.',
]

/** Lower case with the article before it. */
export const withArticle = (word: string): string => `${/^([aeiou]|8|1[18]\b)/i.test(word) ? 'an' : 'a'} ${word}`
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
