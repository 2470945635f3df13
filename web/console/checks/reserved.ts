// Texts that no source names yet: screens still to come, and texts the server renders itself. Take a key out when it is used.
const GROUPS: Record<string, string> = {
  'Chat log and navigation to it': `
    nav.log nav.settings nav.workspaceSettings nav.widgetSettings nav.access nav.accessLevel log.readOnly log.stats`,
  'Settings': `
    who.senior who.admin who.viewer time.working time.off limit.dialogs limit.none queue.priority queue.longWait
    queue.waitTime set.elements set.contacts set.departments set.timezone set.autoClose tag.tagging tag.noneActive
    tag.sale tag.lead tag.request tag.repeat btn.add btn.save btn.choose btn.yes btn.no day.1 day.2 day.3 day.4
    day.5 day.6 day.7 project.widget label.color label.active consent.policy`,
  'Backlog, hours, shifts': `
    queue.one queue.backlog backlog.operator backlog.next top.shift plan.shiftEnd hours.nextShift`,
  'Contact request and templates': `
    win.contacts win.template win.templates win.useTemplate template.none template.preview`,
  'Labels, search, block, details, editing of the card': `
    label.many label.one label.attach label.create label.detach label.common label.limit label.exists label.noRight
    search.title search.up search.down search.count act.title act.block act.blockContact act.unblock act.blockPage
    act.blockList block.confirm unblock.system card.blocked row.blocked clock.barBlocked det.title det.source
    det.medium det.campaign det.keyword det.landing det.page det.ip det.browser det.os det.device det.visit
    det.unknown win.onPage card.noConsent card.editHint card.conflict consent.withdrawn`,
  'Terms of the glossary that no screen shows as they are': `
    project.one sort.filter who.user who.client list.lastMessage list.avatar win.start win.claim hist.session
    hist.startShort hist.endShort clock.barRed`,
  'Rendered by the server: the transcript': `
    txt.title txt.project txt.session txt.operator txt.tags txt.visitor`,
  'Card and chat log, on their way': `
    card.withdrawn card.saved label.createNamed label.attached label.find label.none block.noAddress hist.more
    det.referrer det.language device.desktop device.phone device.tablet device.other keys.search keys.matches
    log.find log.filters log.dates log.from log.to log.days log.tag log.rating log.remove log.reset log.choose
    log.sessionAt log.length`,
  'Widget, on its way': `
    form.pendingReplaced`,
}

export const RESERVED: readonly string[] = Object.values(GROUPS).flatMap((keys) => keys.trim().split(/\s+/))
