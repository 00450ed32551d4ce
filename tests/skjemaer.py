"""The forms of a page, as a browser without JavaScript reads and sends them."""

from __future__ import annotations

from html.parser import HTMLParser

from werkzeug.test import TestResponse


class Skjemaer(HTMLParser):
    """The forms of a page, as a browser would send them: {action: {name: value}}."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.skjemaer: dict[str, dict[str, str]] = {}
        self._naa: dict[str, str] | None = None
        self._tekst: str | None = None
        self._valg: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {k: v or "" for k, v in attrs}
        if tag == "form":
            # What is hidden waits for JavaScript: nobody can send it here.
            self._naa = {} if "hidden" in a else self.skjemaer.setdefault(a.get("action", ""), {})
        elif self._naa is None or ("name" not in a and tag != "option"):
            return
        elif tag == "input":
            if a.get("type") not in ("radio", "checkbox") or "checked" in a:
                self._naa[a["name"]] = a.get("value", "")
        elif tag == "textarea":
            self._tekst = a["name"]
            self._naa[self._tekst] = ""
        elif tag == "select":
            self._valg = a["name"]
        elif tag == "option" and self._valg and ("selected" in a or self._valg not in self._naa):
            self._naa[self._valg] = a.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._naa is not None and self._tekst:
            self._naa[self._tekst] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._naa = None
        elif tag == "textarea":
            # The first line break after the tag is not part of the text.
            if self._naa is not None and self._tekst:
                self._naa[self._tekst] = self._naa[self._tekst].removeprefix("\n")
            self._tekst = None
        elif tag == "select":
            self._valg = None


def skjema(svar: TestResponse, slutt: str) -> dict[str, str]:
    """The form whose address ends so, with what it holds already."""
    (funnet,) = [f for a, f in Skjemaer(svar.text).skjemaer.items() if a.endswith(slutt)]
    return dict(funnet)
