// Repositories of code: git's daemon (gitprotocol-pack(5)) and Subversion's (its ra_svn protocol).
import { upTo } from './conversation.ts'
import type { Protocol } from './model.ts'

const ask = (host: string): string => {
  const text = `git-upload-pack /\0host=${host}\0`
  return (text.length + 4).toString(16).padStart(4, '0') + text
}

export const git: Protocol = {
  name: 'git',
  greeting: ({ host }) => ask(host),
  recognise: heard => (/^[0-9a-f]{4}(?:ERR |[0-9a-f]{40} |version \d)/.test(heard) ? 1 : 0),
  examine(service) {
    service.is('Git')
    const agent = /\bagent=git\/(\d[\w.]*)/.exec(service.conversation.heard)?.[1]
    if (agent !== undefined) service.is('Git', agent)
    if (/^[0-9a-f]{4}[0-9a-f]{40} /.test(service.conversation.heard)) service.find('service.git_readable', { en: 'the repository at / is handed out', ko: '/ 경로의 저장소가 인증 없이 제공됨' })
    return Promise.resolve()
  },
}

export const svn: Protocol = {
  name: 'svn',
  greeting: null,
  recognise: heard => (/^\( success \( \d+ \d+ \( /.test(heard) ? 1 : 0),
  async examine(service) {
    const { conversation, place } = service
    conversation.take(conversation.heard.length)
    service.is('Subversion')
    const url = `svn://${place.host}/`
    const answer = await conversation.ask(`( 2 ( edit-pipeline svndiff1 absent-entries depth mergeinfo log-revprops ) ${url.length}:${url} 6:Haechi ( ) ) `, upTo(/\) \) \s*$/), 1000) ?? ''
    const mechanisms = /\( success \( \( ([A-Z0-9 -]{0,200})\)/.exec(answer)?.[1]?.trim() ?? ''
    service.tell('mechanisms', mechanisms)
    if (!/\bANONYMOUS\b/.test(mechanisms)) return
    // The answer to an anonymous login names the repository that may then be read.
    const opened = await conversation.ask('( ANONYMOUS ( 0: ) ) ', upTo(/\( success \( \d+:|\( failure /), 1000) ?? ''
    const uuid = /\( success \( 36:([0-9a-f-]{36})/.exec(opened + conversation.heard)?.[1]
    if (uuid !== undefined) service.find('service.svn_anonymous', { en: `the repository ${uuid} opens without a login`, ko: `로그인 없이 저장소가 열림: ${uuid}` })
  },
}
