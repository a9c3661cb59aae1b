// What `spicula predict` does for one nodule, part by part, in a process of its own from the compiled files: for start.ts.
// Usage: node start-parts.mjs SCAN x,y,z MODEL. Prints milliseconds by part as JSON.
const parts = {}
let last = 0
const part = (name) => {
  const now = performance.now()
  parts[name] = now - last
  last = now
}
part('node starts')

const load = (file) => import(new URL(`../dist/${file}`, import.meta.url).href)
await load('cli/commands.js')
await load('cli/predict/predict.js')
const { openModelFolder, loadImageWeights } = await load('model/folder.node.js')
const { imageSide } = await load('clip/model.js')
const { graphWeights } = await load('clip/weights.js')
const { bagFeeds, MAX_VIEWS } = await load('clip/view-bags.js')
const { writeOnnx } = await load('graph/onnx.js')
const { openSession } = await load('graph/session.node.js')
const { openPool } = await load('worker-pool.node.js')
part('imports')

const [scan, at, model] = process.argv.slice(2)
const folder = await openModelFolder(model)
const { architecture, preprocessing, folds } = folder.config
const { tensors, stacked } = await loadImageWeights(folder, 'both')
part('model opened, weights read')

const { probability, attention } = imageSide(architecture, graphWeights({ folds: folds.length, stacked }), {
  normalisation: preprocessing,
  mergeLora: folds.length === 1,
  maxViews: MAX_VIEWS,
})
const onnx = writeOnnx({ probability, attention }, tensors)
part('graph written')

const session = await openSession(onnx)
part('session built')

const pool = openPool(new URL('../dist/nodule/prepare.worker.node.js', import.meta.url), 1)
const { resolution } = architecture.image
const [{ prepared }] = await pool.run({
  imageFile: scan,
  frame: 'lps',
  points: [at.split(',').map(Number)],
  preprocessing: { geometry: preprocessing.geometry, resolution, views: 'nine' },
})
await pool.close()
part('scan to views, in a thread')

await session.run(bagFeeds([prepared], resolution))
part('predicted')

await session.close()
part('closed')
console.log(JSON.stringify(parts))
