import { onScopeDispose } from 'vue'

type Arrow = 'ArrowUp' | 'ArrowDown' | 'ArrowLeft' | 'ArrowRight'

interface Place {
  element: Element
  ticket: string
  list: Element
  index: number
  byKeyboard: boolean
}

const ticketsIn = (within: ParentNode) =>
  [...within.querySelectorAll<HTMLElement>('[data-ticket]')].filter(ticket => ticket.checkVisibility())

/** Moves the focus between tickets, and does not lose it when the one that has it goes. */
export function useTicketFocus(main: HTMLElement) {
  let last: Place | undefined
  const over = new AbortController()
  const { signal } = over
  const isNowhere = () => document.activeElement === document.body

  function remember({ target }: Event): void {
    const element = target as HTMLElement
    const ticket = element.closest<HTMLElement>('[data-ticket]')
    const list = element.closest('section')
    if (!ticket || !list) return
    last = {
      element,
      list,
      ticket: ticket.dataset.ticket!,
      index: ticketsIn(list).indexOf(ticket),
      byKeyboard: element.matches(':focus-visible'),
    }
  }

  /** Somebody who puts the focus nowhere wants it there. */
  function forget({ target }: Event): void {
    setTimeout(() => {
      if (isNowhere() && (target as Element).isConnected && last?.element === target) last = undefined
    })
  }

  /** What had the focus is gone: its ticket gets it, or the one in its place, or the heading of an empty list. */
  function restore(): void {
    if (!last || !isNowhere() || last.element.isConnected) return
    const { list, ticket, index, byKeyboard } = last
    const tickets = ticketsIn(list)
    const next =
      tickets.find(each => each.dataset.ticket === ticket) ??
      tickets[Math.min(index, tickets.length - 1)] ??
      list.querySelector<HTMLElement>('h2')
    next?.focus({ preventScroll: !byKeyboard })
  }

  const observer = new MutationObserver(restore)
  observer.observe(main, { childList: true, subtree: true })
  main.addEventListener('focusin', remember, { signal })
  main.addEventListener('focusout', forget, { signal })
  onScopeDispose(() => {
    observer.disconnect()
    over.abort()
  })

  return {
    restore,
    /** Id of the order whose ticket itself has the focus. */
    focused: () => (document.activeElement as HTMLElement | null)?.dataset.ticket,
    /** Moves to the next ticket in a direction, as they lie on the screen. */
    step(arrow: Arrow): void {
      const tickets = ticketsIn(main)
      const here = document.activeElement?.closest<HTMLElement>('[data-ticket]')
      const at = here ? tickets.indexOf(here) : -1
      const next =
        arrow === 'ArrowLeft' || arrow === 'ArrowRight' || !here
          ? tickets[arrow === 'ArrowLeft' ? Math.max(0, at - 1) : at + 1]
          : nearest(here, tickets, arrow === 'ArrowDown')
      next?.focus()
      next?.scrollIntoView({ block: 'nearest' })
    },
  }
}

/** The ticket that lies closest above or below another one. */
function nearest(here: HTMLElement, tickets: HTMLElement[], below: boolean): HTMLElement | undefined {
  const from = here.getBoundingClientRect()
  let best: HTMLElement | undefined
  let shortest = Infinity
  for (const ticket of tickets) {
    const { left, top, bottom } = ticket.getBoundingClientRect()
    const apart = below ? top - from.bottom : from.top - bottom
    if (ticket === here || apart < -8) continue
    // The same column first, however far the next row may be.
    const distance = apart + 10 * Math.abs(left - from.left)
    if (distance < shortest) [best, shortest] = [ticket, distance]
  }
  return best
}
