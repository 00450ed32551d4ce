// The part of a hospital's request that is about a discharge: opened, and its times demanded, as soon as the kommune's
// «utskrivning» is asked or somebody says that it is about one.

const skjema = document.querySelector('form[data-skjema="henvendelse"]');
const gjelder = skjema?.querySelector('[name="utskrivning_gjelder"]');
if (gjelder) start();

function start() {
  const del = gjelder.closest('details');
  const felt = (navn) => skjema.querySelector(`[name="${navn}"]`);
  const [fag, innlagt, forventet, usikker] = ['fagomraade', 'utskrivning_innlagt', 'utskrivning_forventet', 'utskrivning_usikker'].map(felt);

  function vis() {
    innlagt.required = gjelder.checked;
    // Uncertain is an answer (utskrivningsforskriften § 8).
    forventet.required = gjelder.checked && !usikker.checked;
    if (gjelder.checked) del.open = true;
  }

  fag.addEventListener('change', () => {
    if (fag.value === 'utskrivning') gjelder.checked = true;
    vis();
  });
  for (const valg of [gjelder, usikker]) valg.addEventListener('change', vis);
  if (fag.value === 'utskrivning') gjelder.checked = true;
  vis();
}
