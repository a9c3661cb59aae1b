/** What a language model is to the writer of reports; which one, and why it did not answer. */
import type { Prompt } from './llm-prompt.ts'

export const PROVIDERS = ['gemini', 'openai-compatible'] as const
export type Provider = (typeof PROVIDERS)[number]

/** Google's name for whichever Flash model is current: a numbered one is withdrawn after a year or so. */
export const DEFAULT_GEMINI = 'gemini-flash-latest'

/** A model that writes. */
export interface Writer {
  /** Provider, endpoint and model: what distinguishes its answers from another's. */
  readonly id: string
  /** @throws LlmFailure */
  write(prompt: Prompt): Promise<string>
}

export interface WriterOptions {
  readonly provider: Provider
  readonly model: string
  readonly baseUrl?: string | undefined
  readonly apiKey?: string | undefined
  /** The whole answer must be there by then. */
  readonly timeoutMs?: number
  /** Tokens of an answer, a model's thinking included. */
  readonly maxTokens?: number
}

/** Why there is no answer. */
export class LlmFailure extends Error {
  override readonly name = 'LlmFailure'
  /**
   * `again`: it may work later; `row`: this prompt gets no answer; `stop`: no prompt will, the key is wrong say.
   */
  readonly kind: 'again' | 'row' | 'stop'
  /** How long the endpoint asked to wait. */
  readonly waitMs: number | undefined
  constructor(kind: LlmFailure['kind'], message: string, waitMs?: number) {
    super(message)
    this.kind = kind
    this.waitMs = waitMs
  }
}
