import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Browser, chromium, openBrowser } from '../shared/chromium.fixture.ts'
import { AT, HEADER, makeScans, runner, writeCohort } from '../shared/cli.fixture.ts'

let folder = ''
let spicula = runner('')
const text = (name: string) => readFile(join(folder, name), 'utf8')
/** A page without its images: their letters are nobody's. */
const page = async (name: string) => (await text(name)).replace(/base64,[^"]*/g, 'base64,')
const BOLD = '"<b>PAT</b>""x"'

beforeAll(async () => {
  folder = await makeScans()
  spicula = runner(folder)
  await spicula('model', 'init', '--config', 'tiny-text', '--seed', '1', '--out', 'words')
  await spicula('model', 'init', '--config', 'tiny', '--seed', '1', '--out', 'wordless')
  const features =
    'longest_axial_diameter_(mm),nodule_consistency,nodule_margins,age,sex,family_history,emphysema,lobe,nodule_count'
  await writeFile(
    join(folder, 'cohort.csv'),
    [
      `${HEADER},${features}`,
      `PAT-001,1,scan.nii.gz,${AT},12,Solid,Spiculated,68,F,yes,no,RUL,2`,
      `PAT-002,${BOLD},slice.nii,${AT},6,GGO,Smooth,,,,,,`,
      'PAT-003,1,scan.nii.gz,-60,-80,-250,,,,,,,,,',
      `PAT-004,1,gone-PAT-004.nii.gz,${AT},,,,,,,,,`,
      'PAT-005,1,scan.nii.gz,64,84,-252,,,,,,,,,',
    ].join('\n'),
  )
  const added = await spicula('model', 'add-reports', 'words', '--cohort', 'cohort.csv')
  expect(added).toMatchObject({
    status: 2,
    stdout: expect.stringMatching(/^words: 2 distinct texts of 2 training nodules, 0\.00 MB/),
  })
})
afterAll(() => rm(folder, { recursive: true }))

describe('spicula predict --html', () => {
  it('writes a page of a cohort beside the same table as without it', async () => {
    const args = ['predict', 'cohort.csv', '--model', 'words']
    const { status, stderr } = await spicula(...args, '--html', 'new/case.html', '--out', 'out/with.csv')
    expect(status).toBe(2)
    expect(stderr).toMatch(/\npage -> new\/case\.html\n$/)
    await spicula(...args, '--out', 'out/without.csv')
    expect(await text('out/with.csv')).toBe(await text('out/without.csv'))

    const html = await text('new/case.html')
    expect(html.match(/<article /g)).toHaveLength(3)
    expect(html.match(/<svg viewBox="0 0 320 320"/g)).toHaveLength(3 + 1 + 3)
    expect(html.match(/<svg viewBox="0 0 170 170"/g)).toHaveLength(9 + 1 + 9)
    for (const part of [
      'Case page: 3 nodules',
      'random-tiny-text 0',
      'random weights, trained on nothing',
      '>Row 2<',
      '2 rows without an answer',
      'volume/missing',
      'nodule/outside',
      'the coordinates look like RAS',
      'nodule/single-slice',
      'Impression: ',
      '2 distinct texts of 2 training nodules, by templates',
      'Brock 2b',
    ])
      expect(html).toContain(part)
  })

  it('names no patient and no file, unless it is asked to', async () => {
    const html = await page('new/case.html')
    expect(html).not.toMatch(/PAT|slice\.nii|scan\.nii/)
    expect(html).toContain('&lt;image&gt; has a single slice')
    await spicula('predict', 'cohort.csv', '--model', 'words', '--html', 'ids.html', '--show-ids', '--quiet')
    const named = await page('ids.html')
    expect(named).toContain('Row 2: PAT-001, nodule 1')
    expect(named).toContain('Row 3: PAT-002, nodule &lt;b&gt;PAT&lt;/b&gt;&quot;x')
    expect(named).toContain('Row 5: PAT-004, nodule 1')
    expect(named).not.toContain('<b>PAT')
  })

  it('writes a page of one nodule, and leaves out what the model cannot say, with the reason', async () => {
    const one = ['predict', '--ct', 'scan.nii.gz', '--at', AT, '--model', 'wordless']
    const { status, stdout } = await spicula(...one, '--html', 'one.html')
    expect(status).toBe(0)
    expect(stdout).toBe((await spicula(...one)).stdout)
    const html = await page('one.html')
    expect(html).toContain('Case page: one nodule')
    expect(html).toContain('Left out: the model has no text side')
    expect(html).toContain('Left out: the model folder carries no reports')
    expect(html).not.toContain('scan.nii')
    expect(html.match(/<article /g)).toHaveLength(1)
  })

  it('numbers the points of a LUNA25 document', async () => {
    const points = [
      { name: 'SECRET', point: [-64, -84, -252] },
      { name: 'b', point: [64, 84, -252] },
    ]
    await writeFile(join(folder, 'points.json'), JSON.stringify({ points }))
    const args = ['predict', '--ct', 'scan.nii.gz', '--points', 'points.json', '--model', 'wordless']
    expect((await spicula(...args, '--html', 'points.html')).status).toBe(2)
    const html = await page('points.html')
    expect(html).toContain('>Point 1</a>')
    expect(html).toContain('<b>Point 2</b>')
    expect(html).not.toContain('SECRET')
  })

  it('gives the same bytes again', async () => {
    await spicula('predict', 'cohort.csv', '--model', 'words', '--html', 'again.html', '--out', 'out/again.csv')
    expect(await text('again.html')).toBe(await text('new/case.html'))
  })

  it('refuses, before the work, what makes no page', async () => {
    await writeCohort(
      folder,
      'many.csv',
      Array.from({ length: 51 }, (_, i) => `P,${i},scan.nii.gz,${AT}`),
    )
    const many = await spicula('predict', 'many.csv', '--model', 'wordless', '--html', 'many.html')
    expect(many).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining('51 nodules are too many') })
    expect(existsSync(join(folder, 'many.html'))).toBe(false)
    const ids = await spicula('predict', 'many.csv', '--model', 'wordless', '--show-ids')
    expect(ids).toMatchObject({ status: 1, stderr: expect.stringContaining('--show-ids is about the page') })
    const place = await spicula('predict', 'many.csv', '--model', 'wordless', '--html', 'words')
    expect(place.stderr).toContain('--html words is a folder')
  })
})

