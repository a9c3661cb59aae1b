/** For tests: numbers that PyTorch and NumPy computed (`fixtures/make_torch.py`). */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

export interface TorchNumbers {
  readonly diagnosis: { readonly labels: (0 | 1)[]; readonly weights: number[] }
  readonly semantic: {
    readonly table: (string | null)[][]
    readonly weights: number[]
    readonly drawn: number[]
  }
  readonly crossEntropy: {
    readonly labels: number[]
    readonly counts: number[]
    readonly weights: number[]
    readonly logits: number[]
    readonly plain: number
    readonly weighted: number
    readonly gradient: number[]
  }[]
  readonly clip: {
    readonly count: number
    readonly logitScale: number
    readonly image: number[]
    readonly text: number[]
    readonly loss: number
    readonly gradients: Record<'image' | 'text' | 'logitScale', number[]>
  }[]
  readonly clipMatching: {
    readonly count: number
    /** 1 where a text (column) is true of an image (row). */
    readonly pairs: number[][]
    readonly logitScale: number
    readonly image: number[]
    readonly text: number[]
    readonly loss: number
    readonly gradients: Record<'image' | 'text', number[]>
  }
  readonly cosine: number[]
  readonly warmCosine: number[]
  readonly clipping: {
    readonly gradients: Record<string, number[]>
    readonly cases: { readonly maxNorm: number; readonly norm: number; readonly clipped: number[][] }[]
  }
}

const file = new URL('./fixtures/torch.json.gz', import.meta.url)

export const torchNumbers: TorchNumbers = JSON.parse(gunzipSync(readFileSync(file)).toString())

/** Largest absolute difference; infinite where lengths differ. */
export const farthest = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  a.length === b.length
    ? Math.max(0, ...Array.from(a, (x, i) => (Number.isNaN(x - b[i]) ? Number.POSITIVE_INFINITY : Math.abs(x - b[i]))))
    : Number.POSITIVE_INFINITY
