// One case on the page, live: binds the state machine (protokoll.js) to the line, the log, the field one
// writes in and the forms. Nothing of it is kept in the browser's storage.
import { si, tekst } from '../lib/tekst.js';
import { Handlinger } from './handlinger.js';
import { GammelNoekkel, hentDel, hentHendelser, sendMelding, skjermenErLaast } from './nett.js';
import { Skrivere, delNavn, kortet, tekstnavn } from './ord.js';
import { startPlassvalg } from './plassvalg.js';
import { Samtale } from './protokoll.js';
import { Rull, lesevakt } from './rull.js';
import { Skrivefelt } from './skrivefelt.js';
import { visStatus } from './statuslinje.js';
import { startVedlegg } from './vedlegg.js';
import { Visning } from './visning.js';

/** In milliseconds. */
const OPPLES = 700; // new messages are gathered before they are read aloud
const STATUS = 150; // moves come in pairs: one fetch for both

/**
 * @param {HTMLElement} rot the section with data-samtale
 * @param {import('./forbindelse.js').Forbindelse} forbindelse
 */
export function startSamtale(rot, forbindelse) {
  const { samtale: id, meg, medlemskap, side } = rot.dataset;
  const sak = rot.closest('[data-sak]');
  const tittel = document.title;
  const naa = () => Date.now();
  const s = new Samtale({
    id, meg, naa: naa(), hendelser: Visning.lesLogg(rot), kvitteringer: JSON.parse(rot.dataset.kvitteringer),
  });
  const skrivere = new Skrivere();
  const rullefelt = rot.querySelector('[data-rull]');
  const rull = new Rull(rullefelt, (vedBunn) => vedBunn && visNye(0));
  const sett = lesevakt(rullefelt, (sekvens) => gjoer(s.sett(sekvens, naa())));
  const visning = new Visning({ rot, samtale: s, side, etter: etterNyeRader });
  const handlinger = new Handlinger(sak, {
    utlogget: () => gjoer(s.utlogget(naa())),
    etter: () => visSkrivefelt(),
    usendt: () => Boolean(s.usendte || felt.tekst.trim() || vedlegg.usendte),
    hvem: () => sjekkHvem(),
    forlatt: (beskjed, adresse) => forlatt(beskjed, adresse),
  });
  let nyeUnder = 0;
  let skjulteNye = 0;
  let harSkille = false;
  let vekker = 0;
  let statusvekker = 0;
  let opplesning = [];
  let opplesvekker = 0;
  let harVaertOppe = false;

  // ---- carrying out what the conversation asks for -----------------------------------------------------

  function gjoer(kommandoer) {
    for (const k of kommandoer) {
      if (k.gjoer === 'hent') hent(k);
      else if (k.gjoer === 'meld') meld(k);
      else if (k.gjoer === 'kvitter') kvitter(k);
      else if (k.gjoer === 'vis') visRader(k.nye);
      else if (k.gjoer === 'utgaaende') visUtgaaende();
      else if (k.gjoer === 'kvitteringer') visning.visKvitteringer();
      else if (k.gjoer === 'fase') nyFase(k.fase);
    }
    visStatus(rot, s.status(naa()));
    clearTimeout(vekker);
    const neste = s.nesteTid(naa());
    if (neste !== null) vekker = setTimeout(() => gjoer(s.tikk(naa())), Math.max(20, neste - naa()));
  }

  async function hent({ vei, nr, etter }) {
    let svar;
    try {
      svar = await (vei === 'socket'
        ? forbindelse.send('henvendelse.abonner', { id, etter }) : hentHendelser(id, etter));
    } catch {
      gjoer(s.hentTapt(nr, naa()));
      return;
    }
    gjoer(s.hentet(nr, svar, naa()));
  }

  async function meld({ vei, nr, klientId, tekst: skrevet, ikkeFnr }) {
    const kropp = { klient_id: klientId, tekst: skrevet, ...(ikkeFnr ? { ikke_fnr: true } : {}) };
    let svar;
    try {
      svar = await (vei === 'socket'
        ? forbindelse.send('henvendelse.meld', { id, ...kropp }) : sendMelding(id, kropp));
    } catch (feil) {
      // An old token may mean that somebody else is logged in: ask before the next try.
      if (feil instanceof GammelNoekkel) await sjekkHvem();
      gjoer(s.meldTapt(klientId, nr, naa()));
      return;
    }
    gjoer(s.meldSvar(klientId, nr, svar, naa()));
  }

  async function kvitter({ slag, sekvens, nr }) {
    let ok = false;
    try {
      ({ ok } = await forbindelse.send(`henvendelse.${slag}`, { id, sekvens }));
    } catch {
      // It is sent again when the line is back.
    }
    gjoer(s.kvitterSvar(nr, ok, naa()));
  }

  /** Who is logged in in this browser now, asked together with the state of the case. */
  async function sjekkHvem() {
    if (s.fase === 'mistet') return 'mistet';
    let svar;
    try {
      svar = await hentDel(`/henvendelser/${id}/status`);
    } catch {
      return 'ukjent';
    }
    if (svar.status === 401) {
      gjoer(s.utlogget(naa()));
      return 'utlogget';
    }
    if (svar.status === 403 || svar.status === 404) {
      gjoer(s.tilgangMistet(naa()));
      return 'mistet';
    }
    const topp = svar.del?.querySelector('[data-person]');
    if (!topp || s.fase === 'mistet') return 'ukjent';
    if (topp.dataset.person !== meg || topp.dataset.medlemskap !== medlemskap) {
      gjoer(s.annenBruker(naa()));
      return 'annen';
    }
    handlinger.settInn(svar.del);
    visSkrivefelt();
    gjoer(s.innlogget(naa()));
    return 'samme';
  }

  /** Whether one may write, as the head of the case says now. A begun text is never hidden. */
  function visSkrivefelt() {
    const { kanGjenaapne, kanSkrive } = sak.querySelector('[data-bit="topp"]').dataset;
    const kan = kanSkrive !== undefined;
    felt.skjema.hidden = !kan && !felt.tekst.trim();
    vedlegg.kan(kan);
    for (const note of rot.querySelectorAll('[data-stengt]')) {
      note.hidden = kan || (note.dataset.stengt === 'avsluttet') !== (kanGjenaapne !== undefined);
    }
    maal();
  }

  function fornyStatus() {
    clearTimeout(statusvekker);
    statusvekker = setTimeout(sjekkHvem, STATUS);
  }

  // ---- the log -----------------------------------------------------------------------------------------

  function visRader(nye) {
    visning.leggTil(nye);
    if (nye.some((rad) => rad.type !== 'melding')) fornyStatus();
  }

  function etterNyeRader(nye) {
    for (const { rad } of nye) if (rad.type === 'vedlegg' && rad.avsender.id === meg) vedlegg.kommet(rad.klient_id);
    const andres = nye.filter(({ rad }) => rad.avsender.id !== meg);
    for (const { rad, element } of andres) {
      skrivere.ferdig(rad.avsender.id);
      sett(element);
    }
    if (andres.length && !harSkille && (document.hidden || !document.hasFocus())) {
      harSkille = true;
      visning.settUlest(andres[0].element);
    }
    if (nye.length > andres.length) fjernSkille();
    if (rull.vedBunn) rull.tilBunn();
    else visNye(nyeUnder + andres.length);
    if (document.hidden) skjulteNye += andres.length;
    document.title = skjulteNye ? `(${skjulteNye}) ${tittel}` : tittel;
    visSkrivere();
    lesOpp(andres);
  }

  function fjernSkille() {
    harSkille = false;
    visning.settUlest(null);
  }

  function lesOpp(andres) {
    opplesning.push(...andres);
    if (!opplesning.length || opplesvekker) return;
    opplesvekker = setTimeout(() => {
      const nye = opplesning;
      opplesning = [];
      opplesvekker = 0;
      const [{ rad, element }] = nye;
      const innhold = rad.type === 'melding'
        ? tekst('samtaleLesOpp', { navn: delNavn(rad.avsender.navn).navn, tekst: kortet(rad.tekst) })
        : rad.type === 'vedlegg' ? tekst('vedleggFra', { navn: delNavn(rad.avsender.navn).navn })
          : kortet(element.textContent);
      si(nye.length === 1 ? innhold : tekst('samtaleLesOppFlere', { antall: nye.length }));
    }, OPPLES);
  }

  function visNye(antall) {
    nyeUnder = antall;
    const knapp = rot.querySelector('[data-nye]');
    knapp.hidden = rull.vedBunn;
    const ord = antall === 0 ? 'samtaleTilBunnen' : antall === 1 ? 'samtaleNyEn' : 'samtaleNyFlere';
    knapp.querySelector('[data-nyetekst]').textContent = tekst(ord, { antall });
    knapp.classList.toggle('nyeknapp--nye', antall > 0);
  }

  function visUtgaaende() {
    visning.visUtgaaende();
    if (rull.vedBunn) rull.tilBunn();
  }

  function visSkrivere() {
    const navn = skrivere.navn(naa());
    const ord = ['', 'samtaleSkriverEn', 'samtaleSkriverTo'][navn.length] ?? 'samtaleSkriverFlere';
    rot.querySelector('[data-skrivere]').textContent = ord
      ? tekst(ord, { navn: navn[0], annen: navn[1], antall: navn.length - 1 }) : '';
  }

  // ---- session and rights ------------------------------------------------------------------------------

  function nyFase(fase) {
    if (fase === 'mistet') wipe();
    visUtgaaende();
    sak.dataset.fase = fase;
    if (fase === 'aktiv') vedlegg.vekk();
    // The page is covered until the same person is back.
    if (fase === 'utlogget' || fase === 'annen_bruker') skjermenErLaast();
    if (fase !== 'aktiv') si(tekst(tekstnavn('samtale', fase)));
  }

  /** Nothing of the case may stay on the screen; one's own unsent texts may. */
  function wipe() {
    visning.toem();
    // What waits to be read aloud is of the case too.
    opplesning = [];
    clearTimeout(opplesvekker);
    opplesvekker = 0;
    const tittellinje = Object.assign(document.createElement('h1'), {
      className: 'ds-heading', textContent: tekst('samtaleMistetTittel'),
    });
    const tilbakelenke = sak.querySelector('.tilbakelenke');
    sak.querySelector('[data-bit="topp"]').replaceChildren(tilbakelenke, tittellinje);
    const resten = '[data-bit]:not([data-bit="topp"]), .saksplasser, .sakvalg, [data-skrivere], [data-nye], [data-stengt]';
    for (const del of sak.querySelectorAll(resten)) del.remove();
    document.querySelector('.panel113')?.remove();
    felt.skjema.remove();
    vedlegg.stans();
    document.title = tittellinje.textContent;
  }

  function forlatt(beskjed, adresse) {
    gjoer(s.tilgangMistet(naa()));
    if (!s.usendte && !vedlegg.usendte) location.assign(adresse);
    else si(beskjed);
  }

  // ---- the line ----------------------------------------------------------------------------------------

  async function paaTilstand(tilstand) {
    if (tilstand === 'utlogget') gjoer(s.utlogget(naa()));
    if (tilstand !== 'oppe') {
      gjoer(s.frakoblet(naa()));
      return;
    }
    // While the line was down somebody else may have logged in: nothing goes out before that is known.
    while (harVaertOppe && forbindelse.oppe) {
      const hvem = await sjekkHvem();
      if (hvem === 'samme') break;
      if (hvem !== 'ukjent') return;
      await new Promise((ferdig) => setTimeout(ferdig, 2_000));
    }
    harVaertOppe = true;
    if (!forbindelse.oppe) return;
    gjoer(s.tilkoblet(naa()));
    vedlegg.vekk();
  }

  const gjelder = (fn) => (data) => {
    if (data.henvendelse_id === id) fn(data);
  };
  forbindelse.paa('tilstand', paaTilstand);
  forbindelse.paa('hendelse', gjelder((rad) => gjoer(s.hendelse(rad, naa()))));
  forbindelse.paa('kvittering', gjelder((k) => {
    const ny = !s.kvitteringer.has(k.person_id);
    gjoer(s.kvittering(k, naa()));
    // Somebody has opened the case for the first time: the list of who has seen it tells.
    if (ny) fornyStatus();
  }));
  forbindelse.paa('hode', (h) => gjoer(s.hodeFra(h.henvendelse?.[id], naa())));
  forbindelse.paa('varsel', gjelder((v) => {
    if (v.type === 'tilgang_mistet') gjoer(s.tilgangMistet(naa()));
    // Somebody on the ladder has acknowledged being told.
    if (v.type === 'stige_endret') fornyStatus();
  }));
  forbindelse.paa('skriver', gjelder((hvem) => {
    if (hvem.person_id === meg) return;
    skrivere.skriver(hvem, naa());
    visSkrivere();
    setTimeout(visSkrivere, Skrivere.VARER + 50);
  }));
  window.addEventListener('online', () => {
    forbindelse.vekk();
    gjoer(s.nettverk(true, naa()));
  });
  window.addEventListener('offline', () => gjoer(s.nettverk(false, naa())));
  const tilbake = () => {
    if (document.hidden) return;
    skjulteNye = 0;
    document.title = s.fase === 'mistet' ? document.title : tittel;
    if (s.fase === 'annen_bruker') sjekkHvem();
    forbindelse.vekk();
    gjoer(s.vekk(naa()));
  };
  document.addEventListener('visibilitychange', tilbake);
  document.addEventListener('portal:laast-opp', tilbake);
  window.addEventListener('focus', tilbake);
  rot.querySelector('[data-proev]').addEventListener('click', tilbake);
  // Leaving the page: the server need not send more here.
  window.addEventListener('pagehide', () => forbindelse.kringkast('henvendelse.forlat', { id }));

  // ---- writing -----------------------------------------------------------------------------------------

  const felt = new Skrivefelt(rot.querySelector('[data-skrivefelt]'), {
    send: (skrevet, ikkeFnr) => {
      rull.tilBunn();
      visNye(0);
      fjernSkille();
      gjoer(s.skriv(skrevet, naa(), { ikkeFnr })[0]);
    },
    skriver: () => {
      if (skrivere.maaSies(naa())) forbindelse.kringkast('henvendelse.skriver', { id });
    },
  });
  const vedlegg = startVedlegg(rot, {
    id,
    kanSende: () => s.fase === 'aktiv',
    sendt: (sekvens) => gjoer(s.hodeFra(sekvens, naa())),
    hvem: () => sjekkHvem(),
    vist: () => rull.vedBunn && rull.tilBunn(),
  });
  rot.querySelector('[data-usendt]').addEventListener('click', ({ target }) => {
    const valg = target.closest('[data-gjoer]')?.dataset.gjoer;
    const klientId = target.closest('[data-klient-id]')?.dataset.klientId;
    if (!valg) return;
    if (valg === 'ikke-fnr') gjoer(s.sendIgjen(klientId, naa(), { ikkeFnr: true }));
    else if (valg === 'igjen') gjoer(s.sendIgjen(klientId, naa()));
    else {
      const skrevet = s.taUt(klientId);
      visUtgaaende();
      if (valg === 'rediger' && skrevet !== null) felt.settInn(skrevet);
      else felt.fokus();
    }
  });
  rot.querySelector('[data-nye]').addEventListener('click', () => {
    rull.tilBunn();
    visNye(0);
  });
  window.addEventListener('beforeunload', (hendelse) => {
    if (s.usendte || felt.tekst.trim() || vedlegg.usendte) hendelse.preventDefault();
  });

  startPlassvalg(sak, { klargjoer: () => handlinger.klargjoer(), feilet: () => sjekkHvem() });

  // ---- the screen --------------------------------------------------------------------------------------

  // Where both columns stand side by side, the conversation fills what the screen has left below the question.
  const maal = () => {
    const topp = rot.getBoundingClientRect().top + window.scrollY;
    sak.style.setProperty('--samtale-topp', `${Math.round(topp)}px`);
  };
  maal();
  window.addEventListener('resize', maal);

  // ---- the first look ----------------------------------------------------------------------------------

  const lest = s.kvitteringer.get(meg)?.lest ?? 0;
  const ulest = (e) => e.dataset.avsender !== meg && Number(e.dataset.sekvens) > lest;
  const uleste = Array.from(visning.rader).filter(ulest);
  if (lest && uleste.length) {
    harSkille = true;
    visning.settUlest(uleste[0]);
  }
  rull.tilBunn();
  if (harSkille) {
    requestAnimationFrame(() => {
      rull.tilRad(uleste[0]);
      visNye(0);
    });
  }
  for (const element of uleste) sett(element);
  gjoer(s.tikk(naa()));
  if (forbindelse.oppe) paaTilstand('oppe');
  return s;
}
