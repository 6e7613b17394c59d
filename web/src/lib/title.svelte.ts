/** Keeps the title of the window; what changes most comes first, so that tabs can be told apart. */
export function pageTitle(title: () => string): void {
  $effect(() => {
    document.title = `${title()} – Korridor`
  })
}
