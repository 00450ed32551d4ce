// On pages with something live, and on no others, the live client is loaded.
if (document.querySelector('[data-samtale], [data-live], [data-koe-antall], [data-vaktmodus]')) import('./levende.js');
