import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alder, grad, kartnavn, karttall, leggSammen, lesbartNummer, nabo, passer, tallord } from './plasstall.js';

const NAA = Date.parse('2026-11-22T12:00:00Z');
const rad = (tall) => ({
  antall: 3, bemannet: 3, ledig: 0, holdt: 0, belagt: 0, rengjoeres: 0, stengt: 0, ubemannet: 0, ukjent: 0,
  bekreftet: '2026-11-22T10:00:00+00:00', ferskt_til: '2026-11-22T22:00:00+00:00', ...tall,
});
const UVISST = rad({ antall: 2, bemannet: 2, ukjent: 2, bekreftet: null, ferskt_til: null });
const tekst = (navn, verdier = {}) => [navn, ...Object.values(verdier)].join(' ');

test('unknown is never zero', () => {
  const sum = leggSammen([rad({ ledig: 2, belagt: 1 }), UVISST], NAA);
  assert.equal(sum.ledig, 2);
  assert.equal(sum.ukjente, 1);
  assert.equal(tallord(sum, 'ledig', tekst), 'plassMinst 2');
  assert.equal(tallord(sum, 'holdt', tekst), 'plassUkjent');
  assert.equal(karttall(sum), '2+');
  const ingenting = leggSammen([UVISST, rad({ antall: null, ukjent: null, ledig: null })], NAA);
  assert.equal(grad(ingenting), 'ukjent');
  assert.equal(karttall(ingenting), '?');
  assert.equal(kartnavn('Alta', ingenting, tekst), 'kartUkjent Alta');
});

test('the free beds that can take what is asked are counted', () => {
  const r = rad({ ledige_evner: { 0: 2, 2: 1, 3: 1 } });
  assert.deepEqual([0, 1, 2, 3, 4].map((evner) => passer(r, evner)), [4, 1, 2, 1, 0]);
  assert.equal(passer(rad({ ledige_evner: {} }), 0), 0);
});

test('a telephone number is written as the pages write it', () => {
  for (const [nummer, ord] of [
    ['+4790000000', '900 00 000'], ['0047 77.00-00/00', '77 00 00 00'], ['40000000', '400 00 000'],
    ['116117', '116117'], ['+46 8 123 45 67', '+46 8 123 45 67'], ['', ''],
  ]) assert.equal(lesbartNummer(nummer), ord);
});

test('what is known is said as it is', () => {
  const sum = leggSammen([rad({ ledig: 3 })], NAA);
  assert.equal(grad(sum), 'flere');
  assert.equal(kartnavn('Alta', sum, tekst), 'kartNavn Alta 3 0 0 0 3 3');
  assert.equal(grad(leggSammen([rad({ ledig: 2, belagt: 1 })], NAA)), 'faa');
  assert.equal(grad(leggSammen([rad({ belagt: 3 })], NAA)), 'ingen');
  assert.equal(grad(leggSammen([], NAA)), 'uten');
});

test('figures grow old by the clock alone', () => {
  const naa = Date.parse('2026-11-22T22:00:00Z');
  assert.equal(alder(rad({}), NAA), 'fersk');
  assert.equal(alder(rad({}), naa), 'gammel');
  assert.equal(alder(UVISST, naa), 'ukjent');
  const sum = leggSammen([rad({ ledig: 1, belagt: 2 })], naa);
  assert.equal(sum.gamle, 1);
  assert.ok(kartnavn('Alta', sum, tekst).endsWith('kartGammel'));
});

test('the neighbour lies in the direction of the arrow', () => {
  const punkter = [{ x: 10, y: 0 }, { x: 0, y: 10 }, { x: -10, y: 1 }, { x: 4, y: -30 }];
  assert.equal(nabo({ x: 0, y: 0 }, punkter, 1, 0), 0);
  assert.equal(nabo({ x: 0, y: 0 }, punkter, 0, 1), 1);
  assert.equal(nabo({ x: 0, y: 0 }, punkter, -1, 0), 2);
  assert.equal(nabo({ x: 0, y: 0 }, punkter, 0, -1), 3);
  // Nothing within 45°: what is nearly aside is better than nothing.
  assert.equal(nabo({ x: 0, y: 0 }, [{ x: 5, y: 20 }], 1, 0), 0);
  assert.equal(nabo({ x: 0, y: 0 }, [{ x: -5, y: 20 }], 1, 0), -1);
});

test('lånt personell legges sammen, og er kjent selv om resten ikke er det', () => {
  const laant = { ...rad({ ledig: 2, antall: 2 }), laan: [{ retning: 'inn', antall: 2 }, { retning: 'ut', antall: 1 }] };
  const taus = { ...rad({ ukjent: 2, antall: 2 }), laan: [{ retning: 'inn', antall: 1 }] };
  const sum = leggSammen([laant, taus], 0);
  assert.deepEqual([sum.laant_inn, sum.laant_ut, sum.usikker], [3, 1, true]);
  assert.equal(tallord(sum, 'laant_ut', () => 'minst'), '1');
});
