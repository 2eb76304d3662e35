import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import type { Api } from './api.ts'
import { boardEvents, type LiveMenu, menu } from './documents.ts'
import { menuNews } from './menu-news.ts'

/** Changes of a shop that a caller may have to hear of. */
const changes = ['MENU_CHANGED', 'SHOP_CHANGED']
const resubscribeAfter = 1_000

interface Follower {
  /** The menu as this follower knows it. */
  known: LiveMenu
  tell: (news: string) => void
}

/** The menu of a shop while somebody talks about it: each follower hears what has changed since they last heard. */
export class ShopMenu {
  readonly #api: Api
  readonly #shop: string
  readonly #followers = new Set<Follower>()
  readonly #stop: () => void
  #looking = false
  #again = false

  constructor(api: Api, shop: string) {
    this.#api = api
    this.#shop = shop
    const client = createClient({
      url: api.socketUrl,
      webSocketImpl: WebSocket,
      retryAttempts: Infinity,
      shouldRetry: () => true,
      keepAlive: 10_000,
      on: {
        // A break, or the moment before the first connection, may have hidden a change.
        connected: () => this.#look(),
      },
    })
    let again: NodeJS.Timeout | undefined
    let over = false
    const subscribe = () => {
      // The client comes back by itself after a break; a stream that the api ends is asked for again.
      const ended = () => {
        if (!over) again = setTimeout(subscribe, resubscribeAfter)
      }
      client.subscribe<{ event: { type: string } }>(
        { query: boardEvents, variables: { shop } },
        {
          next: ({ data }) => {
            if (data && changes.includes(data.event.type)) this.#look()
          },
          error: ended,
          complete: ended,
        },
      )
      this.#look()
    }
    subscribe()
    this.#stop = () => {
      over = true
      clearTimeout(again)
      // Rejects when it is just being connected in vain.
      Promise.resolve(client.dispose()).catch(() => undefined)
    }
  }

  /**
   * Tells what changes from a known menu on.
   * @param empty called when nobody follows any more, and this is of no more use
   * @returns stops telling
   */
  follow(known: LiveMenu, tell: (news: string) => void, empty: () => void): () => void {
    const follower = { known, tell }
    this.#followers.add(follower)
    return () => {
      if (!this.#followers.delete(follower) || this.#followers.size > 0) return
      this.#stop()
      empty()
    }
  }

  #look(): void {
    this.#again = true
    if (!this.#looking) void this.#read()
  }

  async #read(): Promise<void> {
    this.#looking = true
    while (this.#again && this.#followers.size > 0) {
      this.#again = false
      try {
        const { menu: now } = await this.#api.ask<{ menu: LiveMenu }>(menu, { shop: this.#shop })
        for (const follower of this.#followers) {
          const news = menuNews(follower.known, now)
          follower.known = now
          if (news) follower.tell(news)
        }
      } catch {
        // The api is away; coming back to it is a reason to look again.
      }
    }
    this.#looking = false
  }
}
