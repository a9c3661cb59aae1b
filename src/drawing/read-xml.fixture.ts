/** For tests: elements of drawings and pages, by another's parser. */
import { SaxesParser } from 'saxes'

export interface Element {
  readonly tag: string
  readonly attributes: Readonly<Record<string, string>>
  /** What stands in it, in order. */
  readonly content: readonly (Element | string)[]
  readonly children: readonly Element[]
  /** Its own text, without that of elements in it. */
  readonly text: string
}

/** The root of an XML document. */
export function parseXml(text: string): Element {
  interface Open extends Element {
    readonly content: (Element | string)[]
    readonly children: Element[]
    text: string
  }
  const element = (tag: string, attributes: Record<string, string> = {}): Open => {
    return { tag, attributes, content: [], children: [], text: '' }
  }
  const open: Open[] = [element('')]
  const parser = new SaxesParser()
  parser.on('error', (error) => {
    throw error
  })
  parser.on('opentag', ({ name, attributes }) => {
    const inner = element(name, { ...attributes })
    const outer = open[open.length - 1]
    outer.children.push(inner)
    outer.content.push(inner)
    open.push(inner)
  })
  parser.on('text', (part) => {
    const outer = open[open.length - 1]
    outer.content.push(part)
    outer.text += part
  })
  parser.on('closetag', () => open.pop())
  parser.write(text).close()
  return open[0].children[0]
}

/** The root of a page of ours, whose elements all have an end but for a few. */
export const parseHtml = (html: string): Element =>
  parseXml(html.replace(/^<!doctype html>/, '').replace(/<(meta|link|br)([^>]*)>/g, '<$1$2/>'))

/** An element's descendants, in order. */
export const within = (element: Element): Element[] => element.children.flatMap((child) => [child, ...within(child)])

export const ofClass = (element: Element, name: string): Element[] =>
  within(element).filter(({ attributes }) => attributes.class === name)

export const tagged = (element: Element, tag: string): Element[] => within(element).filter((one) => one.tag === tag)

/** All text of an element in order, elements set apart by spaces. */
export const textIn = (element: Element): string =>
  element.content
    .map((part) => (typeof part === 'string' ? part : textIn(part)))
    .join(' ')
    .replace(/\s+/g, ' ')
    .trim()
