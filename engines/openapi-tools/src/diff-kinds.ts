// What can change about a tool, how much it matters, and what the same change is called the other way round: the one table that the differ, the command line,
// the guide and the tests read. Defended by diff.test.ts (a positive and a near miss for each kind) and diff.integration.test.ts (reverse).

/** none: no effect on a tool. safe: every call that worked works. review: the model reads, sees or may do something else. breaking: calls that worked fail, or give less. dangerous: data, credentials or power go elsewhere. */
export const grades = ['none', 'safe', 'review', 'breaking', 'dangerous'] as const
export type Grade = (typeof grades)[number]

type Kind = { readonly grade: Grade; /** The other way round. */ readonly reverse: string; readonly about: string }

// What one version of a schema admits that the other does not. `narrows`: fewer values are valid. As an argument that breaks calls, as an answer it breaks nobody;
// `widens` is the opposite, unless `output` says otherwise: a text is read whatever its pattern.
type FactRow = { readonly effect: 'narrows' | 'widens' | 'changes'; readonly output?: Grade; readonly reverse: string; readonly about: string }
const facts = {
  'type-changed': { effect: 'changes', reverse: 'type-changed', about: 'another type: no value, or not all, of the old one is valid, and others are' },
  'type-narrowed': { effect: 'narrows', reverse: 'type-widened', about: 'fewer types' },
  'type-widened': { effect: 'widens', reverse: 'type-narrowed', about: 'more types' },
  'no-longer-nullable': { effect: 'narrows', reverse: 'became-nullable', about: 'null is not valid any more' },
  'became-nullable': { effect: 'widens', reverse: 'no-longer-nullable', about: 'null became valid' },
  'value-removed': { effect: 'narrows', reverse: 'value-added', about: 'a listed value (enum, const) is gone' },
  'value-added': { effect: 'widens', reverse: 'value-removed', about: 'a value (enum, const) more' },
  'became-enum': { effect: 'narrows', reverse: 'no-longer-enum', about: 'only listed values any more' },
  'no-longer-enum': { effect: 'widens', reverse: 'became-enum', about: 'not only listed values any more' },
  'limit-tightened': { effect: 'narrows', reverse: 'limit-loosened', about: 'a bound of number, length, count or precision is tighter or new' },
  'limit-loosened': { effect: 'widens', reverse: 'limit-tightened', about: 'a bound is looser or gone' },
  'pattern-added': { effect: 'narrows', reverse: 'pattern-removed', about: 'a pattern is asked for' },
  'pattern-removed': { effect: 'widens', output: 'safe', reverse: 'pattern-added', about: 'a pattern is not asked for any more, or admits every text' },
  'pattern-changed': { effect: 'changes', output: 'safe', reverse: 'pattern-changed', about: 'another pattern' },
  'format-added': { effect: 'narrows', reverse: 'format-removed', about: 'a format is asked for' },
  'format-removed': { effect: 'widens', reverse: 'format-added', about: 'a format is not asked for any more' },
  'format-changed': { effect: 'changes', reverse: 'format-changed', about: 'another format, content encoding or content media type' },
  'alternative-removed': { effect: 'narrows', reverse: 'alternative-added', about: 'an alternative (oneOf, anyOf) is gone' },
  'alternative-added': { effect: 'widens', reverse: 'alternative-removed', about: 'an alternative (oneOf, anyOf) more' },
  'rule-added': { effect: 'narrows', reverse: 'rule-removed', about: 'a rule (not, if, contains, dependentRequired, propertyNames ...) more' },
  'rule-removed': { effect: 'widens', reverse: 'rule-added', about: 'a rule (not, if, contains, dependentRequired, propertyNames ...) is gone' },
  'rule-changed': { effect: 'changes', reverse: 'rule-changed', about: 'another rule (not, if, contains, dependentRequired, propertyNames ...)' },
  'closed': { effect: 'narrows', reverse: 'opened', about: 'undeclared properties or items are not valid any more' },
  'opened': { effect: 'widens', reverse: 'closed', about: 'undeclared properties or items became valid' },
} as const satisfies Record<string, FactRow>
export type Fact = keyof typeof facts
export const effectOf = (fact: Fact): 'narrows' | 'widens' | 'changes' => facts[fact].effect

type FactKind<Side extends string> = `${Side}-${Fact}`
const ofFacts = <Side extends 'argument' | 'output'>(side: Side): Readonly<Record<FactKind<Side>, Kind>> => Object.fromEntries(Object.entries<FactRow>(facts).map(([fact, { effect, output, reverse, about }]) => [`${side}-${fact}`, {
  grade: side === 'output' && output !== undefined ? output : effect === (side === 'argument' ? 'widens' : 'narrows') ? 'safe' : 'breaking', reverse: `${side}-${reverse}`, about: `${side === 'argument' ? 'argument' : 'answer'}: ${about}`,
}])) as Record<FactKind<Side>, Kind>

