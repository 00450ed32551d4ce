// The live NEWS2 score of a form. The rules are in news2.js; the server decides the score that is stored.
import { beregn, LIMITS, PARAMETERE, rimelig } from './news2.js';
import { iOrd, lesTall } from './news2ord.js';
import { tekst } from './tekst.js';

const TALL = Object.keys(LIMITS);

const valgt = (skjema, navn) => skjema.querySelector(`[name="${navn}"]:checked`)?.value ?? '';

/** The measurements of the form, and the fields whose value cannot be right (left out of the score). */
function les(skjema) {
  const maalinger = { skala: valgt(skjema, 'news2_skala') === '2' ? 2 : 1 };
  const umulige = [];
  for (const navn of TALL) {
    const verdi = lesTall(skjema.elements[`news2_${navn}`]?.value ?? '');
    if (verdi !== null && !rimelig(navn, verdi)) umulige.push(navn);
    maalinger[navn] = verdi !== null && rimelig(navn, verdi) ? verdi : null;
  }
  const oksygen = valgt(skjema, 'news2_oksygen');
  maalinger.oksygen = oksygen ? oksygen === 'ja' : null;
  maalinger.bevissthet = valgt(skjema, 'news2_bevissthet') || null;
  return { maalinger, umulige };
}

function settTekst(element, ord) {
  if (element && element.textContent !== ord) element.textContent = ord;
}

function vis(skjema) {
  const { maalinger, umulige } = les(skjema);
  const svar = beregn(maalinger, {
    aldersgruppe: valgt(skjema, 'aldersgruppe') || skjema.dataset.aldersgruppe || null,
    gravid: skjema.elements.gravid?.checked ?? skjema.dataset.gravid === '1',
  });
  const noeMaalt = PARAMETERE.some((p) => maalinger[p] !== null);
  const { tall, ord, mer, risiko } = iOrd(svar, noeMaalt, tekst);
  for (const sum of skjema.querySelectorAll('[data-news2-sum]')) {
    sum.dataset.risiko = risiko;
    settTekst(sum.querySelector('[data-news2-tall]'), tall);
    settTekst(sum.querySelector('[data-news2-ord]'), ord);
    settTekst(sum.querySelector('[data-news2-mer]'), mer);
  }
  for (const plass of skjema.querySelectorAll('[data-news2-poeng]')) {
    const navn = plass.dataset.news2Poeng;
    const poeng = svar.poeng[navn];
    if (umulige.includes(navn)) {
      const [fra, til] = LIMITS[navn];
      plass.dataset.poeng = 'umulig';
      settTekst(plass, tekst('news2Umulig', { fra, til }));
    } else {
      plass.dataset.poeng = poeng ?? '';
      settTekst(plass, poeng === null ? '' : tekst('news2Poeng', { poeng }));
    }
    skjema.elements[`news2_${navn}`]?.setAttribute?.('data-umulig', String(umulige.includes(navn)));
  }
}

// On the document, not on the forms: a form may come with a part of the page that is fetched later.
function medNews2(felt) {
  const skjema = felt.form ?? null;
  return skjema?.querySelector('[data-news2]') ? skjema : null;
}
let ventetid = 0;
document.addEventListener('input', ({ target }) => {
  const skjema = medNews2(target);
  if (!skjema) return;
  clearTimeout(ventetid);
  ventetid = setTimeout(vis, 120, skjema);
});
document.addEventListener('change', ({ target }) => {
  const skjema = medNews2(target);
  if (skjema) vis(skjema);
});
for (const del of document.querySelectorAll('form [data-news2]')) vis(del.closest('form'));
