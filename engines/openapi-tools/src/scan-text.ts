// What a text looks like to a reader who is not deceived by its characters: compatibility forms folded, letters of other scripts that stand in for Latin
// ones replaced, what cannot be seen removed and shown apart. Pure and linear. Defended by scan.integration.test.ts ("characters").

// Latin letters' doubles (Unicode's confusables.txt, those which common fonts draw alike), lower case.
const doubles: Readonly<Record<string, string>> = Object.fromEntries([
  ...'аa еe оo рp сc уy хx іi ѕs јj ԁd һh ӏl ԛq ԝw ѵv кk мm тt вb нh ɡg ꭓx'.split(' '),
  ...'οo αa εe ρp υu νv ιi κk τt χx ηn γy βb μu ωw'.split(' '),
  ...'օo սu ոn հh ցg զq ѡw ıi ɑa ʏy ɪi ɴn ʀr ᴀa ᴄc ᴅd ᴇe ᴊj ᴋk ᴍm ᴏo ᴘp ᴛt ᴜu ᴠv ᴡw ᴢz'.split(' '),
].map((pair) => [pair.slice(0, -1), pair.slice(-1)]))
const doubled = /[\u0370-\u03ff\u0400-\u052f\u0531-\u0587\u0131\u0251\u0261\u026a\u0274\u0280\u028f\u0461\u0475\u1d00-\u1d22\uab53]/u
const word = /[\p{L}\p{N}\p{M}_]+/gu
const latin = /[a-zA-Z]/
// Of the Greek letters only those which look like a Latin one in every common font: units and formulas (µs, Δt, λ) are no deception.
const twins = /[\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0455\u0458\u0501\u04bb\u04cf\u051b\u051d\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0406\u0405\u0408\u03bf\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u0585\u057d\u0578\u0251\u0261]/gu

/** ASCII text without control characters other than breaks and tabs. */
const plain = /^[\t\n\r\x20-\x7e]*$/
export const isPlain = (text: string): boolean => plain.test(text)

// Characters that show nothing and separate nothing.
const unseen = /\p{Default_Ignorable_Code_Point}/gu
const controls = /[^\P{Cc}\t\n\r]/gu
const escapes = new RegExp(String.raw`(?:${'\u001b'}\[|${'\u009b'})[0-9;?]{0,16}[ -/]{0,2}[@-~]`, 'g')

/** A text as a careful reader would read it, in lower case. */
export function folded(text: string): string {
  if (isPlain(text)) return text.toLowerCase()
  const seen = text.toWellFormed().replace(escapes, '').replace(unseen, '').replace(controls, ' ').normalize('NFKC').toLowerCase()
  if (!doubled.test(seen)) return seen
  return seen.replace(word, (each) => (doubled.test(each) && (latin.test(each) || !honest(each)) ? withoutDoubles(each) : each))
}
const withoutDoubles = (text: string): string => Array.from(text, (char) => doubles[char] ?? char).join('')
/** A word of another script that could not be read as a Latin one. */
const honest = (text: string): boolean => Array.from(text).some((char) => doubles[char] === undefined)

/** A name as the eye takes it: names of the same skeleton are taken for each other. */
export const skeleton = (name: string): string => withoutDoubles(folded(name)).replace(/0/g, 'o').replace(/[1|]/g, 'l').replace(/[^\p{L}\p{N}]+/gu, '_')

/** Words in which letters of another script stand among Latin ones and look like them, those letters written as \u{hex}. */
export function mixedWords(text: string): string[] {
  if (isPlain(text) || !doubled.test(text)) return []
  return (text.match(word) ?? []).filter((each) => latin.test(each)).flatMap((each) => {
    const spelled = each.replace(twins, hexOf)
    return spelled === each ? [] : [spelled]
  })
}
const hexOf = (char: string): string => `\\u{${(char.codePointAt(0) as number).toString(16)}}`

/** Written so that it can be seen: every character that is no visible one as \u{hex}. At most `most` characters of the original. */
export function shown(text: string, most = 160): string {
  const cut = text.length > most ? `${text.slice(0, most)}\u2026` : text
  return cut.toWellFormed().replace(/[\t\n\r]+/g, ' ').replace(/[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, hexOf)
}

// Words written letter by letter: single letters with one separator between, at least three of them.
const spread = /(?<![\p{L}\p{N}])[\p{L}\p{N}](?:[ .\-_*|\u00b7][\p{L}\p{N}](?![\p{L}\p{N}])){2,}/gu
/** The text with words that are written letter by letter put together; null where there are none. */
export function joined(text: string): string | null {
  let any = false
  const result = text.replace(spread, (run) => {
    any = true
    return run.replace(/[ .\-_*|\u00b7]/gu, '')
  })
  return any ? result : null
}

const leet: Readonly<Record<string, string>> = { 0: 'o', 1: 'i', 3: 'e', 4: 'a', 5: 's', 7: 't', '@': 'a', $: 's', '!': 'i' }
/** A folded text with digits in words read as the letters they resemble; null where fewer than two words are written so. */
export function unleeted(text: string): string | null {
  let count = 0
  const result = text.replace(/[a-z0-9@$!]{3,40}/g, (each) => {
    if (!/[a-z]/.test(each) || !/[013457@$!][a-z]/.test(each)) return each
    count++
    return each.replace(/[013457@$!]/g, (char) => leet[char] ?? char)
  })
  return count >= 2 ? result : null
}

export const rot13 = (text: string): string => text.replace(/[a-z]/gi, (char) => {
  const base = char <= 'Z' ? 65 : 97
  return String.fromCharCode(((char.charCodeAt(0) - base + 13) % 26) + base)
})
export const reversed = (text: string): string => Array.from(text).reverse().join('')

const readable = /^[\p{L}\p{N}\p{P}\p{S}\s]*$/u
/** Text that bytes decode to, if it reads like one: words in UTF-8. */
function textOf(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return /\s/.test(text) && readable.test(text) ? text : null
  } catch {
    return null
  }
}

