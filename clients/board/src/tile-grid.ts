/** Where tiles go on one page. Lengths are CSS pixels. */
export interface TileGrid {
  columns: number
  perPage: number
  /** Of one tile. */
  width: number
  height: number
  /** Font size of a number. */
  size: number
  /** Upper left corner of the first tile. */
  left: number
  top: number
}

const gap = 28
/** A tile in units of its number's font size: at least four digits with room around them, words and pearls below. */
const least = { width: 3, height: 1.8 }
const most = { width: 4, height: 2.4 }
const smallest = 56
const largest = 340

/**
 * Lays out so many numbers as large as they fit into an area. Numbers never become smaller than can be read from ten
 * metres, which is a share of the screen, nor than 56 px; what does not fit goes to the next page.
 */
export function tileGrid(count: number, width: number, height: number): TileGrid {
  const readable = Math.max(smallest, 0.15 * Math.min(width, height))
  const full = grid(
    fitting(width, readable * least.width),
    fitting(height, readable * least.height),
    width,
    height,
  )
  const wanted = Math.max(1, Math.min(count, full.perPage))
  // A page with holes looks unfinished, so a full one may be a little smaller.
  const score = ({ size, perPage }: TileGrid) => size * (1 + wanted / perPage)
  let best = full
  for (let columns = 1; columns <= full.columns; columns += 1) {
    const tried = grid(columns, Math.ceil(wanted / columns), width, height)
    if (tried.size >= full.size && score(tried) > score(best)) best = tried
  }
  return best
}

const fitting = (length: number, each: number) => Math.max(1, Math.floor((length + gap) / (each + gap)))

function grid(columns: number, rows: number, areaWidth: number, areaHeight: number): TileGrid {
  const cellWidth = (areaWidth - gap * (columns - 1)) / columns
  const cellHeight = (areaHeight - gap * (rows - 1)) / rows
  const fits = Math.floor(Math.min(cellWidth / least.width, cellHeight / least.height, largest))
  const size = Math.max(smallest, fits)
  const width = Math.min(cellWidth, size * most.width)
  const height = Math.min(cellHeight, size * most.height)
  const left = (areaWidth - columns * (width + gap) + gap) / 2
  const top = (areaHeight - rows * (height + gap) + gap) / 2
  return { columns, perPage: columns * rows, width, height, size, left, top }
}

/** Upper left corner of the tile at an index of the page. */
export function cornerOf(
  index: number,
  { columns, width, height, left, top }: TileGrid,
): { left: number; top: number } {
  const row = Math.floor(index / columns)
  return { left: left + (index % columns) * (width + gap), top: top + row * (height + gap) }
}
