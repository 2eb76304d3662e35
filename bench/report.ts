import { readFileSync } from 'node:fs'
import { format } from 'prettier'

/** A figure that was to be reached. */
export interface Goal {
  what: string
  /** In words, e.g. "≤ 20 ms". */
  reach: string
  /** In words, e.g. "12.3 ms". */
  measured: string
  met: boolean
}

/** What one part of the benchmarks found. */
export interface Section {
  title: string
  /** How it was measured, as Markdown. */
  how: string
  /** First row: the heads of the columns. */
  tables: string[][][]
  /** Output of another program, as it is. */
  output?: string
  goals: Goal[]
}

const settings = JSON.parse(readFileSync(new URL('../.prettierrc.json', import.meta.url), 'utf8')) as object

/**
 * The whole result as a Markdown document, formatted like everything else here.
 * @param failed names of the parts that could not be measured
 */
export function documentOf(introduction: string, sections: Section[], failed: string[]): Promise<string> {
  const goals = sections.flatMap(section => section.goals)
  const short = goals.filter(({ met }) => !met)
  const parts = [
    '# Benchmarks',
    introduction,
    '## Against what is to be reached',
    tableOf([
      ['What', 'Reach', 'Measured', 'Reached'],
      ...goals.map(({ what, reach, measured, met }) => [what, reach, measured, met ? 'yes' : '**no**']),
    ]),
    fallsShort(short),
    ...(failed.length > 0 ? [`Not measured, because it failed: ${failed.join(', ')}.`] : []),
    ...sections.flatMap(({ title, how, tables, output }) => [
      `## ${title}`,
      how,
      ...tables.map(tableOf),
      ...(output ? [`\`\`\`text\n${output.trimEnd()}\n\`\`\``] : []),
    ]),
  ]
  return format(parts.join('\n\n'), { ...settings, parser: 'markdown' })
}

function fallsShort(goals: Goal[]): string {
  if (goals.length === 0) return 'Nothing that was measured falls short.'
  return `Falls short: ${goals.map(({ what, measured, reach }) => `${what} (${measured}, to reach ${reach})`).join('; ')}.`
}

function tableOf([heads = [], ...rows]: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  return [
    line(heads),
    line(heads.map((_, column) => (column === 0 ? '---' : '---:'))),
    ...rows.map(line),
  ].join('\n')
}
