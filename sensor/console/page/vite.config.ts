import { defineConfig } from 'vite';

// The built page is committed: names and content depend on the sources alone.
export default defineConfig({
  base: '/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: { outDir: 'dist', assetsInlineLimit: 0, modulePreload: false, sourcemap: false, target: 'es2022', cssCodeSplit: false },
});
