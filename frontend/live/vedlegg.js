// Attaching: from a file, the camera, the clipboard or by dropping. Each file goes with its progress shown and can
// be taken back; what is not sent stays here, visibly, and nowhere else.
import { si, tekst } from '../lib/tekst.js';
import { BAKGRUNN, csrf, skjermenErLaast } from './nett.js';
import { Vedleggskoe } from './vedleggskoe.js';
import { stoerrelse } from './vedleggsrad.js';

/** Milliseconds without a byte leaving, and for the answer when all has left (it is cleaned, maybe in a queue). */
const STILLE = 45_000;
const SVAR = 150_000;
/** Refusals of the case and not of the file: the same may go when that is over. */
const OPPLOESES = new Set(['stengt', 'konflikt', 'ugyldig_overgang', 'utdatert', 'ugyldig']);
/** Spoken steps, in per cent: not each one. */
const SIES_VED = 50;

const spraak = () => document.documentElement.lang || 'nb';
const nyId = () => crypto.randomUUID?.() ?? '10000000-1000-4000-8000-100000000000'.replace(
  /[018]/g, (c) => (c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (c / 4)))).toString(16),
);

/** The answer of the server as {ok, …}; null where it is nobody's we know. */
function lesSvar(xhr) {
  let kropp = null;
  try {
    kropp = JSON.parse(xhr.responseText);
  } catch {
    // Not ours: a proxy's page, or the login's.
  }
  if (xhr.status === 201 && kropp) return { ok: true, ...kropp };
  if (xhr.status === 423) skjermenErLaast();
  if (xhr.status === 401 || xhr.status === 423) return { ok: false, kode: 'ikke_innlogget' };
  if (xhr.status === 413) return { ok: false, kode: 'for_stor', melding: kropp?.melding };
  if (xhr.status === 429) {
    return { ok: false, kode: 'for_mange', melding: kropp?.melding, vent: Number(xhr.getResponseHeader('Retry-After')) || 5 };
  }
  return xhr.status >= 500 || !kropp?.kode ? null : { ok: false, ...kropp };
}

/**
 * @param {HTMLElement} rot the section with data-samtale
 * @param {object} valg
 * @param {string} valg.id the case
 * @param {() => boolean} valg.kanSende whether the login is the page's own and holds
 * @param {(sekvens: number) => void} valg.sendt a file stands in the log at this number
 * @param {() => Promise<string>} valg.hvem asks who is logged in, and takes a fresh token
 * @param {() => void} valg.vist the list has changed its height
 */
