/** Says a number digit by digit, in the page's language, where the device has a voice. */
export function speakNumber(number: string): void {
  if (!('speechSynthesis' in window)) return
  const words = new SpeechSynthesisUtterance([...number].join(', '))
  words.lang = document.documentElement.lang
  speechSynthesis.speak(words)
}
