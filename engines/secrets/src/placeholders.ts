// Texts that stand where a secret would: examples of documentation, names of variables, blanks to be filled in. They are no secrets for any rule.
// Defended by placeholders.test.ts.

/** Words that people write for a secret that they do not want to tell. */
const words = /example|placeholder|changeme|change[-_]me|replace[-_]?(?:me|with|this)|redacted|insert[-_]|dummy[-_]?|your[-_ ]|[-_]your|my[-_](?:secret|api|token|password)|not[-_]?(?:a[-_])?real|fake[-_]|xxxxx|\*\*\*\*|\.\.\.\.|____/i
/** What is said of a secret, and not one: the whole of it. */
const names = /^(?:my|the|a|an|some|your|new|old|user|db|database|test|super|top|very|client|app|root|admin|master|default|wrong|invalid|correct|real|bad|good|secret|password|[-_ ])*(?:password|passwd|passphrase|passw0rd|pass|pwd|pw|secret|token|key|credentials?|user|username|admin|root|guest|postgres|mysql|redis|rabbitmq|mongo|none|null|undefined|true|false|string|value|hunter2|qwerty|letmein|abc|foo|bar|baz)[-_ ]?\d{0,6}[!?.]?$/i
/** Templates, and code that says where the secret comes from. */
const templates = /^(?:\$\{|\$\(|<[^>]*>?$|%\(|%[A-Z_]+%$|\$[A-Za-z_][A-Za-z0-9_]*$|@\{|process\.env|os\.environ|env\[|getenv)|\{\{|\{%|#\{|\{[A-Za-z_][\w.]*(?::\w+)?\}/i
/** Of so many of the same character in a row, or of a row of the alphabet, no secret is made. */
const SAME = 6
const RISING = 9

/** Whether a text is such a one. Where a provider's own form tells it (`formed`), digits in a row do not untell it. */
export function isPlaceholder(secret: string, formed: boolean): boolean {
  return words.test(secret) || names.test(secret) || templates.test(secret) || interpolated(secret) || monotonous(secret, formed)
}

/** '${' and what closes it: an expression would go on to the end from each that opens. */
function interpolated(text: string): boolean {
  const opened = text.indexOf('${')
  return opened !== -1 && text.includes('}', opened)
}

function monotonous(text: string, formed: boolean): boolean {
  let same = 1
  let rising = 1
  let worst = 1
  for (let at = 1; at < text.length; at += 1) {
    const step = text.charCodeAt(at) - text.charCodeAt(at - 1)
    same = step === 0 ? same + 1 : 1
    rising = step === 1 || (text[at] === '0' && text[at - 1] === '9') ? rising + 1 : 1
    if (same >= SAME && same * 3 > text.length) return true
    if (rising >= RISING) worst = Math.max(worst, rising)
  }
  // The digits of a row stand in numbers too: only where they are most of it.
  return !formed && worst >= RISING && worst * 2 > text.length
}
