// The one script of every page. Each module below looks for what it serves and does nothing where that is not.
import '@digdir/designsystemet-web';
import './lib/side.js';
import './lib/tid.js';
import './lib/kombiboks.js';
import './lib/news2skjema.js';
import './lib/mottaker.js';
import './lib/skjema.js';
import './lib/koe.js';
import './live/start.js';
