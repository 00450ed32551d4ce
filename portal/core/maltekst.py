"""The words of templates: sentences in the user's language, and the words for codes. Kept as a page shows them.

A page says some hundred of them, the largest a thousand: found anew each time, they were a third of what it cost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from babel.support import NullTranslations, Translations
from flask import g
from flask_babel import get_locale, get_translations
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

#: What a template may show: the kind of code, then the code, to its word. Filled by the rooms (`registrer_etiketter`).
_ETIKETTER: dict[str, dict[str, Any]] = {}
#: A template may be asked for a text that is not its own: an end to what is kept.
_HOEYST = 10_000


@dataclass(slots=True)
class _Vist:
    """What pages have shown in a language: sentences that take no values, and words by kind and code."""

    setninger: dict[str, Markup] = field(default_factory=dict)
    ord: dict[tuple[str, str], str] = field(default_factory=dict)


#: {a language's texts, as the app has read them: what has been shown of them}.
_VIST: WeakKeyDictionary[Translations | NullTranslations, _Vist] = WeakKeyDictionary()


def _tekster() -> tuple[Translations | NullTranslations, _Vist]:
    """Those of the language: where they lie is found once a page, and again when the language changes."""
    spraak = get_locale()
    if spraak is None:
        return get_translations(), _Vist()
    funnet: tuple[object, Translations | NullTranslations, _Vist] | None = g.get("maltekst")
    if funnet is None or funnet[0] is not spraak:
        katalog = get_translations()
        funnet = g.maltekst = (spraak, katalog, _VIST.setdefault(katalog, _Vist()))
    return funnet[1:]


def sett_opp(maler: Any) -> None:
    """Gives the templates `_()` and `ngettext()` in Jinja's new style: `%(navn)s` is filled in, escaped where the
    template escapes. What takes no values is kept as Jinja made it."""
    maler.install_gettext_callables(
        gettext=lambda tekst: _tekster()[0].ugettext(tekst),
        ngettext=lambda en, flere, antall: _tekster()[0].ungettext(en, flere, antall),
        newstyle=True,
    )
    jinjas = maler.globals["gettext"]

    @pass_context
    def gettext(sammenheng: Context, tekst: str, /, **verdier: Any) -> str:
        if verdier or not sammenheng.eval_ctx.autoescape:
            fylt: str = jinjas(sammenheng, tekst, **verdier)
            return fylt
        setninger = _tekster()[1].setninger
        if (ferdig := setninger.get(tekst)) is None:
            if len(setninger) >= _HOEYST:
                setninger.clear()
            ferdig = setninger[tekst] = jinjas(sammenheng, tekst)
        return ferdig

    maler.globals.update(_=gettext, gettext=gettext)


def registrer_etiketter(gruppe: str, ord_: Mapping[Any, Any]) -> None:
    """A room gives the words for one kind of code (see `etikett`)."""
    _ETIKETTER[gruppe] = {str(k): v for k, v in ord_.items()}
    _VIST.clear()


def etikett(gruppe: str, kode: Any) -> str:
    """The word for a code in the user's language; the code itself where nobody gave one."""
    if kode is None or kode == "":
        return ""
    ord_, noekkel = _tekster()[1].ord, (gruppe, str(kode))
    if (funnet := ord_.get(noekkel)) is None:
        registrert = _ETIKETTER.get(gruppe, {})
        if noekkel[1] not in registrert:
            # It is its own word, and may be anything that a stranger sends: of that nothing is kept.
            return noekkel[1]
        funnet = ord_[noekkel] = str(registrert[noekkel[1]])
    return funnet


class Tegnet:
    """What macros of the templates have drawn, by the language and all else that it depends on. Whoever asks is among
    that, or of no consequence: what is kept is shown to everybody whose page holds the same."""

    def __init__(self, hoeyst: int) -> None:
        self._hoeyst = hoeyst
        self._tegnet: dict[tuple[Any, ...], Markup] = {}

    def hent(self, noekkel: tuple[Any, ...], makro: Callable[..., Markup], *innhold: Any) -> Markup:
        hele = (str(get_locale()), *noekkel)
        if (funnet := self._tegnet.get(hele)) is None:
            if len(self._tegnet) >= self._hoeyst:
                self._tegnet.clear()
            funnet = self._tegnet[hele] = makro(*innhold)
        return funnet
