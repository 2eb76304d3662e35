import { createApp } from 'vue'
import App from './App.vue'
import './board.css'

createApp(App).mount('#app')
