/** The network, and tokenizers in model folders. */
export * from './index.ts'
export { type FolderTokenizer, openTokenizer } from './tokenizer/open.node.ts'
