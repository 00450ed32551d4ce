"""Who may do what with agreements: every use case, called without any door.

As `test_tilgang_vakt.py` does for the rosters; what no role decides is named in `EGNE`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from portal.avtaler import soek as ordregler
from portal.avtaler import steps
from portal.avtaler.forloep import Status
from portal.avtaler.service import (
    avtaler,
    fullstendighet,
    gjelder,
    godkjenning,
    godkjenningslesing,
    inn,
    kjede,
    klausuler,
    lesing,
    oversikt,
    parter,
    sammenligning,
    soek,
    ut,
)
from portal.core.aktor import Aktor
from portal.core.clock import i_dag
from portal.core.db import db, transactional
from tests import rutene_avtaler as r
from tests.avtalehjelp import lag_avtale
from tests.avtaler.godkjenninghjelp import hash_naa, lenker
from tests.avtaler.motorhjelp import klausul, nytt_utkast
from tests.bygg import toem
from tests.matrise import PERSONER, Verden, les_tabell
from tests.rutene_beredskap import med_kriseledelse
from tests.tjenestematrise import (
    Gjoer,
    Lag,
    alle_proever,
    er_ingens,
    funksjoner,
    verden_med_en_uten_rolle,
)

#: The agreement is `hf`'s with `kommune`, written and sent by `koordinator`, who may not approve it; `innsyn`
#: is at the RHF above. The first is somebody without a role at `hf`. 9 is the right person in the wrong state, or an
#: owner, who has no invitation to answer.
TABELL = les_tabell("""
                                                    i lksaocdu STKVCD 1234567 rnx
