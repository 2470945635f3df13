import { urlOf } from '../api/client.ts'
import { NoAnswer, Refusal } from '../api/errors.ts'
import { useText } from '../text/text.tsx'
import { Icon } from '../ui/marks.tsx'

interface SaveHandle {
  createWritable(): Promise<{ write(data: Blob): Promise<void>; close(): Promise<void> }>
}
type SavePicker = (options: { suggestedName: string }) => Promise<SaveHandle>

/** The dialog as a text file: off until the visitor's first message (M-25). */
export function DownloadButton(props: { dialogId: string; allowed: boolean; onError: (e: unknown) => void }) {
  const r = useText()
  const { dialogId, allowed, onError } = props
  const url = urlOf('/operator/dialogs/{dialog_id}/transcript', { dialog_id: dialogId }, { lang: r.locale })
  return (
    <button
      className="b sm"
      aria-disabled={!allowed}
      aria-describedby={allowed ? undefined : 'download-off'}
      title={allowed ? undefined : r.t('download.off')}
      onClick={() => allowed && void save(url).then(() => onError(undefined), onError)}
    >
      <Icon name="save" size={14} />
      {r.t('act.download')}
    </button>
  )
}

/** The browser's «where to save» window where it has one, else an ordinary download (D-52). */
async function save(url: string) {
  const answer = await fetch(url, { credentials: 'same-origin' }).catch((e: unknown) => {
    throw new NoAnswer(e)
  })
  if (!answer.ok) throw new Refusal(answer.status, (await answer.json().catch(() => ({}))) as { code?: string })
  const blob = await answer.blob()
  const name = fileName(answer.headers.get('Content-Disposition'))
  const picker = (window as { showSaveFilePicker?: SavePicker }).showSaveFilePicker
  if (picker) {
    try {
      const handle = await picker.call(window, { suggestedName: name })
      const file = await handle.createWritable()
      await file.write(blob)
      return await file.close()
    } catch (e) {
      if ((e as Error).name === 'AbortError') return
      // Forbidden here (a frame, a policy): download as everywhere else.
    }
  }
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

export function fileName(disposition: string | null): string {
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition ?? '')?.[1]
  if (encoded) return decodeURIComponent(encoded)
  return /filename="?([^";]+)"?/i.exec(disposition ?? '')?.[1] ?? 'dialog.txt'
}
