import assert from 'node:assert/strict';
import test from 'node:test';
import { MAKS_FIL, Vedleggskoe } from './vedleggskoe.js';
import { omDokumentet, stoerrelse } from './vedleggsrad.js';

function koe() {
  let nr = 0;
  return new Vedleggskoe(() => `id-${(nr += 1)}`);
}
const fil = (navn, size = 1000) => ({ name: navn, size });

test('one at a time, in order, each with an id of its own', () => {
  const k = koe();
  const [a, b] = [k.leggTil(fil('a')), k.leggTil(fil('b'))];
  assert.notEqual(a.klientId, b.klientId);
  assert.equal(k.neste(0), a);
  assert.equal(k.neste(0), null);
  assert.equal(k.svar(a.klientId, { ok: true }, 0), 'sendt');
  assert.equal(k.neste(0), b);
  assert.equal(k.antall, 1);
});

test('a file past the limit is never sent', () => {
  const k = koe();
  const stor = k.leggTil(fil('stor', MAKS_FIL + 1));
  assert.equal(stor.tilstand, 'avvist');
  assert.equal(stor.feil.kode, 'for_stor');
  assert.equal(k.neste(0), null);
  assert.equal(k.leggTil(fil('akkurat', MAKS_FIL)).tilstand, 'koe');
});

test('without an answer the same is sent again, later and later, with the same id', () => {
  const k = koe();
  const { klientId } = k.leggTil(fil('a'));
  let naa = 0;
  const ventet = [];
  for (let i = 0; i < 7; i += 1) {
    assert.equal(k.neste(naa).klientId, klientId);
    k.tapt(klientId, naa);
    assert.equal(k.neste(k.nesteTid() - 1), null);
    ventet.push(k.nesteTid() - naa);
    naa = k.nesteTid();
  }
  assert.deepEqual(ventet, [2000, 4000, 8000, 16000, 30000, 30000, 30000]);
  k.neste(naa);
  k.tapt(klientId, naa);
  k.vekk();
  assert.equal(k.neste(naa).klientId, klientId);
});

test('while one waits the next is sent', () => {
  const k = koe();
  const [a, b] = [k.leggTil(fil('a')), k.leggTil(fil('b'))];
  k.neste(0);
  k.tapt(a.klientId, 0);
  assert.equal(k.neste(0), b);
});

test('a refusal that passes is tried again, after the time the server asks for', () => {
  for (const kode of ['opptatt', 'skanner', 'for_mange', 'ikke_innlogget', 'laast', 'csrf']) {
    const k = koe();
    const { klientId } = k.leggTil(fil('a'));
    k.neste(0);
    assert.equal(k.svar(klientId, { ok: false, kode, vent: 60 }, 0), 'venter');
    assert.equal(k.nesteTid(), 60_000);
  }
});

test('a refusal of the file stands until it is sent again or taken away', () => {
  const k = koe();
  const { klientId } = k.leggTil(fil('a'));
  k.neste(0);
  assert.equal(k.svar(klientId, { ok: false, kode: 'personnummer', melding: 'Nei' }, 0), 'avvist');
  assert.equal(k.neste(1e9), null);
  assert.equal(k.antall, 1);
  k.igjen(klientId, { ikkeFnr: true });
  const igjen = k.neste(0);
  assert.deepEqual([igjen.klientId, igjen.ikkeFnr], [klientId, true]);
  k.fjern(klientId);
  assert.equal(k.antall, 0);
  assert.equal(k.svar(klientId, { ok: true }, 0), 'borte');
});

test('an id that stands for something else is not used again', () => {
  const k = koe();
  const { klientId } = k.leggTil(fil('a'));
  k.neste(0);
  k.svar(klientId, { ok: false, kode: 'konflikt' }, 0);
  k.igjen(klientId);
  assert.notEqual(k.neste(0).klientId, klientId);
});

test('sizes and pages in words', () => {
  assert.deepEqual([0, 400, 1500, 999_999, 1_234_567].map((b) => stoerrelse(b)), ['1 kB', '1 kB', '2 kB', '1000 kB', '1,2 MB']);
  assert.equal(stoerrelse(1_250_000, 'en').endsWith(' MB'), true);
  assert.equal(stoerrelse(1_234_567, 'en'), '1.2 MB');
  const ord = (navn, verdier) => `${navn} ${verdier?.antall ?? ''}`.trim();
  assert.equal(omDokumentet({ sider: 1, stoerrelse: 5000 }, ord), 'PDF · vedleggSide · 5 kB');
  assert.equal(omDokumentet({ sider: 3, stoerrelse: 5000 }, ord), 'PDF · vedleggSider 3 · 5 kB');
});
