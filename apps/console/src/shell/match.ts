// Finding by what a person remembers: every word somewhere in the text, also by the first consonants of Korean syllables (ㅎㅎ finds 현황). Pure.
const initials = Array.from('ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ')
const initialOf = (character: string): string => {
  const code = character.charCodeAt(0) - 0xac00
  return code >= 0 && code < 11_172 ? initials[Math.floor(code / 588)]! : character
}

export function matches(query: string, text: string): boolean {
  const whole = text.normalize('NFC').toLowerCase()
  let reduced: string | undefined
  return query.normalize('NFC').toLowerCase().split(/\s+/).every((word) => whole.includes(word) || (/^[ㄱ-ㅎ]+$/.test(word) && (reduced ??= Array.from(whole, initialOf).join('')).includes(word)))
}
