// A site of somebody else, on which the widget stands: pages/*.html from another origin than Otklik's.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'

/**
 * Serves pages/NAME.html?key=…&lang=… at two names, which are two sites to a browser. In a page `{{tag}}` is the script
 * tag of the widget; `attributes` stand in it. `policy` is sent as Content-Security-Policy with csp=1.
 */
export async function startHost({ widget, policy = '' }) {
  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://host')
    const name = /^\/(\w+\.html)/.exec(url.pathname)?.[1]
    let page
    try {
      page = readFileSync(new URL(`pages/${name}`, import.meta.url), 'utf8')
    } catch {
      response.writeHead(404).end()
      return
    }
    const { key = '', lang = 'ru', attributes = '', csp } = Object.fromEntries(url.searchParams)
    const put = {
      lang, query: url.searchParams.toString(), other: `http://other.localhost:${port}`,
      tag: `<script src="${widget}/widget.js" data-key="${key}" ${attributes} async></script>`,
    }
    const headers = { 'Content-Type': 'text/html; charset=utf-8' }
    if (csp) headers['Content-Security-Policy'] = policy
    response.writeHead(200, headers).end(page.replace(/\{\{(\w+)\}\}/g, (_, n) => put[n]))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  return {
    url: `http://shop.localhost:${port}`,
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
