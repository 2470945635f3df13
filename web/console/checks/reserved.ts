// Texts that no source names yet: screens still to come, and texts the server renders itself. Take a key out when it is used.
const GROUPS: Record<string, string> = {
  'Chat log and navigation to it': `
    nav.log log.readOnly log.stats`,
  'Settings': `
    queue.waitTime set.rating
    btn.choose
    project.widget consent.policy`,
  'Backlog, hours, shifts': `
    queue.one`,
  'Terms of the glossary that no screen shows as they are': `
    who.client list.lastMessage list.avatar win.start win.claim hist.session
    clock.barRed`,
  'Rendered by the server: the transcript': `
    txt.title txt.project txt.session txt.operator txt.tags txt.visitor`,
  'Card and chat log, on their way': `
    log.find log.filters log.dates log.from log.to log.days log.tag log.remove log.reset log.choose
    log.length win.onPage`,
}

export const RESERVED: readonly string[] = Object.values(GROUPS).flatMap((keys) => keys.trim().split(/\s+/))
