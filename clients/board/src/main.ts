import { createApp } from 'vue'
import App from './App.vue'
import './board.css'
import { optionsOf } from './options.ts'

createApp(App, { options: optionsOf(location.search) }).mount('#app')
