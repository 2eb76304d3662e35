import { z } from 'zod'

/** A mistake the person who starts the program can mend: shown as one sentence, without a stack. */
export class StartError extends Error {}

/**
 * Checks the environment against a shape once, at start. An empty value counts as not set, so that a line
 * `NAME=` in `.env` means "leave it out".
 * @throws StartError naming every variable that is wrong, what is wrong with it, and where to look
 */
export function readEnv<Shape extends z.ZodRawShape>(
  shape: Shape,
  source: Record<string, string | undefined>,
): z.infer<z.ZodObject<Shape>> {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''))
  const checked = z.object(shape).safeParse(given)
  if (checked.success) return checked.data
  const faults = checked.error.issues.map(issue => `${issue.path.join('.')}: ${issue.message}`)
  throw new StartError(
    `Wrong configuration. ${faults.join('; ')}. Every variable is explained in .env.example.`,
  )
}

/** Reads `.env` from the working directory when there is one; what the environment already says wins. */
export function loadDotEnv(): void {
  try {
    process.loadEnvFile()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
