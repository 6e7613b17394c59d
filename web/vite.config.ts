import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'
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
    // The first versions with light-dark() and field sizing in CSS; anchors fall back to the middle of the page.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // What every page of the shell needs, in one file: twenty small ones compress worse and come one by one.
            {
              name: 'shell',
              test: /svelte\/src|\/src\/(schema|sync\/(?!part\.|longpoll)|lib\/(?!offline)|ui\/(Icon|Face|GoalStone|Notices|LiveRegion)|corridor\/(?!GoalCard))|\/src\/app\/(?!\w+Page\.|Sheet|Account|Display|Choice|sync-notices)/,
            },
          ],
        },
      },
    },
    cssTarget: ['chrome123', 'edge123', 'firefox120', 'safari17.5'],
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