describe('the model that comes with spicula', () => {
  it('is used where none is named, from an installed package; without one --model is asked for', async () => {
    const root = fileURLToPath(new URL('../../..', import.meta.url))
    const installed = join(folder, 'installed', 'node_modules', 'spicula')
    await mkdir(installed, { recursive: true })
    const [config, info] = [join(root, 'tsconfig.build.json'), join(folder, 'installed/tsbuildinfo')]
    const compile = ['-p', config, '--outDir', join(installed, 'dist'), '--tsBuildInfoFile', info]
    execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...compile])
    await cp(join(root, 'package.json'), join(installed, 'package.json'))
    await symlink(join(root, 'node_modules'), join(installed, 'node_modules'))
    await mkdir(join(installed, 'models'))
    await cp(join(root, 'models/prompts.json'), join(installed, 'models/prompts.json'))
    const main = join(installed, 'dist/cli/main.js')
    const run = (...args: string[]) => {
      try {
        return execFileSync(process.execPath, [main, ...args], { cwd: folder, encoding: 'utf8', stdio: 'pipe' })
      } catch (error) {
        return String((error as { stderr?: string }).stderr)
      }
    }
    const one = ['predict', '--ct', 'scan.nii.gz', '--at', AT]
    for (const args of [one, ['zero-shot', 'cohort.csv']])
      expect(run(...args)).toMatch(/^spicula: no model: this version carries none, so a model folder is needed/)

    await cp(join(folder, 'words'), join(installed, 'models/spicula-small'), { recursive: true })
    expect(run(...one)).toBe((await spicula(...one, '--model', 'words')).stdout)
    expect(run('predict', '--help')).toMatch(/--model <folder> +model folder \(default: the embedded spicula-small\)/)
    expect(run('zero-shot', 'cohort.csv', '--quiet', '--out', 'features.csv')).toContain('2 rows without a result')
    expect(await text('features.csv')).toMatch(/^pid,nodule_id,feature,value,probability\nPAT-001,1,/)
    run(...one, '--html', 'embedded.html')
    expect(await text('embedded.html')).toContain('random-tiny-text 0')
    // One that is asked for goes before it.
    expect(run(...one, '--model', 'wordless')).toContain('model random-tiny 0')
    // Nine runs of the command line, one after another.
  }, 240_000)
})

