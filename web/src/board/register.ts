// What the client must know about board commands, on whichever page it starts.

import { registerBoardForesee } from './foresee.ts'
import { registerBoardInverses } from './inverse.ts'

registerBoardForesee()
registerBoardInverses()
