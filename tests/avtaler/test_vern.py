"""No patient's identity in what the owner writes alone: the clauses of a draft, and of a document that is read in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient

from portal.avtaler import innhold, steps
from portal.avtaler.service import avtaler, inn, klausuler
from portal.core.aktor import Aktor
from portal.core.errors import UgyldigData
from tests.avtaler.motorhjelp import klausul, les, nytt_utkast
from tests.avtaler.test_import import avtale_fra, html, lagre, les_inn
from tests.bygg import PERSONNUMMER, Opptak, Scene, revisjon, uten_spor

Som = Callable[[Aktor], FlaskClient]
TEKST = f"Som for {PERSONNUMMER}, som ble sendt hjem."


def sluppet(handling: str) -> list[int]:
    """How many numbers each entry of the kind says were let through."""
    return [orjson.loads(r.detaljer).get("sluppet_tall", 0) for r in revisjon(handling)]


@pytest.mark.parametrize(
    "endring", [{"tekst": TEKST}, {"overskrift": TEKST}, {"kriterier": [{"kriterium": TEKST}]}]
)
def test_i_utkastet_stoppes_det_nye(scene: Scene, opptak: Opptak, endring: dict[str, Any]) -> None:
    avtale_id = nytt_utkast(scene)
    les(avtale_id)
    noekkel = steps.bestemmelser(avtale_id, 1)[0].noekkel
    for hvilken in (noekkel, None):
        with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
            klausuler.skriv(scene.koordinator, avtale_id, hvilken, {**klausul(), **endring})
        assert feil.value.kode == "personnummer" and [*feil.value.detaljer["treff"]] == [*endring]
    klausuler.skriv(scene.koordinator, avtale_id, noekkel, {**klausul(), **endring}, ikke_fnr=True)
    assert sluppet("avtale.bestemmelse_endret") == [1]
    # What stands there already is nobody's to answer for again.
    klausuler.skriv(scene.koordinator, avtale_id, noekkel, {**klausul(), **endring, "nummer": "9"})
    assert sorted(sluppet("avtale.bestemmelse_endret")) == [0, 1]


def test_i_utkastets_skjema_er_det_merket_og_kan_slippes(scene: Scene, som: Som) -> None:
    avtale_id = nytt_utkast(scene)
    sti = f"/avtaler/{avtale_id}/bestemmelser/ny"
    data = {
        "overskrift": "Ny",
        "tekst": TEKST,
        "art": "annet",
        "nummer": "3",
        "faser": ["1"],
        "gjoer": "lagre",
    }
    klient = som(scene.koordinator)
    side = html(klient.post(sti, data=data), 422)
    assert f"<mark>{PERSONNUMMER}</mark>" in side and side.count('name="ikke_fnr"') == 1
    assert TEKST in side, "nothing that was typed is lost"
    assert klient.post(sti, data={**data, "ikke_fnr": "1"}).status_code == 303


def test_i_et_dokument_som_hentes_inn(scene: Scene, som: Som, opptak: Opptak) -> None:
    """At its own place on the page, though one before it does not come along; the same for both buttons."""
    klient = som(scene.koordinator)
    tekst = f"§ 1 Formål\n\nBra.\n\n§ 2 Bort\n\n{TEKST}\n\n§ 3 Utskrivning\n\n{TEKST}\n"
    felter = {
        **les_inn(klient, tekst=tekst),
        "type": "tjenesteavtale",
        "tittel": "Fra Word",
        "k1-hva": "bort",
    }
    with uten_spor(opptak):
        svar = lagre(klient, felter)
    side = html(svar, 422)
    assert side.count(f"<mark>{PERSONNUMMER}</mark>") == 1 and 'href="#k2-tekst"' in side
    assert side.count('name="ikke_fnr"') == 1 and "Bestemmelse 3" in side
    avtale_id = avtale_fra(lagre(klient, felter, ikke_fnr="1"))
    assert sluppet("avtale.opprettet") == [1]
    mer = {**felter, "avtale_id": str(avtale_id)}
    assert 'href="#k2-tekst"' in html(lagre(klient, mer, "leggtil"), 422)
    assert lagre(klient, mer, "leggtil", ikke_fnr="1").status_code == 303
    assert sluppet("avtale.bestemmelser_hentet") == [1]


def test_en_rad_i_en_liste_sies_ved_overskriften(scene: Scene, som: Som) -> None:
    """The lists of a file of ours are not fields of the page."""
    klient = som(scene.koordinator)
    mer = orjson.dumps({"kriterier": [dict.fromkeys(innhold.LISTER["kriterier"], TEKST)]}).decode()
    felter = {
        **les_inn(klient, tekst="§ 1 Formål\n\nBra."),
        "type": "tjenesteavtale",
        "tittel": "T",
        "k0-mer": mer,
    }
    side = html(lagre(klient, felter), 422)
    assert 'href="#k0-overskrift"' in side and "<mark>" not in side and 'name="ikke_fnr"' in side
    assert lagre(klient, felter, ikke_fnr="1").status_code == 303


def test_det_portalen_selv_har_kan_alltid_tas_med(scene: Scene, opptak: Opptak) -> None:
    """A template, and a copy of what was let through once: there is nobody to ask."""
    fra = avtaler.lag(
        scene.koordinator, type="tjenesteavtale", tittel="T", bestemmelser=[klausul(tekst=TEKST)]
    )
    assert avtaler.kopier(scene.koordinator, fra, type="tjenesteavtale", tittel="Kopi")
    with uten_spor(opptak), pytest.raises(UgyldigData):
        inn.legg_til(scene.koordinator, fra, [klausul(tekst=TEKST)])
