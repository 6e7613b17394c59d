import { createHash } from 'node:crypto'
import type { Plugin } from 'vite'

const PLACE = '__PRECACHE__'
const FILE = 'service-worker.js'

/**
 * Adds the service worker to the build and writes into it what it keeps: every file of this build but the latin-ext
 * font, which few pages need. Its bytes change whenever the list does, so browsers notice a new build by themselves.
 */
export function precache(): Plugin {
  return {
    name: 'korridor:precache',
    apply: 'build',
    enforce: 'post',
    buildStart() {
      this.emitFile({ type: 'chunk', id: 'src/service-worker.ts', fileName: FILE })
    },
    generateBundle(_options, bundle) {
      const worker = bundle[FILE]
      if (worker?.type !== 'chunk') throw new Error('The service worker is missing from the build.')
      // Browsers run it as a plain script: it would not start, and nothing would work offline.
      if (worker.imports.length > 0) throw new Error(`The service worker imports ${worker.imports.join(', ')}.`)
      const files = Object.keys(bundle).filter((file) => file.startsWith('assets/') && !file.includes('latin-ext'))
      const page = bundle['index.html']
      const content = page?.type === 'asset' ? page.source : ''
      const version = createHash('sha256')
        .update([...files].sort().join())
        .update(content)
        .digest('hex')
        .slice(0, 12)
      const list = JSON.stringify({ version, files: ['/', ...files.map((file) => `/${file}`)] })
      if (!worker.code.includes(PLACE)) throw new Error('The service worker has no place for its list.')
      worker.code = worker.code.replace(PLACE, list)
    },
  }
}
