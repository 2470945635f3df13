import react from '@vitejs/plugin-react'
import { gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

const BUDGET = 150 * 1024

/** Prints what the first screen loads and fails the build above the budget: a console is opened on slow lines too. */
function firstScreenBudget(): Plugin {
  return {
    name: 'first-screen-budget',
    apply: 'build',
    writeBundle(_options, bundle) {
      const size = (name: string) => {
        const file = bundle[name]
        if (!file) return 0
        return gzipSync(file.type === 'chunk' ? file.code : file.source, { level: 9 }).length
      }
      const seen = new Set<string>()
      const visit = (name: string) => {
        const file = bundle[name]
        if (!file || seen.has(name)) return
        seen.add(name)
        if (file.type !== 'chunk') return
        file.imports.forEach(visit)
        file.viteMetadata?.importedCss.forEach((css) => seen.add(css))
      }
      const files = Object.values(bundle)
      files.filter((f) => f.type === 'chunk' && f.isEntry).forEach((f) => visit(f.fileName))
      // One language is loaded at start: count the largest.
      const texts = files.filter((f) => f.type === 'chunk' && /\/texts\/\w+\.json$/.test(f.facadeModuleId ?? '')).map((f) => size(f.fileName))
      const total = [...seen].reduce((sum, name) => sum + size(name), 0) + Math.max(0, ...texts)
      const kb = (n: number) => `${(n / 1024).toFixed(1)} KB gzip`
      this.info(`first screen: ${kb(total)} of ${kb(BUDGET)}`)
      if (total > BUDGET) this.error(`the first screen is over its budget: ${kb(total)}`)
    },
  }
}

export default defineConfig({
  base: '/console/',
  plugins: [react(), firstScreenBudget()],
  // public/ holds only .gitkeep: emptying dist must not remove the file that lets Go embed an unbuilt console.
  // The licences of what is inside ask to be passed on with it.
  build: { outDir: 'dist', emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0, license: { fileName: 'licenses.txt' } },
  server: {
    port: 5180,
    proxy: { '/api': { target: process.env.OTKLIK_API ?? 'http://localhost:7080', ws: true } },
  },
})
