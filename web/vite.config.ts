// Builds the dashboard into dist/web; in development it serves it and passes the API on to a server on port 8080.
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    target: 'es2023',
    // Under a strict content security policy nothing may be inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The schemas are imported for their types: whatever zod builds and nobody uses is left out.
    rolldownOptions: { treeshake: { manualPureFunctions: ['z'] } },
  },
  server: { proxy: { '/api': { target: 'http://127.0.0.1:8080', ws: true } } },
})
