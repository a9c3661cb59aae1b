/** A model that was exported, in a browser: in onnxruntime-web it answers as the predictor does. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromium, openBrowser, SOFTWARE_WEBGPU } from '../cli/shared/chromium.fixture.ts'
import { listen } from '../importing/hub/hub.fixture.node.ts'
import { initModel } from '../model/init.node.ts'
import { changeConfig, SMALL } from '../model/model.fixture.node.ts'
import { calibrate, expectEqual, expected, views } from './export-onnx.fixture.node.ts'
import { exportOnnx } from './export-onnx.node.ts'

let root = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'export-web-'))
  await initModel(join(root, 'calibrated'), SMALL, 1)
  await changeConfig(join(root, 'calibrated'), calibrate)
})
afterAll(() => rm(root, { recursive: true }))

describe.skipIf(chromium === undefined)(
  `an exported model in a browser${chromium === undefined ? ' (skipped: no chromium here)' : ''}`,
  () => {
    it.each([
      ['wasm', ['--disable-gpu']],
      ['webgpu', SOFTWARE_WEBGPU],
    ] as const)(
      'answers as the predictor does, in onnxruntime-web (%s)',
      { timeout: 300_000 },
      async (device, graphics) => {
        const file = join(root, 'web.onnx')
        await exportOnnx(join(root, 'calibrated'), file)
        await writeFile(join(root, 'page.html'), '<title>onnxruntime-web</title>')
        const dist = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'))
        const types: Record<string, string> = { mjs: 'text/javascript', wasm: 'application/wasm' }
        const server = await listen(
          createServer(async (request, response) => {
            const name = basename(request.url ?? '')
            const content =
              name === 'views'
                ? new Uint8Array(views(2).buffer)
                : await readFile(name === 'web.onnx' ? file : join(dist, name))
            const type = types[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream'
            // The page is a file: all else comes from another place.
            response.writeHead(200, { 'content-type': type, 'access-control-allow-origin': '*' }).end(content)
          }),
        )
        const browser = await openBrowser(graphics)
        try {
          await browser.open(join(root, 'page.html'), { width: 300, height: 200 })
          const { resolution } = SMALL.architecture.image
          const json = await browser.evaluate(`(async () => {
          const ort = await import('${server.url}/ort.${device}.bundle.min.mjs')
          ort.env.wasm.numThreads = 1
          const session = await ort.InferenceSession.create('${server.url}/web.onnx', {
            executionProviders: ['${device}'],
            extra: { session: { disable_cpu_ep_fallback: '${device === 'wasm' ? 0 : 1}' } },
          })
          const data = new Float32Array(await (await fetch('${server.url}/views')).arrayBuffer())
          const views = new ort.Tensor('float32', data, [2, 9, ${resolution}, ${resolution}])
          const outputs = Object.entries(await session.run({ views }))
          return JSON.stringify(Object.fromEntries(outputs.map(([name, { dims, data }]) => [name, { dims, data: [...data] }])))
        })()`)
          expectEqual(JSON.parse(String(json)), await expected(join(root, 'calibrated'), 2))
          expect(browser.complaints).toEqual([])
        } finally {
          await browser.close()
          await server.close()
        }
      },
    )
  },
)
