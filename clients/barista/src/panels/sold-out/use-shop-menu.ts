import { onScopeDispose, shallowRef } from 'vue'
import { useAsk } from '../frame/use-ask.ts'
import { shopMenu, type ShopMenu } from './shop-documents.ts'
import { useShopControls } from './use-shop-controls.ts'

const every = 5_000

/** The shop and its menu as the server has them, asked for again and again: other consoles change them too. */
export function useShopMenu() {
  const menu = shallowRef<ShopMenu>()
  const { ask, problem: unknown } = useAsk()
  const controls = useShopControls(menu)

  async function look(): Promise<void> {
    const before = menu.value
    const answer = await ask(shopMenu, {})
    // What was asked before a change was answered may be older than it.
    if (answer && menu.value === before && controls.busy.size === 0) menu.value = answer.menu
  }

  const timer = setInterval(() => void look(), every)
  onScopeDispose(() => clearInterval(timer))
  void look()
  return { menu, unknown, ...controls }
}
