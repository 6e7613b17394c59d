import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { extname, join, resolve } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

// Pictures and fonts are compressed already.
const TEXT = new Set(['.html', '.js', '.css', '.svg', '.webmanifest', '.json'])

/** Lays a Brotli and a gzip form beside each text file of the build, so that the server never compresses them itself. */
export function compress(): Plugin {
  let folder = ''
  return {
    name: 'korridor:compress',
    apply: 'build',
    enforce: 'post',
    configResolved: (config) => {
      folder = resolve(config.root, config.build.outDir)
    },
    writeBundle: {
      sequential: true,
      order: 'post',
      handler: () => {
        for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
          if (entry.isFile() && TEXT.has(extname(entry.name))) lay(join(entry.parentPath, entry.name))
        }
      },
    },
  }
}

function lay(path: string): void {
  const plain = readFileSync(path)
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY }
  writeFileSync(`${path}.br`, brotliCompressSync(plain, { params }))
  writeFileSync(`${path}.gz`, gzipSync(plain, { level: 9 }))
}
