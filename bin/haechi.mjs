#!/usr/bin/env node
// The `npx haechi` entry: the command line on the pinned Node, installed first where that has not happened yet.
process.argv.splice(2, 0, 'apps/cli/src/main.ts')
void import('./with-node24.mjs')
