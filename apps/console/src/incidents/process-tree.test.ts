import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ProcessNode } from '../../../server/src/incidents/wire.ts'
import { detail } from './incidents.fixture.ts'
import { imageName, treeRows } from './process-tree.ts'

const nodeOf = (guid: string, parent: string | null, bad = false, host: string | null = 'H', at = 0): ProcessNode => ({ guid, parent_guid: parent, host, image: null, command_line: null, user: null, at: new Date(at).toISOString(), bad, alert_ids: [] })

describe('the process tree', () => {
  test('parents above children, the way to what is bad marked, quiet siblings of it folded', () => {
    const drawn = treeRows(detail.processes).map((row) => row.type === 'process' ? `${'  '.repeat(row.depth)}${row.onBadPath ? '*' : ''}${imageName(row.node.image)}` : row.type === 'host' ? `# ${row.host}` : `${'  '.repeat(row.depth)}+${row.count}`)
    expect(drawn).toEqual(['# WS-12', '*explorer.exe', '  *WINWORD.EXE', '    *powershell.exe', '      *rundll32.exe', '      +3', '# DC-01', '*services.exe', '  *a8d1.exe'])
  })

  test('a fold opens', () => {
    const fold = treeRows(detail.processes).find((row) => row.type === 'folded')
    const opened = treeRows(detail.processes, new Set([fold?.type === 'folded' ? fold.parentKey : '']))
    expect(opened.filter((row) => row.type === 'folded')).toHaveLength(0)
    expect(opened.filter((row) => row.type === 'process')).toHaveLength(detail.processes.length)
  })

  test('rails say which ancestors go on below', () => {
    const rows = treeRows([nodeOf('r', null), nodeOf('a', 'r', false, 'H', 1), nodeOf('aa', 'a', false, 'H', 2), nodeOf('b', 'r', false, 'H', 3)])
    expect(rows.flatMap((row) => row.type === 'process' ? [[row.node.guid, row.rails, row.last]] : [])).toEqual([['r', [], true], ['a', [false], false], ['aa', [false, true], true], ['b', [false], true]])
  })

  test('of two with one guid the earlier is the parent', () => {
    const rows = treeRows([nodeOf('p', null, false, 'H', 1), nodeOf('p', null, false, 'H', 2), nodeOf('c', 'p', false, 'H', 3)])
    expect(rows.flatMap((row) => row.type === 'process' ? [`${row.depth}${row.node.guid}`] : [])).toEqual(['0p', '1c', '0p'])
  })

  test('no process is hidden, whatever the guids say: missing parents, doubles, its own ancestor', () => {
    const guid = fc.constantFrom('a', 'b', 'c', 'd')
    fc.assert(fc.property(fc.array(fc.record({ guid, parent: fc.option(guid), bad: fc.boolean(), host: fc.constantFrom('H', 'I', null) }), { maxLength: 20 }), (made) => {
      const nodes = made.map((one) => nodeOf(one.guid, one.parent, one.bad, one.host))
      const rows = treeRows(nodes)
      const shown = rows.filter((row) => row.type === 'process').length + rows.reduce((sum, row) => sum + (row.type === 'folded' ? row.count : 0), 0)
      expect(shown).toBe(nodes.length)
      expect(rows.filter((row) => row.type === 'process' && row.node.bad)).toHaveLength(nodes.filter(({ bad }) => bad).length)
      expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length)
    }))
  })

  test('names of programs', () => {
    expect(imageName('C:\\Windows\\System32\\cmd.exe')).toBe('cmd.exe')
    expect(imageName('/usr/bin/bash')).toBe('bash')
    expect(imageName(null)).toBe('?')
  })
})
