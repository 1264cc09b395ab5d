// Texts in two languages. Both stand side by side, and the compiler holds them together: the same keys, the same {placeholders}, and every
// placeholder given where a text is used. Defended by catalogue.test.ts, which reads every texts.ts.
export type Language = 'en' | 'ko'
/** English tells one from many by `count`; Korean does not. */
type English = string | { readonly one: string; readonly other: string }

type Names<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never
type Longest<Text extends English> = Text extends string ? Text : Text extends { other: infer Other extends string } ? Other : never
type NamesOf<Text extends English> = Names<Longest<Text>>
export type Parameters<Text extends English> = [NamesOf<Text>] extends [never] ? [] : [values: Readonly<Record<NamesOf<Text>, string | number>>]

/** Korean that lacks a placeholder of the English, or has one of its own, is no string to the compiler. */
type Korean<E extends Readonly<Record<string, English>>, K> = {
  readonly [Key in keyof E]: Key extends keyof K ? (K[Key] extends string ? ([NamesOf<E[Key]>, Names<K[Key]>] extends [Names<K[Key]>, NamesOf<E[Key]>] ? K[Key] : { placeholders_differ_from_english: NamesOf<E[Key]> }) : string) : string
}

export type Catalogue<E extends Readonly<Record<string, English>> = Readonly<Record<string, English>>> = { readonly en: E; readonly ko: { readonly [Key in keyof E]: string } }

export function catalogue<const E extends Readonly<Record<string, English>>, const K extends Readonly<Record<string, string>>>(en: E, ko: K & Korean<E, K> & { readonly [Key in Exclude<keyof K, keyof E>]: never }): Catalogue<E> {
  return { en, ko }
}

export type Translate<E extends Readonly<Record<string, English>>> = <Key extends keyof E & string>(key: Key, ...values: Parameters<E[Key]>) => string

const plural = new Intl.PluralRules('en')
const numbers: Record<Language, Intl.NumberFormat> = { en: new Intl.NumberFormat('en'), ko: new Intl.NumberFormat('ko') }

export function translator<E extends Readonly<Record<string, English>>>(texts: Catalogue<E>, language: Language): Translate<E> {
  return (key, ...[values]) => {
    const chosen: English = language === 'ko' ? texts.ko[key] : texts.en[key]!
    const given = values as Readonly<Record<string, string | number>> | undefined
    const text = typeof chosen === 'string' ? chosen : chosen[plural.select(Number(given?.['count'])) === 'one' ? 'one' : 'other']
    return given === undefined ? text : text.replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = given[name]
      return typeof value === 'number' ? numbers[language].format(value) : String(value)
    })
  }
}
