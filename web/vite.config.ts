import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'
import { chunks } from './build/chunks.ts'
import { compress } from './build/compress.ts'
import { precache } from './build/precache.ts'
import { sprite } from './build/sprite.ts'

const server = process.env.KORRIDOR_URL ?? 'http://127.0.0.1:8000'

export default defineConfig({
  plugins: [sprite(), svelte(), precache(), compress()],
  json: { stringify: true },
  build: {
    outDir: 'dist',
    manifest: true,
    // The content policy allows no data: addresses, so nothing may be inlined as one.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // As the framework's package says of itself; without it an empty import of its form parts stays behind.
      treeshake: { moduleSideEffects: [{ test: /svelte\/src\/internal/, sideEffects: false }] },
      output: {
        // The shell names every file that may come later: shorter hashes are a quarter of a kilobyte less of noise.
        chunkFileNames: 'assets/[name]-[hash:6].js',
        assetFileNames: 'assets/[name]-[hash:6][extname]',
        codeSplitting: {
          groups: [{ name: chunks(), debugName: 'chunks', includeDependenciesRecursively: false }],
        },
      },
    },
    // The first versions with light-dark() in CSS; where anchors are missing, menus stand in the middle of the page.
    target: ['chrome123', 'edge123', 'firefox120', 'safari17.5'],
  },
  server: {
    // The texts lie beside the vocabulary, outside this folder.
    fs: { allow: ['..'] },
    // The server refuses sockets of a foreign origin: keep the one the browser would have without us.
    proxy: {
      '/api': { target: server, changeOrigin: true },
      '/ws': { target: server, ws: true, changeOrigin: true, rewriteWsOrigin: true },
    },
  },
  // Without the browser condition Svelte hands tests its server build, where no effect ever runs.
  resolve: process.env.VITEST ? { conditions: ['browser'] } : {},
  test: {
    include: ['src/**/*.test.ts'],
  },
})
