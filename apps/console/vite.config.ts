// The console's build. Every path is relative to <base>, which the server writes into the page, so that one build serves under any prefix.
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [react()],
  // The server puts a fresh nonce in its place in each answer; Mantine's own styles and vite's preloads take it from there.
  html: { cspNonce: '__HAECHI_NONCE__' },
  build: { target: 'es2023', outDir: 'dist/build', emptyOutDir: true, assetsInlineLimit: 0, chunkSizeWarningLimit: 600, reportCompressedSize: false, modulePreload: { polyfill: false } },
})