avtaler.lag                                         - -------- ----+- -----+- ---
avtaler.kopier                                      0 -------- ----+- 0000000 -0-
avtaler.endre                                       0 00000000 0000+- 0000000 000
avtaler.endre, til godkjenning                      0 0000---0 00009- 0000000 000
avtaler.forkast, utkast                             0 00000000 0000+- 0000000 000
avtaler.forkast, til forhandling                    0 0000---0 0000+- 0000000 000
avtaler.ny_versjon                                  0 -------- ----+- 0000000 -0-
avtaler.send_til_forhandling                        0 00000000 0000+- 0000000 000
lesing.hent_avtale, utkast                          0 00000000 0000++ 0000000 000
lesing.hent_avtale, til forhandling                 0 0000+++0 0000++ 0000000 000
lesing.hent_avtale, til godkjenning                 0 0000+++0 0000++ 0000000 000
lesing.hent_avtale, i kraft                         0 ++++++++ ++++++ 0000000 +0+
lesing.hent_avtale, utkastet til en ny              0 00000000 0000++ 0000000 000
fullstendighet.sjekk, utkast                        0 00000000 0000++ 0000000 000
fullstendighet.sjekk, i kraft                       0 ++++++++ ++++++ 0000000 +0+
gjelder.forhaandsvis                                - --+-++-- --+-+- -+---+- ---
godkjenning.send                                    0 0000---0 0000+- 0000000 000
godkjenning.aapne_igjen                             0 0000---0 0000+- 0000000 000
godkjenning.godkjenn, kommunens                     0 0000+++0 0000-- 0000000 000
godkjenning.godkjenn, foretakets                    0 0000---0 0000-+ 0000000 000
godkjenning.godkjenn, som ny part                   0 ----+++- ------ 0000000 -0-
godkjenning.avvis, kommunens                        0 0000+++0 0000-- 0000000 000
godkjenning.avvis, foretakets                       0 0000---0 0000++ 0000000 000
godkjenningslesing.hent_side, utkast                0 00000000 0000++ 0000000 000
godkjenningslesing.hent_side, til forhandling       0 0000+++0 0000++ 0000000 000
godkjenningslesing.hent_side, i kraft               0 ----+++- ----++ 0000000 -0-
inn.egne_utkast                                     - -------- ----+- -----+- ---
inn.legg_til                                        0 00000000 0000+- 0000000 000
kjede.hent                                          0 00000000 ----++ 0000000 00-
kjede.sett                                          0 00000000 ----++ 0000000 00-
klausuler.skriv, ny                                 0 00000000 0000+- 0000000 000
klausuler.skriv, endret                             0 00000000 0000+- 0000000 000
klausuler.skriv, til forhandling                    0 0000---0 00009- 0000000 000
klausuler.stryk                                     0 00000000 0000+- 0000000 000
klausuler.flytt                                     0 00000000 0000+- 0000000 000
oversikt.hent_arbeid                                0 00000000 0000+- 0000000 000
oversikt.nummer_i_arbeid, utkast                    0 00000000 0000++ 0000000 000
oversikt.nummer_i_arbeid, i kraft                   0 ++++++++ ++++++ 0000000 +0+
oversikt.kan_kopieres                               - -------- ----+- -----+- ---
oversikt.kan_ligge_under                            - -------- ----+- -----+- ---
parter.inviter, til utkastet                        0 00000000 0000+- 0000000 000
parter.inviter, til det som gjelder                 0 00000000 ----+- 0000000 -0-
parter.kan_inviteres                                0 00000000 0000+- 0000000 000
parter.svar                                         0 0000-+-0 00009- 0000000 000
parter.trekk_invitasjon                             0 0000---0 0000+- 0000000 000
sammenligning.sammenlign, utkast                    0 00000000 0000++ 0000000 000
sammenligning.sammenlign, til forhandling           0 0000+++0 0000++ 0000000 000
sammenligning.sammenlign, i kraft                   0 ++++++++ ++++++ 0000000 +0+
sammenligning.sammenlign, med utkastet til en ny    0 00000000 0000++ 0000000 000
ut.hent, utkast                                     0 00000000 0000++ 0000000 000
ut.hent, til forhandling                            0 0000+++0 0000++ 0000000 000
ut.hent, i kraft                                    0 ++++++++ ++++++ 0000000 +0+
ut.hent, utkastet til en ny                         0 00000000 0000++ 0000000 000
ut.eksporter, utkast                                0 00000000 0000++ 0000000 000
ut.eksporter, til godkjenning                       0 0000+++0 0000++ 0000000 000
ut.eksporter, i kraft                               0 ++++++++ ++++++ 0000000 +0+
""")


def _ingen(v: Verden) -> None:
    """Nothing is made first."""


def _felt(**mer: Any) -> dict[str, Any]:
    return {"type": "tjenesteavtale", "tittel": "Innleggelse", **mer}


def _opplysninger() -> dict[str, Any]:
    felt = {"nummer": "", "medvirkning": f"Brukerutvalget, {uuid4()}.", "notat": ""}
    return {"tittel": "Innleggelse og utskrivning", "oensket_fra": None, "lest": None, **felt}


def _uten_kommune(v: Verden) -> UUID:
    """In force, before the kommune has come to it."""
    return lag_avtale(v.hf, status=Status.GJELDENDE).id


def _ny_part(v: Verden) -> r.Steder:
    """In force; the kommune has said yes, and its chain is asked to approve what holds."""
    avtale_id = _uten_kommune(v)
    parter.inviter(v.koordinator, avtale_id, [v.kommune.id])
    parter.svar(v.koordinator_i_kommunen, avtale_id, True)
    return _ledd(avtale_id, v.kommuneoverlege)


def _ledd(avtale_id: UUID, aktor: Aktor) -> r.Steder:
    """The first link of the actor's chain."""
    return {"godkjenning_id": lenker(avtale_id, aktor)[0].id, "hash": hash_naa(avtale_id)}


def _foretakets_ledd(v: Verden) -> r.Steder:
    return _ledd(r.til_godkjenning(v), v.koordinator)


def _ny_versjon(v: Verden) -> UUID:
    """In force, with a draft of the next version."""
    avtale_id = r.i_kraft(v)
    avtaler.ny_versjon(v.koordinator, avtale_id)
    return avtale_id


def _klausul(v: Verden, lag: Lag) -> r.Steder:
    avtale_id = lag(v)
    return {"avtale_id": avtale_id, "noekkel": r.noekler(avtale_id)[0]}


def _til_forhandling(v: Verden) -> r.Steder:
    return _klausul(v, r.til_forhandling_med)


def _i_utkast(v: Verden) -> r.Steder:
    return _klausul(v, r.et_utkast)


def _godkjenn(v: Verden, a: Aktor, s: r.Steder) -> None:
    godkjenning.godkjenn(a, s["godkjenning_id"], s["hash"], "26/114", i_dag())


def _avvis(v: Verden, a: Aktor, s: r.Steder) -> None:
    godkjenning.avvis(a, s["godkjenning_id"], "Fristene er for korte.")


def _skriv(v: Verden, a: Aktor, s: r.Steder) -> None:
    klausuler.skriv(a, s["avtale_id"], s["noekkel"], klausul(tekst=f"Ring {uuid4()}."))


