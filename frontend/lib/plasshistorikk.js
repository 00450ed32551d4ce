// The history of the emergency beds: what a bar says while the pointer is on it, and own dates where they are wanted.
// All figures stand in the table below each chart; nothing here is needed to read them.

for (const graf of document.querySelectorAll('[data-graf]')) {
  const lest = graf.querySelector('[data-graflest]');
  let valgt = null;
  const velg = (soeyle) => {
    if (soeyle === valgt) return;
    valgt?.removeAttribute('data-valgt');
    valgt = soeyle;
    valgt?.setAttribute('data-valgt', '');
    lest.textContent = valgt?.dataset.tekst ?? '\u00a0';
  };
  // A finger on a bar is a pointer too.
  for (const slag of ['pointermove', 'pointerdown']) {
    graf.addEventListener(slag, (e) => velg(e.target.closest?.('[data-tekst]') ?? valgt));
  }
  graf.addEventListener('pointerleave', () => velg(null));
}

// A link to a table opens it.
for (const lenke of document.querySelectorAll('[data-graf] a[href^="#"]')) {
  lenke.addEventListener('click', () => {
    const tabell = document.getElementById(lenke.hash.slice(1));
    if (tabell) tabell.open = true;
  });
}

const skjema = document.querySelector('[data-historikkvalg]');
if (skjema) {
  const egne = skjema.querySelector('[data-egne-datoer]');
  const periode = skjema.elements.namedItem('periode');
  const vis = () => {
    const skjult = periode.value !== 'egen';
    egne.hidden = skjult;
    // What is not seen is not sent: own dates win over the period that was chosen.
    for (const felt of egne.querySelectorAll('input')) felt.disabled = skjult;
  };
  periode.addEventListener('change', vis);
  vis();
}