export function startVedlegg(rot, { id, kanSende, sendt, hvem, vist }) {
  const skjema = rot.querySelector('[data-vedleggsfelt]');
  const liste = rot.querySelector('[data-vedlegg-usendt]');
  const koe = new Vedleggskoe(nyId);
  const gaar = new Map();
  let vekker = 0;
  let stanset = false;

  // ---- sending -----------------------------------------------------------------------------------------

  function arbeid() {
    clearTimeout(vekker);
    if (!stanset && kanSende()) {
      const fil = koe.neste(Date.now());
      if (fil) send(fil);
    }
    const neste = koe.nesteTid();
    if (neste !== null) vekker = setTimeout(arbeid, Math.max(500, neste - Date.now()));
    vis();
  }

  function send(fil) {
    const { klientId } = fil;
    const xhr = new XMLHttpRequest();
    let stille = 0;
    let sagt = 0;
    const vent = (lenge) => {
      clearTimeout(stille);
      stille = setTimeout(() => xhr.abort(), lenge);
    };
    xhr.upload.addEventListener('progress', ({ loaded, total }) => {
      vent(STILLE);
      fil.prosent = total ? Math.floor((100 * loaded) / total) : 0;
      if (fil.prosent >= sagt + SIES_VED && fil.prosent < 100) {
        sagt = fil.prosent;
        si(`${navn(fil)}: ${fil.prosent} %`);
      }
      visEn(fil);
    });
    xhr.upload.addEventListener('load', () => {
      fil.prosent = 100;
      vent(SVAR);
      visEn(fil);
    });
    xhr.addEventListener('loadend', () => {
      clearTimeout(stille);
      gaar.delete(klientId);
      ferdig(fil, xhr.status ? lesSvar(xhr) : null);
    });
    xhr.open('POST', `/henvendelser/${id}/vedlegg`);
    xhr.setRequestHeader('Accept', 'application/json');
    xhr.setRequestHeader('X-CSRFToken', csrf());
    xhr.setRequestHeader(BAKGRUNN, '0');
    const kropp = new FormData();
    kropp.append('klient_id', klientId);
    if (fil.ikkeFnr) kropp.append('ikke_fnr', '1');
    kropp.append('fil', fil.fil, fil.fil.name || 'bilde');
    gaar.set(klientId, xhr);
    vent(STILLE);
    xhr.send(kropp);
    si(tekst('vedleggBegynt', { fil: navn(fil) }));
  }

  async function ferdig(fil, svar) {
    if (stanset || !koe.finn(fil.klientId)) return;
    const hadde = svar === null ? koe.tapt(fil.klientId, Date.now()) : koe.svar(fil.klientId, svar, Date.now());
    if (hadde === 'sendt') {
      si(tekst('vedleggSendt', { fil: navn(fil) }));
      sendt(svar.sekvens);
    } else if (hadde === 'avvist') {
      si(tekst('vedleggIkkeSendt', { fil: navn(fil), hvorfor: hvorfor(fil) }));
    }
    vis();
    // Another login in this browser, or a token of one that has ended: nothing more goes out before that is known.
    if (['csrf', 'ikke_innlogget', 'ikke_funnet'].includes(svar?.kode) && (await hvem()) === 'samme') koe.vekk();
    arbeid();
  }

  // ---- what is not sent yet ----------------------------------------------------------------------------

  const navn = (fil) => fil.fil.name || tekst('vedleggUtenNavn');

  function hvorfor(fil) {
    const { kode, melding } = fil.feil ?? {};
    if (kode === 'for_stor') return tekst('vedleggForStor', { stoerrelse: stoerrelse(fil.fil.size, spraak()) });
    if (kode === 'personnummer') return tekst('vedleggPersonnummer');
    if (melding) return melding;
    return fil.tilstand === 'venter' ? tekst('vedleggUtenForbindelse') : tekst('vedleggFeilet');
  }

  function tilstand(fil) {
    if (fil.tilstand === 'sender') {
      return fil.prosent < 100 ? tekst('vedleggSender', { prosent: fil.prosent }) : tekst('vedleggKontrolleres');
    }
    return tekst({ koe: 'vedleggKoe', venter: 'vedleggVenter', avvist: 'vedleggAvvist' }[fil.tilstand]);
  }

  function lag(fil) {
    const rad = document.querySelector('template[data-mal="vedlegg-usendt"]').content.firstElementChild.cloneNode(true);
    rad.querySelector('[data-felt="filnavn"]').textContent = navn(fil);
    rad.querySelector('[data-felt="filom"]').textContent = stoerrelse(fil.fil.size, spraak());
    rad.querySelector('[data-felt="framdrift"]').setAttribute('aria-label', navn(fil));
    return rad;
  }

  const rader = new Map();

  function visEn(fil) {
    const rad = rader.get(fil);
    if (!rad) return;
    const felt = (hvilket) => rad.querySelector(`[data-felt="${hvilket}"]`);
    const sett = (element, ord) => {
      if (element.textContent !== ord) element.textContent = ord;
    };
    const underveis = fil.tilstand === 'sender' || fil.tilstand === 'koe';
    rad.dataset.tilstand = underveis ? 'sender' : fil.tilstand;
    rad.dataset.klientId = fil.klientId;
    felt('framdrift').value = fil.prosent;
    felt('framdrift').hidden = !underveis;
    sett(felt('tilstand'), tilstand(fil));
    sett(felt('hvorfor'), underveis ? '' : hvorfor(fil));
    felt('hvorfor').hidden = underveis;
    sett(felt('avbryt'), tekst(fil.tilstand === 'avvist' ? 'vedleggFjern' : 'vedleggAvbryt'));
    rad.querySelector('[data-gjoer="ikke-fnr"]').hidden = fil.feil?.kode !== 'personnummer';
    const kanIgjen = fil.tilstand === 'venter' || (fil.tilstand === 'avvist' && OPPLOESES.has(fil.feil?.kode));
    rad.querySelector('[data-gjoer="igjen"]').hidden = !kanIgjen;
  }

  function vis() {
    const foer = liste.children.length;
    for (const [fil, rad] of rader) {
      if (koe.filer.includes(fil)) continue;
      // Whoever stood on a button of it stands in the field one writes in.
      if (rad.contains(document.activeElement)) rot.querySelector('[data-velg-fil]')?.focus({ preventScroll: true });
      rad.remove();
      rader.delete(fil);
    }
    for (const fil of koe.filer) {
      if (!rader.has(fil)) {
        rader.set(fil, lag(fil));
        liste.append(rader.get(fil));
      }
      visEn(fil);
    }
    liste.hidden = !koe.antall;
    if (liste.children.length !== foer) vist();
  }

  liste.addEventListener('click', ({ target }) => {
    const valg = target.closest('[data-gjoer]')?.dataset.gjoer;
    const klientId = target.closest('[data-klient-id]')?.dataset.klientId;
    if (!valg) return;
    if (valg === 'avbryt') {
      koe.fjern(klientId);
      gaar.get(klientId)?.abort();
    } else {
      koe.igjen(klientId, { ikkeFnr: valg === 'ikke-fnr' });
    }
    arbeid();
  });

  // ---- where files come from ---------------------------------------------------------------------------

  function taImot(filer) {
    if (skjema.hidden || stanset) return false;
    for (const fil of filer) {
      const ny = koe.leggTil(fil);
      if (ny.tilstand === 'avvist') si(tekst('vedleggIkkeSendt', { fil: navn(ny), hvorfor: hvorfor(ny) }));
    }
    arbeid();
    return filer.length > 0;
  }

  for (const [knapp, velger] of [['[data-velg-fil]', '[data-filvelger]'], ['[data-ta-bilde]', '[data-kamera]']]) {
    const inn = skjema.querySelector(velger);
    skjema.querySelector(knapp).addEventListener('click', () => inn.click());
    inn.addEventListener('change', () => {
      taImot(Array.from(inn.files));
      // The same file may be chosen again.
      inn.value = '';
    });
  }
  skjema.addEventListener('submit', (hendelse) => hendelse.preventDefault());
  rot.querySelector('[data-skrivefelt] textarea')?.addEventListener('paste', (hendelse) => {
    const { files, types } = hendelse.clipboardData;
    // A table from a spreadsheet comes as text and as a picture of itself: the text is what is meant.
    if (!files.length || types.includes('text/plain')) return;
    if (taImot(Array.from(files))) hendelse.preventDefault();
  });
  const harFiler = (hendelse) => hendelse.dataTransfer?.types.includes('Files');
  rot.addEventListener('dragover', (hendelse) => {
    if (!harFiler(hendelse)) return;
    // Also where it is not taken: the browser would else leave the page for the file.
    hendelse.preventDefault();
    rot.classList.toggle('samtale--slipp', !skjema.hidden);
  });
  rot.addEventListener('dragleave', (hendelse) => {
    if (!rot.contains(hendelse.relatedTarget)) rot.classList.remove('samtale--slipp');
  });
  rot.addEventListener('drop', (hendelse) => {
    if (!harFiler(hendelse)) return;
    hendelse.preventDefault();
    rot.classList.remove('samtale--slipp');
    taImot(Array.from(hendelse.dataTransfer.files));
  });
  window.addEventListener('online', () => api.vekk());

  const api = {
    /** How many files are not in the log yet. */
    get usendte() {
      return koe.antall;
    },
    /** Whether one may attach now. */
    kan(verdi) {
      skjema.hidden = !verdi;
    },
    /** A row of the log has come: one whose answer was lost on the way needs no second try. */
    kommet(klientId) {
      if (!koe.finn(klientId)) return;
      koe.fjern(klientId);
      gaar.get(klientId)?.abort();
      arbeid();
    },
    /** The line or the login is back. */
    vekk() {
      koe.vekk();
      arbeid();
    },
    /** The case is no longer one's own: nothing more is sent, and the field goes. */
    stans() {
      stanset = true;
      clearTimeout(vekker);
      for (const xhr of gaar.values()) xhr.abort();
      skjema.remove();
      for (const fil of koe.filer) Object.assign(fil, { tilstand: 'avvist', feil: { kode: 'ikke_tilgang', melding: tekst('avvistIkkeTilgang') } });
      vis();
    },
  };
  return api;
}
