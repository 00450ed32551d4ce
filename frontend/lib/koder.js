// The page of recovery codes: copies them all, and prints the page. Without this module they can be marked and copied.
const liste = document.querySelector('[data-koder]');
if (liste) {
  const svar = document.querySelector('[data-koder-svar]');
  const knapp = document.querySelector('[data-koder-kopier]');
  knapp.addEventListener('click', async () => {
    const koder = [...liste.querySelectorAll('code')].map((k) => k.textContent).join('\n');
    let gikk = true;
    try {
      await navigator.clipboard.writeText(koder);
    } catch {
      // Not over plain http, and not where the browser is told not to.
      gikk = false;
    }
    svar.textContent = gikk ? knapp.dataset.kopiert : knapp.dataset.kopiertIkke;
  });
  document.querySelector('[data-koder-skriv-ut]').addEventListener('click', () => window.print());
}