describe.skipIf(chromium === undefined)(
  `in Chromium${chromium === undefined ? ' (skipped: no chromium here)' : ''}`,
  () => {
    let browser: Browser
    beforeAll(async () => {
      browser = await openBrowser()
    })
    afterAll(() => browser?.close())

    const PROBE = `(async () => {
      const sources = [...document.querySelectorAll('image')].map((one) => one.getAttribute('href'))
      const sizes = await Promise.all(sources.map(async (src) => {
        const image = new Image()
        image.src = src
        await image.decode()
        return Math.min(image.naturalWidth, image.naturalHeight)
      }))
      const shown = [...document.querySelectorAll('figure svg')].every((svg) => svg.getBoundingClientRect().width > 100)
      const { scrollWidth, clientWidth } = document.documentElement
      return { images: sizes.length, smallest: Math.min(...sizes), shown, overflow: scrollWidth - clientWidth, text: document.body.innerText, colour: getComputedStyle(document.body).backgroundColor }
    })()`

    it.each([
      { width: 1200, height: 900 },
      { width: 390, height: 844 },
      { width: 390, height: 844, dark: true },
    ])('opens at %j: every image decoded, nothing beside the page, no complaint, no request', async (size) => {
      const file = join(folder, 'new/case.html')
      await browser.open(file, size)
      const found = (await browser.evaluate(PROBE)) as Record<string, unknown>
      expect(found).toMatchObject({ images: 7 + 19, shown: true, overflow: 0 })
      expect(found.smallest).toBeGreaterThanOrEqual(72)
      expect(found.colour).toBe(size.dark ? 'rgb(20, 23, 27)' : 'rgb(255, 255, 255)')
      for (const part of ['For research use.', 'Probability of malignancy', 'Standing out:', 'How to read this page'])
        expect(found.text).toContain(part)
      expect(browser.complaints).toEqual([])
      expect([...new Set(browser.requests)]).toEqual([`file://${file}`])
    })

    it('has contrast enough in both dresses, and a name for every picture', async () => {
      for (const dark of [false, true]) {
        await browser.open(join(folder, 'new/case.html'), { width: 1000, height: 800, dark })
        const least = await browser.evaluate(`(() => {
          const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number)
          const light = (colour) => {
            const [r, g, b] = numbers(colour).map((x) => (x / 255 <= 0.03928 ? x / 255 / 12.92 : ((x / 255 + 0.055) / 1.055) ** 2.4))
            return 0.2126 * r + 0.7152 * g + 0.0722 * b
          }
          const ground = (element) => {
            for (let at = element; at; at = at.parentElement) {
              const colour = getComputedStyle(at).backgroundColor
              if (numbers(colour)[3] !== 0) return colour
            }
            return 'rgb(255, 255, 255)'
          }
          const ratios = [...document.querySelectorAll('body *')]
            .filter((one) => !one.closest('svg') && [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ''))
            .map((one) => {
              const [a, b] = [light(getComputedStyle(one).color), light(ground(one))].sort((x, y) => y - x)
              return (a + 0.05) / (b + 0.05)
            })
          return Math.min(...ratios)
        })()`)
        // WCAG 2.2, 1.4.3.
        expect(least).toBeGreaterThanOrEqual(4.5)
      }
      const unnamed = `[...document.querySelectorAll('svg')].filter((svg) => svg.getAttribute('aria-hidden') !== 'true' && !svg.getAttribute('aria-label')).length`
      expect(await browser.evaluate(unnamed)).toBe(0)
    })

    it.skipIf(!existsSync('/usr/bin/pdftotext'))('says on every printed page that it is for research use', async () => {
      await browser.open(join(folder, 'new/case.html'), { width: 1000, height: 800 })
      await writeFile(join(folder, 'case.pdf'), await browser.pdf())
      const pages = execFileSync('pdftotext', [join(folder, 'case.pdf'), '-'], { encoding: 'utf8' })
        .split('\f')
        .slice(0, -1)
      expect(pages.length).toBeGreaterThan(5)
      for (const page of pages) expect(page).toContain('For research use.')
    })

    it('a hostile cohort and a hostile model run nothing', async () => {
      const attack = '</style></title><script>console.log(1)</script><img src=x onerror=console.log(2)>'
      await cp(join(folder, 'words'), join(folder, 'hostile'), { recursive: true })
      for (const name of ['config.json', 'reports.json']) {
        const json = JSON.parse(await text(`hostile/${name}`))
        for (const key of ['name', 'version', 'provenance', 'license', 'intendedUse'])
          if (json[key] !== undefined) json[key] = attack
        for (const one of json.texts ?? []) one.text = attack
        await writeFile(join(folder, 'hostile', name), JSON.stringify(json))
      }
      const quoted = `"${attack.replaceAll('"', '""')}"`
      await writeFile(
        join(folder, 'hostile.csv'),
        `${HEADER},age,${quoted}\n${quoted},${quoted},scan.nii.gz,${AT},${quoted},${quoted}\n`,
      )
      await spicula('predict', 'hostile.csv', '--model', 'hostile', '--html', 'hostile.html', '--show-ids', '--quiet')
      const before = browser.requests.length
      await browser.open(join(folder, 'hostile.html'), { width: 390, height: 844 })
      const found = (await browser.evaluate(PROBE)) as Record<string, unknown>
      expect(found).toMatchObject({ images: 12, overflow: 0 })
      expect(String(found.text).split(attack).length).toBeGreaterThan(5)
      expect(await browser.evaluate(`document.querySelectorAll('script, img').length`)).toBe(0)
      expect(browser.complaints).toEqual([])
      expect(browser.requests.slice(before)).toEqual([`file://${join(folder, 'hostile.html')}`])
    })
  },
)
