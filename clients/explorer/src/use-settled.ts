import { useEffect, useState } from 'react'

/** A value once it has stayed the same for so many milliseconds: what is typed comes in many strokes. */
export function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const settling = setTimeout(() => setSettled(value), ms)
    return () => clearTimeout(settling)
  }, [value, ms])
  return settled
}
