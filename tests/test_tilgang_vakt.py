"""Who may do what with rosters, notices, canaries and changes of shift: every use case, called without any door.

As `test_tilgang_tjenester.py` does for the other rooms. The tables hold every function that takes an actor, also
those that only read; what no role decides is named in `EGNE` and `ARBEIDERENS`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from portal.core.aktor import Aktor
from portal.core.clock import now, oslo
from portal.core.config import sett_innstillinger
from portal.henvendelser.eskalering import kanari, kanarilesing, uroerte, vaktskifte
from portal.henvendelser.service import lesing
from portal.innsikt import service as innsikt
from portal.vakt.models import Nivaa
from portal.vakt.service import (
    bytte,
    dekning,
    feed,
    fravaer,
    ical,
    kalender,
    oversikt,
    planer,
    policyer,
    rotasjoner,
    vakter,
)
from portal.varsler.models import Kanal
from portal.varsler.service import bjelle, kanaler, uleverte
from tests import rutene_vakt as r
from tests.matrise import PERSONER, Verden, les_tabell
from tests.tjenestematrise import (
    Gjoer,
    Lag,
    alle_proever,
    en_verden,
    er_ingens,
    funksjoner,
)
from tests.vakthjelp import lag_vakt
from tests.varsler.varselhjelp import fortell

#: At `hf`, on its roster for indremedisin. The shift is `spesialist`'s, the swap goes from `spesialist` to
#: `spesialist2`, and so do the cases of the change of shift; the absence, the notice and the channel are `kirurg`'s.
#: The first is somebody who is logged in without a role at `hf`. 9 is the right person for a role without shifts.
TABELL = les_tabell("""
                                            i lksaocdu STKVCD 1234567 rnx
