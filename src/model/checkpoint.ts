/** Which of a fold's checkpoints: the best by validation loss of prediction, of CLIP, or of both. */
export const CHECKPOINTS = ['both', 'prediction', 'clip'] as const
export type Checkpoint = (typeof CHECKPOINTS)[number]
