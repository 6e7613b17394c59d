import { fileURLToPath } from 'node:url'
import type { Rolldown } from 'vite'

const ENTRY = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const BOARD = fileURLToPath(new URL('../src/board/BoardPage.svelte', import.meta.url))

/** Parts of the framework that only forms need. An index makes it seem as if everybody imported them. */
const FORMS = /svelte\/src\/.*(bindings\/(select|input)|blocks\/html)/

/** What forms, menus, dialogs and plain pages are made of. Pictures for cameras bring a library of their own. */
const CONTROLS =
  /\/src\/(lib\/(?!offline)|ui\/(?!QrCode|Notices)|account\/(account|Plain|SecondStep)\.|app\/(roles|demo-people)\.)/

/**
 * Puts what is loaded at first into two files: `shell` for every page, `board` for what a board needs beside it. Thirty
 * small ones compress worse by a tenth and come one after the other. The controls, which most pages need after that, are
 * one file, too: the shell names each file that may come later. What else is imported when it is needed keeps its own.
 */
export function chunks(): Rolldown.CodeSplittingNameFunction {
  let shell: ReadonlySet<string> | undefined
  return (id, context) => {
    shell ??= reached([ENTRY, BOARD], (one) => context.getModuleInfo(one)?.importedIds ?? [])
    if (CONTROLS.test(id) && !shell.has(id)) return 'controls'
    if (FORMS.test(id)) return 'controls'
    if (id === ENTRY || !shell.has(id)) return null
    return id.includes('/src/board/') ? 'board' : 'shell'
  }
}

function reached(from: string[], imports: (id: string) => readonly string[]): Set<string> {
  const found = new Set(from)
  for (const id of found) for (const one of imports(id)) found.add(one)
  return found
}
