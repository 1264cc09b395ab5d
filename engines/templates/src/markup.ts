// HTML as browsers and Go's x/net/html read it (parse5), XML by a small strict reader that knows no entities but the five and numbers: one tree for ./xpath.
// Bounded in size and depth. Defended by xpath.test.ts.
import { PatternError } from '@haechi/patterns'
import { defaultTreeAdapter, parse } from 'parse5'
import type { DefaultTreeAdapterMap } from 'parse5'

export type Kind = 'document' | 'element' | 'text' | 'comment' | 'attribute' | 'instruction'
export type Node = {
  readonly kind: Kind
  /** As written, with its prefix: 'android:name'; lower-case in HTML. '' for texts and comments. */
  readonly name: string
  /** Of texts, comments and attributes. */
  readonly value: string
  readonly parent: Node | null
  /** In the order of the document, attributes behind their element. */
  readonly order: number
  readonly attributes: readonly Node[]
  readonly children: readonly Node[]
}

const MAX_SIZE = 8 * 1024 * 1024
const MAX_NODES = 500_000
/** As browsers do. */
const MAX_DEPTH = 512

type Grown = Node & { attributes: Node[]; children: Node[] }
const NONE: never[] = []

function grower(): (kind: Kind, name: string, value: string, parent: Node | null) => Grown {
  let order = 0
  return (kind, name, value, parent) => {
    if (order >= MAX_NODES) throw new PatternError('exhausted', `a document of more than ${MAX_NODES} nodes is not looked at`)
    const leaf = kind !== 'element' && kind !== 'document'
    return { kind, name, value, parent, order: order++, attributes: leaf ? NONE : [], children: leaf ? NONE : [] }
  }
}

const bounded = (text: string): void => {
  if (text.length > MAX_SIZE) throw new PatternError('exhausted', `a document of more than ${MAX_SIZE} characters is not looked at`)
}

/** Errors: PatternError `exhausted`. */
export function readHtml(text: string): Node {
  bounded(text)
  let depth = 0
  const parsed = parse(text, { treeAdapter: {
    ...defaultTreeAdapter,
    onItemPush: () => {
      depth += 1
      if (depth > MAX_DEPTH) throw new PatternError('exhausted', `a document nested deeper than ${MAX_DEPTH} elements is not looked at`)
    },
    onItemPop: () => { depth -= 1 },
  } })
  const grow = grower()
  const root = grow('document', '', '', null)
  const convert = (children: readonly DefaultTreeAdapterMap['node'][], parent: Grown): void => {
    for (const child of children) {
      if (child.nodeName === '#text' && 'value' in child) parent.children.push(grow('text', '', child.value, parent))
      else if (child.nodeName === '#comment' && 'data' in child) parent.children.push(grow('comment', '', child.data, parent))
      else if ('tagName' in child) {
        const element = grow('element', child.tagName, '', parent)
        for (const { name, value } of child.attrs) element.attributes.push(grow('attribute', name, value, element))
        parent.children.push(element)
        convert('content' in child ? child.content.childNodes : child.childNodes, element)
      }
    }
  }
  convert(parsed.childNodes, root)
  return root
}

const NAME = /[A-Za-z_:\u0080-\uffff][\w:.\-\u0080-\uffff]*/y
const SPACE = /[ \t\r\n]*/y
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

