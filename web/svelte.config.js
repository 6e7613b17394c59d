import { vitePreprocess } from '@sveltejs/vite-plugin-svelte'

export default {
  preprocess: vitePreprocess(),
  // Without a single component in the old mode the bundler leaves the old mode's half of the runtime out.
  compilerOptions: {
    runes: true,
    // Shorter than the usual name, which stands at every element that a component styles.
    cssHash: ({ hash, filename, css }) => `s${hash(filename ?? css).slice(0, 5)}`,
  },
}
