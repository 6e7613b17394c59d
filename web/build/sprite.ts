import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Plugin } from 'vite'
import { ICONS } from '../src/ui/icons.ts'

const MODULE = 'virtual:icons'
const require = createRequire(import.meta.url)

/** Drawn for Korridor: two sides with people between them, and a band with the line of what happened. */
const OWN: Record<string, string> = {
  logo:
    '<path d="M3 21 9.5 3M21 21 14.5 3" stroke-width="2.6"/>' +
    '<circle cx="12" cy="17.5" r="2" fill="currentColor" stroke="none"/>' +
    '<circle cx="12" cy="10.5" r="1.4" fill="currentColor" stroke="none"/>',
  corridor: '<path d="M3 17c5-1 8-6 18-8M3 11c5-1 8-5 18-6M4 20.5l4-2 4-1 4-4 4-1"/>',
}

/**
 * One SVG sprite of the icons that `src/ui/icons.ts` names. `virtual:icons` exports its address; a file of its own is
 * cached apart from the script and costs the first load a third of a component library.
 */
export function sprite(): Plugin {
  const source = render()
  const hash = createHash('sha256').update(source).digest('base64url').slice(0, 8)
  const fileName = `assets/icons-${hash}.svg`
  let building = false
  return {
    name: 'korridor:sprite',
    configResolved: (config) => {
      building = config.command === 'build'
    },
    resolveId: (id) => (id === MODULE ? `\0${MODULE}` : undefined),
    load(id) {
      if (id !== `\0${MODULE}`) return undefined
      if (building) this.emitFile({ type: 'asset', fileName, source })
      return `export default ${JSON.stringify(`/${fileName}`)}`
    },
    configureServer: (server) => {
      server.middlewares.use(`/${fileName}`, (_request, response) => {
        response.setHeader('Content-Type', 'image/svg+xml').end(source)
      })
    },
  }
}

function render(): string {
  const symbols = Object.entries(ICONS).map(
    ([name, file]) => `<symbol id="${name}" viewBox="0 0 24 24">${OWN[name] ?? lucide(file)}</symbol>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>`
}

function lucide(file: string): string {
  const svg = readFileSync(require.resolve(`lucide-static/icons/${file}.svg`), 'utf8')
  const start = svg.indexOf('>', svg.indexOf('<svg')) + 1
  return svg.slice(start, svg.lastIndexOf('</svg>')).replace(/\s*\n\s*/g, '')
}
