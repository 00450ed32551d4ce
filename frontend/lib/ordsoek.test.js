import assert from 'node:assert/strict';
import test from 'node:test';
import { brett, finn } from './ordsoek.js';

const navn = ['Alta', 'Karasjok / Kárášjohka', 'Ås', 'Asker', 'Nordre Follo', 'Sør-Varanger', 'Røst', 'Gáivuotna / Kåfjord'];
const valg = navn.map((tekst) => ({ tekst }));
const treff = (skrevet) => finn(valg, skrevet).map((v) => v.tekst);

test('a Sámi name is found with and without its accents', () => {
  assert.deepEqual(treff('kárá'), ['Karasjok / Kárášjohka']);
  assert.deepEqual(treff('johka'), ['Karasjok / Kárášjohka']);
  assert.deepEqual(treff('gaivuotna'), ['Gáivuotna / Kåfjord']);
});

test('å is a letter of its own', () => {
  assert.deepEqual(treff('ås'), ['Ås']);
  assert.deepEqual(treff('as'), ['Asker', 'Karasjok / Kárášjohka']);
  assert.equal(brett('RØST'), 'røst');
});

test('the beginning of any word comes before the middle of one', () => {
  assert.deepEqual(treff('var'), ['Sør-Varanger']);
  assert.deepEqual(treff('f'), ['Nordre Follo', 'Gáivuotna / Kåfjord']);
  assert.deepEqual(treff('a').slice(0, 2), ['Alta', 'Asker']);
});

test('nothing written shows all, nonsense shows none', () => {
  assert.equal(treff('').length, navn.length);
  assert.deepEqual(treff('xyz'), []);
});

test('a long list is cut', () => {
  const lang = Array.from({ length: 357 }, (_, i) => ({ tekst: `Kommune ${i}` }));
  assert.equal(finn(lang, 'kommune').length, 60);
});
