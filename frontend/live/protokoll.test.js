import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KVITTERFRISTER } from './kvitteringer.js';
import { FRISTER, Samtale, nyUuid } from './protokoll.js';

const MEG = 'person-meg';
const rad = (sekvens, felter = {}) => ({
  henvendelse_id: 'sak', sekvens, type: 'melding', tekst: `rad ${sekvens}`, data: {}, klient_id: null,
  avsender: { id: 'person-annen', navn: 'Kari, UNN', side: 'mottaker' }, tidspunkt: '2026-01-01T10:00:00Z',
  ...felter,
});
const min = (sekvens, klientId, tekst = 'hei') => rad(sekvens, {
  klient_id: klientId, tekst, avsender: { id: MEG, navn: 'Meg', side: 'innmelder' },
});
const rader = (fra, til) => Array.from({ length: til - fra + 1 }, (_, i) => rad(fra + i));

function ny(valg = {}) {
  let teller = 0;
  const nyId = () => `uuid-${++teller}`;
  return new Samtale({ id: 'sak', meg: MEG, naa: 0, nyId, tilfeldig: () => 0.5, ...valg });
}
const gjoer = (ut, slag) => ut.filter((k) => k.gjoer === slag);
const ett = (ut, slag) => {
  const funnet = gjoer(ut, slag);
  assert.equal(funnet.length, 1, `one «${slag}» in ${JSON.stringify(ut)}`);
  return funnet[0];
};
/** A conversation that has joined over the socket and knows the rows 1..hode. */
function tilkoblet({ hode = 0, ...valg } = {}) {
  const s = ny({ hendelser: rader(1, hode), ...valg });
  const { nr } = ett(s.tilkoblet(0), 'hent');
  s.hentet(nr, { ok: true, hode, hendelser: [], mer: false }, 0);
  return s;
}

test('a UUID is made also where crypto.randomUUID is missing', () => {
  const egen = Object.getOwnPropertyDescriptor(crypto, 'randomUUID');
  const form = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  Object.defineProperty(crypto, 'randomUUID', { value: undefined, configurable: true });
  try {
    const [a, b] = [nyUuid(), nyUuid()];
    assert.match(a, form);
    assert.notEqual(a, b);
  } finally {
    if (egen) Object.defineProperty(crypto, 'randomUUID', egen);
    else delete crypto.randomUUID;
  }
  assert.match(nyUuid(), form);
});

test('joins first, over the socket, and fetches what comes after the last row it has', () => {
  const s = ny({ hendelser: rader(1, 3) });
  const hent = ett(s.tilkoblet(0), 'hent');
  assert.deepEqual({ vei: hent.vei, etter: hent.etter }, { vei: 'socket', etter: 3 });
  const ut = s.hentet(hent.nr, { ok: true, hode: 5, hendelser: rader(4, 5), mer: false }, 10);
  assert.deepEqual(ett(ut, 'vis').nye.map((r) => r.sekvens), [4, 5]);
  assert.equal(s.status(10).tilstand, 'ajour');
  assert.equal(s.status(10).nr, 5);
});

test('an answer that is cut off is followed by another fetch from where it ended', () => {
  const s = ny();
  const hent = ett(s.tilkoblet(0), 'hent');
  const neste = ett(s.hentet(hent.nr, { ok: true, hode: 5, hendelser: rader(1, 3), mer: true }, 10), 'hent');
  assert.equal(neste.etter, 3);
  assert.equal(s.status(10).tilstand, 'henter');
});

test('applies the next row only: lower is ignored, higher fetches the gap', () => {
  const s = tilkoblet({ hode: 2 });
  assert.deepEqual(ett(s.hendelse(rad(3), 10), 'vis').nye.map((r) => r.sekvens), [3]);
  assert.equal(gjoer(s.hendelse(rad(3), 11), 'vis').length, 0);
  assert.equal(gjoer(s.hendelse(rad(1), 12), 'vis').length, 0);
  const ut = s.hendelse(rad(6), 13);
  assert.equal(gjoer(ut, 'vis').length, 0);
  const hent = ett(ut, 'hent');
  assert.equal(hent.etter, 3);
  // Row 7 comes while the gap is being fetched: it must not be forgotten.
  assert.equal(gjoer(s.hendelse(rad(7), 14), 'hent').length, 0);
  const svar = s.hentet(hent.nr, { ok: true, hode: 6, hendelser: rader(4, 6), mer: false }, 15);
  assert.deepEqual(ett(svar, 'vis').nye.map((r) => r.sekvens), [4, 5, 6]);
  assert.equal(ett(svar, 'hent').etter, 6);
});

