"""Who may do what with phases, proposals, the kriseledelse and drills: every use case, called without any door.

As `test_tilgang_vakt.py` does for the rosters; what no role decides is named in `EGNE`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from portal.beredskap.service import faser, forslag, kriseledelse, oevelser, oversikt
from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db
from tests import rutene_beredskap as r
from tests.bygg import toem
from tests.matrise import PERSONER, Verden, les_tabell
from tests.tjenestematrise import (
    Gjoer,
    Lag,
    alle_proever,
    er_ingens,
    funksjoner,
    verden_med_en_uten_rolle,
)

#: The planned phase, the proposal and the drill are `hf`'s; `kommune` is asked, and takes part in the drill.
#: `sykepleier` and `kirurg` sit in the kriseledelse at home. The first is somebody without a role at `hf`.
#: 9 proposes to a kommune that is another trust's.
TABELL = les_tabell("""
                                            i lksaocdu STKVCD 1234567 rnx
faser.sett, kommunens                       - --+-+--- ------ ------- ---
faser.sett, foretakets                      - -------- --+-+- ------- ---
faser.kontroller                            - --+-+--- ------ ------- ---
faser.krev_beslutter                        - --+-+--- ------ ------- ---
faser.trekk                                 - -------- --+-+- ------- ---
forslag.kan_foreslaa_for                    - -----+-- --+-+- -----+- ---
forslag.foreslaa, egne                      - -----+-- --+-+- -----+- ---
forslag.foreslaa, en annens                 - -----9-- --9-9- -----+- ---
forslag.trekk                               0 00000000 00+-+- 0000000 000
forslag.hent                                0 00000000 00++++ 0000000 000
forslag.hent_mottatt                        0 00+0+++0 000000 0000000 000
forslag.bekreft                             0 00+0+--0 000000 0000000 000
forslag.avslaa                              0 00+0+--0 000000 0000000 000
kriseledelse.oppnevn                        - 00000000 -----+ 0000000 00-
kriseledelse.fjern                          - 00000000 -----+ 0000000 00-
kriseledelse.hent_kriseledelse              - --+-+++- --++++ -+--+++ ---
oevelser.krev_oever                         - --+-++-- --+-+- -+---+- ---
oevelser.lag                                - --+-++-- --+-+- -+---+- ---
oevelser.hent                               0 ++++++++ ++++++ 0000000 00+
oevelser.inviter                            0 -------- --+-+- 0000000 00-
oevelser.spill, kommunens                   0 --+-++-- --+-+- 0000000 00-
oevelser.spill, foretakets                  0 -------- --+-+- 0000000 00-
oevelser.avslutt                            0 -------- --+-+- 0000000 00-
oevelser.synlige                            - ++++++++ ++++++ +++++++ +++
oversikt.krev_inne                          - --+-+++- --++++ -+--+++ ---
oversikt.hent_status                        - ++++++++ ++++++ +++++++ +++
oversikt.hent_situasjon                     - ++++++++ ++++++ +++++++ +++
""")


def _ingen(v: Verden) -> None:
    """Nothing is made first."""


def _fase() -> dict[str, Any]:
    return {"fase": 3, "nivaa": "gul", "kilde": "FHI uke 10", "begrunnelse": "Mange er syke."}


def _tid() -> dict[str, Any]:
    """From now, and over before what is planned begins."""
    return {"fra": None, "til": now() + timedelta(hours=6)}


def _egne(v: Verden, a: Aktor) -> list[UUID]:
    """To whom the actor's organisation may propose."""
    return [a.organisasjon_id] if a.er_kommunal and a.organisasjon_id else r.kommuner_for(v, a)


