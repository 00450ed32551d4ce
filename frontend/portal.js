// The one script of every page. Each module below looks for what it serves and does nothing where that is not.
import '@digdir/designsystemet-web';
import './lib/side.js';
import './lib/tid.js';
import './lib/kombiboks.js';
import './lib/news2skjema.js';
import './lib/mottaker.js';
import './lib/utskrivning.js';
import './lib/skjema.js';
import './lib/koder.js';
import './lib/taster.js';
import './lib/koe.js';
import './lib/laas.js';
import './lib/kopier.js';
import './lib/journal.js';
import './live/start.js';
