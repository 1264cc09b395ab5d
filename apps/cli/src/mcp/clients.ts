// What the common MCP clients have to be told, ready to be pasted. Formats as their documentation stated them in November 2026; a token is never printed,
// but named where the client takes a variable for it. Defended by clients.test.ts.

/** `tokenFile`: null where no token is asked for. */
export type Endpoint = { readonly name: string; readonly url: string; readonly tokenFile: string | null }
export type Configuration = {
  readonly client: string
  /** The file in which the text belongs; '$' for a command line. */
  readonly place: string
  readonly text: string
}

/** Holds the token where a client is started. */
export const tokenVariable = 'HAECHI_MCP_TOKEN'

const pretty = (value: object): string => JSON.stringify(value, null, 2)

export function configurations({ name, url, tokenFile }: Endpoint): readonly Configuration[] {
  const headers = (variable: string): object => (tokenFile === null ? {} : { headers: { Authorization: `Bearer ${variable}` } })
  // Claude Desktop starts processes only; what lies in between speaks HTTP for it.
  const bridge = {
    command: 'npx', args: ['-y', 'mcp-remote', url, ...(url.startsWith('http:') ? ['--allow-http'] : []), ...(tokenFile === null ? [] : ['--header', `Authorization:\${${tokenVariable}}`])],
    ...(tokenFile === null ? {} : { env: { [tokenVariable]: 'Bearer ...' } }),
  }
  const inputs = tokenFile === null ? {} : { inputs: [{ type: 'promptString', id: 'haechi-token', description: tokenVariable, password: true }] }
  return [
    { client: 'Claude Code', place: '$', text: `claude mcp add --transport http ${name} ${url}${tokenFile === null ? '' : ` --header "Authorization: Bearer $(cat ${quoted(tokenFile)})"`}` },
    { client: 'Claude Desktop', place: 'claude_desktop_config.json', text: pretty({ mcpServers: { [name]: bridge } }) },
    { client: 'VS Code', place: '.vscode/mcp.json', text: pretty({ ...inputs, servers: { [name]: { type: 'http', url, ...headers('${input:haechi-token}') } } }) },
    { client: 'Cursor', place: '.cursor/mcp.json', text: pretty({ mcpServers: { [name]: { url, ...headers(`\${env:${tokenVariable}}`) } } }) },
    { client: 'Windsurf', place: '~/.codeium/windsurf/mcp_config.json', text: pretty({ mcpServers: { [name]: { serverUrl: url, ...headers(`\${env:${tokenVariable}}`) } } }) },
    { client: 'Codex', place: '~/.codex/config.toml', text: [`[mcp_servers.${name}]`, `url = ${JSON.stringify(url)}`, ...(tokenFile === null ? [] : [`bearer_token_env_var = "${tokenVariable}"`])].join('\n') },
    { client: 'Gemini CLI', place: '~/.gemini/settings.json', text: pretty({ mcpServers: { [name]: { httpUrl: url, ...headers(`\${${tokenVariable}}`) } } }) },
  ]
}

/** As one word of a POSIX shell. */
const quoted = (file: string): string => (/^[\w./-]+$/.test(file) ? file : `'${file.replaceAll('\'', '\'\\\'\'')}'`)
