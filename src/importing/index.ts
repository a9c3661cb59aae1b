/** Weights of others: where the Hugging Face Hub keeps them. */
export { type HubFile, type HubPlace, hubPlace } from './hub/hub.ts'
