import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { finnPersonnumre, klassifiser } from './fnr.js';

const vektorer = JSON.parse(
  readFileSync(new URL('../../tests/data/personnumre.json', import.meta.url), 'utf8'),
);
const VEKTER = [
  [3, 7, 6, 1, 8, 9, 4, 5, 2, 1, 0],
  [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1],
];

/** Nine digits with their control digits, tried out from the definition. */
function medKontrollsifre(stamme) {
  for (let hale = 0; hale < 100; hale += 1) {
    const nummer = stamme + String(hale).padStart(2, '0');
    if (VEKTER.every((v) => v.reduce((sum, vekt, i) => sum + vekt * nummer[i], 0) % 11 === 0)) return nummer;
  }
  throw new Error(`no control digits fit ${stamme}`);
}

const utvid = (tekst) => tekst.replace(/\{([0-9]{9})\}/g, (_, stamme) => medKontrollsifre(stamme));

test('the shared vectors: one number', () => {
  assert.ok(vektorer.klassifiser.length > 100);
  for (const { nummer, type, type_2032: type2032 } of vektorer.klassifiser) {
    assert.equal(klassifiser(utvid(nummer)), type, nummer);
    assert.equal(klassifiser(utvid(nummer), { regel2032: true }), type2032, nummer);
  }
});

test('the shared vectors: numbers in a text, in UTF-16 code units', () => {
  assert.ok(vektorer.finn.length > 200);
  for (const { navn, tekst, regel_2032: regel2032, treff } of vektorer.finn) {
    const ventet = treff.map(({ utf16: [start, slutt], type }) => ({ start, slutt, type }));
    assert.deepEqual(finnPersonnumre(utvid(tekst), { regel2032 }), ventet, navn);
  }
});

test('a lone surrogate in the text does no harm', () => {
  const nummer = medKontrollsifre('018190123');
  const [treff] = finnPersonnumre(`\ud83d ${nummer} \udc00`);
  assert.deepEqual([treff.start, treff.slutt], [2, 13]);
});

test('16 KB of digits and separators takes no time to speak of', () => {
  const verst = ['1'.repeat(16384), '0 1 '.repeat(4096), `1${' '.repeat(16381)}x1`, `1${'\n'.repeat(16382)}1`,
    '\u0661\u00a0'.repeat(8192)];
  for (const tekst of verst) {
    const start = process.cpuUsage();
    finnPersonnumre(tekst);
    assert.ok(process.cpuUsage(start).user < 1_000_000, JSON.stringify(tekst.slice(0, 8)));
  }
});