def _sett_kjede(v: Verden, a: Aktor, s: object) -> None:
    kjede.sett(a, v.hf.id, [{"navn": f"Styret {uuid4()}", "krever_vedtak": False, "medlemskap": []}])


#: What is made first, and the call.
GJOER: dict[str, tuple[Lag, Gjoer]] = {
    "avtaler.lag": (_ingen, lambda v, a, i: avtaler.lag(a, **_felt())),
    "avtaler.kopier": (r.i_kraft, lambda v, a, i: avtaler.kopier(a, i, **_felt())),
    "avtaler.endre": (r.et_utkast, lambda v, a, i: avtaler.endre(a, i, **_opplysninger())),
    "avtaler.endre, til godkjenning": (
        r.til_godkjenning,
        lambda v, a, i: avtaler.endre(a, i, **_opplysninger()),
    ),
    "avtaler.forkast, utkast": (r.et_utkast, lambda v, a, i: avtaler.forkast(a, i)),
    "avtaler.forkast, til forhandling": (r.til_forhandling_med, lambda v, a, i: avtaler.forkast(a, i)),
    "avtaler.ny_versjon": (r.i_kraft, lambda v, a, i: avtaler.ny_versjon(a, i)),
    "avtaler.send_til_forhandling": (r.et_utkast, lambda v, a, i: avtaler.send_til_forhandling(a, i)),
    "lesing.hent_avtale, utkast": (r.et_utkast, lambda v, a, i: lesing.hent_avtale(a, i)),
    "lesing.hent_avtale, til forhandling": (
        r.til_forhandling_med,
        lambda v, a, i: lesing.hent_avtale(a, i),
    ),
    "lesing.hent_avtale, til godkjenning": (r.til_godkjenning, lambda v, a, i: lesing.hent_avtale(a, i)),
    "lesing.hent_avtale, i kraft": (r.i_kraft, lambda v, a, i: lesing.hent_avtale(a, i)),
    "lesing.hent_avtale, utkastet til en ny": (_ny_versjon, lambda v, a, i: lesing.hent_avtale(a, i, 2)),
    "fullstendighet.sjekk, utkast": (r.et_utkast, lambda v, a, i: fullstendighet.sjekk(a, i)),
    "fullstendighet.sjekk, i kraft": (r.i_kraft, lambda v, a, i: fullstendighet.sjekk(a, i)),
    "gjelder.forhaandsvis": (_ingen, lambda v, a, i: gjelder.forhaandsvis(a, [v.kommune.id], 4)),
    "godkjenning.send": (r.forhandlet, lambda v, a, i: godkjenning.send(a, i, hash_naa(i))),
    "godkjenning.aapne_igjen": (r.til_godkjenning, lambda v, a, i: godkjenning.aapne_igjen(a, i)),
    "godkjenning.godkjenn, kommunens": (r.kommunens_ledd, _godkjenn),
    "godkjenning.godkjenn, foretakets": (_foretakets_ledd, _godkjenn),
    "godkjenning.godkjenn, som ny part": (_ny_part, _godkjenn),
    "godkjenning.avvis, kommunens": (r.kommunens_ledd, _avvis),
    "godkjenning.avvis, foretakets": (_foretakets_ledd, _avvis),
    "godkjenningslesing.hent_side, utkast": (
        r.et_utkast,
        lambda v, a, i: godkjenningslesing.hent_side(a, i),
    ),
    "godkjenningslesing.hent_side, til forhandling": (
        r.til_forhandling_med,
        lambda v, a, i: godkjenningslesing.hent_side(a, i),
    ),
    "godkjenningslesing.hent_side, i kraft": (
        r.i_kraft,
        lambda v, a, i: godkjenningslesing.hent_side(a, i),
    ),
    "inn.egne_utkast": (_ingen, lambda v, a, i: inn.egne_utkast(a)),
    "inn.legg_til": (r.et_utkast, lambda v, a, i: inn.legg_til(a, i, [klausul(overskrift="Ny")])),
    "kjede.hent": (_ingen, lambda v, a, i: kjede.hent(a, v.hf.id)),
    "kjede.sett": (_ingen, _sett_kjede),
    "klausuler.skriv, ny": (
        r.et_utkast,
        lambda v, a, i: klausuler.skriv(a, i, None, klausul(overskrift="Ny")),
    ),
    "klausuler.skriv, endret": (_i_utkast, _skriv),
    "klausuler.skriv, til forhandling": (_til_forhandling, _skriv),
    "klausuler.stryk": (_i_utkast, lambda v, a, s: klausuler.stryk(a, s["avtale_id"], s["noekkel"])),
    "klausuler.flytt": (_i_utkast, lambda v, a, s: klausuler.flytt(a, s["avtale_id"], s["noekkel"], None)),
    "oversikt.hent_arbeid": (r.et_utkast, lambda v, a, i: oversikt.hent_arbeid(a, i)),
    "oversikt.nummer_i_arbeid, utkast": (r.et_utkast, lambda v, a, i: oversikt.nummer_i_arbeid(a, i)),
    "oversikt.nummer_i_arbeid, i kraft": (r.i_kraft, lambda v, a, i: oversikt.nummer_i_arbeid(a, i)),
    "oversikt.kan_kopieres": (_ingen, lambda v, a, i: oversikt.kan_kopieres(a)),
    "oversikt.kan_ligge_under": (_ingen, lambda v, a, i: oversikt.kan_ligge_under(a)),
    "parter.inviter, til utkastet": (nytt_utkast, lambda v, a, i: parter.inviter(a, i, [v.kommune.id])),
    "parter.inviter, til det som gjelder": (
        _uten_kommune,
        lambda v, a, i: parter.inviter(a, i, [v.kommune.id]),
    ),
    "parter.kan_inviteres": (r.et_utkast, lambda v, a, i: parter.kan_inviteres(a, i)),
    "parter.svar": (r.til_forhandling_med, lambda v, a, i: parter.svar(a, i, True)),
    "parter.trekk_invitasjon": (
        r.til_forhandling_med,
        lambda v, a, i: parter.trekk_invitasjon(a, i, v.kommune.id),
    ),
    "sammenligning.sammenlign, utkast": (r.et_utkast, lambda v, a, i: sammenligning.sammenlign(a, i)),
    "sammenligning.sammenlign, til forhandling": (
        r.til_forhandling_med,
        lambda v, a, i: sammenligning.sammenlign(a, i),
    ),
    "sammenligning.sammenlign, i kraft": (r.i_kraft, lambda v, a, i: sammenligning.sammenlign(a, i)),
    "sammenligning.sammenlign, med utkastet til en ny": (
        _ny_versjon,
        lambda v, a, i: sammenligning.sammenlign(a, i, 1, 2),
    ),
    "ut.hent, utkast": (r.et_utkast, lambda v, a, i: ut.hent(a, i)),
    "ut.hent, til forhandling": (r.til_forhandling_med, lambda v, a, i: ut.hent(a, i)),
    "ut.hent, i kraft": (r.i_kraft, lambda v, a, i: ut.hent(a, i)),
    "ut.hent, utkastet til en ny": (_ny_versjon, lambda v, a, i: ut.hent(a, i, 2)),
    "ut.eksporter, utkast": (r.et_utkast, lambda v, a, i: ut.eksporter(a, i, "pdf")),
    "ut.eksporter, til godkjenning": (r.til_godkjenning, lambda v, a, i: ut.eksporter(a, i, "docx")),
    "ut.eksporter, i kraft": (r.i_kraft, lambda v, a, i: ut.eksporter(a, i, "json")),
}

