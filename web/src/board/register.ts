// What the client must know about board commands. The guesses are needed with the first card; the ways back only once
// somebody has done something, so they come after the board.

import { lazy } from '../lib/lazy.ts'
import { registerBoardForesee } from './foresee.ts'

registerBoardForesee()
void lazy(() => import('./inverse.ts')).then(({ registerBoardInverses }) => registerBoardInverses())