test('a higher head fetches after a grace, in which the row itself may come', () => {
  const s = tilkoblet({ hode: 2 });
  assert.equal(gjoer(s.hodeFra(3, 1_000), 'hent').length, 0);
  assert.equal(s.status(1_000).tilstand, 'henter');
  assert.ok(s.nesteTid(1_000) <= 1_000 + FRISTER.ekko);
  assert.equal(ett(s.tikk(1_000 + FRISTER.ekko), 'hent').etter, 2);

  const t = tilkoblet({ hode: 2 });
  t.hodeFra(3, 1_000);
  t.hendelse(rad(3), 1_200);
  assert.equal(gjoer(t.tikk(1_000 + FRISTER.ekko), 'hent').length, 0);
  assert.equal(t.status(3_000).tilstand, 'ajour');
});

test('a tick that does not know of the case means that the server has lost the join', () => {
  const s = tilkoblet({ hode: 2 });
  assert.equal(ett(s.hodeFra(undefined, 100), 'hent').vei, 'socket');
});

test('is old 40 s after the last head, says since when, and asks by itself', () => {
  const s = tilkoblet({ hode: 2 });
  s.hodeFra(2, 15_000);
  assert.equal(s.status(54_999).tilstand, 'ajour');
  assert.deepEqual(s.status(55_000), { tilstand: 'gammel', nr: 2, hode: 2, siden: 15_000 });
  const hent = ett(s.tikk(55_000), 'hent');
  s.hentet(hent.nr, { ok: true, hode: 2, hendelser: [], mer: false }, 55_100);
  assert.equal(s.status(55_100).tilstand, 'ajour');
});

test('a head that finds nothing does not fetch without pause', () => {
  const s = tilkoblet({ hode: 2 });
  const hent = ett(s.hendelse(rad(9), 0), 'hent');
  let ut = s.hentet(hent.nr, { ok: true, hode: 9, hendelser: [], mer: false }, 10);
  let antall = 0;
  for (let naa = 10; naa < 20_000; naa += 10) {
    for (const k of gjoer(ut, 'hent')) {
      antall += 1;
      s.hentet(k.nr, { ok: true, hode: 9, hendelser: [], mer: false }, naa);
    }
    ut = s.tikk(naa);
  }
  assert.ok(antall >= 3 && antall <= 8, `${antall} fetches in 20 s`);
});

test('an unanswered join is tried over HTTP, and the line is said to be old', () => {
  const s = ny();
  ett(s.tilkoblet(0), 'hent');
  assert.equal(s.status(0).tilstand, 'kobler');
  assert.equal(gjoer(s.tikk(FRISTER.svar), 'hent').length, 0);
  assert.equal(ett(s.tikk(FRISTER.svar + 1_000), 'hent').vei, 'http');
  s.tikk(2 * FRISTER.svar + 1_000);
  assert.equal(s.status(2 * FRISTER.svar + 1_000).tilstand, 'gammel');
});

test('a message goes out at once, is acknowledged, and gives way to its row', () => {
  const s = tilkoblet({ hode: 2 });
  const [ut, id] = s.skriv('hei', 100);
  const meld = ett(ut, 'meld');
  assert.deepEqual(
    { vei: meld.vei, klientId: meld.klientId, tekst: meld.tekst, ikkeFnr: meld.ikkeFnr },
    { vei: 'socket', klientId: id, tekst: 'hei', ikkeFnr: false },
  );
  assert.equal(s.usendte, 1);
  s.meldSvar(id, meld.nr, { ok: true, sekvens: 3 }, 110);
  assert.equal(s.usendte, 0);
  assert.equal(s.utgaaende[0].tilstand, 'lagret');
  s.hendelse(min(3, id), 120);
  assert.deepEqual(s.utgaaende, []);
  assert.equal(s.logg.at(-1).klient_id, id);
});

