/** Every command by name, with what `spicula --help` says of it. Its module is loaded when the command is called. */
import type { Command } from 'commander'

export interface CommandEntry {
  readonly name: string
  /** The command's own summary; here too, so that help need not load every command. */
  readonly summary: string
  readonly load: () => Promise<Command>
}

/** In the order in which help lists them. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'predict',
    summary: 'the malignancy probability of nodules',
    load: async () => (await import('./predict/predict.ts')).predictCommand(),
  },
  {
    name: 'check',
    summary: 'validate a cohort and look at its nodules, without a model',
    load: async () => (await import('./nodules/check.ts')).checkCommand(),
  },
  {
    name: 'views',
    summary: 'the nine views of the nodules, as .npy and contact sheets',
    load: async () => (await import('./nodules/views.ts')).viewsCommand(),
  },
  {
    name: 'crop',
    summary: 'cubes of 1 mm round the nodules, as .npy',
    load: async () => (await import('./nodules/crop.ts')).cropCommand(),
  },
  {
    name: 'convert',
    summary: 'a scan of any format as NIfTI',
    load: async () => (await import('./convert.ts')).convertCommand(),
  },
  {
    name: 'cohort',
    summary: 'manifests from what data sets and viewers have, and for them',
    load: async () => (await import('./cohort/cohort.ts')).cohortCommand(),
  },
  {
    name: 'model',
    summary: 'look into model folders, and make random ones',
    load: async () => (await import('./model/model.ts')).modelCommand(),
  },
  {
    name: 'report',
    summary: 'semantic features to radiology reports',
    load: async () => (await import('./report.ts')).reportCommand(),
  },
  {
    name: 'zero-shot',
    summary: 'semantic features of nodules, by prompts',
    load: async () => (await import('./zero-shot.ts')).zeroShotCommand(),
  },
  {
    name: 'split',
    summary: 'divide a cohort into folds by patient',
    load: async () => (await import('./split.ts')).splitCommand(),
  },
  {
    name: 'evaluate',
    summary: 'metrics with intervals, comparisons, subgroups and a report',
    load: async () => (await import('./evaluate.ts')).evaluateCommand(),
  },
  {
    name: 'power',
    summary: 'how many nodules a comparison of AUROCs needs',
    load: async () => (await import('./power.ts')).powerCommand(),
  },
  {
    name: 'calibrate',
    summary: 'fit beta calibration per fold, and keep it in the model folder',
    load: async () => (await import('./calibrate.ts')).calibrateCommand(),
  },
  {
    name: 'risk',
    summary: 'Brock 2a and 2b, Mayo, VA, Lung-RADS',
    load: async () => (await import('./risk.ts')).riskCommand(),
  },
  {
    name: 'weights',
    summary: 'published weights: download them, make model folders of them',
    load: async () => (await import('./weights/weights.ts')).weightsCommand(),
  },
  {
    name: 'export',
    summary: 'models for other software',
    load: async () => (await import('./export.ts')).exportCommand(),
  },
  {
    name: 'train',
    summary: 'fine-tune a base model on a cohort, fold by fold',
    load: async () => (await import('./train.ts')).trainCommand(),
  },
  {
    name: 'phantom',
    summary: 'chest CTs with nodules of known features, computed',
    load: async () => (await import('./phantom.ts')).phantomCommand(),
  },
]

/** The command that arguments call, or ask for help on: `predict ...`, `help predict`. */
export function calledCommand(args: readonly string[]): string | undefined {
  const [first, second] = args.filter((arg) => !arg.startsWith('-'))
  return first === 'help' ? second : first
}
