/** What users run: dist/, whose threads start without the tool that reads TypeScript. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Compiles what changed. */
export const compile = (): void => {
  execFileSync(process.execPath, [fileURLToPath(new URL('../scripts/build.mjs', import.meta.url))], {
    stdio: 'inherit',
  })
}

/**
 * A module as it was compiled.
 * @example const { renderOnThreads } = await compiled<typeof import('../src/phantom/threads.node.ts')>('phantom/threads.node.js')
 */
export async function compiled<Module>(file: string): Promise<Module> {
  compile()
  return import(new URL(`../dist/${file}`, import.meta.url).href)
}