export const kinds = {
  // the tool
  'tool-added': { grade: 'review', reverse: 'tool-removed', about: 'a tool more, which only reads' },
  'writing-tool-added': { grade: 'review', reverse: 'tool-removed', about: 'a tool more, which writes' },
  'destructive-tool-added': { grade: 'review', reverse: 'tool-removed', about: 'a tool more, which overwrites or deletes' },
  'unguarded-tool-added': { grade: 'dangerous', reverse: 'tool-removed', about: 'a tool more, which writes and asks for no credentials, in an API whose other tools ask for some' },
  'tool-removed': { grade: 'breaking', reverse: 'tool-added', about: 'a tool is gone, or its operation can no longer be converted' },
  'tool-renamed': { grade: 'breaking', reverse: 'tool-renamed', about: 'the same operation under another tool name' },
  'path-changed': { grade: 'review', reverse: 'path-changed', about: 'the same tool calls another path' },
  'method-changed': { grade: 'review', reverse: 'method-changed', about: 'the same tool calls another method' },
  'title-changed': { grade: 'review', reverse: 'title-changed', about: 'another title' },
  'description-changed': { grade: 'review', reverse: 'description-changed', about: 'the model reads another description' },
  'became-writing': { grade: 'dangerous', reverse: 'no-longer-writing', about: 'a tool that only read now writes' },
  'no-longer-writing': { grade: 'safe', reverse: 'became-writing', about: 'a tool that wrote now only reads' },
  'became-destructive': { grade: 'dangerous', reverse: 'no-longer-destructive', about: 'a tool that read or added now overwrites or deletes' },
  'no-longer-destructive': { grade: 'safe', reverse: 'became-destructive', about: 'a tool that overwrote or deleted no longer does' },
  'no-longer-idempotent': { grade: 'review', reverse: 'became-idempotent', about: 'calling twice no longer does the same as calling once' },
  'became-idempotent': { grade: 'safe', reverse: 'no-longer-idempotent', about: 'calling twice does the same as calling once' },
  'deprecated': { grade: 'safe', reverse: 'no-longer-deprecated', about: 'the operation is marked as deprecated' },
  'no-longer-deprecated': { grade: 'safe', reverse: 'deprecated', about: 'the operation is not deprecated any more' },
  'x-mcp-changed': { grade: 'review', reverse: 'x-mcp-changed', about: 'the operation says something else about itself as a tool (x-mcp)' },
  'tags-changed': { grade: 'none', reverse: 'tags-changed', about: 'other tags' },
  'text-changed': { grade: 'none', reverse: 'text-changed', about: 'the summary or description changed where a tool does not show it' },
  'operation-id-changed': { grade: 'none', reverse: 'operation-id-changed', about: 'another operationId under the same tool name' },
  'more-changes': { grade: 'none', reverse: 'more-changes', about: 'changes of this tool beyond those listed, none of them of a higher grade than this one has' },
  // arguments
  'argument-added': { grade: 'safe', reverse: 'argument-removed', about: 'an optional argument more' },
  'required-argument-added': { grade: 'breaking', reverse: 'argument-removed', about: 'a required argument more' },
  'argument-removed': { grade: 'breaking', reverse: 'argument-added', about: 'an argument is gone' },
  'argument-renamed': { grade: 'breaking', reverse: 'argument-renamed', about: 'the same parameter under another argument name' },
  'argument-moved': { grade: 'none', reverse: 'argument-moved', about: 'the argument is sent in another place of the request; who calls the tool does not see it' },
  'argument-became-required': { grade: 'breaking', reverse: 'argument-no-longer-required', about: 'an optional argument is required' },
  'argument-no-longer-required': { grade: 'safe', reverse: 'argument-became-required', about: 'a required argument is optional' },
  'argument-default-changed': { grade: 'review', reverse: 'argument-default-changed', about: 'calls that leave the argument out mean something else' },
  'argument-description-changed': { grade: 'review', reverse: 'argument-description-changed', about: 'the model reads another description of the argument' },
  'argument-example-changed': { grade: 'none', reverse: 'argument-example-changed', about: 'other examples: tools do not show them' },
  'argument-deprecated': { grade: 'safe', reverse: 'argument-no-longer-deprecated', about: 'the argument is marked as deprecated' },
  'argument-no-longer-deprecated': { grade: 'safe', reverse: 'argument-deprecated', about: 'the argument is not deprecated any more' },
  'argument-discriminator-changed': { grade: 'none', reverse: 'argument-discriminator-changed', about: 'another discriminator: it validates nothing' },
  'constant-changed': { grade: 'review', reverse: 'constant-changed', about: 'a value that is always sent, unseen by the model, is another' },
  'serialisation-changed': { grade: 'none', reverse: 'serialisation-changed', about: 'the argument is written into the request in another style' },
  ...ofFacts('argument'),
  // the body
  'body-added': { grade: 'safe', reverse: 'body-removed', about: 'an optional body more' },
  'required-body-added': { grade: 'breaking', reverse: 'body-removed', about: 'a required body more' },
  'body-removed': { grade: 'breaking', reverse: 'body-added', about: 'the body is gone' },
  'body-media-type-changed': { grade: 'none', reverse: 'body-media-type-changed', about: 'another media type that is written alike' },
  'body-kind-changed': { grade: 'breaking', reverse: 'body-kind-changed', about: 'another kind of body (JSON, form, multipart, file, text): the argument has another shape' },
  // the answer
  'output-added': { grade: 'safe', reverse: 'output-removed', about: 'the answer has a described structure now' },
  'output-removed': { grade: 'breaking', reverse: 'output-added', about: 'the answer has no described structure any more' },
  'output-property-added': { grade: 'safe', reverse: 'output-property-removed', about: 'a property of the answer more' },
  'output-property-removed': { grade: 'breaking', reverse: 'output-property-added', about: 'a property of the answer is gone' },
  'output-became-optional': { grade: 'breaking', reverse: 'output-became-required', about: 'a property of the answer may be missing' },
  'output-became-required': { grade: 'safe', reverse: 'output-became-optional', about: 'a property of the answer is always there' },
  'output-description-changed': { grade: 'none', reverse: 'output-description-changed', about: 'another description in the schema of the answer: tools do not show it' },
  'output-deprecated': { grade: 'none', reverse: 'output-no-longer-deprecated', about: 'a property of the answer is marked as deprecated' },
  'output-no-longer-deprecated': { grade: 'none', reverse: 'output-deprecated', about: 'a property of the answer is not deprecated any more' },
  'output-discriminator-changed': { grade: 'none', reverse: 'output-discriminator-changed', about: 'another discriminator: it validates nothing' },
  'answer-added': { grade: 'safe', reverse: 'answer-removed', about: 'a status of success more' },
  'answer-removed': { grade: 'breaking', reverse: 'answer-added', about: 'a status of success is gone' },
  'answer-media-type-added': { grade: 'safe', reverse: 'answer-media-type-removed', about: 'an answer in a media type more' },
  'answer-media-type-removed': { grade: 'breaking', reverse: 'answer-media-type-added', about: 'an answer is not given in a media type any more' },
  'error-answer-changed': { grade: 'none', reverse: 'error-answer-changed', about: 'other statuses of failure: a failed call is an error with its text either way' },
  ...ofFacts('output'),
  // credentials
  'security-added': { grade: 'breaking', reverse: 'security-removed', about: 'credentials are asked for where none were' },
  'security-removed': { grade: 'dangerous', reverse: 'security-added', about: 'no credentials are asked for any more' },
  'security-weakened': { grade: 'dangerous', reverse: 'security-strengthened', about: 'a way in that asks for less: anonymous, or fewer schemes' },
  'security-strengthened': { grade: 'breaking', reverse: 'security-weakened', about: 'a way in that asked for less is gone' },
  'security-changed': { grade: 'breaking', reverse: 'security-changed', about: 'other credentials are asked for' },
  'security-alternative-added': { grade: 'review', reverse: 'security-alternative-removed', about: 'another way in, by other credentials' },
  'security-alternative-removed': { grade: 'breaking', reverse: 'security-alternative-added', about: 'one of the ways in is gone' },
  'scope-added': { grade: 'dangerous', reverse: 'scope-dropped', about: 'a scope more is asked for: the credentials need more power, and those that are held do not do' },
  'scope-dropped': { grade: 'dangerous', reverse: 'scope-added', about: 'a scope is not asked for any more: credentials with less power open the tool' },
  'credentials-moved': { grade: 'dangerous', reverse: 'credentials-moved', about: 'the credentials are sent in another place or under another name' },
  'security-scheme-changed': { grade: 'dangerous', reverse: 'security-scheme-changed', about: 'credentials of the same scheme are sent in another way' },
  // where calls go
  'host-changed': { grade: 'dangerous', reverse: 'host-changed', about: 'arguments and credentials go to another host or port' },
  'scheme-downgraded': { grade: 'dangerous', reverse: 'scheme-upgraded', about: 'https became http: arguments and credentials can be read on the way' },
  'scheme-upgraded': { grade: 'safe', reverse: 'scheme-downgraded', about: 'http became https' },
  'server-path-changed': { grade: 'review', reverse: 'server-path-changed', about: 'the same host under another base path' },
  'server-added': { grade: 'review', reverse: 'server-removed', about: 'the document says where calls go, which it did not' },
  'server-removed': { grade: 'breaking', reverse: 'server-added', about: 'the document does not say where calls go any more' },
  'server-offered': { grade: 'review', reverse: 'server-withdrawn', about: 'another host is named beside the first, which is used' },
  'server-withdrawn': { grade: 'none', reverse: 'server-offered', about: 'a host beside the first, which is used, is not named any more' },
} as const satisfies Record<string, Kind>
export type ChangeKind = keyof typeof kinds

export const gradeOf = (kind: ChangeKind): Grade => kinds[kind].grade
