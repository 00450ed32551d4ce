"""The text of a clause: Markdown that people write, as HTML that is safe to show. The only place where it is rendered.

HTML in the text is shown as it was typed, links lead to the web, to mail and to telephones alone, pictures are links,
and headings are bold lines: a clause has its own heading, and the page its order of them.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from portal.core.db import i_transaksjon
from portal.core.traader import TEKSTER

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

#: What may stand in the result; everything else is taken away by the second of the two guards.
_MERKER = {
    *("p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "div"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTTER = {"a": {"href", "title"}, "ol": {"start"}, "div": {"class", "tabindex"}}
_LENKER = {"http", "https", "mailto", "tel"}
#: Texts that are kept rendered. One is at most 40,000 signs (`innhold.LENGDE`), and most are a tenth of that or less.
_HUSKES = 1024
#: From so many signs on the rendering may take more than the hub has to give.
_LANG = 4_000


@cache
def leser() -> MarkdownIt:
    """The parser, made at the first text: the room is imported by commands that never show one."""
    from markdown_it import MarkdownIt

    leser = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
    leser.disable("image")
    regler: dict[str, Any] = leser.renderer.rules  # type: ignore[attr-defined]
    regler["heading_open"] = lambda *_: "<p><strong>"
    regler["heading_close"] = lambda *_: "</strong></p>\n"
    # A wide table scrolls in its own frame, also for who has only a keyboard.
    regler["table_open"] = lambda *_: '<div class="avtaletekst__tabell" tabindex="0"><table>\n'
    regler["table_close"] = lambda *_: "</table></div>\n"
    return leser


@lru_cache(maxsize=_HUSKES)
def som_html(markdown: str) -> Markup:
    """The text as HTML. Never fails: what is no Markdown is text."""
    # A long text that is made to be hard to read takes seconds: on a thread of its own, and nobody else waits.
    lang = len(markdown) > _LANG and not i_transaksjon()
    html = TEKSTER.kjoer(_rendre, markdown) if lang else _rendre(markdown)
    return Markup(html)  # noqa: S704 - cleaned against a list of what may stand in it


def _rendre(markdown: str) -> str:
    import nh3

    return nh3.clean(
        leser().render(markdown),
        tags=_MERKER,
        attributes=_ATTRIBUTTER,
        url_schemes=_LENKER,
        link_rel="noopener noreferrer nofollow",
        attribute_filter=_bare_tabellens,
    )


def _bare_tabellens(merke: str, attributt: str, verdi: str) -> str | None:
    """A frame of a table has its class and its place in the order of the keyboard; nothing else has either."""
    if merke == "div":
        return verdi if (attributt, verdi) in {("class", "avtaletekst__tabell"), ("tabindex", "0")} else None
    return verdi
