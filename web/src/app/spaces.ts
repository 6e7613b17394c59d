import { byName } from '../lib/names'
import type { Id, SpaceLine } from '../schema'

export interface SpaceGroup {
  kind: 'committee' | 'network' | 'key_project'
  spaces: readonly SpaceWithProjects[]
}

export interface SpaceWithProjects {
  space: SpaceLine
  projects: readonly SpaceLine[]
}

/**
 * The spaces of an area as the navigation shows them: committees, then networks with their key projects below them. A
 * project whose network one may not open stands in a group of its own.
 */
export function grouped(spaces: readonly SpaceLine[]): SpaceGroup[] {
  const sorted = [...spaces].sort(byName)
  const of = (kind: SpaceLine['space_kind']) => sorted.filter((one) => one.space_kind === kind)
  const networks = of('network')
  const known = new Set<Id>(networks.map((one) => one.id))
  const projects = of('key_project')
  const alone = (space: SpaceLine): SpaceWithProjects => ({ space, projects: [] })
  const groups: SpaceGroup[] = [
    { kind: 'committee', spaces: of('committee').map(alone) },
    {
      kind: 'network',
      spaces: networks.map((space) => ({
        space,
        projects: projects.filter((one) => one.parent === space.id),
      })),
    },
    { kind: 'key_project', spaces: projects.filter((one) => !one.parent || !known.has(one.parent)).map(alone) },
  ]
  return groups.filter((group) => group.spaces.length > 0)
}

/** How a space is called in a narrow list under a heading that says what it is: "Mobilität Selmachtal". */
export function shortSpaceName(name: string): string {
  return name.replace(/^(Netzwerk|Network)\s+/, '')
}
