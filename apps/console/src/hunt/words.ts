// The words of a hunt's query, as the server reads them: `field:value` or text, `"…"` keeps spaces. Pure; defended by words.test.ts.

/** Fields that the server searches by, and what they are called in a record's columns. */
export const fields = ['host', 'user', 'process', 'address', 'hash', 'code', 'source'] as const
export type Field = (typeof fields)[number]
const aliases: Readonly<Record<string, Field>> = { ip: 'address', event_code: 'code' }

/** As they stand, quotes and all. An open quotation mark reaches to the end. */
export function words(query: string): string[] {
  return query.match(/(?:[^\s"]*:)?"(?:\\"|[^"])*(?:"\S*|$)|\S+/g) ?? []
}

export function fieldOf(word: string): Field | null {
  const name = /^([a-z_]+):/i.exec(word)?.[1]?.toLowerCase() ?? ''
  return fields.find((field) => field === name) ?? aliases[name] ?? null
}

/** The query that also asks for this value; one of the same field is replaced, because a field is asked for once. */
export function narrowed(query: string, field: Field, value: string): string {
  const word = `${field}:${quoted(value)}`
  const standing = words(query)
  const at = standing.findIndex((each) => fieldOf(each) === field)
  return (at === -1 ? [...standing, word] : standing.with(at, word)).join(' ')
}

/** A backslash before a closing quotation mark would keep it open, and no path needs its last one. */
const quoted = (value: string): string => !/[\s"]/.test(value) ? value : `"${value.replace(/\\+$/, '').replaceAll('"', '\\"')}"`
