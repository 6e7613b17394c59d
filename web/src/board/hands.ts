// What moves cards by hand, mouse or keyboard: loaded once the board is on the page.

export { draggable } from './drag'
export { cardKeys } from './keyboard'
