// Who gets the request: the receiver suggested from the patient's bostedskommune (its hospital, or when a hospital asks,
// the kommune itself), whether anybody there answers for the fagområde in the portal, and which number to ring if not.
// From GET /api/v1/mottakere.
import { ikon, lag, tekst } from './tekst.js';

/** A number that stands in a sentence is not broken over two lines. */
const udelt = (nummer) => nummer.replace(/\s/g, '\u00a0');

const skjema = document.querySelector('form[data-skjema="henvendelse"]');
if (skjema) start();

function start() {
  // By name: the combobox over the kommune has taken its id.
  const [kommune, mottaker, fag] = ['bostedskommune_id', 'mottaker_id', 'fagomraade'].map((navn) => skjema.querySelector(`select[name="${navn}"]`));
  const fagvalg = Array.from(fag.options).filter((o) => o.value).map((o) => ({ kode: o.value, navn: o.text.trim() }));
  let mottakere = new Map();
  let forslag = null;
  // A receiver that came with the page (after a refusal) or that somebody has picked is not overwritten.
  let valgtSelv = Boolean(mottaker.value);
  let nyeste = 0;

  const navnPaa = (velger) => Array.from(velger.options).find((o) => o.value === velger.value)?.text.trim() ?? '';
  const valgt = () => mottakere.get(mottaker.value || forslag) ?? null;
  const kanVelges = (id) => Array.from(mottaker.options).some((o) => o.value === id);

  async function hent() {
    const nr = (nyeste += 1);
    try {
      const svar = await fetch(`/api/v1/mottakere?kommune=${encodeURIComponent(kommune.value)}`, {
        headers: { Accept: 'application/json', 'X-Bakgrunn': '1' },
      });
      if (!svar.ok) return;
      const data = await svar.json();
      if (nr !== nyeste) return;
      mottakere = new Map(data.mottakere.map((m) => [m.id, m]));
      forslag = data.forslag;
    } catch {
      // Without an answer the form works as it does without JavaScript: the server suggests.
      return;
    }
    mottaker.dataset.foreslaatt = forslag ?? '';
    // A kommune that nobody answers for in the portal is no choice in the list: left empty, it is the suggested one.
    if (!valgtSelv && forslag) mottaker.value = kanVelges(forslag) ? forslag : '';
    vis();
  }

  function vis() {
    visForslag();
    visFag();
    visTelefon();
  }

  function visForslag() {
    const plass = skjema.querySelector('[data-forslag]');
    const sted = kommune.value ? navnPaa(kommune) : '';
    const foreslaatt = mottakere.get(forslag);
    if (!sted || !foreslaatt) plass.textContent = '';
    else if ((mottaker.value || forslag) !== forslag) plass.textContent = tekst('annenMottaker', { kommune: sted, mottaker: foreslaatt.navn });
    else if (!foreslaatt.fagomraader.some((f) => f.bemannet)) plass.textContent = tekst('ingenSvarer', { mottaker: foreslaatt.navn });
    else plass.textContent = tekst('foreslaatt', { kommune: sted });
  }

  /** The specialties in two groups: those somebody answers for, and those where one must ring. */
  function visFag() {
    const hos = valgt();
    const naa = fag.value;
    const tom = fag.options[0];
    if (!hos) return;
    const bemannet = new Set(hos.fagomraader.filter((f) => f.bemannet).map((f) => f.kode));
    const gruppe = (navn, koder) => {
      const og = lag('optgroup', { label: navn });
      og.append(...koder.map((f) => lag('option', { value: f.kode }, f.navn)));
      return koder.length ? [og] : [];
    };
    fag.replaceChildren(
      tom,
      ...gruppe(tekst('svarer'), fagvalg.filter((f) => bemannet.has(f.kode))),
      ...gruppe(tekst('svarerIkke'), fagvalg.filter((f) => !bemannet.has(f.kode))),
    );
    fag.value = naa;
    const plass = skjema.querySelector('[data-bemanning]');
    const valgtFag = fagvalg.find((f) => f.kode === naa);
    fag.dataset.bemannet = valgtFag ? String(bemannet.has(naa)) : '';
    if (!valgtFag) {
      plass.replaceChildren();
      return;
    }
    const ja = bemannet.has(naa);
    const setning = tekst(ja ? 'bemannet' : 'ubemannet', { fag: valgtFag.navn, mottaker: hos.navn });
    plass.className = `bemanning bemanning--${ja ? 'ja' : 'nei'}`;
    plass.replaceChildren(ikon(ja ? 'CheckmarkCircleFill' : 'ExclamationmarkTriangleFill'), lag('span', {}, setning));
  }

  function visTelefon() {
    const hos = valgt();
    const rad = skjema.querySelector('[data-ring-mottaker]');
    const panel = skjema.querySelector('[data-mottakertelefon]');
    const til = skjema.querySelector('[data-sendes-til]');
    rad.hidden = !hos;
    if (!hos) return;
    const valgtFag = hos.fagomraader.find((f) => f.kode === fag.value);
    const navn = valgtFag ? `${hos.navn}, ${valgtFag.navn}` : hos.navn;
    // Unknown is unknown: no number is ever made up.
    // As the case has it a second later: of whoever is told first, which the urgency may decide.
    const haster = skjema.elements.hastegrad?.value || 'haster';
    const nummer = valgtFag?.vakttelefon[haster] || valgtFag?.telefon || hos.telefon || '';
    const adresse = `tel:${nummer.replace(/\s/g, '')}`;
    rad.replaceChildren(
      lag('span', {}, navn), ' ',
      nummer ? lag('a', { class: 'ds-link telefon', href: adresse }, ikon('Phone'), lag('span', {}, nummer)) : lag('em', {}, tekst('utenNummer')),
    );
    const nytt = nummer
      ? lag('a', { class: 'ds-button', 'data-color': 'danger', 'data-variant': 'secondary', href: adresse, 'data-mottakertelefon': true },
        ikon('Phone'), lag('span', {}, tekst('telefonTil', { hvem: navn, nummer: udelt(nummer) })))
      : lag('p', { class: 'panel113__mangler', 'data-mottakertelefon': true }, tekst('nummerMangler', { hvem: navn }));
    panel?.replaceWith(nytt);
    til.textContent = valgtFag ? tekst('til', { mottaker: hos.navn, fag: valgtFag.navn }) : tekst('tilMottaker', { mottaker: hos.navn });
  }

  kommune.addEventListener('change', hent);
  mottaker.addEventListener('change', () => {
    valgtSelv = Boolean(mottaker.value);
    vis();
  });
  fag.addEventListener('change', vis);
  skjema.addEventListener('change', (h) => {
    if (h.target.name === 'hastegrad') visTelefon();
  });
  hent();
}
