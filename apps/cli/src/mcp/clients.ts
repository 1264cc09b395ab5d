// What the common MCP clients have to be told, ready to be pasted. Formats as their documentation stated them in November 2026.
// Defended by clients.test.ts.

export type Endpoint = { readonly name: string; readonly url: string; /** The file with the token; null: none is asked for. */ readonly tokenFile: string | null }
export type Configuration = {
  readonly client: string
  /** A command line, or where the text below belongs. */
  readonly place: string
  readonly text: string
}

const pretty = (value: object): string => JSON.stringify(value, null, 2)

/** A placeholder stands where the token belongs: a secret is not printed. */
export const tokenPlaceholder = '${HAECHI_MCP_TOKEN}'

export function configurations({ name, url, tokenFile }: Endpoint): readonly Configuration[] {
  const authorization = `Bearer ${tokenPlaceholder}`
  const headers = tokenFile === null ? {} : { headers: { Authorization: authorization } }
  const remote = ['-y', 'mcp-remote', url, ...(url.startsWith('http:') ? ['--allow-http'] : []), ...(tokenFile === null ? [] : ['--header', `Authorization:${authorization}`])]
  return [
    { client: 'Claude Code', place: '$', text: `claude mcp add --transport http ${name} ${url}${tokenFile === null ? '' : ` --header "Authorization: Bearer $(cat ${quoted(tokenFile)})"`}` },
    { client: 'Claude Desktop', place: 'claude_desktop_config.json', text: pretty({ mcpServers: { [name]: { command: 'npx', args: remote } } }) },
    { client: 'VS Code', place: '.vscode/mcp.json', text: pretty({ servers: { [name]: { type: 'http', url, ...headers } } }) },
    { client: 'Cursor', place: '.cursor/mcp.json', text: pretty({ mcpServers: { [name]: { url, ...headers } } }) },
    { client: 'Windsurf', place: '~/.codeium/windsurf/mcp_config.json', text: pretty({ mcpServers: { [name]: { serverUrl: url, ...headers } } }) },
    { client: 'Codex', place: '~/.codex/config.toml', text: [`[mcp_servers.${name}]`, `url = ${JSON.stringify(url)}`, ...(tokenFile === null ? [] : ['bearer_token_env_var = "HAECHI_MCP_TOKEN"'])].join('\n') },
    { client: 'Gemini CLI', place: '~/.gemini/settings.json', text: pretty({ mcpServers: { [name]: { httpUrl: url, ...headers } } }) },
  ]
}

const quoted = (file: string): string => (/^[\w./~-]+$/.test(file) ? file : `'${file.replaceAll('\'', '\'\\\'\'')}'`)
