/**
 * The network, and tokenizers in model folders.
 * @module spicula/clip
 */
export * from './index.ts'
export { type FolderTokenizer, openTokenizer, type TokenizerPlace } from './tokenizer/open.node.ts'