test('the echo may come before the acknowledgement', () => {
  const s = tilkoblet({ hode: 2 });
  const [ut, id] = s.skriv('hei', 100);
  s.hendelse(min(3, id), 110);
  assert.deepEqual(s.utgaaende, []);
  const etter = s.meldSvar(id, ett(ut, 'meld').nr, { ok: true, sekvens: 3 }, 120);
  assert.deepEqual(etter, []);
  assert.equal(s.logg.length, 3);
});

test('an echo beyond a gap proves that the message is stored', () => {
  const s = tilkoblet({ hode: 2 });
  const [, id] = s.skriv('hei', 100);
  const hent = ett(s.hendelse(min(5, id), 110), 'hent');
  assert.equal(s.usendte, 0);
  assert.equal(s.utgaaende[0].tilstand, 'lagret');
  s.hentet(hent.nr, { ok: true, hode: 5, hendelser: [rad(3), rad(4), min(5, id)], mer: false }, 120);
  assert.deepEqual(s.utgaaende, []);
  assert.deepEqual(s.logg.map((r) => r.sekvens), [1, 2, 3, 4, 5]);
});

test("somebody else's row with the same UUID is not mine", () => {
  const s = tilkoblet({ hode: 0 });
  const [, id] = s.skriv('hei', 100);
  s.hendelse(rad(1, { klient_id: id }), 110);
  assert.equal(s.usendte, 1);
});

test('a row that does not come after the acknowledgement is fetched', () => {
  const s = tilkoblet({ hode: 2 });
  const [ut, id] = s.skriv('hei', 100);
  s.meldSvar(id, ett(ut, 'meld').nr, { ok: true, sekvens: 3 }, 110);
  assert.equal(gjoer(s.tikk(200), 'hent').length, 0);
  assert.equal(ett(s.tikk(110 + FRISTER.ekko), 'hent').etter, 2);
});

test('messages go one at a time, so that a resend cannot change their order', () => {
  const s = tilkoblet();
  const [en, a] = s.skriv('en', 0);
  const [to, b] = s.skriv('to', 1);
  assert.equal(gjoer(to, 'meld').length, 0);
  const ut = s.meldSvar(a, ett(en, 'meld').nr, { ok: true, sekvens: 1 }, 2);
  assert.equal(ett(ut, 'meld').klientId, b);
});

test('a lost acknowledgement: the same UUID again, over HTTP, until it is answered', () => {
  const s = tilkoblet();
  const [ut, id] = s.skriv('hei', 0);
  const foerste = ett(ut, 'meld');
  assert.equal(gjoer(s.tikk(FRISTER.svar - 1), 'meld').length, 0);
  s.tikk(FRISTER.svar);
  assert.equal(s.utgaaende[0].tilstand, 'venter');
  const andre = ett(s.tikk(FRISTER.svar + 500), 'meld');
  assert.deepEqual([andre.klientId, andre.vei], [id, 'http']);
  const naa = FRISTER.svar + 600;
  s.meldTapt(id, andre.nr, naa);
  const tredje = ett(s.tikk(naa + 1_000), 'meld');
  assert.deepEqual([tredje.klientId, tredje.vei], [id, 'socket']);
  // The acknowledgement of the first try comes at last.
  s.meldSvar(id, foerste.nr, { ok: true, sekvens: 1 }, naa + 1_100);
  assert.equal(s.usendte, 0);
});

test('the line goes down in mid-send: HTTP after 3 s, at once when the socket comes back', () => {
  const s = tilkoblet();
  const [, id] = s.skriv('hei', 0);
  assert.equal(gjoer(s.frakoblet(1_000), 'meld').length, 0);
  assert.equal(s.utgaaende[0].tilstand, 'venter');
  assert.equal(s.nesteTid(1_000), 1_000 + FRISTER.httpEtter);
  const meld = ett(s.tikk(1_000 + FRISTER.httpEtter), 'meld');
  assert.deepEqual([meld.vei, meld.klientId], ['http', id]);

  const t = tilkoblet();
  t.skriv('hei', 0);
  t.frakoblet(1_000);
  const ut = t.tilkoblet(1_500);
  assert.equal(ett(ut, 'hent').vei, 'socket');
  assert.equal(ett(ut, 'meld').vei, 'socket');
});

