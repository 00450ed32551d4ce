"""The words of templates: in the language of who looks, escaped as a template does, and never kept for another."""

from __future__ import annotations

import tracemalloc

import pytest
from flask import Flask
from markupsafe import Markup

from portal.core.maltekst import Tegnet, etikett
from portal.core.sprak import SPRAAK, _, ngettext, paa_spraak

TEKST = "Siden har stått åpen for lenge. Logg inn i et annet vindu."
MED_NAVN = "Åpne saken til %(navn)s"


@pytest.fixture(autouse=True)
def _foresporsel(app: Flask) -> object:
    with app.test_request_context("/"):
        yield


def vis(app: Flask, mal: str, **verdier: object) -> str:
    return app.jinja_env.from_string(mal).render(**verdier)


def test_hvert_spraak_faar_sitt_ogsaa_om_igjen(app: Flask) -> None:
    for _gang in range(2):
        sagt = []
        for kode in SPRAAK:
            with paa_spraak(kode):
                sagt.append(vis(app, "{{ _(tekst) }}", tekst=TEKST))
                assert sagt[-1] == _(TEKST)
        assert len(set(sagt)) == len(SPRAAK)
    # Within one page too: what is said after a change of language is in the new one.
    with paa_spraak("en"):
        engelsk = vis(app, "{{ _(tekst) }}", tekst=TEKST)
    assert vis(app, "{{ _(tekst) }}", tekst=TEKST) == TEKST != engelsk


def test_verdier_vernes_og_prosent_er_prosent(app: Flask) -> None:
    assert vis(app, "{{ _(tekst, navn='<b>') }}", tekst=MED_NAVN) == "Åpne saken til &lt;b&gt;"
    assert vis(app, "{{ _('100 %%') }}") == "100 %"
    flertall = "{{ ngettext('%(num)s treff', '%(num)s treff hos %(navn)s', antall, navn='<b>') }}"
    assert vis(app, flertall, antall=2) == "2 treff hos &lt;b&gt;"
    assert vis(app, flertall, antall=1) == "1 treff"
    uten = app.jinja_env.overlay(autoescape=False).from_string("{{ _(tekst, navn='<b>') }}")
    assert uten.render(tekst=MED_NAVN) == "Åpne saken til <b>"


def test_flertall_paa_hvert_spraak(app: Flask) -> None:
    en, flere = "%(num)s plass er ukjent", "%(num)s plasser er ukjent"
    for kode in SPRAAK:
        with paa_spraak(kode):
            for antall in (1, 3):
                assert vis(app, "{{ ngettext(en, flere, n) }}", en=en, flere=flere, n=antall) == ngettext(
                    en, flere, antall
                )


def test_ord_for_koder(app: Flask) -> None:
    for _gang in range(2):
        assert etikett("plassgruppe", "ledig") == "Ledig"
        with paa_spraak("en"):
            assert etikett("plassgruppe", "ledig") == "Free"
    assert etikett("plassgruppe", "finnes ikke") == etikett("finnes ikke", "finnes ikke") == "finnes ikke"
    assert etikett("plassgruppe", None) == etikett("plassgruppe", "") == ""


def test_det_tegnede_er_for_sitt_spraak_og_har_en_ende() -> None:
    tegnet, ganger = Tegnet(2), []

    def makro(hva: str) -> Markup:
        ganger.append(hva)
        return Markup("{}").format(hva)

    for _gang in range(2):
        assert tegnet.hent(("a",), makro, "a") == "a"
    assert ganger == ["a"]
    with paa_spraak("en"):
        tegnet.hent(("a",), makro, "a")
    assert ganger == ["a", "a"]
    # Full: the third makes room, and what was there is drawn anew.
    tegnet.hent(("b",), makro, "b")
    tegnet.hent(("a",), makro, "a")
    assert ganger == ["a", "a", "b", "a"]


def test_fremmede_koder_blir_ikke_liggende() -> None:
    """What strangers send is shown as it is: nothing of it is kept, and it drives out none of what is."""
    kjent = etikett("plassgruppe", "ledig")
    lang = "x" * 100_000
    tracemalloc.start()
    try:
        for n in range(100):
            assert etikett("plassgruppe", f"{lang}{n}").endswith(str(n))
            assert etikett(f"gruppe {lang}{n}", "ledig") == "ledig"
        beholdt, _topp = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert beholdt < 1_000_000, "bytes"
    assert etikett("plassgruppe", "ledig") is kjent, "still the one that was found before"
