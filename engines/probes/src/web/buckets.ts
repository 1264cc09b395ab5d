// Buckets of clouds and servers that speak like them: whether everybody may list them. Read once, never written. Of names of files only some are told, and not whole.
// Defended by buckets.test.ts and, against s3rver and azurite, tests/conformance/probes/web.test.ts. Sources: Amazon S3 API (ListBuckets, ListObjects), Google Cloud Storage XML
// API, Azure Blob Storage REST API (List Containers, List Blobs).
import type { Finding, ProbeFault, ProbeRun } from '../model.ts'
import type { HttpResponse } from '../network.ts'
import { found } from './checks.ts'
import { privateName, shown } from './listings.ts'
import { webUrl } from './links.ts'
import { Visitor, headerOf, hostOf, placeOf } from './visitor.ts'

export type Provider = 's3' | 'gcs' | 'azure'

export type BucketReport = {
  readonly url: string
  readonly provider: Provider | null
  /** `missing`: it can be claimed, where the provider lets anybody choose names. `private`: it is there, and not for everybody. */
  readonly state: 'listed' | 'private' | 'missing' | 'no_bucket' | 'no_answer'
  readonly name: string | null
  /** Names in the first page of the listing. */
  readonly objects: number
  /** There are more. */
  readonly more: boolean
  readonly findings: readonly Finding[]
  readonly faults: readonly ProbeFault[]
}

const budget = { requests: 20, bytes: 8_388_608, durationMs: 60_000 }

/** `url`: of the bucket ('https://name.s3.amazonaws.com/', 'http://127.0.0.1:9000/name', 'https://account.blob.core.windows.net/container'). Errors: NetworkError `cancelled`. */
export async function probeBucket(url: string, { run }: { readonly run: ProbeRun }): Promise<BucketReport> {
  const place = URL.parse(url)
  const bucket = place === null ? null : webUrl(url, place)
  if (bucket === null) throw new TypeError('not the URL of a bucket')
  const visitor = new Visitor(run, budget)
  return { ...await lookAt(bucket, hostOf(bucket), visitor), faults: visitor.faults }
}

type Seen = Omit<BucketReport, 'faults'>

async function lookAt(bucket: URL, asset: string, visitor: Visitor): Promise<Seen> {
  const nothing: Seen = { url: placeOf(bucket), provider: null, state: 'no_answer', name: null, objects: 0, more: false, findings: [] }
  const plain = await visitor.ask(bucket)
  if (plain === null) return nothing
  const provider = providerOf(bucket, plain)
  let seen = listingOf(plain.status === 200 ? plain.body : '')
  // Azure lists a container only where it is asked to.
  if (seen === null && (provider === 'azure' || provider === null) && bucket.pathname.length > 1) {
    const listing = new URL(bucket)
    listing.search = '?restype=container&comp=list&maxresults=1000'
    const answer = await visitor.ask(listing)
    if (answer !== null) {
      seen = listingOf(answer.status === 200 ? answer.body : '')
      if (seen === null) return { ...nothing, provider: providerOf(bucket, answer) ?? provider, ...stateOf(answer, providerOf(bucket, answer) ?? provider) }
    }
  }
  if (seen === null) return { ...nothing, provider, ...stateOf(plain, provider) }
  const { name, keys, more } = seen
  const telling = keys.filter((key) => privateName.test(key.slice(key.lastIndexOf('/') + 1)) || privateName.test(key))
  const some = (telling.length > 0 ? telling : keys).slice(0, 3).map(shown).join(', ')
  const evidence = { en: `${keys.length}${more ? ' and more' : ''} names${keys.length === 0 ? '' : `, such as ${some}`}`, ko: `이름 ${keys.length}개${more ? ' 이상' : ''}${keys.length === 0 ? '' : `, 예: ${some}`}` }
  return {
    url: placeOf(bucket), provider: provider ?? seen.provider, state: 'listed', name, objects: keys.length, more,
    // An empty one, and one of which nothing looks private, may be meant so.
    findings: [found(asset, 'web.bucket_listing', placeOf(bucket), evidence, { severity: telling.length > 0 ? 'high' : keys.length === 0 ? 'low' : 'medium', confidence: 1 })],
  }
}

