import { fetchJson } from './http'
import { type Key, type Language, type TextArea, type Texts, translator, type Vars } from './texts'

/** The addresses of the catalogues. They are fetched as data: a browser reads JSON faster than a script of it. */
const FILES = import.meta.glob<string>(
  '../../../shared_schema/texts/*/{account,activity,app,board,invitations,people,refusals}.json',
  {
    eager: true,
    import: 'default',
    query: '?url',
  },
)

const wanted = new Set<TextArea>(['app'])
let language = $state<Language>('de')
/** The language wished for, and the one whose texts are here. Plain, so that an effect that asks for texts does not run
 * again when they come. */
let chosen: Language = 'de'
let spoken: Language = 'de'
let say = $state.raw(translator({}, 'de'))
let loaded = new Set<string>()
let texts: Texts = {}

/** The text of a key in the language of the page. Templates that call it follow a change of language. */
export function t(key: Key, vars?: Vars): string {
  return say(key, vars)
}

/** The language of the page, for `Intl` and the like. */
export function currentLanguage(): Language {
  return language
}

/** Makes the texts of these areas ready, in this language and in any chosen later. */
export async function needTexts(...areas: TextArea[]): Promise<void> {
  for (const area of areas) wanted.add(area)
  await load(chosen, areas)
}

/** Shows the page in another language as soon as its texts are there. */
export async function speak(next: Language): Promise<void> {
  chosen = next
  await load(next, [...wanted])
  document.documentElement.lang = chosen
}

/** Another language needs everything anew; else what others asked for and did not get does not matter here. */
async function load(next: Language, areas: readonly TextArea[]): Promise<void> {
  const missing = next === spoken ? areas.filter((area) => !loaded.has(area)) : [...wanted]
  if (missing.length === 0) return
  const parts = await Promise.all(missing.map((area) => read(next, area)))
  // Another language was chosen meanwhile; what came too late must not bring the old one back.
  if (next !== chosen) return load(chosen, [...wanted])
  if (next !== spoken) loaded = new Set()
  texts = Object.assign({}, next === spoken ? texts : {}, ...parts)
  for (const area of missing) loaded.add(area)
  spoken = next
  language = next
  say = translator(texts, next)
}

async function read(next: Language, area: TextArea): Promise<Texts> {
  const address = FILES[`../../../shared_schema/texts/${next}/${area}.json`]
  return address ? fetchJson<Texts>(address) : {}
}
