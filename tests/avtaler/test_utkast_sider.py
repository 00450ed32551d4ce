"""The draft as a browser meets it: clauses one form each, rows without a script, two writers, and what is sent on."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from portal.avtaler import steps
from portal.avtaler.innhold import FLEST
from portal.avtaler.models import Bestemmelse
from portal.avtaler.service import avtaler, klausuler, parter
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag
from tests.avtaler.motorhjelp import les, lest_hash, noekler, nytt_utkast, tekster, til_forhandling
from tests.bygg import Opptak, Scene, lag_aktor, revisjon, uten_spor

Klient = Callable[[Aktor], FlaskClient]


def html(svar: TestResponse, status: int = 200) -> str:
    assert svar.status_code == status, svar.get_data(as_text=True)[:2000]
    return svar.get_data(as_text=True)


def tekst(side: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", side).split())


def klausul(**endret: Any) -> MultiDict[str, str]:
    """What the form of a clause sends."""
    felt: dict[str, Any] = {
        "nummer": "1",
        "overskrift": "Innleggelse",
        "tekst": "Ring først.",
        "art": "innleggelse",
        "punkt": "",
        "faser": ["1", "2", "3", "4", "5"],
        "lest": "",
        "gjoer": "lagre",
        **endret,
    }
    return MultiDict([(k, v) for k, vs in felt.items() for v in (vs if isinstance(vs, list) else [vs])])


def rad(avtale_id: UUID, noekkel: UUID, nummer: int = 1) -> Bestemmelse:
    les(avtale_id)
    funnet = steps.bestemmelse(avtale_id, nummer, noekkel)
    assert funnet is not None
    return funnet


def skjemaet(side: str) -> MultiDict[str, str]:
    """What a browser without scripts would send of the clause's form, as it stands on the page."""
    innhold = re.search(r"<form[^>]*data-klausulskjema.*?</form>", side, re.S)
    assert innhold
    # A template is no part of the form.
    kode = re.sub(r"<template.*?</template>", "", innhold[0], flags=re.S)
    ut: MultiDict[str, str] = MultiDict()
    for merke in re.finditer(
        r"<(input|textarea|select)([^>]*)>(.*?)(?=<(?:input|textarea|select|/form))", kode, re.S
    ):
        slag, attributter, inne = merke.groups()
        navn = re.search(r'name="([^"]+)"', attributter)
        if not navn or navn[1] == "csrf_token":
            continue
        verdi = re.search(r'value="([^"]*)"', attributter)
        if slag == "textarea":
            ut.add(navn[1], inne.split("</textarea>")[0].removeprefix("\n"))
        elif slag == "select":
            valgt = re.search(r'<option value="([^"]*)" selected', inne) or re.search(
                r'value="([^"]*)"', inne
            )
            ut.add(navn[1], valgt[1] if valgt else "")
        elif 'type="checkbox"' not in attributter or " checked" in attributter:
            ut.add(navn[1], verdi[1] if verdi else "")
    return ut


# --- writing a clause ------------------------------------------------------------------------------------