const base64 = /(?<![A-Za-z0-9+/_=-])[A-Za-z0-9+/_-]{24,}={0,2}/g
const hex = /(?<![A-Za-z0-9])(?:0x)?(?:[0-9a-fA-F]{2}[ :]?){20,}(?![A-Za-z0-9])/g
const percent = /(?:%[0-9a-fA-F]{2})+/g
const unicodeEscape = /\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))/g
const entity = /&#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}));?/g
const scalar = (code: number): string => (code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : ' ')

/** Texts that are written in a code inside the text. The whole text with its parts decoded where these are single characters. */
export function decoded(text: string): { readonly how: 'base64' | 'hex' | 'percent' | 'escapes' | 'entities'; readonly text: string }[] {
  const found: ReturnType<typeof decoded> = []
  if (text.length >= 24) {
    for (const [run] of text.matchAll(base64)) {
      if (!/[A-Z]/.test(run) && !/[0-9]/.test(run)) continue
      const inner = textOf(Buffer.from(run, 'base64'))
      if (inner !== null) found.push({ how: 'base64', text: inner })
    }
    for (const [run] of text.matchAll(hex)) {
      const inner = textOf(Buffer.from(run.replace(/^0x|[ :]/g, ''), 'hex'))
      if (inner !== null) found.push({ how: 'hex', text: inner })
    }
  }
  if (text.includes('%') && (text.match(/%[0-9a-fA-F]{2}/g)?.length ?? 0) >= 5) {
    const whole = text.replace(percent, (run) => {
      try {
        return decodeURIComponent(run)
      } catch {
        return run
      }
    })
    if (whole !== text) found.push({ how: 'percent', text: whole })
  }
  if (text.includes('\\') && (text.match(unicodeEscape)?.length ?? 0) >= 3) found.push({ how: 'escapes', text: text.replace(unicodeEscape, (_, braced?: string, four?: string, two?: string) => scalar(Number.parseInt(braced ?? four ?? two ?? '0', 16))) })
  if (text.includes('&#') && (text.match(entity)?.length ?? 0) >= 3) found.push({ how: 'entities', text: text.replace(entity, (_, sixteen?: string, ten?: string) => scalar(sixteen === undefined ? Number(ten) : Number.parseInt(sixteen, 16))) })
  return found
}

// --- what a chunk of text may be

const keyFile = /\.ssh\/(?!config|known_hosts)|id_(?:rsa|dsa|ecdsa|ed25519)|\.aws\/credentials|mcp\.json|claude_desktop_config|\.kube\/config|\.netrc|\.npmrc|\.pypirc|\.git-credentials|\.gitconfig|\.pgpass|\.docker\/config\.json|(?:bash|zsh)_history|\/etc\/(?:passwd|shadow|sudoers)|\.gnupg|(?:credentials|secrets|passwords?|wallet)\.(?:db|json|txt|csv|dat|kdbx|xlsx|ya?ml)|authorized_keys|login\.keychain|\/root\/|(?:system|company|internal):\/\/(?:secret|confidential|credential)|\.(?:kdbx|keystore)\b/
const envFile = /(?:^|[/"'`(*\s])\.env(?:\.(?:local|production|prod|development|dev))?["'`),.;:]*$|\*\.(?:key|pfx|p12|kdbx)["'`),.;:]*$|\*?\.pem["'`),.;:]*$/
const systemFile = /\/etc\/(?:passwd|shadow|sudoers|crontab|ld\.so|profile|rc\.local|systemd|ssh)|(?:^|[/~`'"])\.(?:bashrc|zshrc|profile|bash_profile)|\/var\/log\b|\/system32\b|hkey_|\\currentversion\\run/
const home = /^["'`(]*(?:~|\$home)\/(?:documents|desktop|downloads|\.config|pictures)?/
const hostile = /(?:attacker|malicious|exfil|pwned|pwnd|hacker|phish|(?<![a-z])evil(?![a-z])|webhook\.site|requestbin|ngrok|burpcollaborator|interact\.sh|oastify)/
const number = /^["'`(]*(?:\+\d{8,15}|\d{2,6}-\d{2,6}-\d{3,8}|[a-z]{2}\d{2}[a-z0-9]{11,30}|bc1[a-z0-9]{20,60}|0x[a-f0-9]{40})["'`),.;:]*$/
const none: readonly string[] = []

/** What a chunk between spaces is beside its words: <keyfile> and <file> (files that hold secrets), <sysfile>, <home>, <hostile> (an address that says so), <number> (of a telephone or an account). */
export function kindsOf(chunk: string): readonly string[] {
  const kinds: string[] = []
  if (keyFile.test(chunk)) {
    if (!chunk.includes('.pub')) kinds.push('<keyfile>')
  } else if (envFile.test(chunk)) kinds.push('<file>')
  if (systemFile.test(chunk)) kinds.push('<sysfile>')
  if (home.test(chunk)) kinds.push('<home>')
  if (hostile.test(chunk) && /@|:\/\/|\.[a-z]/.test(chunk)) kinds.push('<hostile>')
  if (number.test(chunk)) kinds.push('<number>')
  return kinds.length === 0 ? none : kinds
}
