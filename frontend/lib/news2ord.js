// The NEWS2 score in words, and numbers as people write them. Pure: the words come from `tekst` (see tekst.js).
import { PARAMETERE } from './news2.js';
import { midtI } from './tekst.js';

/** What is written in a field of numbers: null where it is empty, NaN where it is no number. */
export function lesTall(skrevet) {
  const rent = skrevet.trim().replace(',', '.');
  if (!rent) return null;
  return /^\d+(\.\d+)?$/.test(rent) ? Number(rent) : Number.NaN;
}

/**
 * The score in words: {tall, ord, mer, risiko}. `risiko` is '', 'haster' or 'kritisk'.
 * @param {ReturnType<typeof import('./news2.js').beregn>} svar
 * @param {boolean} noeMaalt
 * @param {(navn: string, verdier?: object) => string} tekst
 */
export function iOrd(svar, noeMaalt, tekst) {
  if (svar.status === 'ikke_aktuelt') {
    return { tall: '–', ord: tekst('news2Ikkeaktuelt'), mer: tekst(`news2${svar.grunn === 'alder' ? 'Alder' : 'Graviditet'}`), risiko: '' };
  }
  if (!noeMaalt) return { tall: '–', ord: tekst('news2Tom'), mer: '', risiko: '' };
  const risiko = { akutt: 'kritisk', haster: 'haster' }[svar.varsel] ?? '';
  const handling = svar.varsel ? tekst(svar.varsel === 'akutt' ? 'news2Akutt' : 'news2Haster') : '';
  const tre = svar.enkelt_tre && svar.minst < 5 ? tekst('news2Tre') : '';
  if (svar.status === 'ufullstendig') {
    const mangler = PARAMETERE.filter((p) => svar.poeng[p] === null).map((p) => tekst(`news2Navn${p[0].toUpperCase()}${p.slice(1)}`));
    const minst = svar.minst ? tekst('news2Minst', { poeng: svar.minst }) : '';
    return {
      tall: '–', ord: tekst('news2Ufullstendig'), risiko,
      mer: [minst, tre, handling, tekst('news2Mangler', { felter: mangler.map(midtI).join(', ') })].filter(Boolean).join(' '),
    };
  }
  const navn = { lav: 'news2Lav', lav_middels: 'news2LavMiddels', middels: 'news2Middels', hoy: 'news2Hoy' }[svar.risiko];
  return { tall: String(svar.sum), ord: tekst(navn), mer: [tre, handling].filter(Boolean).join(' '), risiko };
}
