// `haechi mcp draft`: recorded traffic in, a first OpenAPI document out, for an API that has none.
import { stat, readFile } from 'node:fs/promises'
import { draftFromHar } from '@haechi/openapi-tools'
import { HaechiError } from '@haechi/server/errors'
import { dump } from 'js-yaml'
import { command } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { grouped } from '../layout.ts'

/** A recording is held in memory whole, as text and as values. */
const maxBytes = 256 * 1024 * 1024

export const mcpDraft = command({
  path: ['mcp', 'draft'], about: 'mcp_draft', details: 'mcp_draft_details',
  options: { 'from-har': { value: 'FILE', about: 'option_mcp_from_har', required: true }, 'host': { value: 'HOST', about: 'option_mcp_draft_host' } },
  examples: [{ line: 'haechi mcp draft --from-har recording.har > openapi.yaml', about: 'example_mcp_draft' }, { line: 'haechi mcp draft --from-har recording.har --host api.example.com --json', about: 'example_mcp_draft_host' }],
  async run(context, { options }) {
    const file = options['from-har']
    const recording = await readRecording(file)
    const draft = draftFromHar(recording, options.host === undefined ? {} : { host: options.host })
    if ('refusal' in draft) {
      const { code, place, reason } = draft.refusal
      throw new HaechiError('mcp_recording_refused', { file, reason: reason.replace(/\.$/, ''), refusal: code, at: place })
    }
    const { document, requests, leftOut } = draft
    context.out.write(context.json ? `${JSON.stringify(document)}\n` : dump(document, { lineWidth: -1, noRefs: true }))
    if (!context.json) {
      const others = leftOut.hosts.reduce((sum, { requests: more }) => sum + more, 0)
      context.err.write(`${context.text('mcp_drafted', { requests: grouped(requests), assets: grouped(leftOut.assets + leftOut.unreadable), others: grouped(others), hosts: leftOut.hosts.slice(0, 5).map(({ host }) => host).join(', ') || '-' })}\n`)
    }
    return exitCodes.ok
  },
})

async function readRecording(file: string): Promise<unknown> {
  const unreadable = (error: NodeJS.ErrnoException): never => {
    throw new HaechiError('file_unreadable', { file, reason: error.code ?? '' }, { cause: error })
  }
  const { size } = await stat(file).catch(unreadable)
  if (size > maxBytes) throw new HaechiError('mcp_recording_too_large', { file, limit: maxBytes })
  const text = await readFile(file, 'utf8').catch(unreadable)
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (cause) {
    throw new HaechiError('mcp_recording_refused', { file, reason: 'The file is no JSON, and a HAR file is', refusal: 'recording_invalid', at: '#' }, { cause })
  }
}
