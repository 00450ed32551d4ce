/** What makes a page live. */
export const LEVENDE = '[data-samtale], [data-live], [data-koe-antall], [data-vaktmodus], [data-bjelle], '
  + '[data-plasstavle], [data-plassenhetside]';

// On pages with something live, and on no others, the live client is loaded.
if (document.querySelector(LEVENDE)) import('./levende.js');
