import type { Me } from '../schema.ts'
import type { Client } from './types.ts'

/** Starts the client of the person who is signed in. */
export declare function startClient(me: Me): Client
