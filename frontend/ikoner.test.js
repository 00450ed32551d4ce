// The sprite holds exactly the icons that the templates and the scripts name: a missing one is an empty square on
// the screen, and nobody sees it in a diff.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const FRONTEND = path.dirname(fileURLToPath(import.meta.url));
const AKSEL = path.dirname(createRequire(import.meta.url).resolve('@navikt/aksel-icons/metadata'));

function* filer(mappe, ender) {
  for (const rad of readdirSync(mappe, { withFileTypes: true })) {
    const sti = path.join(mappe, rad.name);
    if (rad.isDirectory()) yield* filer(sti, ender);
    else if (rad.name.endsWith(ender) && !rad.name.endsWith('.test.js')) yield sti;
  }
}

/** Every quoted word that is the name of an Aksel icon. */
function brukte() {
  const finnes = new Set(readdirSync(path.join(AKSEL, 'svg')).map((fil) => fil.replace('.svg', '')));
  const kilder = [...filer(path.join(FRONTEND, '..', 'templates'), '.html'), ...filer(FRONTEND, '.js')];
  const ord = kilder.flatMap((fil) => Array.from(readFileSync(fil, 'utf8').matchAll(/['"]([A-Z][A-Za-z0-9]+)['"]/g), (m) => m[1]));
  return [...new Set(ord.filter((navn) => finnes.has(navn)))].sort();
}

test('the sprite has every icon in use, and no other', () => {
  assert.deepEqual(JSON.parse(readFileSync(path.join(FRONTEND, 'ikoner.json'), 'utf8')), brukte());
});
