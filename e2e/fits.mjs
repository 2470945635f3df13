// What does not fit on a page as it stands: only what is cut with dots and a tooltip may be cut.

/** One line each; a table may be scrolled in its frame, a field in itself. */
export const misfits = (page) => page.evaluate(look)

/** Runs in the page. */
function look() {
  const found = []
  const wide = document.documentElement.scrollWidth
  if (wide > innerWidth) found.push(`the page is ${wide} px wide in a window of ${innerWidth}`)
  for (const el of document.querySelectorAll('body *')) {
    if (el.closest('svg, .vh, .table, [inert]') || el.matches('input, textarea, select')) continue
    const { clientWidth, scrollWidth } = el
    if (!clientWidth || scrollWidth <= clientWidth + 1) continue
    const { display, overflowX, textOverflow, visibility } = getComputedStyle(el)
    if (visibility === 'hidden' || display === 'inline' || overflowX === 'clip') continue // the frame holds a closed drawer
    const what = `${el.tagName.toLowerCase()}.${el.className} ${scrollWidth} > ${clientWidth} «${el.textContent.trim().slice(0, 60)}»`
    const ownText = [...el.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim())
    if (overflowX !== 'visible' && textOverflow === 'ellipsis') {
      if (!el.closest('[title]')) found.push(`cut without a tooltip: ${what}`)
    } else if (overflowX !== 'visible') found.push(`cut: ${what}`)
    else if (ownText || el.matches('[data-pane]')) found.push(`runs out: ${what}`)
  }
  return found
}
