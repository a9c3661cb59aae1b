/** The one source of randomness: seeded, passed down, never global, so that a seed tells every number. */
export interface Random {
  /** Uniform in [0, 1), 32 bits. */
  uniform(): number
  /** Standard normal. */
  normal(): number
  /** Uniform integer in [0, n). */
  integer(n: number): number
  /** Random 32-bit words. */
  fill(words: Uint32Array): void
  /** An independent generator named by a key: the same seed and key give the same numbers, whatever was drawn before. */
  fork(key: string): Random
}

/**
 * A seeded generator: sfc32 (Chris Doty-Humphrey's PractRand), its state filled by hashing seed and key.
 * @example seededRandom(1).uniform() // the same on every machine
 */
export function seededRandom(seed: number, key = ''): Random {
  let [a, b, c, d] = hashToState(`${seed}/${key}`)
  const next = () => {
    const sum = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    c |= 0
    return sum >>> 0
  }
  for (let i = 0; i < 15; i++) next()
  const uniform = () => next() / 2 ** 32
  return {
    uniform,
    // Box and Muller 1958; 1 - u keeps the logarithm's argument above 0.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    fill: (words) => {
      // The steps of next(), on variables of this call's own: five times as fast as calling it.
      let [p, q, r, s] = [a, b, c, d]
      for (let i = 0; i < words.length; i++) {
        const sum = (((p + q) | 0) + s) | 0
        s = (s + 1) | 0
        p = q ^ (q >>> 9)
        q = (r + (r << 3)) | 0
        r = (((r << 21) | (r >>> 11)) + sum) | 0
        words[i] = sum
      }
      ;[a, b, c, d] = [p, q, r, s]
    },
    integer: (n) => Math.floor(uniform() * n),
    fork: (child) => seededRandom(seed, `${key}/${child}`),
  }
}

/** Four 32-bit words from text: FNV-1a with four offsets, finished as MurmurHash3 does. */
function hashToState(text: string): [number, number, number, number] {
  const word = (offset: number) => {
    let hash = 0x811c9dc5 ^ offset
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    return hash ^ (hash >>> 16)
  }
  return [word(0), word(0x9e3779b9), word(0x7f4a7c15), word(0x94d049bb)]
}

/**
 * The items in an order drawn at random (Fisher and Yates).
 * @example shuffle([1, 2, 3], seededRandom(1)) // a new array
 */
export function shuffle<T>(items: readonly T[], random: Random): T[] {
  const mixed = [...items]
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = random.integer(i + 1)
    ;[mixed[i], mixed[j]] = [mixed[j], mixed[i]]
  }
  return mixed
}
