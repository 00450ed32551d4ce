import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { ALDERSGRUPPER, LIMITS, PARAMETERE, UgyldigMaaling, beregn, rimelig } from './news2.js';

const vektorer = JSON.parse(readFileSync(new URL('../../tests/data/news2.json', import.meta.url), 'utf8'));
const FRISK = {
  respirasjon: 16, spo2: 97, oksygen: false, systolisk: 125, puls: 70, bevissthet: 'A', temperatur: 37,
};

test('every value on the chart', () => {
  for (const { felt, rader, ...valg } of vektorer.kart) {
    const enhet = felt === 'temperatur' ? 10 : 1;
    assert.deepEqual([rader[0][0] / enhet, rader.at(-1)[1] / enhet], LIMITS[felt], felt);
    for (const [fra, til, poeng] of rader) {
      for (let tall = fra; tall <= til; tall += 1) {
        const maalinger = { ...valg, [felt]: tall / enhet };
        assert.equal(beregn(maalinger).poeng[felt], poeng, JSON.stringify(maalinger));
      }
    }
  }
});

test('the shared vectors give the same result as in Python', () => {
  assert.ok(vektorer.tilfeller.length > 200);
  for (const { maalinger, aldersgruppe, gravid, ventet } of vektorer.tilfeller) {
    const resultat = beregn(maalinger, { aldersgruppe, gravid });
    assert.deepEqual(resultat, ventet, JSON.stringify(maalinger));
    assert.deepEqual(Object.keys(resultat.poeng), PARAMETERE);
  }
});

test('an impossible value is refused with the name of its field', () => {
  for (const { felt, verdi } of vektorer.ugyldige) {
    assert.throws(
      () => beregn({ ...FRISK, [felt]: verdi }),
      (feil) => feil instanceof UgyldigMaaling && feil.felt === felt,
      `${felt} = ${JSON.stringify(verdi)}`,
    );
    if (felt in LIMITS) assert.equal(rimelig(felt, verdi), false, `${felt} = ${JSON.stringify(verdi)}`);
  }
  for (const verdi of [NaN, Infinity, 36.6 + 1e-14, null, undefined]) {
    assert.equal(rimelig('temperatur', verdi), false);
  }
});

test('an unknown aldersgruppe is refused, and only under 16 is too young', () => {
  assert.throws(() => beregn(FRISK, { aldersgruppe: 'ung' }), RangeError);
  const forUnge = ALDERSGRUPPER.filter((aldersgruppe) => beregn(FRISK, { aldersgruppe }).status === 'ikke_aktuelt');
  assert.deepEqual(forUnge, ['under_16']);
});

test('nothing measured is nothing known', () => {
  assert.deepEqual(beregn({}).sum, null);
  assert.equal(beregn({ ...FRISK, puls: null }).status, 'ufullstendig');
});