def test_alt_i_en_bestemmelse_skrives_og_kommer_igjen(scene: Scene, som: Klient) -> None:
    avtale_id = nytt_utkast(scene, bestemmelser=[])
    klient = som(scene.koordinator)
    svar = klient.post(
        f"/avtaler/{avtale_id}/bestemmelser/ny",
        data=klausul(
            nummer="3.1",
            punkt="3",
            faser=["3", "4"],
            fagomraader=["geriatri", "indremedisin"],
            trinn=["svar", "varsel"],
            **{
                "kriterier-0-kriterium": "NEWS2 over 6",
                "kriterier-0-hvem": "Legen",
                "kriterier-0-frist": "Straks",
                # Left empty: it is no row.
                "kriterier-1-kriterium": "",
                "kriterier-1-hvem": " ",
                "matrise-7-oppgave": "Transport",
                "matrise-7-foretak": "A",
                "matrise-7-kommune": "",
                "forpliktelser-0-tekst": "Møte",
                "forpliktelser-0-hyppighet": "halvaarlig",
                "forpliktelser-0-frist": "1. mai",
                "forpliktelser-0-sider": ["foretak", "kommune"],
                "tiltak-0-navn": "Felles team",
                "tiltak-0-finansiering": "Delt likt",
            },
        ),
    )
    [noekkel] = noekler(avtale_id)
    assert svar.status_code == 303 and svar.location.endswith(f"/avtaler/{avtale_id}/utkast#rad-{noekkel}")
    b = rad(avtale_id, noekkel)
    assert (b.nummer, b.overskrift, b.tekst, b.punkt, b.faser) == (
        "3.1",
        "Innleggelse",
        "Ring først.",
        3,
        0b11000,
    )
    assert b.fagomraader == ["geriatri", "indremedisin"] and b.trinn == ["varsel", "svar"]
    assert b.kriterier == [{"kriterium": "NEWS2 over 6", "hvem": "Legen", "frist": "Straks"}]
    assert b.matrise == [{"oppgave": "Transport", "foretak": "A", "kommune": ""}]
    assert b.forpliktelser[0]["sider"] == ["foretak", "kommune"]
    assert b.tiltak[0]["navn"] == "Felles team" and b.tiltak[0]["finansiering"] == "Delt likt"
    # What the form holds is what it saved: sent as it stands, nothing changes.
    foer = b.innhold_hash
    sendt = skjemaet(html(klient.get(f"/avtaler/{avtale_id}/bestemmelser/{noekkel}")))
    sendt.add("gjoer", "lagre")
    assert klient.post(f"/avtaler/{avtale_id}/bestemmelser/{noekkel}", data=sendt).status_code == 303
    assert rad(avtale_id, noekkel).innhold_hash == foer
    assert len(revisjon("avtale.bestemmelse_ny", objekt=avtale_id)) == 1
    assert revisjon("avtale.bestemmelse_endret", objekt=avtale_id) == []


def test_rader_kommer_og_gaar_uten_skript(scene: Scene, som: Klient, opptak: Opptak) -> None:
    avtale_id = nytt_utkast(scene, bestemmelser=[])
    klient = som(scene.koordinator)
    sti = f"/avtaler/{avtale_id}/bestemmelser/ny"
    with uten_spor(opptak):
        side = html(klient.post(sti, data=klausul(gjoer="ny:kriterier", overskrift="Å beholde")))
        assert 'value="Å beholde"' in side and 'id="kriterier-0-kriterium"' in side
        # The cursor goes on in the new row.
        assert re.search(r'id="kriterier-0-kriterium"[^>]*data-faa-fokus', side)
        to = klausul(
            gjoer="ny:kriterier",
            **{"kriterier-0-kriterium": "Første", "kriterier-1-kriterium": "Andre"},
        )
        assert 'id="kriterier-2-kriterium"' in html(klient.post(sti, data=to))
        bort = klausul(
            gjoer="bort:kriterier:0",
            **{"kriterier-0-kriterium": "Første", "kriterier-1-kriterium": "Andre"},
        )
        sendt = skjemaet(html(klient.post(sti, data=bort)))
        assert sendt["kriterier-0-kriterium"] == "Andre" and "kriterier-1-kriterium" not in sendt
        # A new obligation holds for both sides until somebody says otherwise.
        ny = skjemaet(html(klient.post(sti, data=klausul(gjoer="ny:forpliktelser"))))
        assert ny.getlist("forpliktelser-0-sider") == ["foretak", "kommune"]
        # What a button cannot ask for changes nothing.
        for gjoer in ("bort:kriterier:7", "bort:kriterier:x"):
            side = html(klient.post(sti, data=klausul(gjoer=gjoer, **{"kriterier-0-kriterium": "Står"})))
            assert skjemaet(side)["kriterier-0-kriterium"] == "Står"
        mange = {f"kriterier-{n}-kriterium": str(n) for n in range(FLEST)}
        side = html(klient.post(sti, data=klausul(gjoer="ny:kriterier", **mange)))
        assert f'id="kriterier-{FLEST}-kriterium"' not in side


def test_teksten_vises_foer_den_lagres(scene: Scene, som: Klient, opptak: Opptak) -> None:
    avtale_id = nytt_utkast(scene)
    klient = som(scene.koordinator)
    with uten_spor(opptak):
        side = html(
            klient.post(
                f"/avtaler/{avtale_id}/bestemmelser/ny",
                data=klausul(gjoer="vis", tekst="**Viktig** <script>alert(1)</script>"),
            )
        )
        assert "<strong>Viktig</strong>" in side and "<script>alert" not in side
        svar = klient.post("/avtaler/forhaandsvis", data={"tekst": "- ett\n- to<img src=x onerror=y>"})
        bit = html(svar)
        assert bit.count("<li>") == 2 and "<img" not in bit and "<html" not in bit
        html(klient.post("/avtaler/forhaandsvis", data={"tekst": "x" * 40_001}), 422)


