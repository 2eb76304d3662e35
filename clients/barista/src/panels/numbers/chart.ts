import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  type ChartConfiguration,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
} from 'chart.js'

// Only what is drawn here; the rest of the library stays out of the build.
Chart.register(
  BarController,
  BarElement,
  CategoryScale,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
)

/** One row of numbers in a chart. `outlined` tells it from its neighbour without colour. */
export interface Series {
  name: string
  values: (number | null)[]
  outlined?: boolean
}

export interface Colors {
  ink: string
  line: string
  fill: string
}

/** What chart.js is told to draw. */
export function configuration(
  kind: 'bar' | 'line',
  labels: string[],
  series: Series[],
  { ink, line, fill }: Colors,
): ChartConfiguration<'bar' | 'line', (number | null)[]> {
  const font = { family: getComputedStyle(document.body).fontFamily, size: 14 }
  const ticks = { color: ink, font }
  const axis = { ticks, border: { color: line } }
  return {
    type: kind,
    data: {
      labels,
      datasets: series.map(({ name, values, outlined }) => ({
        label: name,
        data: values,
        backgroundColor: outlined ? 'transparent' : fill,
        borderColor: fill,
        borderWidth: 2,
        borderRadius: 3,
        pointRadius: 5,
        pointBackgroundColor: fill,
      })),
    },
    options: {
      responsive: true,
      maintainAspectRatio: false,
      animation: matchMedia('(prefers-reduced-motion: reduce)').matches ? false : { duration: 300 },
      events: [],
      scales: {
        x: { ...axis, grid: { display: false } },
        y: {
          ...axis,
          beginAtZero: true,
          grid: { color: line },
          ticks: { ...ticks, precision: 0, maxTicksLimit: 5 },
        },
      },
      plugins: {
        legend: { display: series.length > 1, labels: { color: ink, font, boxWidth: 22, boxHeight: 14 } },
      },
    },
  }
}

export { Chart }
