import { beforeEach, describe, expect, test } from 'vitest'
import type { AnyCommand } from '../schema.ts'
import { aboutOf, isGuessed, Outbox, type Row } from './outbox.ts'

let outbox: Outbox
let order = 0

beforeEach(() => {
  outbox = new Outbox()
  order = 0
})

function give(id: string, command: AnyCommand, space = 's1'): Row {
  order += 1
  const needed = outbox.neededBy(command)
  const row: Row = {
    id,
    space,
    command,
    expects: null,
    onlyIf: null,
    at: '2026-11-16T09:00:00Z',
    about: aboutOf(command, space),
    state: needed ? 'held' : 'waiting',
    reason: null,
    needs: needed?.id ?? null,
    order,
    sent: false,
    carried: [],
    seqs: {},
  }
  outbox.put(row)
  return row
}

const create = (id: string): AnyCommand => ({ verb: 'task.create', id, column: `column of ${id}`, title: id })
const edit = (task: string, title = 'B'): AnyCommand => ({ verb: 'task.edit', task, title })
const send = (task: string, space: string): AnyCommand => ({ verb: 'task.send', task, space })
const sendable = () => outbox.takeSendable().map(({ id }) => id)

describe('ORD2 order', () => {
  test('what touches different things goes together, in order', () => {
    give('1', edit('a'))
    give('2', edit('b'))
    expect(sendable()).toEqual(['1', '2'])
    expect(sendable()).toEqual([])
  })

  test('what touches the same thing goes one after the other, and holds back what comes after it', () => {
    give('1', edit('a'))
    give('2', edit('a'))
    give('3', edit('b'))
    give('4', edit('c'), 's2')
    expect(sendable()).toEqual(['1', '4'])
    outbox.accept('1', { s1: 1 })
    expect(sendable()).toEqual(['2', '3'])
  })

  test('a command of two spaces goes alone in both', () => {
    give('1', edit('a'))
    give('2', send('b', 's2'))
    give('3', edit('c'), 's2')
    give('4', edit('d'))
    give('5', edit('e'), 's3')
    expect(sendable()).toEqual(['1', '5'])
    outbox.accept('1', { s1: 1 })
    expect(sendable()).toEqual(['2'])
    expect(sendable()).toEqual([])
    outbox.accept('2', { s1: 2, s2: 1 })
    expect(sendable()).toEqual(['3', '4'])
  })

  test('a command of two spaces that must wait holds back the other space too', () => {
    give('1', edit('a'))
    give('2', send('a', 's2'))
    give('3', edit('c'), 's2')
    expect(sendable()).toEqual(['1'])
  })

  test('what has no place yet is not sent', () => {
    outbox.put({ ...give('1', edit('a')), order: 0 })
    expect(sendable()).toEqual([])
  })

  test('rows of other tabs are put where they belong', () => {
    const second = give('2', edit('a'))
    outbox.put({ ...second, id: '3', order: 3 })
    outbox.put({ ...second, id: '1', order: 0.5 })
    expect(outbox.rows.map(({ id }) => id)).toEqual(['1', '2', '3'])
  })

  test('after a lost connection everything in doubt goes again, in the same order', () => {
    give('1', edit('a'))
    give('2', edit('b'))
    sendable()
    outbox.land()
    expect(sendable()).toEqual(['1', '2'])
  })

  test('not more at once than is useful', () => {
    for (let index = 0; index < 100; index += 1) give(`${index}`, edit(`task ${index}`))
    expect(sendable()).toHaveLength(32)
  })
})

describe('CLI2 refused', () => {
  test('what needs it is held, through others too, and nothing else', () => {
    give('1', create('a'))
    give('2', edit('a'))
    give('3', { verb: 'checklist_line.add', id: 'line', task: 'a', text: 'x' })
    give('4', { verb: 'checklist_line.tick', task: 'other', line: 'line', done: true })
    give('5', edit('b'))
    sendable()
    const changed = outbox.refuse('1', { reason: 'not_allowed' })
    expect(changed.map(({ id, state }) => [id, state])).toEqual([
      ['1', 'refused'],
      ['2', 'held'],
      ['3', 'held'],
      ['4', 'held'],
    ])
    expect(outbox.dependents('1').map(({ id }) => id)).toEqual(['2', '3', '4'])
    expect(sendable()).toEqual(['5'])
    expect(outbox.mark('a').refused.map(({ id }) => id)).toEqual(['1', '2', '3'])
  })

  test('what is given later and needs it is held at once', () => {
    give('1', create('a'))
    sendable()
    outbox.refuse('1', { reason: 'not_allowed' })
    expect(give('2', edit('a')).state).toBe('held')
  })

  test('a refused change of something that exists holds nothing back', () => {
    give('1', edit('a'))
    give('2', edit('a', 'C'))
    sendable()
    outbox.refuse('1', { reason: 'not_allowed' })
    expect(sendable()).toEqual(['2'])
  })

  test('sent again, under a new id, its dependents follow', () => {
    give('1', create('a'))
    give('2', edit('a'))
    sendable()
    outbox.refuse('1', { reason: 'not_allowed' })
    const { command, expects, onlyIf } = outbox.get('1') as Row
    outbox.requeue('1', { id: '1b', command, expects, onlyIf })
    expect(outbox.rows.map(({ id, state, needs }) => [id, state, needs])).toEqual([
      ['1b', 'waiting', null],
      ['2', 'waiting', null],
    ])
    expect(sendable()).toEqual(['1b'])
  })

  test('what would have been made stays visible, what would have been changed does not', () => {
    give('1', create('a'))
    give('2', edit('b'))
    sendable()
    outbox.refuse('1', { reason: 'not_allowed' })
    outbox.refuse('2', { reason: 'not_allowed' })
    expect(outbox.rows.filter(isGuessed).map(({ id }) => id)).toEqual(['1'])
  })
})