test('the line goes down in mid-fetch: the answer is not waited for', () => {
  const s = ny();
  ett(s.tilkoblet(0), 'hent');
  s.frakoblet(1_000);
  assert.equal(ett(s.tikk(1_000 + FRISTER.httpEtter), 'hent').vei, 'http');
});

test('where websockets are blocked it reads and writes over HTTP by intervals', () => {
  const s = ny({ hendelser: rader(1, 1) });
  assert.equal(s.status(0).tilstand, 'kobler');
  const hent = ett(s.tikk(FRISTER.httpEtter), 'hent');
  assert.equal(hent.vei, 'http');
  s.hentet(hent.nr, { ok: true, hode: 2, hendelser: [rad(2)], mer: false }, 3_100);
  assert.equal(s.status(3_100).tilstand, 'ajour_http');
  assert.equal(gjoer(s.tikk(4_000), 'hent').length, 0);
  // One's own message is fetched as soon as it is acknowledged, not at the next interval.
  const [ut, id] = s.skriv('hei', 4_100);
  const etter = s.meldSvar(id, ett(ut, 'meld').nr, { ok: true, sekvens: 3 }, 4_200);
  const neste = ett(etter, 'hent');
  s.hentet(neste.nr, { ok: true, hode: 3, hendelser: [min(3, id)], mer: false }, 4_300);
  assert.equal(ett(s.tikk(4_300 + FRISTER.henting), 'hent').vei, 'http');
});

test('a line that is down is not said to be up to date before HTTP has confirmed it', () => {
  const s = tilkoblet({ hode: 2 });
  s.hodeFra(2, 9_900);
  s.frakoblet(10_000);
  assert.equal(s.status(10_100).tilstand, 'kobler');
  const hent = ett(s.vekk(10_200), 'hent');
  assert.equal(hent.vei, 'http');
  assert.equal(s.status(10_200).tilstand, 'kobler');
  s.hentTapt(hent.nr, 10_300);
  assert.deepEqual([s.status(10_300).tilstand, s.status(10_300).siden], ['gammel', 9_900]);
});

test('the browser says that it is offline: old at once', () => {
  const s = tilkoblet({ hode: 2 });
  s.nettverk(false, 1_000);
  assert.equal(s.status(1_000).tilstand, 'gammel');
  const hent = ett(s.nettverk(true, 2_000), 'hent');
  s.hentet(hent.nr, { ok: true, hode: 2, hendelser: [], mer: false }, 2_100);
  assert.equal(s.status(2_100).tilstand, 'ajour');
});

for (const kode of ['ugyldig', 'personnummer', 'stengt', 'konflikt', 'ikke_tilgang', 'ikke_funnet', 'for_stor']) {
  test(`the refusal «${kode}» stops the sending and keeps the text`, () => {
    const s = tilkoblet();
    const [ut, id] = s.skriv('hei', 0);
    const [, b] = s.skriv('neste', 1);
    const etter = s.meldSvar(id, ett(ut, 'meld').nr, { ok: false, kode, melding: 'Nei.' }, 10);
    assert.deepEqual([s.utgaaende[0].tilstand, s.utgaaende[0].feil.kode], ['avvist', kode]);
    // It does not stand in the way of the next one, and it is not sent again by itself.
    assert.equal(ett(etter, 'meld').klientId, b);
    assert.deepEqual(gjoer(s.vekk(60_000), 'meld').filter((k) => k.klientId === id), []);
    assert.equal(s.usendte, 2);
    assert.equal(s.taUt(id), 'hei');
    assert.equal(s.usendte, 1);
  });
}

