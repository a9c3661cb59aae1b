/** The command line: arguments in, exit status out. Each command is a file of its own. */
import { Command, CommanderError } from 'commander'
import { SpiculaError } from '../error.ts'
import { VERSION } from '../version.ts'
import { COMMANDS, calledCommand } from './commands.ts'

/**
 * The command line for these arguments: the command that they call is loaded, the others have what help lists of them.
 */
async function program(args: readonly string[]): Promise<Command> {
  const root = new Command('spicula')
    .description('Lung nodule malignancy from chest CT, with its reasons. For research use.')
    .version(`spicula ${VERSION}`)
    .showHelpAfterError('(spicula --help, or spicula COMMAND --help)')
    // Commands that are not loaded have no arguments to show: names alone, alike for all.
    .configureHelp({ subcommandTerm: (command) => command.name() })
  const called = calledCommand(args)
  for (const { name, summary, load } of COMMANDS)
    root.addCommand(name === called ? await load() : new Command(name).summary(summary))
  for (const command of [root, ...everyCommand(root)]) {
    command.exitOverride()
    command.configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'spicula: ')) })
  }
  return root
}

const everyCommand = (command: Command): Command[] => command.commands.flatMap((c) => [c, ...everyCommand(c)])

/** Prints an error as a person needs it; the stack only with SPICULA_DEBUG. */
function printError(error: unknown): void {
  if (error instanceof SpiculaError) {
    console.error(`spicula: ${error.message} [${error.code}]`)
    if (error.hint !== undefined) console.error(`  ${error.hint}`)
  } else console.error('spicula: a defect in spicula itself:', error)
  if (process.env.SPICULA_DEBUG && error instanceof Error) console.error(error.stack, error.cause ?? '')
}

/**
 * Runs one command: its answer goes to standard output, all else to standard error, its status to `process.exitCode`.
 * @example await runCommandLine(['check', 'cohort.csv', '--out', 'pictures'])
 */
export async function runCommandLine(args: readonly string[]): Promise<void> {
  try {
    const root = await program(args)
    await root.parseAsync([...args], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode
    else {
      printError(error)
      process.exitCode = 1
    }
  }
}