planer.lag_plan                             - 00000000 ---+++ 0000000 00-
planer.avslutt_plan                         0 00000000 ---+++ 0000000 000
planer.sett_telefon                         0 00000000 ---+++ 0000000 000
planer.fjern_telefon                        0 00000000 ---+++ 0000000 000
planer.ledige_omraader                      - 00000000 ---+++ 0000000 00-
vakter.legg_inn                             0 00000000 ---+++ 0000000 000
vakter.overstyr                             0 00000000 ---+++ 0000000 000
vakter.avlys                                0 00000000 ---+++ 0000000 000
vakter.ta_naa, vakthavende                  0 00000000 ++---- 0000000 000
vakter.ta_naa, vaktleder                    0 00000000 ++-+-- 0000000 000
vakter.foreslaa_ta                          0 00000000 ++---- 0000000 000
vakter.gi_tilbake                           0 00000000 +----- 0000000 000
vakter.hent_vakter                          0 00000000 ++++++ 0000000 000
vakter.mulige_folk                          0 00000000 ++++++ 0000000 000
vakter.advarsler                            0 00000000 ++++++ 0000000 000
rotasjoner.lag                              0 00000000 ---+++ 0000000 000
rotasjoner.forhaandsvis                     0 00000000 ---+++ 0000000 000
rotasjoner.avslutt                          0 00000000 ---+++ 0000000 000
rotasjoner.advarsler                        0 00000000 ---+++ 0000000 000
bytte.foreslaa                              0 00000000 +----- 0000000 000
bytte.be_om_avloesning                      0 00000000 +----- 0000000 000
bytte.godta                                 0 00000000 -+0000 0000000 000
bytte.avslaa                                0 00000000 -+0000 0000000 000
bytte.trekk                                 0 00000000 +-0000 0000000 000
bytte.mulige_kolleger                       0 00000000 +----- 0000000 000
bytte.mulige_motvakter                      0 00000000 +----- 0000000 000
fravaer.registrer, eget                     - 00000000 ++++99 0000000 00-
fravaer.registrer, en annens                - 00000000 ---+++ 0000000 00-
fravaer.avlys                               0 00000000 00++++ 0000000 000
fravaer.hent_fravaer                        - 00000000 ++++++ 0000000 00-
fravaer.mulige_folk                         - ++++++++ ++++++ +++++++ ---
ical.eksporter                              0 00000000 ++++++ 0000000 000
ical.vurder                                 0 00000000 ---+++ 0000000 000
ical.importer                               0 00000000 ---+++ 0000000 000
kalender.hent_kalender                      0 00000000 ++++++ 0000000 000
oversikt.hent_planer                        - ++++++++ ++++++ +++++++ ---
oversikt.hent_planer, hf                    - 00000000 ++++++ 0000000 00-
oversikt.hent_vaktside                      0 00000000 ++++++ 0000000 000
oversikt.hent_oppsett                       0 00000000 ---+++ 0000000 000
dekning.hent_dekning                        0 00000000 ++++++ 0000000 000
dekning.hent_oversikt                       - ++++++++ ++++++ +++++++ ---
policyer.hent_policyer                      - 00000000 ++++++ 0000000 00-
policyer.hent_policy                        - 00000000 ---+++ 0000000 00-
policyer.sett                               - 00000000 ---+++ 0000000 00-
policyer.tilbakestill                       - 00000000 ---+++ 0000000 00-
bjelle.les                                  0 00000000 00+000 0000000 000
kanaler.fjern                               0 00000000 00+000 0000000 000
kanaler.navngi                              0 00000000 00+000 0000000 000
kanaler.proev                               0 00000000 00+000 0000000 000
uleverte.synlige_uleverte                   - ------+- -----+ ------+ --+
uleverte.send_igjen                         - ------0- -----+ ------0 --+
uleverte.send_flere_igjen                   - ------0- -----+ ------0 --+
uleverte.forkast                            - ------0- -----+ ------0 --+
vaktskifte.godta                            0 ---00000 -+0-00 0000000 000
kanari.krev_kan_sette                       - -----++- ---+++ ----+++ ---
kanari.sett                                 - -----++- ---+++ ----+++ ---
kanari.kjoer_naa                            - -----00- ---+++ ----000 ---
kanari.hent_egen                            - -----00- ---+++ ----000 ---
kanarilesing.hent_historikk                 - -----00- ---+++ ----000 ---
uroerte.hent_uroerte                        - -----++- ---+++ ----+++ ---
""")

_OM_PLANEN: Lag = r.hfs_plan
_OM_VAKTEN: Lag = r.spesialistens_vakt


def _ingen(v: Verden) -> None:
    """Nothing is made first."""


def _avsluttet_plan(v: Verden) -> UUID:
    """What is begun must not run: another fagområde each time would run out."""
    planen = r.planen(v.hf.id, "kirurgi").id
    planer.avslutt_plan(r.SYSTEM, planen)
    return planen


def _tid() -> dict[str, Any]:
    fra = r.neste_tid()
    return {"fra": fra, "til": fra + timedelta(hours=12)}


def _rotasjon(v: Verden) -> dict[str, Any]:
    return {**r.rotasjonsfelt(v), "deltakere": [v.medlemskap("spesialist")]}


def _fil(v: Verden) -> tuple[UUID, Any]:
    return r.hfs_plan(v), ical.les_fil(r.kalenderfil().encode())


def _med_policy(v: Verden) -> UUID:
    r.egne_policyer(v)
    return v.hf.id


def _kirurgen(v: Verden) -> UUID:
    assert v.kirurg.person_id
    return v.kirurg.person_id


def _fag(a: Aktor) -> str:
    return "legevakt" if a.er_kommunal else "indremedisin"


#: What is made first, and the call.
GJOER: dict[str, tuple[Lag, Gjoer]] = {
    "planer.lag_plan": (_avsluttet_plan, lambda v, a, i: planer.lag_plan(a, v.hf.id, "kirurgi")),
    "planer.avslutt_plan": (
        lambda v: r.planen(v.hf.id, "kirurgi").id,
        lambda v, a, i: planer.avslutt_plan(a, i),
    ),
    "planer.sett_telefon": (
        _OM_PLANEN,
        lambda v, a, i: planer.sett_telefon(a, i, Nivaa.VAKTLEDER, f"900{uuid4().int % 100_000:05d}"),
    ),
    "planer.fjern_telefon": (
        lambda v: r.FOERST[f"{r.PLAN}/telefon/fjern"](v)["plan_id"],
        lambda v, a, i: planer.fjern_telefon(a, i, Nivaa.BAKVAKT),
    ),
    "planer.ledige_omraader": (_ingen, lambda v, a, i: planer.ledige_omraader(a, v.hf.id)),
    "vakter.legg_inn": (
        _OM_PLANEN,
        lambda v, a, i: vakter.legg_inn(a, i, "vakthavende", v.medlemskap("spesialist"), **_tid()),
    ),
    "vakter.overstyr": (
        _OM_PLANEN,
        lambda v, a, i: vakter.overstyr(a, i, "vakthavende", v.medlemskap("spesialist"), **_tid()),
    ),
    "vakter.avlys": (_OM_VAKTEN, lambda v, a, i: vakter.avlys(a, i)),
    "vakter.ta_naa, vakthavende": (r.tom_plan, lambda v, a, i: vakter.ta_naa(a, i, "vakthavende")),
    "vakter.ta_naa, vaktleder": (r.tom_plan, lambda v, a, i: vakter.ta_naa(a, i, "vaktleder")),
    "vakter.foreslaa_ta": (r.tom_plan, lambda v, a, i: vakter.foreslaa_ta(a, i, "vakthavende")),
    "vakter.gi_tilbake": (r.tatt_vakt, lambda v, a, i: vakter.gi_tilbake(a, i)),
    "vakter.hent_vakter": (
        _OM_PLANEN,
        lambda v, a, i: vakter.hent_vakter(a, i, now(), now() + timedelta(days=1)),
    ),
    "vakter.mulige_folk": (_OM_PLANEN, lambda v, a, i: vakter.mulige_folk(a, i, "vakthavende")),
    "vakter.advarsler": (_OM_VAKTEN, lambda v, a, i: vakter.advarsler(a, i)),
    "rotasjoner.lag": (_OM_PLANEN, lambda v, a, i: rotasjoner.lag(a, i, "bakvakt", **_rotasjon(v))),
    "rotasjoner.forhaandsvis": (
        _OM_PLANEN,
        lambda v, a, i: rotasjoner.forhaandsvis(a, i, "bakvakt", **_rotasjon(v)),
    ),
    "rotasjoner.avslutt": (
        r.en_rotasjon,
        lambda v, a, i: rotasjoner.avslutt(a, i, oslo(now()).date() + timedelta(days=1)),
    ),
    "rotasjoner.advarsler": (r.en_rotasjon, lambda v, a, i: rotasjoner.advarsler(a, i)),
    "bytte.foreslaa": (_OM_VAKTEN, lambda v, a, i: bytte.foreslaa(a, i, v.medlemskap("spesialist2"))),
    "bytte.be_om_avloesning": (
        r.loepende_vakt,
        lambda v, a, i: bytte.be_om_avloesning(a, i, v.medlemskap("spesialist2")),
    ),
    "bytte.godta": (r.foreslaatt_bytte, lambda v, a, i: bytte.godta(a, i)),
    "bytte.avslaa": (r.foreslaatt_bytte, lambda v, a, i: bytte.avslaa(a, i)),
    "bytte.trekk": (r.foreslaatt_bytte, lambda v, a, i: bytte.trekk(a, i)),
    "bytte.mulige_kolleger": (_OM_VAKTEN, lambda v, a, i: bytte.mulige_kolleger(a, i)),
    "bytte.mulige_motvakter": (
        _OM_VAKTEN,
        lambda v, a, i: bytte.mulige_motvakter(a, i, v.medlemskap("spesialist2")),
    ),
    "fravaer.registrer, eget": (
        _ingen,
        lambda v, a, i: fravaer.registrer(a, a.person_id or uuid4(), **_tid(), organisasjon_id=v.hf.id),
    ),
    "fravaer.registrer, en annens": (
        _ingen,
        lambda v, a, i: fravaer.registrer(
            a,
            _kirurgen(v) if a.person_id != v.kirurg.person_id else v.spesialist2.person_id or uuid4(),
            **_tid(),
            organisasjon_id=v.hf.id,
        ),
    ),
    "fravaer.avlys": (r.kirurgens_fravaer, lambda v, a, i: fravaer.avlys(a, i)),
    "fravaer.hent_fravaer": (_ingen, lambda v, a, i: fravaer.hent_fravaer(a, v.hf.id)),
    "fravaer.mulige_folk": (_ingen, lambda v, a, i: fravaer.mulige_folk(a)),
    "ical.eksporter": (_OM_PLANEN, lambda v, a, i: ical.eksporter(a, i)),
    "ical.vurder": (_fil, lambda v, a, i: ical.vurder(a, *i, Nivaa.BAKVAKT)),
    "ical.importer": (_fil, lambda v, a, i: ical.importer(a, *i, Nivaa.BAKVAKT)),
    "kalender.hent_kalender": (
        _OM_PLANEN,
        lambda v, a, i: kalender.hent_kalender(a, i, now().date(), now().date() + timedelta(days=7)),
    ),
    "oversikt.hent_planer": (r.alles_planer, lambda v, a, i: oversikt.hent_planer(a)),
    "oversikt.hent_planer, hf": (r.alles_planer, lambda v, a, i: oversikt.hent_planer(a, v.hf.id)),
    "oversikt.hent_vaktside": (_OM_VAKTEN, lambda v, a, i: oversikt.hent_vaktside(a, i)),
    "oversikt.hent_oppsett": (_OM_PLANEN, lambda v, a, i: oversikt.hent_oppsett(a, i)),
    "dekning.hent_dekning": (_OM_PLANEN, lambda v, a, i: dekning.hent_dekning(a, i, uker=2)),
    "dekning.hent_oversikt": (r.alles_planer, lambda v, a, i: dekning.hent_oversikt(a, uker=2)),
    "policyer.hent_policyer": (_ingen, lambda v, a, i: policyer.hent_policyer(a, v.hf.id)),
    "policyer.hent_policy": (_ingen, lambda v, a, i: policyer.hent_policy(a, v.hf.id, "", "akutt")),
    "policyer.sett": (
        _ingen,
        lambda v, a, i: policyer.sett(
            a, v.hf.id, "", "haster", [("vakthavende", 0)], 0, 1 + uuid4().int % 1000
        ),
    ),
    "policyer.tilbakestill": (_med_policy, lambda v, a, i: policyer.tilbakestill(a, i, "", "vanlig")),
    "bjelle.les": (r.kirurgens_varsel, lambda v, a, i: bjelle.les(a, i)),
    "kanaler.fjern": (r.kirurgens_kanal, lambda v, a, i: kanaler.fjern(a, i)),
    "kanaler.navngi": (r.kirurgens_kanal, lambda v, a, i: kanaler.navngi(a, i, "Min")),
    "kanaler.proev": (r.kirurgens_kanal, lambda v, a, i: kanaler.proev(a, i)),
    "uleverte.synlige_uleverte": (r.en_ulevert, lambda v, a, i: uleverte.synlige_uleverte(a)),
    "uleverte.send_igjen": (r.en_ulevert, lambda v, a, i: uleverte.send_igjen(a, i)),
    "uleverte.send_flere_igjen": (r.en_ulevert, lambda v, a, i: uleverte.send_flere_igjen(a, [i])),
    "uleverte.forkast": (r.en_ulevert, lambda v, a, i: uleverte.forkast(a, [i])),
    "vaktskifte.godta": (
        r.et_skifte,
        lambda v, a, i: vaktskifte.godta(a, i["skifte_id"], i["henvendelse_id"], "Lest tilbake."),
    ),
    "kanari.krev_kan_sette": (_ingen, lambda v, a, i: kanari.krev_kan_sette(a)),
    "kanari.sett": (r.alles_planer, lambda v, a, i: kanari.sett(a, _fag(a), 60, aktiv=True)),
    "kanari.kjoer_naa": (r.en_kanari, lambda v, a, i: kanari.kjoer_naa(a, i)),
    "kanari.hent_egen": (r.en_kanari, lambda v, a, i: kanari.hent_egen(a, i)),
    "kanarilesing.hent_historikk": (r.en_kanari, lambda v, a, i: kanarilesing.hent_historikk(a, i)),
    "uroerte.hent_uroerte": (_ingen, lambda v, a, i: uroerte.hent_uroerte(a)),
}

#: One's own, whatever the role: they ask for the actor's rows alone (`test_alle_ser_bare_sitt_eget`), or for what has
#: been fetched through `access` already.
EGNE = {
    *("bjelle.hent_bjelle", "bjelle.hent_side", "bjelle.hent_tall", "bjelle.les_alle", "bjelle.les_om"),
    *("kanaler.hent_kanaler", "kanaler.hent_oppsett", "kanaler.hent_vekking", "kanaler.legg_til"),
    *("kanaler.bytt_nettleser", "kanaler.sett_ro", "kanaler.sett_valg"),
    *("uleverte.antall_uleverte", "mottakere.mottaker"),
    *("feed.hent_feed", "feed.lag_feed", "feed.trekk_feed"),
    *("vakter.mine_vakter", "vakter.hent_egne", "bytte.hent_bytter", "oversikt.maa_bevises"),
    "oversikt.kan_gis_tilbake",
    "gyldighet.finn_bortfall",
    *("vaktskifte.hent_mine_skifter", "skiftelesing.hent_paa_vei", "skiftelesing.hent_beholdte"),
    "lesing.hent_stige",
    *("kanari.fagomraader_med_plan", "kanarilesing.synlige_kanarier", "service.hent_driftsstatus"),
    "venter.hent",
}
#: The worker's; and with the token of a notice, the number it went to or the secret of an address.
ARBEIDERENS = {
    *("levering.noter_sendt", "levering.noter_feil"),
    *("levering.noter_kanal_borte", "levering.utsett_resten"),
    *("kvittering.kvitter", "kvittering.kvitter_ved_id", "kvittering.kvitter_ved_nummer"),
    *("kanari.start", "kanari.avslutt_kjoering", "feed.noter_hentet"),
}
FUNKSJONER = funksjoner(
    ("portal.vakt.service", "portal.varsler.service", "portal.henvendelser.eskalering", "portal.innsikt")
)


@pytest.fixture(scope="module")
def verden(_app: Flask) -> Iterator[Verden]:
    yield from en_verden(_app)


@pytest.fixture(autouse=True)
def med_port(_app: Flask) -> Iterator[None]:
    """The installation has a gateway for text messages."""
    i = _app.config["INNSTILLINGER"]
    sett_innstillinger(replace(i, sms_url="http://127.0.0.1:9/sms", varselnoekkel="k" * 32))
    yield
    sett_innstillinger(i)


def test_hver_tjeneste_staar_i_tabellen() -> None:
    i_tabellen = {hva.split(",")[0] for hva in TABELL}
    assert not (i_tabellen & EGNE or i_tabellen & ARBEIDERENS or EGNE & ARBEIDERENS)
    assert set(FUNKSJONER) == i_tabellen | EGNE | ARBEIDERENS
    assert set(GJOER) == set(TABELL)
    assert all("+" in rad.values() for rad in TABELL.values())


@pytest.mark.parametrize("hva", TABELL)
def test_hvem_som_kan(hva: str, verden: Verden) -> None:
    alle_proever(verden, hva, TABELL[hva], *GJOER[hva], FUNKSJONER[hva.split(",")[0]])


def test_det_som_ikke_finnes_er_ikke_noens(verden: Verden) -> None:
    """An id that is nothing's: «finnes ikke», for those who may and for those who may not, and no entry in the log."""
    er_ingens(
        verden,
        ("koordinator", "fremmed_koordinator", "lege"),
        lambda a, i: planer.avslutt_plan(a, i),
        lambda a, i: vakter.avlys(a, i),
        lambda a, i: rotasjoner.avslutt(a, i, now().date()),
        lambda a, i: bytte.godta(a, i),
        lambda a, i: fravaer.avlys(a, i),
        lambda a, i: bjelle.les(a, i),
        lambda a, i: kanaler.fjern(a, i),
    )