/** Of a web site at whose root such a server answers: the buckets that it names, or that pages and people name. */
export async function bucketsOf(origin: URL, asset: string, { url, response: first }: { readonly url: URL; readonly response: HttpResponse }, names: readonly string[], visitor: Visitor): Promise<readonly Finding[]> {
  const listed = /<ListAllMyBucketsResult[\s>]/.test(first.body) ? [...first.body.matchAll(/<Name>([^<]{1,63})<\/Name>/g)].map(([, name = '']) => name) : []
  if (providerOf(origin, first) === null && listed.length === 0) return []
  // The URL that was asked may be the bucket's.
  if (listingOf(first.body) !== null) return (await lookAt(url, asset, visitor)).findings
  const findings = await Promise.all([...new Set([...listed, ...names])].slice(0, 20).map(async (name) => (await lookAt(new URL(`/${name}`, origin), asset, visitor)).findings))
  return findings.flat()
}

function providerOf(url: URL, response: HttpResponse): Provider | null {
  const host = hostOf(url)
  if (host.endsWith('.blob.core.windows.net') || headerOf(response, 'x-ms-request-id') !== null || /azurite|windows-azure-blob/i.test(headerOf(response, 'server') ?? '')) return 'azure'
  if (/(?:^|\.)storage\.googleapis\.com$/.test(host) || headerOf(response, 'x-guploader-uploadid') !== null) return 'gcs'
  if (headerOf(response, 'x-amz-request-id') !== null || /^(?:AmazonS3|MinIO|Ceph|SeaweedFS S3)/i.test(headerOf(response, 'server') ?? '') || /<(?:ListBucketResult|ListAllMyBucketsResult)[\s>]/.test(response.body.slice(0, 2_000)) || /<Error>\s*<Code>(?:AccessDenied|NoSuchBucket|InvalidBucketName|AllAccessDisabled|MissingSecurityHeader)<\/Code>/.test(response.body.slice(0, 2_000))) return 's3'
  return null
}

function stateOf({ status, body }: HttpResponse, provider: Provider | null): { readonly state: BucketReport['state'] } {
  if (provider === null) return { state: 'no_bucket' }
  if (/<Code>(?:NoSuchBucket|ContainerNotFound|InvalidBucketName|ResourceNotFound)<\/Code>/.test(body) || (status === 404 && body === '')) return { state: 'missing' }
  return { state: 'private' }
}

const mostKeys = 5_000

/** A listing of S3, Google or Azure; null: it is none. */
export function listingOf(body: string): { readonly provider: Provider; readonly name: string | null; readonly keys: readonly string[]; readonly more: boolean } | null {
  const start = /^(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]{0,200}\?>)?\s*<(ListBucketResult|EnumerationResults)[\s>]/.exec(body.slice(0, 1_000))?.[1]
  if (start === undefined) return null
  const azure = start === 'EnumerationResults'
  const keys: string[] = []
  for (const [, key = ''] of body.matchAll(azure ? /<Blob>[\s\S]{0,200}?<Name>([^<]{1,1024})<\/Name>/g : /<Key>([^<]{1,1024})<\/Key>/g)) {
    if (keys.length === mostKeys) break
    keys.push(Buffer.from(key, 'latin1').toString('utf8').replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>'))
  }
  const name = (azure ? /ContainerName="([^"]{1,200})"/ : /<Name>([^<]{1,200})<\/Name>/).exec(body)?.[1] ?? null
  return { provider: azure ? 'azure' : 's3', name: azure ? name?.split('/').at(-1) ?? null : name, keys, more: azure ? /<NextMarker>[^<]/.test(body) : /<IsTruncated>\s*true/i.test(body) }
}
