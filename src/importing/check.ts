/** Whether a file of published weights has those of a model. */
import { SpiculaError } from '../error.ts'
import { showShape } from '../graph/shape.ts'

type Shapes = ReadonlyMap<string, readonly number[]>

/**
 * Compares the weights that a file has with those that an architecture wants, both by our names.
 * @throws SpiculaError `inference/import-weights` naming every one that is missing, mis-shaped or too many
 * @example checkWeights(new Map([['logit_scale', []]]), names.shapes, 'ViT-B-32.pt')
 */
export function checkWeights(wanted: Shapes, found: Shapes, file: string): void {
  const problems = [...wanted].flatMap(([name, shape]) => {
    const own = found.get(name)
    if (!own) return [`${name} is missing`]
    return showShape(own) === showShape(shape) ? [] : [`${name} is ${showShape(own)}, ${showShape(shape)} is due`]
  })
  for (const name of found.keys()) if (!wanted.has(name)) problems.push(`${name} has no place in the model`)
  if (problems.length === 0) return
  const rest = problems.length > 8 ? `; and ${problems.length - 8} more` : ''
  throw new SpiculaError('inference/import-weights', `${file}: ${problems.slice(0, 8).join('; ')}${rest}`, {
    hint: 'The file is incomplete, or of another kind of model: nothing was imported.',
  })
}
