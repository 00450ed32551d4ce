import assert from 'node:assert/strict';
import test from 'node:test';
import { beregn } from './news2.js';
import { iOrd, lesTall } from './news2ord.js';

const tekst = (navn, v = {}) => [navn, ...Object.values(v)].join(' ');
const frisk = { respirasjon: 16, spo2: 97, oksygen: false, systolisk: 120, puls: 70, bevissthet: 'A', temperatur: 37 };
const ord = (m, pasient) => iOrd(beregn(m, pasient), Object.values(m).some((v) => v !== null), tekst);

test('numbers are read with comma or point, and nothing is not zero', () => {
  assert.equal(lesTall(' 38,4 '), 38.4);
  assert.equal(lesTall('38.4'), 38.4);
  assert.equal(lesTall(''), null);
  assert.equal(lesTall('  '), null);
  for (const feil of ['abc', '-3', '1e2', '38,', '3 8']) assert.ok(Number.isNaN(lesTall(feil)), feil);
});

test('a complete score shows its sum and risk', () => {
  assert.deepEqual(ord(frisk), { tall: '0', ord: 'news2Lav', mer: '', risiko: '' });
  assert.deepEqual(ord({ ...frisk, puls: 131 }), {
    tall: '3', ord: 'news2LavMiddels', mer: 'news2Tre news2Haster', risiko: 'haster',
  });
  assert.equal(ord({ ...frisk, puls: 131, respirasjon: 22 }).risiko, 'haster');
  assert.equal(ord({ ...frisk, puls: 131, respirasjon: 25, temperatur: 38.5 }).risiko, 'kritisk');
});

test('a missing value is named, never counted, and what is known still warns', () => {
  const svar = ord({ ...frisk, spo2: null, respirasjon: 25 });
  assert.equal(svar.tall, '–');
  assert.equal(svar.ord, 'news2Ufullstendig');
  assert.equal(svar.risiko, 'haster');
  assert.match(svar.mer, /news2Minst 3/);
  assert.match(svar.mer, /news2Mangler news2NavnSpo2/);
});

test('no score under 16 nor in pregnancy', () => {
  assert.equal(ord(frisk, { aldersgruppe: 'under_16' }).mer, 'news2Alder');
  assert.equal(ord(frisk, { gravid: true }).mer, 'news2Graviditet');
  assert.equal(ord(frisk, { gravid: true }).tall, '–');
});

test('nothing measured says so', () => {
  assert.equal(ord({ puls: null }).ord, 'news2Tom');
});
