/** `spicula power`: how many nodules a comparison of two models needs, or what a cohort can show. */
import { Command, InvalidArgumentError } from 'commander'
import { cancersFor, type PowerDesign, powerOf } from '../evaluation/power.ts'
import { VERSION } from '../version.ts'
import { parseWhole } from './shared/options.ts'

interface PowerOptions {
  readonly auroc: number
  readonly against: number
  readonly correlation: number
  readonly prevalence: number
  readonly level: number
  readonly power: number
  readonly cancers?: number
}

const number = (text: string): number => {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError(`'${text}' is not a number`)
  return value
}

export function powerCommand(): Command {
  return new Command('power')
    .summary('how many nodules a comparison of AUROCs needs')
    .description(
      "Cancers and other nodules that DeLong's paired test needs to tell two models' AUROCs apart on the same nodules, or " +
        'with --cancers the probability that a cohort shows it. Scores are taken as normally distributed, one nodule a patient.',
    )
    .requiredOption('--auroc <a>', 'AUROC of one model', number)
    .requiredOption('--against <a>', 'AUROC of the other', number)
    .option(
      '--correlation <r>',
      "correlation of the two models' scores within a class; 0 for different nodules",
      number,
      0.5,
    )
    .option('--prevalence <p>', 'share of cancers among the nodules', number, 0.2)
    .option('--level <alpha>', 'two-sided level of the test', number, 0.05)
    .option('--power <p>', 'probability to show the difference', number, 0.8)
    .option('--cancers <n>', 'number of cancers in a cohort that you have: prints its power instead', parseWhole(1))
    .addHelpText('after', '\nExample:\n  spicula power --auroc 0.90 --against 0.85 --correlation 0.6 --prevalence 0.15')
    .action(run)
}

function run({ auroc, against, correlation, prevalence, level, power, cancers }: PowerOptions): void {
  const design: PowerDesign = {
    aurocs: [auroc, against],
    correlation: { benign: correlation, cancer: correlation },
    ratio: (1 - prevalence) / prevalence,
    level,
  }
  const what = `AUROC ${auroc} against ${against}, scores correlated by ${correlation}, level ${level}`
  if (cancers !== undefined) {
    const others = Math.round(cancers * design.ratio)
    console.log(
      `${what}: ${cancers} cancers and ${others} others show it with probability ${powerOf(design, cancers).toFixed(3)}`,
    )
  } else {
    const needed = Math.ceil(cancersFor(design, power))
    const others = Math.ceil(needed * design.ratio)
    console.log(`${what}, power ${power}: ${needed} cancers and ${others} others, ${needed + others} nodules`)
  }
  console.log(`spicula ${VERSION}, for research use`)
}