def test_alle_ser_bare_sitt_eget(verden: Verden) -> None:
    """Whoever asks for their own bell, channels, address, shifts, swaps or hand-overs gets nobody else's."""
    v = verden
    plan = r.planen(v.hf.id)
    fra = r.neste_tid()
    lag_vakt(plan, v.kirurg, fra=fra, til=fra + timedelta(hours=12))
    bytte_id = r.foreslaatt_bytte(v)
    skifte = r.et_skifte(v)
    fortell(v.kirurg, "Bare til kirurgen")
    r.egen_kanal(v.kirurg, Kanal.SMS, "+4790012345")
    feed.lag_feed(v.kirurg)
    kanari_id = r.en_kanari(v)
    for person in PERSONER:
        if person == "ingen":
            continue
        a = v.aktor(person)
        assert {n.person_id for n in bjelle.hent_side(a).varsler} <= {a.person_id}, person
        assert {n.person_id for n in bjelle.hent_bjelle(a).varsler} <= {a.person_id}, person
        sett = {n.tittel for n in bjelle.hent_side(a).varsler}
        assert ("Bare til kirurgen" in sett) == (person == "kirurg"), person
        adresser = {k.adresse for k in kanaler.hent_kanaler(a)}
        assert ("+4790012345" in adresser) == (person == "kirurg"), person
        assert (feed.hent_feed(a) is not None) == (person == "kirurg"), person
        mine = vakter.mine_vakter(a, now(), now() + timedelta(days=700))
        assert {m.person_id for m in mine} <= {a.person_id}, person
        # Who keeps the rosters sees the swaps that wait, also between others.
        bytter = {rad.bytte.id for rad in bytte.hent_bytter(a)}
        partene, foererne = {"spesialist", "spesialist2"}, {"vaktleder", "koordinator", "administrator"}
        assert (bytte_id in bytter) == (person in partene | foererne), person
        skifter = vaktskifte.hent_mine_skifter(a)
        saker = {s.henvendelse_id for s in (*skifter.til_meg, *skifter.fra_meg, *skifter.andres)}
        ser = {"spesialist", "spesialist2", "vaktleder"}
        assert (skifte["henvendelse_id"] in saker) == (person in ser), person
        # Nobody sees a change of a case that they could not open.
        for sak in saker:
            lesing.hent_sak(a, sak)
        synlige = {k.id for k in kanarilesing.synlige_kanarier(a)}
        hjemme = a.organisasjon_id == v.hf.id
        assert (kanari_id in synlige) == (hjemme or person == "systemadministrator"), person
        assert {k.id for k in innsikt.hent_driftsstatus(a).kanarier} == synlige, person
        assert bool(uleverte.antall_uleverte(a)) <= (TABELL["uleverte.synlige_uleverte"][person] == "+")
        # Only who has a shift now or soon is asked for a proof.
        assert oversikt.maa_bevises(a) <= bool(vakter.mine_vakter(a, now(), now() + timedelta(days=1))), (
            person
        )


def test_listene_er_den_egne_organisasjonens(verden: Verden) -> None:
    """The plans, the coverage, the absences and whom to choose from: of nobody else's organisation."""
    v = verden
    r.alles_planer(v)
    r.kirurgens_fravaer(v)
    sett = 0
    for person, tegn in TABELL["oversikt.hent_planer"].items():
        if tegn != "+":
            continue
        a = v.aktor(person)
        planene = [p.plan for p in oversikt.hent_planer(a)] + [
            d.plan for d in dekning.hent_oversikt(a, uker=1)
        ]
        assert {p.organisasjon_id for p in planene} <= {a.organisasjon_id}, person
        fravaerene = fravaer.hent_fravaer(a).rader
        assert {f.fravaer.organisasjon_id for f in fravaerene} <= {a.organisasjon_id}, person
        foerer = TABELL["kanari.sett"][person] == "+"
        if not foerer:
            assert {f.fravaer.person_id for f in fravaerene} <= {a.person_id}, person
            assert {p for p, _navn in fravaer.mulige_folk(a)} <= {a.person_id}, person
        sett += len(planene) + len(fravaerene)
    assert sett > 20
