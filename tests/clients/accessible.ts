import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/**
 * Holds a part of a page to every rule of axe, in both themes. Evaluated, since the page runs no scripts but its own.
 * @param part selector of the part, or of what of the page is left out; the whole page if omitted
 */
export async function expectAccessible(
  page: Page,
  part: string | { exclude: string[] } = ':root',
): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.evaluate(axe)
    const { violations } = await page.evaluate(
      within =>
        (globalThis as unknown as { axe: { run(part: typeof within): Promise<AxeResults> } }).axe.run(within),
      part,
    )
    const found = violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} at ${target.join(' ')}: ${failureSummary}`),
    )
    expect(found, colorScheme).toEqual([])
  }
}