def test_det_som_mangler_sies_ved_feltet_og_ingenting_er_borte(
    scene: Scene, som: Klient, opptak: Opptak
) -> None:
    avtale_id = nytt_utkast(scene)
    klient = som(scene.koordinator)
    sti = f"/avtaler/{avtale_id}/bestemmelser/ny"
    with uten_spor(opptak):
        side = html(
            klient.post(
                sti,
                data=klausul(
                    overskrift="",
                    art="",
                    faser=[],
                    tekst="Å beholde",
                    **{
                        "kriterier-0-kriterium": "",
                        "kriterier-1-hvem": "Bare hvem",
                        "forpliktelser-0-tekst": "Møte",
                        "forpliktelser-0-hyppighet": "aarlig",
                    },
                ),
            ),
            422,
        )
        for felt in ("overskrift", "art", "faser"):
            assert f'href="#{felt}"' in side, felt
        sendt = skjemaet(side)
        assert sendt["tekst"] == "Å beholde" and sendt["kriterier-0-hvem"] == "Bare hvem"
        side = html(
            klient.post(sti, data=klausul(**{"kriterier-0-kriterium": "", "kriterier-1-hvem": "Bare hvem"})),
            422,
        )
        assert "Rad 1 mangler det første feltet." in side
        assert "Velg hvem forpliktelsen gjelder for." in html(
            klient.post(
                sti,
                data=klausul(
                    **{"forpliktelser-0-tekst": "Møte", "forpliktelser-0-hyppighet": "aarlig"},
                ),
            ),
            422,
        )
        for feil in (
            {"ukjent": "1"},
            {"kriterier-0-sider": "foretak"},
            {"matrise-0-oppgave": "x", "matrise-0-foretak": "Z"},
            {"punkt": "14"},
            {"faser": ["6"]},
            {"tekst": "a\x00b"},
        ):
            html(klient.post(sti, data=klausul(**feil)), 422)
        html(klient.post(sti, data=klausul(overskrift=["to", "ganger"])), 422)


def test_lagre_og_skriv_en_til(scene: Scene, som: Klient) -> None:
    avtale_id = nytt_utkast(scene, bestemmelser=[])
    svar = som(scene.koordinator).post(
        f"/avtaler/{avtale_id}/bestemmelser/ny", data=klausul(gjoer="lagre_ny")
    )
    assert svar.status_code == 303 and svar.location.endswith("/bestemmelser/ny")
    assert len(noekler(avtale_id)) == 1


# --- two writers -----------------------------------------------------------------------------------------


def test_den_andre_som_lagrer_ser_begge_tekstene_og_mister_ingenting(
    scene: Scene, som: Klient, opptak: Opptak
) -> None:
    avtale_id = nytt_utkast(scene)
    noekkel = noekler(avtale_id)[0]
    sti = f"/avtaler/{avtale_id}/bestemmelser/{noekkel}"
    kollega = lag_aktor(Rolle.KOORDINATOR, scene.hf, navn="Kari Kjapp")
    klient = som(scene.koordinator)
    lest = skjemaet(html(klient.get(sti)))["lest"]
    assert lest == lest_hash(avtale_id, noekkel)
    klausuler.skriv(kollega, avtale_id, noekkel, {"tekst": "Den kjappe teksten."}, lest)
    mitt = klausul(lest=lest, tekst="Min lange tekst.", **{"kriterier-0-kriterium": "Mitt kriterium"})
    with uten_spor(opptak):
        side = html(klient.post(sti, data=mitt), 409)
    lestekst = tekst(side)
    assert "Slik står det nå" in lestekst and "Den kjappe teksten." in lestekst and "Kari Kjapp" in lestekst
    assert "Det du har skrevet" in lestekst and "Min lange tekst." in lestekst
    # Only what differs is put beside each other: the heading is the same.
    assert [m[1] for m in re.finditer(r"<dt>(Tekst|Kriterier|Overskrift)</dt>", side)].count(
        "Overskrift"
    ) == 0
    sendt = skjemaet(side)
    assert sendt["tekst"] == "Min lange tekst." and sendt["kriterier-0-kriterium"] == "Mitt kriterium"
    assert sendt["lest"] == lest_hash(avtale_id, noekkel) != lest
    sendt.add("gjoer", "lagre")
    assert klient.post(sti, data=sendt).status_code == 303
    assert rad(avtale_id, noekkel).tekst == "Min lange tekst."


