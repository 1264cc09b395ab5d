// What replacements are written in: `$1`, `${1}`, `$name`, `${name}`, `$$` (Go's regexp.Expand). A name is as long as it can be: `$1x` is `${1x}`.
const reference = /\$(?:\$|\{(\w+)\}|(\w+))/g

/** Groups that are unknown or took no part are nothing; a dollar that begins no reference is itself. */
export function expand(template: string, groups: readonly (string | undefined)[], names: ReadonlyMap<string, number>): string {
  return template.includes('$') ? template.replace(reference, (whole, braced?: string, bare?: string) => {
    if (whole === '$$') return '$'
    const name = braced ?? bare ?? ''
    const number = /^(?:0|[1-9]\d*)$/.test(name) ? Number(name) : names.get(name)
    return number === undefined ? '' : groups[number] ?? ''
  }) : template
}
