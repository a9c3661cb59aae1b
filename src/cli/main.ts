#!/usr/bin/env node
/** The program `spicula`. */
import { runCommandLine } from './command-line.ts'

// A reader of the output may stop early (`| head`): files are still written, and the exit status still tells how it
// went.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })

await runCommandLine(process.argv.slice(2))