def test_den_som_skriver_i_en_stroeket_bestemmelse_kan_hente_den_tilbake(scene: Scene, som: Klient) -> None:
    avtale_id = nytt_utkast(scene)
    noekkel = noekler(avtale_id)[0]
    sti = f"/avtaler/{avtale_id}/bestemmelser/{noekkel}"
    klient = som(scene.koordinator)
    lest = lest_hash(avtale_id, noekkel)
    klausuler.stryk(lag_aktor(Rolle.KOORDINATOR, scene.hf), avtale_id, noekkel, lest)
    side = html(klient.post(sti, data=klausul(lest=lest, tekst="Min tekst.")), 409)
    assert "Bestemmelsen er strøket" in side
    sendt = skjemaet(side)
    assert sendt["tekst"] == "Min tekst." and sendt["lest"] == ""
    # A row more keeps it too.
    sendt.add("gjoer", "ny:matrise")
    assert skjemaet(html(klient.post(sti, data=sendt)))["tekst"] == "Min tekst."
    sendt["gjoer"] = "lagre"
    assert klient.post(sti, data=sendt).status_code == 303
    assert ("Innleggelse", "Min tekst.") in tekster(avtale_id, 1)
    html(klient.get(f"/avtaler/{avtale_id}/bestemmelser/{uuid4()}"), 404)


def test_ble_den_sendt_ut_imens_staar_teksten_fortsatt(scene: Scene, som: Klient, motpart: Aktor) -> None:
    avtale_id = nytt_utkast(scene)
    noekkel = noekler(avtale_id)[0]
    lest = lest_hash(avtale_id, noekkel)
    til_forhandling(scene, avtale_id)
    klient = som(scene.koordinator)
    sti = f"/avtaler/{avtale_id}/bestemmelser/{noekkel}"
    side = html(klient.post(sti, data=klausul(lest=lest, tekst="Min tekst.")), 409)
    assert "til forhandling" in side and f'href="/avtaler/{avtale_id}"' in side
    assert skjemaet(side)["tekst"] == "Min tekst."
    assert tekster(avtale_id, 1)[0] == ("Innleggelse", "Ring først.")
    assert klient.get(sti).status_code == 302
    html(som(motpart).post(sti, data=klausul(lest=lest)), 403)
    avtaler.forkast(scene.koordinator, avtale_id)
    side = html(klient.post(sti, data=klausul(lest=lest, tekst="Min tekst.")), 409)
    assert skjemaet(side)["tekst"] == "Min tekst."


def test_to_som_endrer_opplysningene(scene: Scene, som: Klient, opptak: Opptak) -> None:
    avtale_id = nytt_utkast(scene)
    klient = som(scene.koordinator)
    sti = f"/avtaler/{avtale_id}/opplysninger"
    dag = i_dag().replace(year=i_dag().year + 1, day=1)
    felt = {
        "tittel": "Nytt navn",
        "nummer": "5",
        "medvirkning": "Brukerutvalget.",
        "notat": "",
        "oensket_fra": dag.isoformat(),
    }
    lest = re.search(r'name="lest" value="(\d+)"', html(klient.get(sti)))
    assert lest
    assert klient.post(sti, data={**felt, "lest": lest[1]}).status_code == 303
    versjon = les(avtale_id).versjoner[0]
    assert (versjon.tittel, versjon.medvirkning, versjon.oensket_fra) == ("Nytt navn", "Brukerutvalget.", dag)
    mitt = {**felt, "medvirkning": "Mitt, som er langt.", "lest": lest[1]}
    with uten_spor(opptak):
        side = html(klient.post(sti, data=mitt), 409)
    assert "Slik står det nå" in side and "Brukerutvalget." in side and side.count("Mitt, som er langt") == 2
    ny = re.search(r'name="lest" value="(\d+)"', side)
    assert ny and ny[1] != lest[1]
    assert klient.post(sti, data={**mitt, "lest": ny[1]}).status_code == 303
    with uten_spor(opptak):
        side = html(klient.post(sti, data={**felt, "tittel": "", "oensket_fra": "i morgen"}), 422)
        assert "31.12.2026" in side and 'value="i morgen"' in side
    html(som(scene.administrator).get(sti), 403)


# --- order, striking, sending ----------------------------------------------------------------------------