/** null: it is no well-formed XML. Errors: PatternError `exhausted`. */
export function readXml(text: string): Node | null {
  bounded(text)
  const grow = grower()
  const root = grow('document', '', '', null)
  const open: Grown[] = [root]
  let at = 0
  let wellFormed = true
  const taken = (expression: RegExp): string => {
    expression.lastIndex = at
    const found = expression.exec(text)?.[0] ?? ''
    at += found.length
    return found
  }
  /** What stands up to `end`, which is skipped. */
  const upTo = (end: string): string => {
    const place = text.indexOf(end, at)
    if (place === -1) wellFormed = false
    const found = text.slice(at, place === -1 ? text.length : place)
    at = place === -1 ? text.length : place + end.length
    return found
  }
  const unescaped = (raw: string): string => (raw.includes('&') ? raw.replace(/&(?:#x([0-9a-fA-F]{1,6});|#(\d{1,7});|([a-z]+);|)/g, (whole, hex?: string, decimal?: string, name?: string) => {
    const code = hex === undefined ? decimal === undefined ? -1 : Number(decimal) : Number.parseInt(hex, 16)
    const char = code >= 0 ? code > 0 && code <= 0x10FFFF ? String.fromCodePoint(code) : undefined : name === undefined || !Object.hasOwn(ENTITIES, name) ? undefined : ENTITIES[name]
    if (char === undefined) wellFormed = false
    return char ?? whole
  }) : raw)
  const write = (raw: string): void => {
    const parent = open[open.length - 1]!
    const value = raw.replace(/\r\n?/g, '\n')
    if (parent !== root) parent.children.push(grow('text', '', value, parent))
    else if (value.trim() !== '') wellFormed = false
  }
  while (at < text.length) {
    if (!wellFormed) return null
    const parent = open[open.length - 1]!
    if (text[at] !== '<') {
      const end = text.indexOf('<', at)
      const raw = text.slice(at, end === -1 ? text.length : end)
      at += raw.length
      write(unescaped(raw))
    } else if (text.startsWith('<!--', at)) {
      at += 4
      parent.children.push(grow('comment', '', upTo('-->'), parent))
    } else if (text.startsWith('<![CDATA[', at)) {
      at += 9
      write(upTo(']]>'))
    } else if (text.startsWith('<?', at)) {
      at += 2
      const name = taken(NAME)
      const value = upTo('?>')
      // The declaration of XML is no node.
      if (name !== 'xml') parent.children.push(grow('instruction', name, value, parent))
    } else if (text.startsWith('<!', at)) {
      // A document type: what it declares is not read, so what refers to it is no well-formed text.
      let depth = 0
      for (at += 2; at < text.length; at += 1) {
        const char = text[at]
        if (char === '"' || char === "'") at = Math.max(at, text.indexOf(char, at + 1))
        else if (char === '<' || char === '[') depth += 1
        else if (char === '>' && depth === 0) break
        else if (char === '>' || char === ']') depth -= 1
      }
      at += 1
    } else if (text[at + 1] === '/') {
      at += 2
      const name = taken(NAME)
      taken(SPACE)
      if (text[at] !== '>' || name !== parent.name || parent === root) return null
      at += 1
      open.pop()
    } else {
      at += 1
      const name = taken(NAME)
      if (name === '') return null
      const element = grow('element', name, '', parent)
      parent.children.push(element)
      for (;;) {
        const space = taken(SPACE)
        if (text[at] === '>' || text.startsWith('/>', at)) break
        const attribute = space === '' ? '' : taken(NAME)
        taken(SPACE)
        if (attribute === '' || text[at] !== '=') return null
        at += 1
        taken(SPACE)
        const quote = text[at]
        if (quote !== '"' && quote !== "'") return null
        at += 1
        element.attributes.push(grow('attribute', attribute, unescaped(upTo(quote)), element))
      }
      if (text[at] === '/') at += 2
      else {
        at += 1
        open.push(element)
        if (open.length > MAX_DEPTH) throw new PatternError('exhausted', `a document nested deeper than ${MAX_DEPTH} elements is not looked at`)
      }
    }
  }
  return wellFormed && open.length === 1 && root.children.some(({ kind }) => kind === 'element') ? root : null
}

/** The text of a node: of an element, all text within. */
export function textOf(node: Node): string {
  if (node.kind !== 'element' && node.kind !== 'document') return node.value
  if (node.children.length === 1 && node.children[0]!.kind === 'text') return node.children[0]!.value
  const texts: string[] = []
  const gather = (inner: Node): void => {
    for (const child of inner.children) {
      if (child.kind === 'text') texts.push(child.value)
      else if (child.kind === 'element') gather(child)
    }
  }
  gather(node)
  return texts.join('')
}
