// The terms of a reallocation: choosing a clause fills in what it says of responsibility and payment where nothing is
// written, or where what stands came from the clause that was chosen before. What somebody has written is left alone.
const FELT = ['ansvarsforhold', 'arbeidsgiveransvar', 'organisering', 'finansiering'];
const valg = document.querySelector('select[data-omdvilkaar]');

if (valg) {
  const fylt = new Map();
  valg.addEventListener('change', () => {
    const fra = valg.selectedOptions[0]?.dataset ?? {};
    for (const navn of FELT) {
      const felt = document.getElementById(navn);
      if (!felt || (felt.value.trim() && felt.value !== fylt.get(navn))) continue;
      felt.value = fra[navn] ?? '';
      fylt.set(navn, felt.value);
    }
  });
}
