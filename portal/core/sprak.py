"""Translation for rooms that must not know Flask: bokmål is the source text of every sentence."""

from __future__ import annotations

from flask_babel import force_locale as paa_spraak
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

#: Locale code → the language's own name. Bokmål is the source; the others are complete translations.
SPRAAK = {"nb": "Bokmål", "nn": "Nynorsk", "en": "English"}

__all__ = ["SPRAAK", "_", "_l", "ngettext", "paa_spraak"]
