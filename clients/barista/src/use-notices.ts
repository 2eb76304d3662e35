import { ref } from 'vue'

/** Something the barista has to know, until they have said that they do. */
export interface Notice {
  id: number
  message: string
}

/** What is told to the barista, the last few. */
export function useNotices() {
  const notices = ref<Notice[]>([])
  let count = 0
  return {
    notices,
    tell(message: string): void {
      const others = notices.value.filter(notice => notice.message !== message)
      notices.value = [...others, { id: count++, message }].slice(-3)
    },
    dismiss(id: number): void {
      notices.value = notices.value.filter(notice => notice.id !== id)
    },
  }
}
