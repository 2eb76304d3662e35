import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** Whether what is measured and what measures it can each have a core to itself. */
export const canPin =
  availableParallelism() > 1 && spawnSync('taskset', ['--version'], { stdio: 'ignore' }).status === 0

/** The core of what is measured, and that of all else. */
export const measured = 0
export const others = 1

/** A command line that keeps a program on one core. */
export function onCore(core: number, command: string[]): string[] {
  return canPin ? ['taskset', '-c', String(core), ...command] : command
}

/** Keeps this process away from what is measured, with all its threads. → back to every core */
export function stayOff(): () => void {
  const move = (cores: string) => {
    if (canPin) spawnSync('taskset', ['-a', '-c', '-p', cores, String(process.pid)], { stdio: 'ignore' })
  }
  move(String(others))
  return () => move(`0-${availableParallelism() - 1}`)
}
