import { expect, test } from 'vitest'
import { type Answer, answerOf } from './offline'

const HERE = 'https://korridor.example'

test.each<[string, string, RequestMode, Answer]>([
  ['GET', '/', 'navigate', 'page'],
  ['GET', '/spaces/0190a5d2-5b5e-7cc1-8b4b-3d2f1a0c9e77?task=1', 'navigate', 'page'],
  ['GET', '/assets/index-1.js', 'no-cors', 'file'],
  ['GET', '/icon.svg', 'no-cors', 'network'],
  ['GET', '/api/me', 'cors', 'network'],
  ['GET', '/api/me', 'navigate', 'network'],
  ['GET', '/health', 'navigate', 'network'],
  ['POST', '/', 'navigate', 'network'],
  ['GET', 'https://elsewhere.example/assets/x.js', 'no-cors', 'network'],
])('%s %s (%s) is answered by: %s', (method, address, mode, expected) => {
  expect(answerOf(method, new URL(address, HERE), HERE, mode)).toBe(expected)
})