#: Lists of what the actor sees (`test_listene_viser_det_som_kan_aapnes`), and what is asked of what has been fetched.
EGNE = {
    *("lesing.synlige_avtaler", "lesing.hva_kan", "lesing.vis", "naa.hva_skjer"),
    *("oversikt.parter_i_lista", "oversikt.som_tre", "soek.finn"),
    *("gjelder.hva_gjelder", "gjelder.kan_sette", "gjelder.kommuner_for", "sammenligning.hva_er_nytt"),
}
#: The files of the service that have a table of their own: `test_tilgang_avtaler_<x>.py`.
ANDRE = (
    *("gjennomgang.", "uenighet.", "satser.", "forslag.", "kommentarer.", "forhandlingslesing."),
    *("oppsigelse.", "innsending.", "livslesing."),
)
FUNKSJONER = {n: b for n, b in funksjoner(["portal.avtaler.service"]).items() if not n.startswith(ANDRE)}


@pytest.fixture(scope="module")
def verden(_app: Flask) -> Iterator[Verden]:
    with _app.app_context():
        v = verden_med_en_uten_rolle()
        med_kriseledelse(v)
        yield v
        db.session.rollback()
        db.session.remove()
        toem(db.engine)


def test_hver_tjeneste_staar_i_tabellen() -> None:
    i_tabellen = {hva.split(",")[0] for hva in TABELL}
    assert not i_tabellen & EGNE
    assert set(FUNKSJONER) == i_tabellen | EGNE
    assert set(GJOER) == set(TABELL)
    assert {hva.split(",")[0] for hva, rad in TABELL.items() if "+" in rad.values()} == i_tabellen


