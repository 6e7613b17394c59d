// The key projects of a network on its board: each is a desk of its own, read and worked on through its own seat.

import { createSubscriber } from 'svelte/reactivity'
import type { Day, Id, Listing, PresentPerson } from '../schema'
import type { Client, SpaceHandle } from '../sync'
import { Desk } from './desk.svelte'
import type { Filter } from './filter'
import type { Card, Lane } from './state.svelte'

export interface Project {
  listing: Listing
  desk: Desk
}

/** A card of a project with the column it stands in there. */
export interface ProjectCard {
  card: Card
  lane: Lane
}

/** The key projects of a space, as the area lists them. Ones that may not be seen are not there. */
export class Projects {
  all = $state.raw<readonly Project[]>([])
  readonly #client: Client
  readonly #network: Id
  readonly #area: SpaceHandle
  readonly #stops = new Map<Id, () => void>()
  #today: Day
  #filter: Filter | null = null
  readonly #follow: () => void

  constructor(client: Client, network: Id, today: Day) {
    this.#client = client
    this.#network = network
    this.#today = today
    this.#area = client.open(client.me.area)
    this.#follow = createSubscriber((update) => {
      const stops = this.all.map(({ desk }) => desk.seat.subscribeSeat(update))
      return () => stops.forEach((stop) => void stop())
    })
  }

  start(): () => void {
    const stop = this.#area.subscribe(({ keys, fresh }) => {
      if (fresh || [...keys].some((key) => key.startsWith('listing:'))) this.#read()
    })
    this.#read()
    return () => {
      stop()
      for (const end of this.#stops.values()) end()
      this.#area.close()
    }
  }

  /** Those whose tasks may be seen. */
  get open(): readonly Project[] {
    this.#follow()
    return this.all.filter(({ desk }) => desk.seat.status !== 'gone')
  }

  get shown(): boolean {
    return this.open.length > 0
  }

  /** The open tasks of a project that fit the filter, column by column. */
  cardsOf({ desk }: Project): ProjectCard[] {
    const lanes = desk.model.lanes.filter((lane) => !lane.column.done)
    const cards = lanes.flatMap((lane) => lane.cards.map((card) => ({ card, lane })))
    return cards.filter(({ card }) => !card.view.done)
  }

  find(id: Id): { desk: Desk; card: Card } | null {
    for (const { desk } of this.all) {
      const card = desk.model.card(id)
      if (card) return { desk, card }
    }
    return null
  }

  show(filter: Filter): void {
    this.#filter = filter
    for (const { desk } of this.all) desk.model.show(filter)
  }

  begin(today: Day): void {
    this.#today = today
    for (const { desk } of this.all) desk.model.begin(today)
  }

  /** Who is present in the projects, besides those on the network's own board. */
  get present(): readonly PresentPerson[] {
    return this.all.flatMap(({ desk }) => desk.present)
  }

  #read(): void {
    const listings = this.#area.state.where('listing', 'parent', this.#network)
    listings.sort((a, b) => a.name.localeCompare(b.name))
    const known = new Map(this.all.map((one) => [one.listing.id, one]))
    this.all = listings.map((listing) => ({ listing, desk: known.get(listing.id)?.desk ?? this.#open(listing.id) }))
    for (const [id, stop] of this.#stops) {
      if (listings.some((one) => one.id === id)) continue
      stop()
      this.#stops.delete(id)
    }
  }

  #open(space: Id): Desk {
    const desk = new Desk(space, this.#client, this.#today)
    this.#stops.set(space, desk.start())
    if (this.#filter) desk.model.show(this.#filter)
    return desk
  }
}
