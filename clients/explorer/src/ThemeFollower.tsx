import { useGraphiQL, useGraphiQLActions } from '@graphiql/react'
import { useEffect } from 'react'

/** Colours the code anew when the system changes between light and dark: GraphiQL looks only once. */
export function ThemeFollower() {
  const { setTheme } = useGraphiQLActions()
  const theme = useGraphiQL(({ theme }) => theme)
  useEffect(() => {
    const system = matchMedia('(prefers-color-scheme: dark)')
    const follow = () => setTheme(theme)
    system.addEventListener('change', follow)
    return () => system.removeEventListener('change', follow)
  }, [theme, setTheme])
  return null
}
