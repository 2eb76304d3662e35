import type { Locator, Page } from 'playwright-core'

/** How far a page reaches beyond the sides of the window, in CSS pixels. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
}

/**
 * Contrast of an element's text with what lies behind it (WCAG 2.2, relative luminance), the worst when that is a
 * gradient: 1 to 21.
 */
export function contrast(locator: Locator): Promise<number> {
  return locator.evaluate(element => {
    const channel = (value: number) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
    const luminance = (color: string) => {
      const [r = 0, g = 0, b = 0] = color.match(/[\d.]+/g)!.map(part => channel(Number(part) / 255))
      return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    const opaque = (style: string) => style.match(/rgb\([^)]+\)/g) ?? []
    const behind: string[] = []
    for (let at: Element | null = element; at && behind.length === 0; at = at.parentElement) {
      const { backgroundColor, backgroundImage } = getComputedStyle(at)
      behind.push(...opaque(backgroundColor), ...opaque(backgroundImage))
    }
    const text = luminance(getComputedStyle(element).color)
    const ratios = behind
      .map(luminance)
      .map(back => (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05))
    return Math.min(...ratios)
  })
}

/** Keeps a picture for the documentation, when asked to: `npm run build && SCREENSHOTS=1 npx vitest run tests/clients` */
export async function keepPicture(of: Page | Locator, name: string): Promise<void> {
  if (process.env.SCREENSHOTS) await of.screenshot({ path: `docs/screens/${name}.png` })
}