def test_bestemmelser_flyttes_med_knapper(scene: Scene, som: Klient) -> None:
    avtale_id = nytt_utkast(
        scene,
        bestemmelser=[{"overskrift": o, "tekst": o, "art": "annet"} for o in ("A", "B", "C", "D")],
    )
    klient = som(scene.koordinator)

    def trykk(overskrift: str, retning: str) -> str:
        side = html(klient.get(f"/avtaler/{avtale_id}/utkast"))
        skjema = next(
            s
            for s in re.findall(r"<form[^>]*/flytt.*?</form>", side, re.S)
            if f'aria-label="Flytt {retning}: {overskrift}"' in s
        )
        sti = re.search(r'action="([^"]+)"', skjema)
        foer = re.search(r'name="foer" value="([^"]*)"', skjema)
        assert sti and foer
        assert klient.post(sti[1], data={"foer": foer[1]}).status_code == 303
        return "".join(o for o, _ in tekster(avtale_id, 1))

    assert trykk("A", "ned") == "BACD"
    assert trykk("C", "ned") == "BADC"
    assert trykk("B", "ned") == "ABDC"
    assert trykk("C", "opp") == "ABCD"
    assert trykk("B", "opp") == "BACD"
    side = html(klient.get(f"/avtaler/{avtale_id}/utkast"))
    assert "Flytt opp: B" not in side and "Flytt ned: D" not in side
    b = noekler(avtale_id)[0]
    html(klient.post(f"/avtaler/{avtale_id}/bestemmelser/{b}/flytt", data={"foer": str(uuid4())}), 404)
    html(som(scene.administrator).post(f"/avtaler/{avtale_id}/bestemmelser/{b}/flytt", data={}), 403)


def test_en_bestemmelse_strykes_og_den_som_har_lest_en_annen_tekst_spoerres(
    scene: Scene, som: Klient
) -> None:
    avtale_id = nytt_utkast(scene)
    foerste, andre = noekler(avtale_id)
    klient = som(scene.koordinator)
    lest = lest_hash(avtale_id, foerste)
    klausuler.skriv(lag_aktor(Rolle.KOORDINATOR, scene.hf), avtale_id, foerste, {"tekst": "Ny."}, lest)
    sti = f"/avtaler/{avtale_id}/bestemmelser/{foerste}/stryk"
    side = html(klient.post(sti, data={"lest": lest}), 409)
    assert "Noen har endret denne bestemmelsen" in side and skjemaet(side)["tekst"] == "Ny."
    assert klient.post(sti, data={"lest": lest_hash(avtale_id, foerste)}).status_code == 303
    assert noekler(avtale_id) == [andre]
    svar = klient.post(sti, data={"lest": lest})
    assert svar.status_code == 303 and "strøket alt" in html(klient.get(svar.location))


def test_utkastet_sendes_naar_noe_og_noen_er_der(scene: Scene, som: Klient, motpart: Aktor) -> None:
    avtale_id = nytt_utkast(scene, bestemmelser=[])
    klient = som(scene.koordinator)
    sti = f"/avtaler/{avtale_id}/send-til-forhandling"
    assert "Skriv minst én bestemmelse" in html(klient.post(sti), 422)
    klient.post(f"/avtaler/{avtale_id}/bestemmelser/ny", data=klausul())
    assert "Inviter minst én kommune" in html(klient.post(sti), 422)
    parter.inviter(scene.koordinator, avtale_id, [scene.kommune.id])
    html(som(scene.administrator).post(sti), 403)
    html(som(motpart).post(sti), 404)
    assert klient.post(sti).status_code == 303
    html(klient.post(sti), 409)
    side = tekst(html(som(motpart).get(f"/avtaler/{avtale_id}")))
    assert "Ring først." in side and "Rediger utkastet" not in side
    # What is said about it may still be written; the clauses go by proposals.
    side = html(klient.get(f"/avtaler/{avtale_id}"))
    assert f"/avtaler/{avtale_id}/opplysninger" in side and "Rediger utkastet" not in side
    assert "ikke et utkast lenger" in html(klient.get(f"/avtaler/{avtale_id}/utkast"))


@pytest.mark.parametrize("sti", ["utkast", "opplysninger", "bestemmelser/ny"])
def test_uten_utkast_sies_det_hva_som_maa_til(scene: Scene, som: Klient, sti: str) -> None:
    avtale_id = nytt_utkast(scene)
    avtaler.forkast(scene.koordinator, avtale_id)
    assert "Begynn en ny versjon" in html(som(scene.koordinator).get(f"/avtaler/{avtale_id}/{sti}"), 409)
