// A select with many choices (357 kommuner) becomes a field one can search in, by the pattern «combobox with list
// autocomplete» of the ARIA Authoring Practices. The select stays in the form, holds the value, and is what is
// used without JavaScript.
import { brett, finn } from './ordsoek.js';
import { lag } from './tekst.js';

function oppgrader(velger) {
  const id = velger.id;
  const ingenTreff = velger.dataset.kombiboks;
  const valg = Array.from(velger.options)
    .filter((o) => o.value)
    .map((o) => ({ verdi: o.value, tekst: o.text.trim() }));
  const liste = lag('ul', { role: 'listbox', id: `${id}-liste`, class: 'kombiboks__liste', hidden: true });
  const felt = lag('input', {
    class: 'ds-input', type: 'text', id, role: 'combobox', autocomplete: 'off', spellcheck: 'false',
    'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-controls': liste.id,
    'aria-describedby': velger.getAttribute('aria-describedby'),
    'aria-invalid': velger.getAttribute('aria-invalid'),
    placeholder: velger.options[0]?.value === '' ? velger.options[0].text : null,
    // The browser asks for what is missing where it can be seen, and not in the select behind it.
    required: velger.required || null,
  });
  velger.required = false;
  const ramme = lag('div', { class: 'kombiboks' });
  const etikett = velger.labels[0];
  if (etikett) {
    etikett.id ||= `${id}-etikett`;
    liste.setAttribute('aria-labelledby', etikett.id);
  }
  velger.id = `${id}-valg`;
  velger.hidden = true;
  velger.before(ramme);
  ramme.append(felt, liste);

  let treff = [];
  let aktiv = -1;
  const valgtTekst = () => valg.find((v) => v.verdi === velger.value)?.tekst ?? '';

  function lukk() {
    liste.hidden = true;
    aktiv = -1;
    felt.setAttribute('aria-expanded', 'false');
    felt.removeAttribute('aria-activedescendant');
  }
  function merk(nr) {
    aktiv = nr;
    Array.from(liste.children).forEach((rad, i) => rad.setAttribute('aria-selected', String(i === nr)));
    const rad = liste.children[nr];
    if (rad?.id) {
      felt.setAttribute('aria-activedescendant', rad.id);
      rad.scrollIntoView({ block: 'nearest' });
    } else {
      felt.removeAttribute('aria-activedescendant');
    }
  }
  function apne(leter) {
    treff = finn(valg, leter);
    liste.replaceChildren(
      ...treff.map((v, i) => lag('li', { role: 'option', id: `${id}-valg-${i}`, 'aria-selected': 'false' }, v.tekst)),
    );
    if (!treff.length) {
      liste.append(lag('li', { role: 'option', 'aria-disabled': 'true', class: 'kombiboks__tom' }, ingenTreff));
    }
    liste.hidden = false;
    felt.setAttribute('aria-expanded', 'true');
    merk(leter.trim() && treff.length ? 0 : -1);
  }
  function velg(v) {
    const endret = velger.value !== (v?.verdi ?? '');
    velger.value = v?.verdi ?? '';
    felt.value = valgtTekst();
    lukk();
    if (endret) velger.dispatchEvent(new Event('change', { bubbles: true }));
  }

  felt.value = valgtTekst();
  felt.addEventListener('input', () => apne(felt.value));
  felt.addEventListener('click', () => {
    felt.select();
    if (liste.hidden) apne('');
  });
  felt.addEventListener('keydown', (hendelse) => {
    const { key } = hendelse;
    if (key === 'ArrowDown' || key === 'ArrowUp') {
      hendelse.preventDefault();
      if (liste.hidden) apne(felt.value === valgtTekst() ? '' : felt.value);
      if (!treff.length) return;
      const steg = key === 'ArrowDown' ? 1 : -1;
      merk((aktiv + steg + treff.length + (aktiv < 0 && steg < 0 ? 1 : 0)) % treff.length);
    } else if (key === 'Enter' && !liste.hidden) {
      hendelse.preventDefault();
      hendelse.stopPropagation();
      if (treff[aktiv]) velg(treff[aktiv]);
    } else if (key === 'Escape' && !liste.hidden) {
      hendelse.preventDefault();
      hendelse.stopPropagation();
      felt.value = valgtTekst();
      lukk();
    } else if (key === 'Tab' && !liste.hidden && treff[aktiv]) {
      velg(treff[aktiv]);
    }
  });
  // Leaving: nothing written is no choice; what is written and chosen stays; anything else falls back.
  felt.addEventListener('blur', () => {
    if (!felt.value.trim()) velg(null);
    else if (felt.value !== valgtTekst()) velg(valg.find((v) => brett(v.tekst) === brett(felt.value)) ?? valg.find((v) => v.verdi === velger.value));
    lukk();
  });
  liste.addEventListener('pointerdown', (hendelse) => {
    hendelse.preventDefault();
    const nr = Array.from(liste.children).indexOf(hendelse.target.closest('li'));
    if (treff[nr]) velg(treff[nr]);
  });
}

for (const velger of document.querySelectorAll('select[data-kombiboks]')) oppgrader(velger);
