import { expect, test } from 'vitest'
import de from '../../../shared_schema/texts/de/app.json'
import en from '../../../shared_schema/texts/en/app.json'
import { dayHeading, dayOf, daysBetween, dayText, dueText, isLate, momentText } from './dates'
import { translator } from './texts'

const TODAY = '2026-11-16'
const german = translator(de, 'de')
const english = translator(en, 'en')

test('a day belongs to the time zone of the area', () => {
  expect(dayOf('2026-11-15T23:30:00Z', 'Europe/Berlin')).toBe('2026-11-16')
  expect(dayOf('2026-11-15T23:30:00Z', 'America/New_York')).toBe('2026-11-15')
})

test('days are counted across a change of the clock', () => {
  expect(daysBetween('2026-10-24', '2026-10-26')).toBe(2)
  expect(daysBetween('2026-11-16', '2026-09-30')).toBe(-47)
})

test('a date names its year when it is another one', () => {
  expect(dayText('2026-12-18', TODAY, 'de')).toBe('18. Dez.')
  expect(dayText('2027-01-04', TODAY, 'de')).toBe('4. Jan. 2027')
  expect(dayText('2026-12-18', TODAY, 'en')).toBe('18 Dec')
})

test.each([
  ['2026-12-18', '18. Dez.'],
  ['2026-11-17', 'morgen fällig'],
  ['2026-11-16', 'heute fällig'],
  ['2026-11-15', '15. Nov., seit 1 Tag fällig'],
  ['2026-09-30', '30. Sept., seit 47 Tagen fällig'],
])('due on %s reads "%s"', (due, expected) => {
  expect(dueText(due, TODAY, 'de', german)).toBe(expected)
})

test('due in English', () => {
  expect(dueText('2026-11-14', TODAY, 'en', english)).toBe('14 Nov, 2 days overdue')
})

test('what is due today is not late', () => {
  expect(isLate(TODAY, TODAY)).toBe(false)
  expect(isLate('2026-11-15', TODAY)).toBe(true)
  expect(isLate(null, TODAY)).toBe(false)
})

test('headings name today and yesterday', () => {
  expect(dayHeading(TODAY, TODAY, 'de', german)).toBe('Heute')
  expect(dayHeading('2026-11-15', TODAY, 'de', german)).toBe('Gestern')
  expect(dayHeading('2026-11-09', TODAY, 'de', german)).toBe('Montag, 9. November')
})

test('a moment is said in the time of the area', () => {
  expect(momentText('2026-11-16T13:05:00Z', 'Europe/Berlin', TODAY, 'de')).toBe('16. Nov., 14:05')
})
