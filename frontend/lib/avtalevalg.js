// A long list of checkboxes (the kommuner that can be invited) gets a field to find in it, and the table of contents
// of an agreement is open where there is room for it. Without this module the lists are whole, and all of it works.
import { brett } from './ordsoek.js';

const fyll = (mal, verdier) => mal.replace(/\{(\w+)\}/g, (_, navn) => verdier[navn] ?? '');

for (const skjema of document.querySelectorAll('[data-velgliste]')) {
  const sok = skjema.querySelector('[data-velgsok]');
  const status = skjema.querySelector('[data-velgstatus]');
  const rader = Array.from(skjema.querySelectorAll('[data-velggruppe] li'), (rad) => ({
    rad,
    tekst: brett(rad.textContent),
    boks: rad.querySelector('input'),
  }));
  const vis = () => {
    const ord = brett(sok.value).split(/\s+/).filter(Boolean);
    let antall = 0;
    for (const r of rader) {
      // What is ticked stays in sight: nobody sends what they cannot see.
      r.rad.hidden = !(r.boks.checked || ord.every((o) => r.tekst.includes(o)));
      if (!r.rad.hidden) antall += 1;
    }
    if (ord.length) {
      for (const del of skjema.querySelectorAll('details[data-velggruppe]')) {
        if (del.querySelector('li:not([hidden])')) del.open = true;
      }
    }
    status.textContent = fyll(skjema.dataset.treff, { antall, valgt: rader.filter((r) => r.boks.checked).length });
  };
  sok.addEventListener('input', vis);
  sok.addEventListener('keydown', (hendelse) => {
    if (hendelse.key === 'Enter') hendelse.preventDefault();
  });
  skjema.addEventListener('change', vis);
  vis();
}

const innhold = document.querySelector('[data-innholdsliste]');
if (innhold) innhold.open = window.matchMedia('(min-width: 62rem)').matches;
