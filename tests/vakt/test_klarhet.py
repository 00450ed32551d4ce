"""Readiness: who goes on call can be reached, and has shown it; else the person is asked, and the vaktledere told."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import som_om
from portal.core.db import db, transactional
from portal.vakt.bevis import Klarhet
from portal.vakt.models import Fravaer, Nivaa, Vakt, Vaktplan
from portal.vakt.service import klarhet
from portal.varsler.models import Kanal, Utsending, Varsel, Varselkanal, Varselro, Varselvalg
from tests.bygg import Opptak, Scene, lag_aktor, lagre, uten_spor
from tests.vakthjelp import lag_kanal, lag_vakt, lag_vaktplan, lag_vakttelefon
from tests.varsler.tjenere import oppsett

Som = Callable[[Aktor], FlaskClient]
START = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
T = timedelta(hours=1)
MIN = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _port(app: Flask) -> Iterator[None]:
    """A gateway that is told of, and never asked: without one nobody is woken by telephone."""
    with oppsett(sms_url="http://port.example/sms", tale_url="http://port.example/tale"):
        yield


@pytest.fixture(autouse=True)
def _klokka() -> Iterator[None]:
    with som_om(START):
        yield


@pytest.fixture
def plan(scene: Scene) -> Vaktplan:
    return lag_vaktplan(scene.hf.id)


def varsler(kode: str = "vakt.klarhet") -> list[Varsel]:
    db.session.rollback()
    db.session.expire_all()
    return list(
        db.session.scalars(sa.select(Varsel).where(Varsel.kode == kode).order_by(Varsel.opprettet, Varsel.id))
    )


@transactional
def endre(tabell: Any, vilkaar: Any, **verdier: Any) -> None:
    db.session.execute(sa.update(tabell).where(vilkaar).values(**verdier))


def tilstand(plan: Vaktplan, vakt: Vakt, naa: datetime = START) -> Klarhet | None:
    db.session.rollback()
    return klarhet.hent_klarhet([plan.id], naa).get(vakt.id)


def telefonsvar(nummer: str, kvittert: datetime | None, kanal: Kanal = Kanal.SMS, **felt: Any) -> None:
    opprettet = felt.pop("opprettet", (kvittert or START) - MIN)
    lagre(
        Utsending(
            id=uuid4(),
            noekkel=str(uuid4()),
            kanal=kanal,
            til=nummer,
            emne="",
            tekst="",
            opprettet=opprettet,
            neste=opprettet,
            sendt=opprettet,
            kvittert=kvittert,
        )
    )


# --- who is ready ----------------------------------------------------------------------------------------


def test_bevis_paa_en_vekkende_kanal_holder_i_24_timer(scene: Scene, plan: Vaktplan) -> None:
    vakt = lag_vakt(plan, scene.spesialist, fra=START, til=START + 48 * T)
    assert tilstand(plan, vakt) == Klarhet.IKKE_BEVIST
    lag_kanal(scene.spesialist, Kanal.PUSH, "https://push.example/x")
    assert tilstand(plan, vakt) == Klarhet.KLAR
    assert tilstand(plan, vakt, START + 24 * T - MIN) == Klarhet.KLAR
    assert tilstand(plan, vakt, START + 24 * T) == Klarhet.IKKE_BEVIST


@pytest.mark.parametrize("felt", [{"bevist": None}, {"fjernet": START}])
def test_ubevist_og_fjernet_kanal_teller_ikke(scene: Scene, plan: Vaktplan, felt: dict[str, Any]) -> None:
    vakt = lag_vakt(plan, scene.spesialist)
    lag_kanal(scene.spesialist, Kanal.SMS, **felt)
    lag_kanal(scene.spesialist2, Kanal.SMS)  # somebody else's
    assert tilstand(plan, vakt) == Klarhet.IKKE_BEVIST


def test_en_kanal_som_ikke_brukes_til_det_som_er_akutt_teller_ikke(scene: Scene, plan: Vaktplan) -> None:
    """The rule of the notices themselves: chosen for akutt, there in this installation, and let through."""
    vakt = lag_vakt(plan, scene.spesialist)
    lag_kanal(scene.spesialist, Kanal.SMS)
    assert scene.spesialist.person_id
    assert tilstand(plan, vakt) == Klarhet.KLAR
    with oppsett(sms_url=""):
        assert tilstand(plan, vakt) == Klarhet.IKKE_BEVIST, "no gateway"
    valgt = Varselvalg(person_id=scene.spesialist.person_id, hastegrad="akutt", kanaler=["epost"])
    lagre(valgt)
    assert tilstand(plan, vakt) == Klarhet.IKKE_BEVIST


@pytest.mark.parametrize("bryter", [True, False])
def test_hviletid_som_holder_akutt_tilbake_vekker_ingen(scene: Scene, plan: Vaktplan, bryter: bool) -> None:
    vakt = lag_vakt(plan, scene.spesialist, fra=START - T, til=START + 20 * T)
    lag_kanal(scene.spesialist, Kanal.SMS)
    lagre(Varselro(person_id=scene.spesialist.person_id, fra="22:00", til="07:00", akutt_bryter=bryter))
    assert tilstand(plan, vakt) == Klarhet.KLAR
    natt = START.replace(hour=21)
    assert tilstand(plan, vakt, natt) == (Klarhet.KLAR if bryter else Klarhet.IKKE_BEVIST)


def test_vakttelefonen_teller_naar_den_selv_har_svart(scene: Scene, plan: Vaktplan) -> None:
    vakt = lag_vakt(plan, scene.spesialist, fra=START - T, til=START + 48 * T)
    lag_vakttelefon(plan, Nivaa.VAKTHAVENDE, "+4790000001", sms=True, tale=False)
    assert tilstand(plan, vakt) == Klarhet.IKKE_BEVIST, "configured is no proof"
    telefonsvar("+4790000001", None)
    telefonsvar("+4790000009", START - MIN)
    telefonsvar("+4790000001", START - MIN, Kanal.TALE)
    telefonsvar("+4790000001", START - 24 * T)
    assert tilstand(plan, vakt) == Klarhet.IKKE_BEVIST
    telefonsvar("+4790000001", START - 23 * T)
    assert tilstand(plan, vakt) == Klarhet.KLAR
    assert tilstand(plan, vakt, START + T) == Klarhet.IKKE_BEVIST


def test_vakttelefonen_gjelder_sitt_nivaa(scene: Scene, plan: Vaktplan) -> None:
    foerste = lag_vakt(plan, scene.spesialist)
    bak = lag_vakt(plan, scene.spesialist2, Nivaa.BAKVAKT)
    lag_vakttelefon(plan, Nivaa.BAKVAKT, "+4790000002", sms=False, tale=True)
    telefonsvar("+4790000002", START - T, Kanal.TALE)
    assert klarhet.hent_klarhet([plan.id]) == {foerste.id: Klarhet.IKKE_BEVIST, bak.id: Klarhet.KLAR}


def test_hvem_det_spoerres_om(scene: Scene, plan: Vaktplan) -> None:
    """Now and the coming hour: not the past, not later, not the absent, not other plans."""
    naa = lag_vakt(plan, scene.spesialist, fra=START - 2 * T, til=START + T)
    snart = lag_vakt(plan, scene.spesialist2, fra=START + T, til=START + 2 * T)
    lag_vakt(plan, scene.spesialist, fra=START + 2 * T, til=START + 3 * T)
    lag_vakt(plan, scene.spesialist, fra=START - 4 * T, til=START - 2 * T)
    borte = lag_vakt(plan, scene.spesialist, Nivaa.BAKVAKT, fra=START + T / 2, til=START + T)
    annen = lag_vakt(lag_vaktplan(scene.hf.id, "kirurgi"), scene.kirurg)
    assert set(klarhet.hent_klarhet([plan.id])) == {naa.id, snart.id, borte.id}
    lagre(
        Fravaer(
            id=uuid4(),
            organisasjon_id=scene.hf.id,
            person_id=scene.spesialist.person_id,
            fra=START + T / 2,
            til=START + T,
            opprettet=START,
            opprettet_av_id=scene.spesialist.person_id,
        )
    )
    assert set(klarhet.hent_klarhet([plan.id])) == {naa.id, snart.id}
    assert set(klarhet.hent_klarhet([annen.vaktplan_id])) == {annen.id}
    assert klarhet.hent_klarhet([]) == {}


# --- what is said ----------------------------------------------------------------------------------------


def til(varsel: Varsel) -> UUID:
    return varsel.person_id


def test_den_som_ikke_er_klar_spoerres_og_lederne_faar_vite_det(scene: Scene, plan: Vaktplan) -> None:
    lag_vakt(plan, scene.spesialist, fra=START + T, til=START + 9 * T)
    lag_vakt(plan, scene.spesialist2, fra=START + 9 * T, til=START + 12 * T)
    to = lag_aktor(Rolle.VAKTLEDER, scene.hf)
    assert klarhet.kontroller() == 1
    (varsel,) = varsler()
    assert (til(varsel), varsel.lenke, varsel.gjelder) == (
        scene.spesialist.person_id,
        "/varsler/valg",
        f"klarhet:{scene.spesialist.person_id}",
    )
    assert "fra man. 1. juni kl. 15:00 til man. 1. juni kl. 23:00 (Vakthavende, Indremedisin)" in varsel.tekst
    ledere = varsler("vakt.klarhet_leder")
    assert {til(v) for v in ledere} == {scene.vaktleder.person_id, to.person_id}
    assert "Siri Spesialist" in ledere[0].tekst and ledere[0].lenke == "/vakt/dekning"


def test_en_gang_per_vakt(scene: Scene, plan: Vaktplan, opptak: Opptak) -> None:
    lag_vakt(plan, scene.spesialist, fra=START, til=START + 12 * T)
    assert klarhet.kontroller() == 1
    with uten_spor(opptak):
        assert klarhet.kontroller() == 0
    with som_om(START + 11 * T):
        assert klarhet.kontroller() == 0
    assert (len(varsler()), len(varsler("vakt.klarhet_leder"))) == (1, 1)


def test_en_lang_vakt_spoerres_om_hvert_doegn(scene: Scene, plan: Vaktplan) -> None:
    lag_vakt(plan, scene.spesialist, fra=START, til=START + 72 * T)
    antall = []
    for timer in (-1, 0, 12, 23, 24, 30, 48, 71):
        with som_om(START + timer * T):
            antall.append(klarhet.kontroller())
    assert antall == [1, 0, 0, 0, 1, 0, 1, 0]


def test_beviset_trekker_varselet_tilbake(scene: Scene, plan: Vaktplan) -> None:
    lag_vakt(plan, scene.spesialist, fra=START, til=START + 12 * T)
    klarhet.kontroller()
    lag_kanal(scene.spesialist, bevist=START)
    assert klarhet.kontroller() == 0
    assert varsler()[0].stoppet == START
    # E-mails that have not left are not sent.
    utsendinger = db.session.scalars(sa.select(Utsending).where(Utsending.varsel_id == varsler()[0].id))
    assert [u.stoppet for u in utsendinger] and all(u.stoppet for u in utsendinger)
    assert varsler("vakt.klarhet_leder")[0].stoppet == START, "nobody is left of whom it was told"


def test_den_som_er_klar_hoerer_ingenting(scene: Scene, plan: Vaktplan, opptak: Opptak) -> None:
    lag_vakt(plan, scene.spesialist)
    lag_kanal(scene.spesialist)
    with uten_spor(opptak):
        assert klarhet.kontroller() == 0


def test_mange_paa_en_gang_er_ett_varsel_til_lederen(scene: Scene, plan: Vaktplan) -> None:
    lag_vakt(plan, scene.spesialist)
    lag_vakt(plan, scene.spesialist2, Nivaa.BAKVAKT)
    lag_vakt(lag_vaktplan(scene.annet_hf.id), scene.fremmed_spesialist)
    assert klarhet.kontroller() == 3
    egne, fremmede = sorted(
        varsler("vakt.klarhet_leder"), key=lambda v: v.person_id != scene.vaktleder.person_id
    )
    assert til(egne) == scene.vaktleder.person_id and egne.tekst.count("\n") == 1
    assert til(fremmede) == scene.fremmed_vaktleder.person_id and "Siri" not in fremmede.tekst


def test_samme_person_paa_mange_planer_spoerres_en_gang(scene: Scene, plan: Vaktplan) -> None:
    """A vaktleder of many rosters is asked once when the shifts begin together, and ready only when all of them are."""
    planer = [plan, lag_vaktplan(scene.hf.id, "kirurgi"), lag_vaktplan(scene.hf.id, "geriatri")]
    for p in planer:
        lag_vakt(p, scene.vaktleder, Nivaa.VAKTLEDER, fra=START, til=START + 8 * T)
    assert klarhet.kontroller() == 1
    (varsel,) = varsler()
    assert "og 2 til)" in varsel.tekst
    (leder,) = varsler("vakt.klarhet_leder")
    assert leder.tittel == "1 person på vakt har ikke prøvd at varslene vekker"
    fag = sorted(leder.tekst.partition(": ")[2].split(", "))
    assert fag == ["Geriatri (vaktleder)", "Indremedisin (vaktleder)", "Kirurgi (vaktleder)"]
    lag_vakttelefon(plan, Nivaa.VAKTLEDER, "+4790000003")
    telefonsvar("+4790000003", START)
    klarhet.kontroller()
    assert varsler()[0].stoppet is None
    lag_kanal(scene.vaktleder)
    klarhet.kontroller()
    assert varsler()[0].stoppet == START


def test_mange_vakter_er_en_linje_per_person_og_telles_tydelig(scene: Scene) -> None:
    for fag in ("geriatri", "kirurgi", "ortopedi", "palliasjon", "lungesykdommer"):
        lag_vakt(lag_vaktplan(scene.hf.id, fag), scene.vaktleder, Nivaa.VAKTLEDER)
    for _nummer in range(13):
        lag_vakt(
            lag_vaktplan(scene.hf.id, f"fag{_nummer}"), lag_aktor(Rolle.VAKTLEDER, scene.hf), Nivaa.VAKTLEDER
        )
    klarhet.kontroller()
    leder = next(v for v in varsler("vakt.klarhet_leder") if v.person_id == scene.vaktleder.person_id)
    linjer = leder.tekst.split("\n")
    assert leder.tittel.startswith("14 personer på vakt") and len(linjer) == 13
    assert linjer[-1] == "og 2 personer til"
    egen = next(x for x in linjer if x.startswith(scene.vaktleder.navn))
    assert egen.endswith("og 2 vakter til") and egen.count("(vaktleder)") == 3


def test_aa_ta_og_gi_tilbake_er_ikke_et_nytt_varsel_hver_gang(scene: Scene, plan: Vaktplan) -> None:
    """Taken, given back and taken again within minutes: each is asked once, and the vaktleder told of each once."""

    def ta(vakt: Vakt, aktor: Aktor, naa: datetime) -> Vakt:
        endre(Vakt, Vakt.id == vakt.id, til=naa)
        return lag_vakt(plan, aktor, fra=naa, til=START + 40 * T)

    vakt = lag_vakt(plan, scene.spesialist, fra=START, til=START + 40 * T)
    klarhet.kontroller()
    for minutt in range(2, 12, 2):
        naa = START + minutt * MIN
        vakt = ta(vakt, scene.spesialist2 if minutt % 4 else scene.spesialist, naa)
        with som_om(naa):
            klarhet.kontroller()
    assert len(varsler()) == 2
    ledere = varsler("vakt.klarhet_leder")
    assert [v.stoppet is None for v in ledere] == [False, True], "one at a time"
    assert ledere[1].tittel.startswith("1 person"), "who is on call then"
    # Later in the same shift it is said again.
    naa = START + 5 * T
    ta(vakt, scene.spesialist, naa)
    with som_om(naa):
        klarhet.kontroller()
    assert len(varsler()) == 3 and len(varsler("vakt.klarhet_leder")) == 3


def test_uten_vaktleder_faar_koordinatoren_vite_det(scene: Scene, plan: Vaktplan) -> None:
    from portal.identitet.models import Medlemskap

    endre(Medlemskap, Medlemskap.id == scene.vaktleder.medlemskap_id, gyldig_til=START)
    lag_vakt(plan, scene.spesialist)
    klarhet.kontroller()
    assert [til(v) for v in varsler("vakt.klarhet_leder")] == [scene.koordinator.person_id]


def test_uten_vaktleder_og_koordinator_faar_administratoren_vite_det(scene: Scene, plan: Vaktplan) -> None:
    from portal.identitet.models import Medlemskap

    for hvem in (scene.vaktleder, scene.koordinator):
        endre(Medlemskap, Medlemskap.id == hvem.medlemskap_id, gyldig_til=START)
    lag_vakt(plan, scene.spesialist)
    klarhet.kontroller()
    assert [til(v) for v in varsler("vakt.klarhet_leder")] == [scene.administrator.person_id]


@pytest.mark.parametrize(
    ("rollen", "spoerres"),
    [({"gyldig_fra": START + 30 * MIN}, 1), ({"gyldig_til": START + 20 * MIN}, 0)],
    ids=["begynner med vakten", "slutter foer den"],
)
def test_rollen_maa_gjelde_naar_vakten_begynner(
    scene: Scene, plan: Vaktplan, rollen: dict[str, datetime], spoerres: int
) -> None:
    from portal.identitet.models import Medlemskap

    lag_vakt(plan, scene.spesialist, fra=START + 30 * MIN)
    endre(Medlemskap, Medlemskap.id == scene.spesialist.medlemskap_id, **rollen)
    assert klarhet.kontroller() == spoerres


def test_paa_personens_spraak(scene: Scene, plan: Vaktplan) -> None:
    from portal.identitet.models import Person

    endre(Person, Person.id == scene.spesialist.person_id, spraak="en")
    lag_vakt(plan, scene.spesialist)
    klarhet.kontroller()
    assert "Mon 1 Jun 13:00" in varsler()[0].tekst


def test_siden_viser_hvem_som_er_klar(scene: Scene, plan: Vaktplan, som: Som) -> None:
    lag_vakt(plan, scene.spesialist)
    lag_vakt(plan, scene.spesialist2, Nivaa.BAKVAKT)
    lag_kanal(scene.spesialist)
    for adresse in ("/vakt/dekning", f"/vakt/dekning/{plan.id}"):
        side = html.unescape(som(scene.koordinator).get(adresse).get_data(as_text=True))
        assert side.count("klarmerke--klar") == 1 and side.count("klarmerke--ikke") == 1
        # Who is not ready stands first.
        assert (
            side.index("Varslene er ikke prøvd</span>")
            < side.index("Siri Spesialist")
            < side.index("Klar</span>")
        )
    endre(Varselkanal, Varselkanal.person_id == scene.spesialist.person_id, bevist=None)
    assert "klarmerke--klar" not in som(scene.spesialist).get("/vakt/dekning").get_data(as_text=True)
