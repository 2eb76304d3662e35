/** Control characters, and those that turn the direction of the text around them: they would garble consoles, labels and lists. */
export const unprintable = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u
