// Where somebody else could take what a record points to. High is said only of what is proven: a provider that tells that the resource is free, or a registry that denies the
// domain. Defended by claimable.test.ts.
import type { Bytes } from '../bytes.ts'
import type { HttpResponse } from '../network.ts'
import { isWithin, labelsIn } from './names.ts'

/** A service where the host name is chosen by whoever comes first. */
export type ClaimableService = {
  readonly name: string
  readonly hosts: RegExp
  /** null: the name does not exist once the resource is deleted. Else what the service answers for a name that nobody has. */
  readonly sign: { readonly status: number | null; readonly text: string } | null
}

const beneath = (...domains: readonly string[]): RegExp => new RegExp(`\\.(?:${domains.map(domain => domain.replaceAll('.', '\\.')).join('|')})$`)

/** From the providers' own documents on custom domains; signs as their answers show them. */
const services: readonly ClaimableService[] = [
  { name: 'Azure', hosts: beneath('azurewebsites.net', 'cloudapp.net', 'cloudapp.azure.com', 'trafficmanager.net', 'blob.core.windows.net', 'web.core.windows.net', 'azureedge.net', 'azure-api.net', 'azurehdinsight.net', 'azurecontainer.io', 'azurecr.io', 'search.windows.net', 'servicebus.windows.net', 'redis.cache.windows.net', 'database.windows.net', 'azuredatalakestore.net', 'azurefd.net'), sign: null },
  { name: 'AWS Elastic Beanstalk', hosts: beneath('elasticbeanstalk.com'), sign: null },
  { name: 'Discourse', hosts: beneath('trydiscourse.com'), sign: null },
  { name: 'Amazon S3', hosts: /(?:^|\.)s3(?:[.-][a-z0-9-]+)*\.amazonaws\.com(?:\.cn)?$/, sign: { status: 404, text: 'NoSuchBucket' } },
  { name: 'Alibaba Cloud OSS', hosts: /\.oss-[a-z0-9-]+\.aliyuncs\.com$/, sign: { status: 404, text: 'NoSuchBucket' } },
  { name: 'GitHub Pages', hosts: beneath('github.io'), sign: { status: 404, text: "There isn't a GitHub Pages site here." } },
  { name: 'Bitbucket', hosts: beneath('bitbucket.io'), sign: { status: 404, text: 'Repository not found' } },
  { name: 'Heroku', hosts: beneath('herokuapp.com', 'herokudns.com'), sign: { status: 404, text: 'No such app' } },
  { name: 'Surge', hosts: beneath('surge.sh'), sign: { status: 404, text: 'project not found' } },
  { name: 'Pantheon', hosts: beneath('pantheonsite.io'), sign: { status: 404, text: '404 error unknown site!' } },
  { name: 'ReadMe', hosts: beneath('readme.io', 'readmessl.com'), sign: { status: null, text: 'The creators of this project are still working on making everything perfect!' } },
  { name: 'Help Scout', hosts: beneath('helpscoutdocs.com'), sign: { status: 404, text: 'No settings were found for this company:' } },
  { name: 'ngrok', hosts: beneath('ngrok.io', 'ngrok.app', 'ngrok-free.app'), sign: { status: 404, text: 'ERR_NGROK_3200' } },
  { name: 'WordPress.com', hosts: beneath('wordpress.com'), sign: { status: null, text: 'Do you want to register' } },
  { name: 'Strikingly', hosts: beneath('strikinglydns.com'), sign: { status: 404, text: 'PAGE NOT FOUND.' } },
  { name: 'Hatena Blog', hosts: beneath('hatenablog.com'), sign: { status: 404, text: '404 Blog is not found' } },
  { name: 'Canny', hosts: /^cname\.canny\.io$/, sign: { status: null, text: 'There is no such company. Did you enter the right URL?' } },
  { name: 'SurveySparrow', hosts: beneath('surveysparrow.com'), sign: { status: null, text: 'Account not found.' } },
]

/** Of the host that aliases end at. */
export const serviceOf = (host: Bytes): ClaimableService | null => services.find(service => service.hosts.test(host)) ?? null

/** Whether the service says with this answer that nobody has the name. */
export const isFree = ({ sign }: ClaimableService, { status, body }: Pick<HttpResponse, 'status' | 'body'>): boolean => sign !== null && (sign.status === null || sign.status === status) && body.includes(sign.text)

// RFC 2606, 6761, 6762, 7686, 8375 and ICANN's .internal: nobody can register a domain there.
const never = new Set(['test', 'example', 'invalid', 'localhost', 'local', 'onion', 'internal', 'arpa', 'alt', 'lan', 'home', 'corp', 'mail', 'gov', 'mil', 'edu', 'int'])
/** Two labels under which anybody may register; where a registry of a country keeps all names below such. */
const second = /^(?:co|or|ne|re|pe|com|net|org|ltd|plc|me|id|gen|web|nom|info|biz|seoul|busan)\.(?:[a-z]{2})$/
const firstOfCountries = new Set(['kr', 'uk', 'jp', 'au', 'nz', 'br', 'cn', 'in', 'za', 'il', 'th', 'tw', 'tr', 'mx', 'ar', 'sg', 'hk', 'my', 'id', 'ph', 'vn', 'ua', 'pl'])

/** The domain that a registry denies with its NXDOMAIN, so that anybody may register it; null where no registry said so. `deniedBy`: the owner of the SOA record. */
export function registrable(host: Bytes, deniedBy: Bytes | null): Bytes | null {
  if (deniedBy === null || deniedBy === '' || !isWithin(host, deniedBy)) return null
  const suffix = labelsIn(deniedBy)
  const [top = ''] = suffix.slice(-1)
  if (never.has(top) || suffix.length > 2) return null
  const labels = labelsIn(host)
  // A country's registry may deny what is below a suffix of two labels that has no zone of its own.
  const pair = labels.slice(-2).join('.')
  const deep = firstOfCountries.has(top) && second.test(pair)
  if (suffix.length === 2 && !deep) return null
  // 'go.kr', 'ac.jp': a label as short as this may be a category that is not for everybody.
  if (firstOfCountries.has(top) && !deep && labels.length > 2 && labels.at(-2)!.length <= 3) return null
  const domain = labels.slice(deep ? -3 : -2)
  return domain.length === (deep ? 3 : 2) ? domain.join('.') : null
}
