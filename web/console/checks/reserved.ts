// Texts that no source names yet: screens still to come, and texts the server renders itself. Take a key out when it is used.
const GROUPS: Record<string, string> = {
  'Chat log and navigation to it': `
    nav.log nav.settings nav.workspaceSettings nav.widgetSettings nav.access nav.accessLevel log.readOnly log.stats`,
  'Settings': `
    who.senior who.admin who.viewer time.working time.off limit.dialogs limit.none queue.priority queue.longWait
    queue.waitTime set.elements set.rating set.contacts set.departments set.autoClose tag.tagging tag.noneActive
    tag.sale tag.lead tag.request tag.repeat btn.add btn.save btn.choose btn.yes btn.no day.1 day.2 day.3 day.4
    day.5 day.6 day.7 project.widget label.active consent.policy`,
  'Backlog, hours, shifts': `
    queue.one queue.backlog backlog.operator backlog.next top.shift plan.shiftEnd hours.nextShift`,
  'Contact request and templates': `
    win.contacts win.template win.templates win.useTemplate template.none template.preview`,
  'Terms of the glossary that no screen shows as they are': `
    project.one sort.filter who.user who.client list.lastMessage list.avatar win.start win.claim hist.session
    clock.barRed label.create act.blockPage act.blockList`,
  'Rendered by the server: the transcript': `
    txt.title txt.project txt.session txt.operator txt.tags txt.visitor`,
  'Card and chat log, on their way': `
    log.find log.filters log.dates log.from log.to log.days log.tag log.remove log.reset log.choose
    log.length win.onPage`,
  'Widget, on its way': `
    form.pendingReplaced`,
}

export const RESERVED: readonly string[] = Object.values(GROUPS).flatMap((keys) => keys.trim().split(/\s+/))
