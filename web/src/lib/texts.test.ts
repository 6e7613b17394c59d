import { expect, test } from 'vitest'
import { type Key, translator } from './texts'

const TEXTS = { hello: 'Guten Tag, {{name}}', tasks_one: '{{count}} Aufgabe', tasks_other: '{{count}} Aufgaben' }
const say = translator(TEXTS, 'de') as (key: string, vars?: Record<string, string | number>) => string

test('values take their places', () => {
  expect(say('hello', { name: 'Jana {{count}}' })).toBe('Guten Tag, Jana {{count}}')
  expect(say('hello')).toBe('Guten Tag, ')
})

test('the count chooses the form and is written as the language does', () => {
  expect(say('tasks', { count: 1 })).toBe('1 Aufgabe')
  expect(say('tasks', { count: 0 })).toBe('0 Aufgaben')
  expect(say('tasks', { count: 1200 })).toBe('1.200 Aufgaben')
})

test('an unknown key is its own text', () => {
  expect(say('nowhere' as Key)).toBe('nowhere')
})
