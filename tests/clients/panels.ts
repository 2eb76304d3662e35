import type { Browser, Locator, Page } from 'playwright-core'
import type { TestApi } from '../support/api.ts'
import { openConsole, type ScreenOptions } from './screen.ts'

export type PanelName = 'Sold out' | 'Calls' | 'Find' | 'Numbers'

const titles: Record<PanelName, string> = {
  'Sold out': 'Sold out & pause',
  Calls: 'Calls',
  Find: 'Find an order',
  Numbers: 'Numbers of the day',
}

/** Opens a panel by its button in the console's header. */
export async function openPanel(page: Page, name: PanelName): Promise<Locator> {
  await page.getByRole('button', { name, exact: true }).click()
  const panel = page.getByRole('dialog', { name: titles[name] })
  await panel.waitFor()
  return panel
}

/** A console with a panel open. */
export async function consoleWith(
  browser: Browser,
  api: TestApi,
  name: PanelName,
  options: ScreenOptions = {},
): Promise<{ page: Page; panel: Locator }> {
  const page = await openConsole(browser, api, options)
  return { page, panel: await openPanel(page, name) }
}
