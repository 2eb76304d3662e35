import type { Words } from '../frame/use-words.ts'

const en = {
  title: ({ named }) => `Labels of order ${named('number')}`,
  size: 'Label size',
  cups: 'Cups to print',
  cup: ({ named }) => `${named('position')}/${named('count')}`,
  printed: ({ named }) => (named('prints') === 1 ? 'printed once' : `printed ${named('prints')} times`),
  print: ({ named }) => (named('count') === 1 ? 'Print 1 label' : `Print ${named('count')} labels`),
  none: 'Choose at least one cup.',
  preview: 'How it looks',
  reprint: 'REPRINT',
  sweet: ({ named }) => `${named('level')} sweet`,
  gone: 'This order is not known any more.',
  sent: 'Handed to the printer of this device.',
} satisfies Words

const es: typeof en = {
  title: ({ named }) => `Etiquetas del pedido ${named('number')}`,
  size: 'Tamaño de etiqueta',
  cups: 'Vasos que imprimir',
  cup: ({ named }) => `${named('position')}/${named('count')}`,
  printed: ({ named }) => (named('prints') === 1 ? 'impresa una vez' : `impresa ${named('prints')} veces`),
  print: ({ named }) =>
    named('count') === 1 ? 'Imprimir 1 etiqueta' : `Imprimir ${named('count')} etiquetas`,
  none: 'Elige al menos un vaso.',
  preview: 'Así se ve',
  reprint: 'REIMPRESIÓN',
  sweet: ({ named }) => `${named('level')} de dulzor`,
  gone: 'Este pedido ya no se conoce.',
  sent: 'Entregado a la impresora de este dispositivo.',
}

export const labelsWords = { en, es }
