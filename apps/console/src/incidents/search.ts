/** For `validateSearch`: the named parameters as texts, everything else dropped. */
export function texts<const Name extends string>(...names: readonly Name[]): (search: Record<string, unknown>) => { readonly [Key in Name]?: string } {
  return (search) => Object.fromEntries(names.flatMap((name) => typeof search[name] === 'string' && search[name] !== '' ? [[name, search[name]]] : [])) as { readonly [Key in Name]?: string }
}
