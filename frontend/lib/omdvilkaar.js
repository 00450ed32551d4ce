// The terms of a reallocation: choosing a clause fills in what it says of responsibility and payment where nothing is
// written, or where what stands came from the clause that was chosen before. What somebody has written is left alone.
// Of a clause that says nothing, that is said.
const FELT = ['ansvarsforhold', 'arbeidsgiveransvar', 'organisering', 'finansiering'];
const valg = document.querySelector('select[data-omdvilkaar]');

if (valg) {
  const fylt = new Map();
  const tomt = document.querySelector('[data-omdvilkaar-tomt]');
  valg.addEventListener('change', () => {
    const fra = valg.selectedOptions[0]?.dataset ?? {};
    const taus = valg.value && !FELT.some((navn) => fra[navn]);
    if (tomt) tomt.textContent = taus ? tomt.dataset.omdvilkaarTomt : '';
    for (const navn of FELT) {
      const felt = document.getElementById(navn);
      if (!felt || (felt.value.trim() && felt.value !== fylt.get(navn))) continue;
      felt.value = fra[navn] ?? '';
      fylt.set(navn, felt.value);
    }
  });
}
