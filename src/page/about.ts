/** What a page says of the model, and of how to read it. */
import { list } from '../drawing/html.ts'
import { html, lines, type Markup } from '../drawing/markup.ts'
import { HU_WINDOW } from '../nodule/hounsfield.ts'
import type { CasePage } from './content.ts'

/** The model: where it comes from, what it is for, what it is not for. */
export function modelSection({ stamp, config }: CasePage): Markup {
  const { reports, folds, preprocessing, architecture } = config
  const facts: readonly (readonly [string, string])[] = [
    ['model', `${stamp.model} ${stamp.modelVersion}`],
    ['software', stamp.software],
    ['weights and training population', config.provenance || 'not said by the model'],
    ['intended use and limits', config.intendedUse || 'not said by the model'],
    ['licence of the weights', config.license || 'not said by the model'],
    ['folds', `${folds.length}, ${folds.every(({ calibration }) => calibration) ? 'calibrated' : 'not calibrated'}`],
    ['views', `${architecture.image.resolution} pixels, ${preprocessing.geometry} geometry`],
    [
      'training reports',
      reports === undefined
        ? 'none in the model folder'
        : `${reports.distinct} distinct texts of ${reports.trainingNodules} training nodules, ` +
          (reports.source === 'templates' ? 'by templates of semantic features' : 'from reports'),
    ],
    ['use', `${stamp.use}; no medical device`],
  ]
  const items = facts.map(([name, fact]) => html`<dt>${name}</dt><dd>${fact}</dd>`)
  return html`<section class="about"><h2 id="model">The model</h2>\n<dl>${lines(items)}</dl></section>`
}

/** How to read the page: what each part says, and what it does not. */
export const readingSection = (): Markup => html`<section class="about"><h2 id="reading">How to read this page</h2>
${list(READING)}
</section>`

const READING = [
  'Probability: the model’s estimate that the nodule is cancer as its training labels have it. Calibrated means that on the nodules it was fitted on, such numbers came true about as often as they say; elsewhere cancer may be rarer or commoner, and the numbers then say too much or too little.',
  'Folds: models trained on different parts of the same nodules. Their spread shows how far they disagree. It is not a confidence interval: they can be wrong together.',
  'Weights of views: the share of each view in what the model makes of the nodule. They do not say what in a view was seen, nor where.',
  'In words: zero-shot answers, a comparison of sentences by a model that learnt to match images with reports, not to judge these features. Over the values of a feature they sum to 1, whether or not any of them fits. They stand beside the probability and are not its causes.',
  'Training reports: the model’s nearest texts. If the nodule was a training nodule itself, its own report may be among them.',
  'The clinic’s models: Brock 2a and 2b (McWilliams 2013), Mayo (Swensen 1997), VA (Gould 2007), on the inputs that the table gives. Lung-RADS v2022 is compiled from secondary sources.',
  `Pictures: window ${HU_WINDOW.join(' to ')} HU, head up, the patient’s right at the left of axial and coronal planes. The overview shows the whole scan, each view the 50 mm round the nodule.`,
]