#: What is made first, and the call.
GJOER: dict[str, tuple[Lag, Gjoer]] = {
    "faser.sett, kommunens": (_ingen, lambda v, a, i: faser.sett(a, v.kommune.id, **_fase(), **_tid())),
    "faser.sett, foretakets": (_ingen, lambda v, a, i: faser.sett(a, v.hf.id, **_fase(), **_tid())),
    "faser.kontroller": (
        _ingen,
        lambda v, a, i: faser.kontroller(a, v.kommune.id, fase=3, nivaa="gul", **_tid()),
    ),
    "faser.krev_beslutter": (_ingen, lambda v, a, i: faser.krev_beslutter(a, v.kommune.id)),
    "faser.trekk": (r.planlagt_fase, lambda v, a, i: faser.trekk(a, i)),
    "forslag.kan_foreslaa_for": (_ingen, lambda v, a, i: forslag.kan_foreslaa_for(a)),
    "forslag.foreslaa, egne": (_ingen, lambda v, a, i: forslag.foreslaa(a, _egne(v, a), **_fase())),
    "forslag.foreslaa, en annens": (
        _ingen,
        lambda v, a, i: forslag.foreslaa(a, r.kommuner_for(v, v.fremmed_koordinator), **_fase()),
    ),
    "forslag.trekk": (r.hfs_forslag, lambda v, a, i: forslag.trekk(a, i)),
    "forslag.hent": (r.hfs_forslag, lambda v, a, i: forslag.hent(a, i)),
    "forslag.hent_mottatt": (r.kommunens_svar, lambda v, a, i: forslag.hent_mottatt(a, i)),
    "forslag.bekreft": (r.kommunens_svar, lambda v, a, i: forslag.bekreft(a, i)),
    "forslag.avslaa": (r.kommunens_svar, lambda v, a, i: forslag.avslaa(a, i, "Ikke hos oss.")),
    "kriseledelse.oppnevn": (r.utenfor_ledelsen, lambda v, a, i: kriseledelse.oppnevn(a, i)),
    "kriseledelse.fjern": (r.i_ledelsen, lambda v, a, i: kriseledelse.fjern(a, i)),
    "kriseledelse.hent_kriseledelse": (_ingen, lambda v, a, i: kriseledelse.hent_kriseledelse(a)),
    "oevelser.krev_oever": (_ingen, lambda v, a, i: oevelser.krev_oever(a)),
    "oevelser.lag": (
        _ingen,
        lambda v, a, i: oevelser.lag(
            a, navn="Sør", til=now() + 4 * r.T, organisasjoner=[], fase=4, nivaa="roed"
        ),
    ),
    "oevelser.hent": (r.en_oevelse, lambda v, a, i: oevelser.hent(a, i)),
    "oevelser.inviter": (r.en_oevelse, lambda v, a, i: oevelser.inviter(a, i, [v.annen_kommune.id])),
    "oevelser.spill, kommunens": (
        r.en_oevelse,
        lambda v, a, i: oevelser.spill(a, i, v.kommune.id, 3, "gul"),
    ),
    "oevelser.spill, foretakets": (r.en_oevelse, lambda v, a, i: oevelser.spill(a, i, v.hf.id, 3, "gul")),
    "oevelser.avslutt": (r.en_oevelse, lambda v, a, i: oevelser.avslutt(a, i)),
    "oevelser.synlige": (r.en_oevelse, lambda v, a, i: oevelser.synlige(a)),
    "oversikt.krev_inne": (_ingen, lambda v, a, i: oversikt.krev_inne(a)),
    "oversikt.hent_status": (_ingen, lambda v, a, i: oversikt.hent_status(a, v.kommune.id)),
    "oversikt.hent_situasjon": (_ingen, lambda v, a, i: oversikt.hent_situasjon(a, v.kommune.id)),
}

#: Asked of the actor's own organisation alone (`test_alle_ser_bare_sitt_eget`), or of what the caller has fetched.
EGNE = {
    *("faser.sett_som", "forslag.antall_venter", "forslag.som_venter", "forslag.sendte"),
    *("kriseledelse.kandidater", "oevelser.kan_inviteres", "oevelser.se_paa"),
    *("oversikt.foelger_med", "oversikt.har_fase", "oversikt.rettigheter"),
    *("oversikt.kommunerader", "oversikt.synlige_kommuner"),
}
FUNKSJONER = funksjoner(["portal.beredskap.service"])


