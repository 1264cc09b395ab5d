// HTML that cannot be broken out of: whatever is put into a template is escaped, unless it is markup that a template made. Defended by html.test.ts.

declare const made: unique symbol
/** Only `html` makes it. */
export type Markup = { readonly [made]: true; readonly text: string }
type Part = Markup | string | number | null | undefined | false | readonly Part[]

const isMarkup = (part: Part): part is Markup => typeof part === 'object' && part !== null && trusted.has(part)
const trusted = new WeakSet<object>()

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
// Controls show as nothing or as trouble: direction overrides could turn a host's name around.
const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => escapes[sign] as string).replace(/[[\p{Cc}\p{Bidi_Control}]--[\t\n\r]]/gv, '\ufffd')

function write(part: Part): string {
  if (part === null || part === undefined || part === false) return ''
  if (typeof part === 'string') return escaped(part)
  if (typeof part === 'number') return String(part)
  if (isMarkup(part)) return part.text
  return part.map(write).join('')
}

/** Text parts are escaped, also inside quoted attributes; lists are joined. */
export function html(fixed: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const markup = { text: fixed.reduce((text, piece, index) => text + write(parts[index - 1]) + piece) } as Markup
  trusted.add(markup)
  return markup
}
