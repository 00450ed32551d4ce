"""The gathering and compiling of translations."""

from __future__ import annotations

import gettext
from pathlib import Path

import pytest

from scripts import translations

PO = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "Ikke sendt"
msgstr "Ikkje sendt"

msgid "Lukk"
msgstr ""

#, fuzzy
msgid "Åpne"
msgstr "Opne"

msgid "%(num)d sak"
msgid_plural "%(num)d saker"
msgstr[0] "%(num)d sak"
msgstr[1] ""
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "portal" / "translations"
    catalogue = folder / "nn" / "LC_MESSAGES" / "messages.po"
    catalogue.parent.mkdir(parents=True)
    catalogue.write_text(PO, encoding="utf-8")
    (tmp_path / "babel.cfg").write_text((translations.ROOT / "babel.cfg").read_text(encoding="utf-8"))
    (tmp_path / "portal" / "x.py").write_text(
        "from portal.core.sprak import _, _l\nA = _('Ikke sendt')\nB = _l('Ny tekst')\n"
        "C = ngettext('%(num)d sak', '%(num)d saker', 2)\n",
        encoding="utf-8",
    )
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "a.html").write_text("{{ _('Fra en side') }}{% trans %}Blokk{% endtrans %}")
    monkeypatch.setattr(translations, "ROOT", tmp_path)
    monkeypatch.setattr(translations, "FOLDER", folder)
    return tmp_path


def test_missing_are_the_empty_the_uncertain_and_the_half(project: Path) -> None:
    catalogue = project / "portal/translations/nn/LC_MESSAGES/messages.po"
    assert translations.missing(catalogue) == ["Lukk", "Åpne", "%(num)d sak"]


def test_compiled_translations_speak(project: Path) -> None:
    translations.compile_all()
    found = gettext.translation("messages", translations.FOLDER, ["nn"])
    assert found.gettext("Ikke sendt") == "Ikkje sendt"
    # An uncertain one is not used.
    assert found.gettext("Åpne") == "Åpne"
    assert [path.name for path in sorted((translations.FOLDER / "nn" / "LC_MESSAGES").iterdir())] == [
        "messages.mo",
        "messages.po",
    ]


def test_update_takes_new_texts_in_and_dead_ones_out(project: Path) -> None:
    translations.update()
    nynorsk = translations.FOLDER / "nn" / "LC_MESSAGES" / "messages.po"
    english = translations.FOLDER / "en" / "LC_MESSAGES" / "messages.po"
    texts = {message.id: message.string for message in translations.catalogue(nynorsk) if message.id}
    assert texts == {
        "Ikke sendt": "Ikkje sendt",
        "Ny tekst": "",
        "Fra en side": "",
        "Blokk": "",
        ("%(num)d sak", "%(num)d saker"): ("%(num)d sak", ""),
    }
    assert len(translations.missing(english)) == 5
    assert "@" not in english.read_text(encoding="utf-8")
    assert '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"' in english.read_text(encoding="utf-8")
    before = nynorsk.read_bytes()
    translations.update()
    assert nynorsk.read_bytes() == before
