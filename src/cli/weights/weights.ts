/** `spicula weights`: published weights as model folders. Each subcommand is in a file of its own. */
import { Command } from 'commander'
import { weightsImportCommand } from './import.ts'
import { weightsImportClipNoduleCommand } from './import-clip-nodule.ts'
import { weightsPullCommand } from './pull.ts'

/** Builders of the subcommands, in the order in which help lists them. */
const SUBCOMMANDS: readonly (() => Command)[] = [
  weightsPullCommand,
  weightsImportCommand,
  weightsImportClipNoduleCommand,
]

export function weightsCommand(): Command {
  const weights = new Command('weights')
    .summary('published weights: download them, make model folders of them')
    .description('Downloads published weights, and makes model folders of them.')
  for (const subcommand of SUBCOMMANDS) weights.addCommand(subcommand())
  return weights
}
