// What people wrote about an API, as text for a model: no markup, no noise, a bound. Nothing is taken out that could carry an instruction to the model
// (comments, hidden characters): the scan judges the text that is shown.

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', '#39': "'", '#34': '"', '#x27': "'" }
const markup = /[<>&[\]`*#|\n\r\t_]| {2}/

/** Without HTML tags, links, images and marks of Markdown; white space folded. */
export function plain(text: string): string {
  if (!markup.test(text)) return text.trim()
  return text
    .replaceAll(/<\/?[A-Za-z][^<>]{0,500}>/g, ' ')
    .replaceAll(/&(#?\w{1,6});/g, (whole, name: string) => entities[name] ?? whole)
    .replaceAll(/!?\[([^[\]]*)\]\((?:[^()\s]|\([^()]*\))*(?:\s+"[^"]*")?\)/g, '$1')
    .replaceAll(/^\s{0,3}#{1,6}\s+/gm, '')
    .replaceAll(/^\s*(?:[-=*_]\s*){3,}$/gm, ' ')
    .replaceAll(/```\w*|\*\*|__(?=\S)|(?<=\S)__/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

/** At most `most` characters: whole sentences where one ends in the second half, else whole words and an ellipsis. */
export function bounded(text: string, most: number): string {
  if (text.length <= most) return text
  const head = text.slice(0, most)
  const sentence = Math.max(head.lastIndexOf('. '), head.lastIndexOf('。'), head.lastIndexOf('! '), head.lastIndexOf('? '))
  if (sentence >= most / 2) return head.slice(0, sentence + 1)
  const word = head.lastIndexOf(' ', most - 1)
  // Never half of a surrogate pair.
  return `${head.slice(0, word > most / 2 ? word : most - 1).replace(/[\uD800-\uDBFF]$/, '').replace(/[\s,;:(]+$/, '')}…`
}

/** The first sentence, bounded. */
export function firstSentence(text: string, most: number): string {
  const end = /[.!?。](?=\s)/.exec(text)
  return bounded(end === null || end.index < 12 ? text : text.slice(0, end.index + 1), most)
}
