// A search for a free bed that stays open: when one of its units gets a bed that can take what was asked, or loses the
// last one, that is said, with a link that searches anew. The lists stay: nothing moves under anybody's finger.
//
// [data-plassoek] is the answer, with the sum of the abilities that were asked for; its lists are [data-soekliste], of
// which «treff» and «utenfor» hold units with a bed; [data-soeknytt] is the live region.
import { passer } from '../lib/plasstall.js';
import { ikon, lag, tekst } from '../lib/tekst.js';

const MED_PLASS = ['treff', 'utenfor'];
/** More units than this are not named. */
const SIES = 3;

export function startPlassoek() {
  const boks = document.querySelector('[data-plassoek]');
  const felt = boks?.querySelector('[data-soeknytt]');
  if (!felt) return;
  const evner = Number(boks.dataset.plassoek);
  const endret = new Map();
  document.addEventListener('portal:plasser', ({ detail: { rader } }) => {
    for (const rad of rader) {
      const liste = boks.querySelector(`[data-plassenhet="${CSS.escape(rad.id)}"]`)?.closest('[data-soekliste]');
      if (!liste || !('ledige_evner' in rad)) continue;
      const har = !rad.nedlagt && passer(rad, evner) > 0;
      if (har === MED_PLASS.includes(liste.dataset.soekliste)) endret.delete(rad.id);
      else endret.set(rad.id, tekst(har ? 'plassoekFikk' : 'plassoekMistet', { enhet: rad.navn }));
    }
    vis(felt, [...endret.values()]);
  });
}

function vis(felt, setninger) {
  const ord = setninger.slice(-SIES).join(' ');
  if ((felt.dataset.sagt ?? '') === ord) return;
  felt.dataset.sagt = ord;
  if (!ord) {
    felt.replaceChildren();
    return;
  }
  const lenke = lag('a', { class: 'ds-link', href: location.href }, tekst('plassoekPaaNytt'));
  lenke.addEventListener('click', (hendelse) => {
    hendelse.preventDefault();
    location.reload();
  });
  felt.replaceChildren(ikon('ArrowsCirclepath'), lag('span', {}, ord), ' ', lenke);
}
