import { describe, expect, it } from 'vitest'
import { VIEWS } from '../nodule/views.ts'
import { axial, coronal, edgeLetters, patientLetters, sagittal, viewPlane } from './planes.ts'

describe('edgeLetters', () => {
  it('hangs the three planes as radiologists expect them', () => {
    expect(edgeLetters(axial)).toEqual({ left: 'R', right: 'L', top: 'A', bottom: 'P' })
    expect(edgeLetters(coronal)).toEqual({ left: 'R', right: 'L', top: 'H', bottom: 'F' })
    expect(edgeLetters(sagittal)).toEqual({ left: 'A', right: 'P', top: 'H', bottom: 'F' })
  })
})

describe('patientLetters', () => {
  it('puts the largest part first', () => {
    expect(patientLetters([0.2, 0, -0.9])).toBe('FL')
    expect(patientLetters([-1, 1, 0])).toBe('RP')
  })
})

describe('viewPlane', () => {
  // Axes of img[z, y, x]; each view names the axes turned, and which output axes are its rows and columns.
  const views = [
    { turn: undefined, rows: 1, columns: 2 },
    { turn: undefined, rows: 0, columns: 2 },
    { turn: undefined, rows: 0, columns: 1 },
    { turn: [0, 2], rows: 1, columns: 2 },
    { turn: [0, 2], rows: 0, columns: 1 },
    { turn: [0, 1], rows: 1, columns: 2 },
    { turn: [0, 1], rows: 0, columns: 2 },
    { turn: [1, 2], rows: 0, columns: 2 },
    { turn: [1, 2], rows: 0, columns: 1 },
  ] as const

  /** Where output point o is read, by the published rotation: a = m + (oa - m)c + (ob - m)s, b = m - (oa - m)s + (ob - m)c. */
  function source(o: readonly number[], turn: readonly [number, number] | undefined): number[] {
    const out = [...o]
    if (turn === undefined) return out
    const [a, b] = turn
    const c = Math.SQRT1_2
    out[a] = 49.5 + (o[a] - 49.5) * c + (o[b] - 49.5) * c
    out[b] = 49.5 - (o[a] - 49.5) * c + (o[b] - 49.5) * c
    return out
  }

  it.each(views.map((view, i) => ({ ...view, i })))('view $i runs as the published rotation has it', (view) => {
    const step = (axis: number): number[] => {
      const from = source([50, 50, 50], view.turn)
      const to = source(
        [50, 50, 50].map((index, k) => index + (k === axis ? 1 : 0)),
        view.turn,
      )
      return [2, 1, 0].map((k) => Math.sign(Math.round((to[k] - from[k]) * 1000)) + 0)
    }
    const { rowsLps, columnsLps, turned } = viewPlane(VIEWS[view.i])
    expect([...rowsLps]).toEqual(step(view.rows))
    expect([...columnsLps]).toEqual(step(view.columns))
    expect(turned).toBe(view.rows === 0)
  })
})
