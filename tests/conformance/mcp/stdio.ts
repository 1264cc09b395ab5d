// A server on standard input and output, for the client's test.
import { createMcpServer } from '@haechi/mcp-wire'

const server = createMcpServer({
  name: 'stdio', version: '1', clock: Date,
  catalogue: {
    tools: [{ name: 'greet', description: 'Asks for a name and greets.', inputSchema: { type: 'object' } }],
    async call(_, _args, context) {
      const { who } = await context.ask({ who: { method: 'elicitation/create', params: { message: 'Who are you?', requestedSchema: { type: 'object', properties: { name: { type: 'string' } } } } } })
      return { content: [{ type: 'text', text: `Hello, ${(who?.['content'] as { name: string } | undefined)?.name ?? 'nobody'}` }] }
    },
  },
})
await server.serveStdio(process.stdin, process.stdout)
