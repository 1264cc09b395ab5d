// rsync's daemon (rsync's own protocol: "@RSYNCD:" lines). It tells its protocol, never its version.
import type { Bytes } from '../bytes.ts'
import { line, upTo } from './conversation.ts'
import type { Protocol } from './model.ts'

const mostModules = 8

/** Names of the modules that a daemon lists: 'name    \tcomment'. Lines without a tab are its message of the day. */
export const readModules = (listing: Bytes): string[] =>
  listing.split('\n').map(each => /^([^\s@][^\t]{0,200}?) *\t/.exec(each)?.[1]).filter(name => name !== undefined).slice(0, 1000)

export const rsync: Protocol = {
  name: 'rsync',
  greeting: null,
  recognise: heard => (/^@RSYNCD: \d{1,3}/.test(heard) ? 1 : 0),
  async examine(service) {
    const { conversation } = service
    const greeting = (await conversation.hear(line) ?? '').trim()
    const version = /^@RSYNCD: (\d+\.\d+|\d+)/.exec(greeting)?.[1] ?? '31.0'
    service.is('rsync')
    service.tell('protocol', version)
    const hello = '@RSYNCD: 31.0\n'
    const listing = await conversation.ask(`${hello}#list\n`, upTo(/^@(?:RSYNCD: EXIT|ERROR[^\n]*)\n/m)) ?? ''
    const modules = readModules(listing)
    service.tell('modules', modules.join(', '))
    const open: string[] = []
    for (const module of modules.slice(0, mostModules)) {
      const other = await service.open()
      await other.hear(line)
      const answer = await other.ask(`${hello}${module}\n`, upTo(/^@(?:RSYNCD: (?:OK|AUTHREQD[^\n]*|EXIT)|ERROR[^\n]*)\n/m)) ?? ''
      if (/^@RSYNCD: OK\n/m.test(answer)) open.push(module)
      other.close()
    }
    if (open.length > 0) service.find('service.rsync_without_password', { en: `modules open without a password: ${open.join(', ')}`, ko: `비밀번호 없이 열리는 모듈: ${open.join(', ')}` })
  },
}
