// Starts the server in this process and says what it does while it does it. The first stop signal drains and ends with 0, the second ends
// at once; one that comes during the start waits for it. Defended by tests/e2e/cli.test.ts.
import { readConfig, settings } from '@haechi/server/config'
import type { Setting } from '@haechi/server/config'
import type { ServeStep } from '@haechi/server'
import type { Command, Option } from '../command.ts'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { cut, padEnd, widthOf } from '../layout.ts'
import type { TextKey } from '../texts.ts'

/** The English of a setting stands beside it. */
const korean: Readonly<Record<Setting, string>> = {
  data: '데이터 디렉터리',
  host: '수신할 주소. 루프백 밖에서는 TLS로만 수신합니다',
  port: '수신할 포트. 0이면 빈 포트를 고릅니다',
  base_path: '프록시가 Haechi를 제공하는 경로 접두사',
  tls_cert: 'PEM 인증서 체인. 없으면 TLS가 필요할 때 내장 CA가 발급합니다',
  tls_key: 'tls_cert의 PEM 개인 키',
  database_url: '외부 PostgreSQL 15 이상. 없으면 내장 PostgreSQL을 시작합니다',
  log_level: 'debug, info, warn, error 가운데 하나',
  event_retention_days: '이벤트를 검색할 수 있는 기간(일)',
  log_retention_days: '저장소를 다시 만들 수 있는 이벤트 로그의 보존 기간(일)',
  requests_per_second: 'API 키 하나가 1초에 보낼 수 있는 서명 요청 수',
}

const flagOf = (setting: string) => setting.replaceAll('_', '-')
const placeholders: Partial<Record<Setting, string>> = { data: 'DIR', host: 'ADDRESS', base_path: 'PATH', tls_cert: 'FILE', tls_key: 'FILE', database_url: 'URL', log_level: 'LEVEL' }

/** The flags of every setting. */
export function settingOptions(): Record<string, Option> {
  const options: Record<string, Option> = { config: { value: 'FILE', about: 'option_config' } }
  for (const [setting, { about, default: otherwise }] of Object.entries(settings)) {
    options[flagOf(setting)] = { value: placeholders[setting as Setting] ?? 'N', about: (language) => `${language === 'ko' ? korean[setting as Setting] : about}${otherwise === '' ? '' : ` [${otherwise}]`}` }
  }
  return options
}

/** Settings by their own names. */
export function settingsOf(options: Readonly<Record<string, string | boolean | undefined>>): Record<string, unknown> {
  return Object.fromEntries(Object.keys(settings).map((setting) => [setting, options[flagOf(setting)]]).filter(([, value]) => value !== undefined))
}

const steps = {
  data_directory: 'step_data_directory', keys: 'step_keys', database: 'step_database', migrations: 'step_migrations', event_log: 'step_event_log',
  event_store: 'step_event_store', workflows: 'step_workflows', demo: 'step_demo', http: 'step_http',
} as const satisfies Record<ServeStep['step'], TextKey>

/** What the database's launcher says it is at; any other detail is a name or a number and shown as it is. */
const details = new Map<string, TextKey | null>([
  ['initialising', 'detail_initialising'], ['starting', null], ['recovering', 'detail_recovering'], ['adopting', 'detail_adopting'],
])

export const serveCommand: Command = {
  path: ['serve'], about: 'serve', details: 'serve_details', arguments: [], options: async () => ({ ...settingOptions(), demo: { about: 'option_demo' } }),
  examples: [
    { line: 'haechi serve', about: 'example_serve' }, { line: 'haechi serve --data /srv/haechi --port 0', about: 'example_serve_port' },
    { line: 'haechi serve --host 0.0.0.0 --tls-cert haechi.pem --tls-key haechi.key', about: 'example_serve_tls' }, { line: 'npm start -- --port 8443', about: 'example_serve_npm' }, { line: 'npm start -- --demo', about: 'example_serve_demo' },
  ],
  async run(context, given) {
    const options: Readonly<Record<string, string | boolean | undefined>> = given.options
    const config = readConfig(settingsOf(options), context.environment, typeof options['config'] === 'string' ? options['config'] : undefined)
    const showing = showSteps(context)
    let running
    try {
      // The server's parts are many; only here and in no other command are they loaded.
      showing.step('step_loading')
      const { serve } = await import('@haechi/server')
      running = await serve(config, ({ step, detail }) => showing.step(steps[step], detail), { demo: options['demo'] === true })
      showing.end('✓')
    } finally {
      showing.end('✗')
    }
    const { firstUser } = running
    if (context.json) {
      context.out.write(`${JSON.stringify({
        url: running.url, data_directory: running.dataDirectory, log_file: running.logFile, ca_file: running.caFile, started_in_ms: running.startedInMs,
        first_user: firstUser === null ? null : { name: firstUser.name, one_time_password: firstUser.oneTimePassword },
      })}\n`)
    } else context.out.write(welcome(context, running))
    const failure = await Promise.race([stopSignal(context.stop), running.failed])
    if (!context.json) context.err.write(`\n${context.text('draining')}\n`)
    await running.close()
    if (failure !== undefined) throw failure
    if (!context.json) context.err.write(`${context.text('drained')}\n`)
    return exitCodes.ok
  },
}

function welcome(context: Context, running: { url: string; dataDirectory: string; logFile: string; caFile: string | null; startedInMs: number; firstUser: { name: string; oneTimePassword: string } | null }): string {
  const { text } = context
  const seconds = (running.startedInMs / 1_000).toFixed(1)
  const lines: [TextKey, string][] = [['running_url', running.url]]
  if (running.firstUser !== null) lines.push(['running_user', running.firstUser.name], ['running_password', running.firstUser.oneTimePassword])
  lines.push(['running_data', running.dataDirectory], ['running_log', running.logFile])
  if (running.caFile !== null) lines.push(['running_ca', running.caFile])
  const titles = lines.map(([title]) => text(title))
  const widest = Math.max(...titles.map(widthOf))
  return [
    '', `  ${text('running', { seconds })}`, '', ...lines.map(([, value], at) => `  ${padEnd(titles[at] ?? '', widest)}  ${value}`), '',
    ...(running.firstUser === null ? [] : [`  ${text('running_password_note')}`]), `  ${text('running_stop')}`, '', '',
  ].join('\n')
}

/** One line a step: on a terminal it is rewritten while the step lasts. */
function showSteps(context: Context): { step(key: TextKey, detail?: string): void; end(mark: string): void } {
  if (context.json) return { step() {}, end() {} }
  const { err, text } = context
  let current: { key: TextKey; line: string; since: number } | undefined
  const finish = (mark: string) => {
    if (current === undefined || !err.terminal) return
    err.write(`\r\x1b[K${mark} ${current.line}  ${((performance.now() - current.since) / 1_000).toFixed(1)} s\n`)
  }
  return {
    step(key, detail) {
      const known = details.get(detail ?? '')
      const more = known === undefined ? detail : known === null ? undefined : text(known)
      const line = `${text(key)}${more === undefined ? '' : ` (${more})`}`
      if (current?.key === key) current = { ...current, line }
      else {
        finish('✓')
        current = { key, line, since: performance.now() }
      }
      err.write(err.terminal ? `\r\x1b[K· ${cut(line, Math.max(20, err.width() - 4))}` : `${line}\n`)
    },
    end(mark) {
      finish(mark)
      current = undefined
    },
  }
}

const stopSignal = (stop: AbortSignal): Promise<void> => new Promise((resolve) => {
  if (stop.aborted) resolve()
  else stop.addEventListener('abort', () => resolve(), { once: true })
})
