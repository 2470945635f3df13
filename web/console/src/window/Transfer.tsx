import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Row, TransferTarget } from '../../../shared/api.gen.ts'
import { call } from '../api/client.ts'
import { useWish } from '../app/shortcuts.ts'
import { Command } from '../live/command.ts'
import { type Reader, useText } from '../text/text.tsx'
import { errorText } from '../ui/errorText.ts'
import { useWorkspace } from '../ui/hooks.ts'
import { Avatar, Icon } from '../ui/marks.tsx'
import { type PickGroup, PickList } from '../ui/PickList.tsx'
import { PopButton } from '../ui/PopButton.tsx'
import { Tip } from '../ui/Tip.tsx'

/** Nobody is told who came or went: while the list is open it is read again (D-36). */
const REREAD = 2_000

export function Transfer({ row }: { row: Row }) {
  const { t } = useText()
  const [open, setOpen] = useState(false)
  const ok = row.can.transfer === 'ok'
  useWish('transfer', () => ok && setOpen(true))
  // aria-disabled, so that the reason can be read on focus too (M-12, R-056).
  if (!ok)
    return (
      <Tip text={t('transfer.notClaimed')}>
        <button className="b" aria-disabled="true" aria-label={`${t('win.transfer')}. ${t('transfer.notClaimed')}`}>
          <Icon name="swap" />
          <span className="bt">{t('win.transfer')}</span>
        </button>
      </Tip>
    )
  return (
    <PopButton
      className="b"
      aria-label={t('win.transfer')}
      title={t('win.transfer')}
      open={open}
      onOpenChange={setOpen}
      gap={8}
      popClass="transfer-pop"
      popLabel={t('win.transferTo')}
      layer={<Targets row={row} onDone={() => setOpen(false)} />}
    >
      <Icon name="swap" />
      <span className="bt">{t('win.transfer')}</span>
    </PopButton>
  )
}

function Targets({ row, onDone }: { row: Row; onDone: () => void }) {
  const r = useText()
  const workspace = useWorkspace()
  const [command] = useState(() => new Command())
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const targets = useQuery({
    queryKey: ['targets', row.id],
    gcTime: 0,
    staleTime: 0,
    refetchInterval: REREAD,
    queryFn: () => call('get', '/operator/dialogs/{dialog_id}/transfer-targets', { path: { dialog_id: row.id } }),
  })

  async function transfer(operatorId: string, departmentId?: string) {
    if (busy) return
    setBusy(true)
    setError(undefined)
    try {
      await command.run({ operator_id: operatorId, department_id: departmentId }, (body) =>
        call('post', '/operator/dialogs/{dialog_id}/transfer', { path: { dialog_id: row.id }, body }),
      )
      void workspace.refreshMe()
      void workspace.refreshDialog(row.id)
      onDone()
    } catch (e) {
      setError(e)
      void targets.refetch()
      setBusy(false)
    }
  }

  const failure = error ?? targets.error
  return (
    <>
      <div className="pop-head">
        <div className="semi">{r.t('win.transferTo')}</div>
        <div className="t12 mut">{r.t('win.available')}</div>
      </div>
      {failure ? (
        <div className="pop-error err" role="alert">
          <Icon name="warn" size={14} />
          {errorText(r, failure)}
        </div>
      ) : null}
      {targets.data ? (
        <PickList
          label={r.t('win.transferTo')}
          placeholder={r.t('transfer.search')}
          empty={targets.data.targets.length ? r.t('search.none') : r.t('transfer.nobody')}
          groups={byDepartment(r, targets.data.targets)}
          onPick={(item, group) => void transfer(item.id, group.id || undefined)}
        />
      ) : (
        <div className="pick-empty" aria-busy="true">
          {targets.error ? null : r.t('win.more')}
        </div>
      )}
    </>
  )
}

/** An operator of two departments stands under both; the one picked becomes the session's department (D-36). */
export function byDepartment(r: Reader, targets: TransferTarget[]): PickGroup[] {
  const groups = new Map<string, PickGroup>()
  for (const { operator, department, available, open_dialogs, dialog_limit } of targets) {
    const id = department?.id ?? ''
    let group = groups.get(id)
    if (!group) groups.set(id, (group = { id, title: department?.name ?? r.t('dept.general'), items: [] }))
    group.items.push({
      id: operator.id,
      text: operator.name,
      disabled: !available,
      view: (
        <>
          <Avatar id={operator.id} name={operator.name} size={28} />
          <span className="sp">
            <span className="med">{operator.name}</span>
            {available ? null : <span className="under">{r.t('transfer.atLimit')}</span>}
          </span>
          <span className="t12 mut">{dialog_limit ? r.t('search.count', { i: open_dialogs, n: dialog_limit }) : open_dialogs}</span>
        </>
      ),
    })
  }
  return [...groups.values()]
}