@pytest.fixture(scope="module")
def verden(_app: Flask) -> Iterator[Verden]:
    with _app.app_context():
        v = verden_med_en_uten_rolle()
        r.med_kriseledelse(v)
        yield v
        db.session.rollback()
        db.session.remove()
        toem(db.engine)


def test_hver_tjeneste_staar_i_tabellen() -> None:
    i_tabellen = {hva.split(",")[0] for hva in TABELL}
    assert not i_tabellen & EGNE
    assert set(FUNKSJONER) == i_tabellen | EGNE
    assert set(GJOER) == set(TABELL)
    assert all("+" in rad.values() for rad in TABELL.values())


@pytest.mark.parametrize("hva", TABELL)
def test_hvem_som_kan(hva: str, verden: Verden) -> None:
    alle_proever(verden, hva, TABELL[hva], *GJOER[hva], FUNKSJONER[hva.split(",")[0]])


def test_det_som_ikke_finnes_er_ikke_noens(verden: Verden) -> None:
    """An id that is nothing's: «finnes ikke», for those who may and for those who may not, and no entry in the log."""
    er_ingens(
        verden,
        ("koordinator", "kommuneoverlege", "administrator", "fremmed_koordinator", "lege"),
        lambda a, i: faser.trekk(a, i),
        lambda a, i: faser.sett(a, i, **_fase()),
        lambda a, i: forslag.trekk(a, i),
        lambda a, i: forslag.bekreft(a, i),
        lambda a, i: kriseledelse.fjern(a, i),
        lambda a, i: oevelser.avslutt(a, i),
        lambda a, i: oversikt.hent_status(a, i),
    )


def test_alle_ser_bare_sitt_eget(verden: Verden) -> None:
    """What waits, what was sent, who could be appointed, the drills and the kommuner: of nobody else's organisation."""
    v = verden
    svar_id = r.kommunens_svar(v)
    forslag_id = forslag.hent_mottatt(v.kommuneoverlege, svar_id).forslag_id
    oevelse_id = r.en_oevelse(v)
    kommunene = {v.hf.id: {v.kommune.id, v.annen_kommune.id}, v.rhf.id: {v.kommune.id, v.annen_kommune.id}}
    kommunene[v.annet_hf.id] = set(r.kommuner_for(v, v.fremmed_koordinator))
    for person in PERSONER:
        a = v.aktor(person)

        def ventet(hva: str, person: str = person) -> bool:
            return TABELL[hva][person] == "+"

        assert (svar_id in {m.id for m in forslag.som_venter(a)}) == ventet("forslag.hent_mottatt"), person
        assert bool(forslag.antall_venter(a)) == ventet("forslag.bekreft"), person
        sendte = {s.forslag.id for s in forslag.sendte(a)[0]}
        assert (forslag_id in sendte) == ventet("forslag.hent"), person
        hos = {m.organisasjon_id for m in kriseledelse.kandidater(a)}
        ledere = ("administrator", "administrator_i_kommunen", "fremmed_administrator")
        assert hos == ({a.organisasjon_id} if person in ledere else set()), person
        assert (oevelser.se_paa(a, oevelse_id) is not None) == ventet("oevelser.hent"), person
        hjemme = person != "ingen" and not a.er_kommunal
        egne = kommunene.get(a.organisasjon_id or uuid4(), set()) if hjemme else set()
        assert {k.organisasjon.id for k in oversikt.synlige_kommuner(a)} == egne, person


def test_hvorfor_er_organisasjonens_eget(verden: Verden) -> None:
    """All read which phase an organisation is in; who decides there is told to its own insiders."""
    for person in PERSONER:
        if person == "ingen":
            continue
        a = verden.aktor(person)
        status = oversikt.hent_status(a, verden.kommune.id)
        inne = TABELL["forslag.hent_mottatt"][person] == "+"
        assert (status.kan.inne, bool(status.besluttere)) == (inne, inne), person
        assert status.kan.beslutter == (TABELL["faser.krev_beslutter"][person] == "+"), person
