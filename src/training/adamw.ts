/** AdamW (Loshchilov and Hutter 2019), as PyTorch computes it. */

/** Numbers by parameter name. */
export type Parameters = ReadonlyMap<string, Float32Array>

export interface AdamWState {
  /** Steps taken. */
  readonly step: number
  /** First moments. */
  readonly m: Parameters
  /** Second moments. */
  readonly v: Parameters
}

export interface AdamWOptions {
  readonly weightDecay?: number
  readonly beta1?: number
  readonly beta2?: number
  readonly epsilon?: number
}

export interface Optimizer {
  init(parameters: Parameters): AdamWState
  /**
   * One step at a learning rate, or at each weight's own.
   * @returns new parameters and state; what came in stays as it was
   */
  update(
    gradients: Parameters,
    state: AdamWState,
    parameters: Parameters,
    learningRate: number | ((name: string) => number),
  ): { readonly parameters: Parameters; readonly state: AdamWState }
}

/**
 * AdamW as two pure functions: decay p (1 - lr wd), then p - lr m^ / (sqrt(v^) + eps) with bias-corrected moments.
 * @example
 * const optimizer = adamW({ weightDecay: 0.1 })
 * let state = optimizer.init(parameters)
 * ;({ parameters, state } = optimizer.update(gradients, state, parameters, 1e-4))
 */
export function adamW({ weightDecay = 0.1, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamWOptions = {}): Optimizer {
  const zeros = (parameters: Parameters): Parameters =>
    new Map([...parameters].map(([name, data]) => [name, new Float32Array(data.length)]))
  return {
    init: (parameters) => ({ step: 0, m: zeros(parameters), v: zeros(parameters) }),
    update: (gradients, state, parameters, rate) => {
      const step = state.step + 1
      const correction1 = 1 - beta1 ** step
      const correction2 = Math.sqrt(1 - beta2 ** step)
      const next = {
        p: new Map<string, Float32Array>(),
        m: new Map<string, Float32Array>(),
        v: new Map<string, Float32Array>(),
      }
      for (const [name, p] of parameters) {
        const [g, m, v] = [gradients.get(name), state.m.get(name), state.v.get(name)]
        const learningRate = typeof rate === 'number' ? rate : rate(name)
        if (!g || !m || !v) throw new Error(`no gradient or moments for ${name}`)
        const [newP, newM, newV] = [new Float32Array(p.length), new Float32Array(p.length), new Float32Array(p.length)]
        // Numerator and denominator times the second correction: a division less for each of millions of weights.
        const [kept, pace, tiny] = [
          1 - learningRate * weightDecay,
          (learningRate / correction1) * correction2,
          epsilon * correction2,
        ]
        for (let i = 0; i < p.length; i++) {
          const slope = g[i]
          const first = beta1 * m[i] + (1 - beta1) * slope
          const second = beta2 * v[i] + (1 - beta2) * slope * slope
          newM[i] = first
          newV[i] = second
          newP[i] = p[i] * kept - (pace * first) / (Math.sqrt(second) + tiny)
        }
        next.p.set(name, newP)
        next.m.set(name, newM)
        next.v.set(name, newV)
      }
      return { parameters: next.p, state: { step, m: next.m, v: next.v } }
    },
  }
}