test('a refusal of an old try does not stop a newer one', () => {
  const s = tilkoblet();
  const [ut, id] = s.skriv('hei', 0);
  const foerste = ett(ut, 'meld');
  s.tikk(FRISTER.svar);
  const andre = ett(s.tikk(FRISTER.svar + 500), 'meld');
  s.meldSvar(id, foerste.nr, { ok: false, kode: 'stengt' }, 9_000);
  assert.equal(s.utgaaende[0].tilstand, 'sender');
  s.meldSvar(id, andre.nr, { ok: true, sekvens: 1 }, 9_100);
  assert.equal(s.usendte, 0);
});

test('refused after the acknowledgement was lost: the echo shows that it was stored after all', () => {
  const s = tilkoblet();
  const [ut, id] = s.skriv('hei', 0);
  s.meldSvar(id, ett(ut, 'meld').nr, { ok: false, kode: 'stengt' }, 10);
  s.hendelse(min(1, id), 20);
  assert.deepEqual(s.utgaaende, []);
});

test('«dette er ikke et fødselsnummer» sends the same UUID with the choice', () => {
  const s = tilkoblet();
  const [ut, id] = s.skriv('prøve 01010112345', 0);
  s.meldSvar(id, ett(ut, 'meld').nr, { ok: false, kode: 'personnummer', treff: [[6, 17]] }, 10);
  const meld = ett(s.sendIgjen(id, 20, { ikkeFnr: true }), 'meld');
  assert.deepEqual([meld.klientId, meld.ikkeFnr, meld.vei], [id, true, 'socket']);
});

test('a UUID that stands for another text is given up when the text is sent again', () => {
  const s = tilkoblet();
  const [ut, id] = s.skriv('hei', 0);
  s.meldSvar(id, ett(ut, 'meld').nr, { ok: false, kode: 'konflikt' }, 10);
  const meld = ett(s.sendIgjen(id, 20), 'meld');
  assert.notEqual(meld.klientId, id);
  assert.equal(meld.tekst, 'hei');
});

test('too many: waits as long as the server says, then goes on with the same', () => {
  const s = tilkoblet();
  const [ut, id] = s.skriv('hei', 0);
  s.meldSvar(id, ett(ut, 'meld').nr, { ok: false, kode: 'for_mange', vent: 30 }, 100);
  s.skriv('neste', 200);
  assert.equal(gjoer(s.tikk(30_099), 'meld').length, 0);
  assert.equal(ett(s.tikk(30_100), 'meld').klientId, id);
});

test('logged out: nothing more goes out, the text stays, and it goes on after login', () => {
  const s = tilkoblet({ hode: 1 });
  const [ut, id] = s.skriv('hei', 0);
  const etter = s.meldSvar(id, ett(ut, 'meld').nr, { ok: false, kode: 'ikke_innlogget' }, 10);
  assert.equal(ett(etter, 'fase').fase, 'utlogget');
  assert.equal(s.status(10).tilstand, 'utlogget');
  assert.deepEqual(gjoer(s.tikk(60_000), 'meld'), []);
  assert.deepEqual(gjoer(s.tikk(60_000), 'hent'), []);
  assert.equal(s.utgaaende[0].tekst, 'hei');
  const igjen = s.innlogget(61_000);
  assert.equal(ett(igjen, 'fase').fase, 'aktiv');
  assert.deepEqual([ett(igjen, 'meld').klientId, ett(igjen, 'hent').vei], [id, 'socket']);
});

test('an acknowledgement that comes after the logout still counts', () => {
  const s = tilkoblet();
  const [ut, id] = s.skriv('hei', 0);
  s.utlogget(5);
  assert.equal(s.usendte, 1);
  s.meldSvar(id, ett(ut, 'meld').nr, { ok: true, sekvens: 1 }, 10);
  assert.equal(s.usendte, 0);
});

test('somebody else in the same browser: nothing goes out in that name', () => {
  const s = tilkoblet();
  s.frakoblet(0);
  s.skriv('hei', 1);
  s.annenBruker(2);
  assert.deepEqual(gjoer(s.tilkoblet(3), 'meld'), []);
  assert.equal(s.status(4).tilstand, 'annen_bruker');
  assert.equal(gjoer(s.innlogget(5), 'meld').length, 1);
});

