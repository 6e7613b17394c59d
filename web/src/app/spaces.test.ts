import { expect, test } from 'vitest'
import { type SpaceLine, Viewer } from '../schema'
import { grouped, shortSpaceName } from './spaces'

function line(id: string, space_kind: SpaceLine['space_kind'], name: string, parent: string | null = null): SpaceLine {
  const counts = { open_tasks: 0, my_tasks: 0, my_overdue: 0 }
  return { id, space_kind, name, parent, viewer: Viewer.MEMBER, role: 'member', ...counts }
}

test('networks hold their projects, sorted as in German', () => {
  const groups = grouped([
    line('p2', 'key_project', 'Rufbus', 'n1'),
    line('n2', 'network', 'Netzwerk Ökologie'),
    line('n1', 'network', 'Netzwerk Mobilität'),
    line('p1', 'key_project', 'Ärztehaus', 'n1'),
    line('c', 'committee', 'Lenkungsgruppe'),
    line('a', 'area', 'Selmachtal'),
  ])
  expect(groups.map((group) => [group.kind, group.spaces.map((one) => one.space.id)])).toEqual([
    ['committee', ['c']],
    ['network', ['n1', 'n2']],
  ])
  expect(groups[1]?.spaces[0]?.projects.map((one) => one.id)).toEqual(['p1', 'p2'])
})

test('a project without its network stands alone', () => {
  const groups = grouped([line('p', 'key_project', 'Rufbus', 'hidden')])
  expect(groups).toEqual([{ kind: 'key_project', spaces: [{ space: expect.anything(), projects: [] }] }])
})

test('the kind is not said twice', () => {
  expect(shortSpaceName('Netzwerk Mobilität Selmachtal')).toBe('Mobilität Selmachtal')
  expect(shortSpaceName('Netzwerkstatt')).toBe('Netzwerkstatt')
})