@pytest.mark.parametrize("hva", TABELL)
def test_hvem_som_kan(hva: str, verden: Verden) -> None:
    alle_proever(verden, hva, TABELL[hva], *GJOER[hva], FUNKSJONER[hva.split(",")[0]])


def test_det_som_ikke_finnes_er_ikke_noens(verden: Verden) -> None:
    """An id that is nothing's: «finnes ikke», for those who may and for those who may not, and no entry in the log."""
    er_ingens(
        verden,
        ("koordinator", "koordinator_i_kommunen", "fremmed_koordinator", "lege", "innsyn"),
        lambda a, i: avtaler.forkast(a, i),
        lambda a, i: lesing.hent_avtale(a, i),
        lambda a, i: fullstendighet.sjekk(a, i),
        lambda a, i: godkjenning.send(a, i, ""),
        lambda a, i: godkjenning.godkjenn(a, i, ""),
        lambda a, i: klausuler.stryk(a, i, i),
        lambda a, i: parter.svar(a, i, True),
    )


@transactional
def _indekser(avtale_id: UUID) -> None:
    """What is put straight into the tables is put into the index of words as well."""
    ordregler.indekser(steps.bestemmelser(avtale_id, 1))


def test_listene_viser_det_som_kan_aapnes(verden: Verden) -> None:
    """The list, the search and what holds show each agreement to those who can open it, and to nobody else."""
    v = verden
    merke = f"Merket {uuid4().hex}"
    utkast, forhandles = (
        nytt_utkast(v, bestemmelser=[klausul(overskrift=merke)]) for _tilstand in ("utkast", "forhandles")
    )
    parter.inviter(v.koordinator, utkast, [v.kommune.id])
    r.til_forhandling(v, forhandles)
    gjeldende = lag_avtale(
        v.hf, [v.kommune], status=Status.GJELDENDE, bestemmelser=[{"overskrift": merke}]
    ).id
    _indekser(gjeldende)
    hvem = {utkast: "utkast", forhandles: "til forhandling", gjeldende: "i kraft"}
    for person in PERSONER:
        a = v.aktor(person)
        ventet = {i for i, hva in hvem.items() if TABELL[f"lesing.hent_avtale, {hva}"][person] == "+"}
        sett: set[UUID] = set()
        side = sider = 1
        while side <= sider:
            liste = lesing.synlige_avtaler(a, side=side)
            sett |= {rad.avtale.id for rad in liste.rader}
            side, sider = side + 1, liste.sider
        assert sett & set(hvem) == ventet, person
        assert {t.avtale_id for t in soek.finn(a, merke).treff} == ventet, person
        gjelder_naa = gjelder.hva_gjelder(a, v.kommune.id, None)
        klausulene = [k for g in gjelder_naa.grupper for k in g.klausuler]
        assert {k.avtale.avtale_id for k in klausulene if k.overskrift == merke} == ventet & {gjeldende}, (
            person
        )
        # Whose agreements one can narrow the list to: parties of those one sees; above a region, whoever could be one.
        kommuner = {id_ for id_, _navn in oversikt.parter_i_lista(a)}
        assert (v.kommune.id in kommuner) == (bool(ventet) or a.organisasjon_type == "rhf"), person


def test_kommunene_en_kan_velge_er_ens_egne(verden: Verden) -> None:
    """«Hva gjelder nå?» begins with the own kommune, or those of the own trust or RHF."""
    v = verden
    for person in PERSONER:
        a = v.aktor(person)
        ider = {id_ for id_, _navn in gjelder.kommuner_for(a)}
        if person == "ingen":
            ventet: set[UUID] = set()
        elif a.er_kommunal:
            ventet = {a.organisasjon_id or uuid4()}
        elif a.organisasjon_id in (v.hf.id, v.rhf.id):
            ventet = {v.kommune.id, v.annen_kommune.id}
        else:
            ventet = ider - {v.kommune.id, v.annen_kommune.id}
        assert ider == ventet, person