test('lost rights wipe the conversation, and leave the unsent text to its writer', () => {
  for (const mist of [
    (s) => s.tilgangMistet(100, 'varsel'),
    (s) => s.hentet(ett(s.hendelse(rad(9), 100), 'hent').nr, { ok: false, kode: 'ikke_funnet' }, 100),
  ]) {
    const s = tilkoblet({ hode: 2, kvitteringer: [{ person_id: 'x', mottatt: 1, lest: 1 }] });
    s.skriv('mitt eget', 50);
    mist(s);
    assert.equal(s.status(100).tilstand, 'mistet');
    assert.deepEqual(s.logg, []);
    assert.equal(s.kvitteringer.size, 0);
    assert.deepEqual(s.utgaaende.map((m) => [m.tekst, m.tilstand]), [['mitt eget', 'avvist']]);
    s.hendelse(rad(3), 110);
    s.kvittering({ person_id: 'x', mottatt: 3, lest: 3 }, 110);
    assert.deepEqual(s.logg, []);
    assert.equal(s.kvitteringer.size, 0);
    assert.deepEqual(gjoer(s.tilkoblet(120), 'hent'), []);
  }
});

test('receipts: one for what was delivered and read at once, never for rows of one’s own', () => {
  const s = tilkoblet({ hode: 1, kvitteringer: [{ person_id: MEG, navn: 'Meg', mottatt: 1, lest: 1 }] });
  assert.deepEqual(gjoer(s.hendelse(rad(2), 1_000), 'kvitter'), []);
  s.sett(2, 1_010);
  const les = ett(s.tikk(1_000 + KVITTERFRISTER.samle), 'kvitter');
  assert.deepEqual([les.slag, les.sekvens], ['les', 2]);
  s.kvitterSvar(les.nr, true, 1_300);
  s.hendelse(min(3, 'x'), 1_400);
  s.sett(3, 1_410);
  assert.deepEqual(gjoer(s.tikk(5_000), 'kvitter'), []);
  // Delivered, but not read: the page is not visible.
  s.hendelse(rad(4), 6_000);
  const mottatt = ett(s.tikk(6_000 + KVITTERFRISTER.samle), 'kvitter');
  assert.deepEqual([mottatt.slag, mottatt.sekvens], ['mottatt', 4]);
});

test('a lost receipt is sent again', () => {
  const s = tilkoblet({ hode: 1, kvitteringer: [{ person_id: MEG, navn: 'Meg', mottatt: 1, lest: 1 }] });
  s.hendelse(rad(2), 0);
  const foerste = ett(s.tikk(KVITTERFRISTER.samle), 'kvitter');
  s.kvitterSvar(foerste.nr, false, 300);
  assert.equal(gjoer(s.tikk(400), 'kvitter').length, 0);
  const andre = ett(s.tikk(900), 'kvitter');
  assert.deepEqual([andre.slag, andre.sekvens], ['mottatt', 2]);
  s.frakoblet(1_000);
  const { nr } = ett(s.tilkoblet(2_000), 'hent');
  const ut = s.hentet(nr, { ok: true, hode: 2, hendelser: [], mer: false }, 2_100);
  assert.equal(ett(ut, 'kvitter').sekvens, 2);
});

test('receipts of others only grow', () => {
  const x = { person_id: 'x', navn: 'X', side: 'mottaker', mottatt: 3, lest: 1 };
  const s = tilkoblet({ hode: 3, kvitteringer: [x] });
  ett(s.kvittering({ person_id: 'x', mottatt: 3, lest: 2 }, 1), 'kvitteringer');
  assert.deepEqual(gjoer(s.kvittering({ person_id: 'x', mottatt: 1, lest: 0 }, 2), 'kvitteringer'), []);
  assert.equal(s.kvitteringer.get('x').navn, 'X');
  assert.deepEqual(s.mottakereAv(2, MEG).lest.map((k) => k.person_id), ['x']);
  assert.deepEqual(s.mottakereAv(3, MEG).lest, []);
  assert.deepEqual(s.mottakereAv(3, MEG).levert.map((k) => k.person_id), ['x']);
  assert.deepEqual(s.mottakereAv(1, 'x').levert, []);
});
