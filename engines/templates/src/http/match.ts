import { readable } from '@haechi/probes/wire'
import type { Bytes, HttpRequest, HttpResponse, Match, Target, Template } from '../model.ts'
import type { Judgement } from '../operators.ts'
import { responseText } from './answer.ts'
import { requestText } from './requests.ts'

/** What was sent, and what came back. */
export type Exchange = { readonly request: HttpRequest; /** Where it was sent byte for byte. */ readonly bytes: Bytes | null; readonly response: HttpResponse; readonly url: Bytes }

const evidenceLength = 4_096
/** Not in the middle of a character: UTF-8 goes on with 0x80 to 0xBF. */
export const evidence = (text: Bytes): string => readable(text.length > evidenceLength ? text.slice(0, evidenceLength).replace(/[\xc0-\xff][\x80-\xbf]*$/, '') : text)

export function matchOf(template: Template, target: Target, exchange: Exchange, result: Judgement['results'][number], values: Judgement['dynamic']): Match {
  return {
    template: template.id,
    file: template.file,
    info: template.info,
    protocol: 'http',
    matcher: result.matcher ?? result.extractor,
    extracted: result.extracted.map(readable),
    values: Object.fromEntries(values),
    matchedAt: readable(exchange.url),
    target: target.input,
    address: exchange.response.address === '' ? null : exchange.response.address,
    evidence: { request: evidence(requestText(exchange.request, exchange.bytes)), response: evidence(responseText(exchange.response)) },
    doubt: null,
  }
}
