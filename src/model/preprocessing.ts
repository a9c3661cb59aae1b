import type { Preprocessing } from '../nodule/prepare.ts'
import type { ViewSet } from '../nodule/views.ts'
import type { ModelConfig } from './config.ts'

/** How the views of a model are made: all is the model's, but which of the nine to look at is the user's. */
export function preprocessingOf({ preprocessing, architecture }: ModelConfig, views: ViewSet): Partial<Preprocessing> {
  return { geometry: preprocessing.geometry, resolution: architecture.image.resolution, views }
}
