import type { ReactNode } from 'react'
import type { Dialog, Visit } from '../../../shared/api.gen.ts'
import { dateTime } from '../text/format.ts'
import { type Reader, useText } from '../text/text.tsx'

const DEVICE = { desktop: 'device.desktop', phone: 'device.phone', tablet: 'device.tablet', other: 'device.other' } as const

/** Technical facts of the last visit (R-105, R-106, D-55). All of it is shown as text (I-11). */
export function Details({ dialog }: { dialog: Dialog }) {
  const r = useText()
  const v: Partial<Visit> = dialog.visit ?? {}
  const unknown = <span className="mut">{r.t('det.unknown')}</span>
  const fields: [string, ReactNode][] = [
    [r.t('det.source'), v.utm_source || unknown],
    [r.t('det.medium'), v.utm_medium],
    [r.t('det.campaign'), v.utm_campaign],
    [r.t('det.keyword'), v.utm_term],
    [r.t('det.landing'), v.landing_url && <Url address={v.landing_url} />],
    [r.t('det.page'), v.page_url && <Url address={v.page_url} title={v.page_title} />],
    [r.t('det.referrer'), v.referrer && <Url address={v.referrer} host />],
    [r.t('det.ip'), v.ip || dialog.ip || unknown],
    [r.t('det.browser'), v.browser || unknown],
    [r.t('det.os'), v.os || unknown],
    [r.t('det.device'), v.device ? r.t(DEVICE[v.device]) : unknown],
    [r.t('det.language'), v.language ? languageName(r, v.language) : unknown],
    [r.t('set.timezone'), v.time_zone ? zoneName(v.time_zone) : unknown],
    [r.t('det.visit'), v.started_at ? dateTime(r.locale, v.started_at) : unknown],
  ]
  return (
    <section className="cs" aria-labelledby="details-title">
      <h3 id="details-title">{r.t('det.title')}</h3>
      <dl className="kv">
        {fields.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd dir="auto">{value || <span className="mut">—</span>}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

/** The path of an own page, the host of a foreign one; the rest is cut and stands in the tooltip. Not a link: nobody follows what a visitor sent. */
function Url({ address, title, host }: { address: string; title?: string; host?: boolean }) {
  return (
    <span className="ell url" title={title ? `${title}\n${address}` : address}>
      {shortUrl(address, host)}
    </span>
  )
}

export function shortUrl(address: string, host = false): string {
  if (!URL.canParse(address)) return address
  const url = new URL(address)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return address
  const path = url.pathname + url.search
  return host ? url.host + (path === '/' ? '' : path) : path
}

function languageName(r: Reader, code: string): string {
  try {
    return new Intl.DisplayNames(r.locale, { type: 'language' }).of(code) ?? code
  } catch {
    return code
  }
}

/** Europe/Moscow, UTC+3. */
export function zoneName(zone: string): string {
  try {
    const parts = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'shortOffset' }).formatToParts()
    const offset = parts.find((p) => p.type === 'timeZoneName')?.value.replace('GMT', 'UTC')
    return offset && offset !== zone ? `${zone}, ${offset}` : zone
  } catch {
    return zone
  }
}
