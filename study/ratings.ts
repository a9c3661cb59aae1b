/** What the study makes of LIDC-IDRI's aggregated ratings: semantic features, absences stated, and labels. */
import { lidcFeatures, malignancyLabel, type Ratings } from '../src/annotations/lidc/ratings.ts'

/**
 * The published features (docs/method.md M16), and what that mapping leaves empty: every nodule was rated for
 * lobulation, spiculation and calcification, so that their absence is known, and a level of suspicion stands for the
 * median of malignancy.
 * @example studyFeatures({ ...ratings, spiculation: 1 }).additional_nodule_margins // 'Smooth'
 */
export function studyFeatures(ratings: Ratings): Record<string, string> {
  const { lobulation, spiculation, calcification, malignancy } = ratings
  return {
    ...lidcFeatures(ratings),
    nodule_margins: lobulation >= 3 ? 'Lobulated' : 'Smooth',
    additional_nodule_margins: spiculation >= 3 ? 'Spiculated/Serrated' : 'Smooth',
    nodule_calcification: Number.isNaN(calcification) ? '' : calcification < 6 ? 'Present' : 'Absent',
    level_of_suspicion_of_lung_cancer:
      malignancy < 2.5 ? 'Low' : malignancy <= 3.5 ? 'Intermediate' : malignancy < 4.5 ? 'Moderately High' : 'High',
  }
}

/** More than 3 against less than 3, 3 left out: suspicions of radiologists, not pathology. */
export function studyLabel({ malignancy }: Ratings): string {
  const label = malignancyLabel([malignancy], malignancy, 'leave-3')
  return label === null ? '' : String(label)
}

/**
 * How sure the readers were, 0 to 1, for training to learn: the mean of their ratings, 1 (highly unlikely) to 5 (highly
 * suspicious).
 * @example suspicion([5, 5, 4]) // '0.917'
 */
export const suspicion = (readers: readonly number[]): string =>
  (readers.reduce((sum, rating) => sum + (rating - 1) / 4, 0) / readers.length).toFixed(3)
