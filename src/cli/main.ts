#!/usr/bin/env node
/** The command line: arguments in, exit status out. Each command is a file of its own. */
import { Command, CommanderError } from 'commander'
import { SpiculaError } from '../error.ts'
import { VERSION } from '../version.ts'
import { calibrateCommand } from './calibrate.ts'
import { checkCommand } from './check.ts'
import { cohortCommand } from './cohort.ts'
import { convertCommand } from './convert.ts'
import { cropCommand } from './crop.ts'
import { evaluateCommand } from './evaluate.ts'
import { modelCommand } from './model.ts'
import { predictCommand } from './predict.ts'
import { reportCommand } from './report.ts'
import { riskCommand } from './risk.ts'
import { splitCommand } from './split.ts'
import { trainCommand } from './train.ts'
import { viewsCommand } from './views.ts'
import { zeroShotCommand } from './zero-shot.ts'

export function program(): Command {
  const root = new Command('spicula')
    .description('Lung nodule malignancy from chest CT, with its reasons. For research use.')
    .version(`spicula ${VERSION}`)
    .showHelpAfterError('(spicula --help, or spicula COMMAND --help)')
  for (const command of [
    predictCommand(),
    checkCommand(),
    viewsCommand(),
    cropCommand(),
    convertCommand(),
    cohortCommand(),
    modelCommand(),
    reportCommand(),
    zeroShotCommand(),
    splitCommand(),
    evaluateCommand(),
    calibrateCommand(),
    riskCommand(),
    trainCommand(),
  ])
    root.addCommand(command)
  for (const command of [root, ...everyCommand(root)]) {
    command.exitOverride()
    command.configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'spicula: ')) })
  }
  return root
}

const everyCommand = (command: Command): Command[] => command.commands.flatMap((c) => [c, ...everyCommand(c)])

/** Prints an error as a person needs it; the stack only with SPICULA_DEBUG. */
export function printError(error: unknown): void {
  if (error instanceof SpiculaError) {
    console.error(`spicula: ${error.message} [${error.code}]`)
    if (error.hint !== undefined) console.error(`  ${error.hint}`)
  } else console.error('spicula: a defect in spicula itself:', error)
  if (process.env.SPICULA_DEBUG && error instanceof Error) console.error(error.stack, error.cause ?? '')
}

// Whoever reads may stop early (`| head`): files are still written, and the exit status still tells how it went.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })

try {
  await program().parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode
  else {
    printError(error)
    process.exitCode = 1
  }
}
