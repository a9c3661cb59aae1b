import { describe, expect, it } from 'vitest'
import { COMMANDS, calledCommand } from './commands.ts'

describe('the table of commands', () => {
  it.each(COMMANDS)('says of $name what the command says of itself', async ({ name, summary, load }) => {
    const command = await load()
    expect([command.name(), command.summary() || command.description()]).toEqual([name, summary])
  })
})

describe('calledCommand', () => {
  it.each<[string[], string | undefined]>([
    [[], undefined],
    [['--help'], undefined],
    [['predict', 'check.csv', '--model', 'views'], 'predict'],
    [['help', 'predict'], 'predict'],
    [['help'], undefined],
    [['predict', '--help'], 'predict'],
    [['frobnicate'], 'frobnicate'],
  ])('of %j is %s', (args, name) => expect(calledCommand(args)).toBe(name))
})
