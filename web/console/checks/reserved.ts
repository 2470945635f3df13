// Terms of the glossary that no screen shows as they are. A key that is used, or is gone, has no place here.
export const RESERVED: readonly string[] = `
  btn.choose consent.policy list.avatar list.lastMessage project.widget queue.one queue.waitTime
  who.client win.claim win.start`
  .trim()
  .split(/\s+/)
