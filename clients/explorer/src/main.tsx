import 'graphiql/setup-workers/vite'
// What 'graphiql/style.css' holds, without 400 kB of fonts.
import '@graphiql/react/style.css'
import '@graphiql/plugin-doc-explorer/style.css'
import 'graphiql/graphiql.css'
import './explorer.css'
import { createRoot } from 'react-dom/client'
import { Explorer } from './Explorer.tsx'

createRoot(document.getElementById('app')!).render(<Explorer />)
