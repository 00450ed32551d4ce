"""What was wrong in the last fourteen days is put right: the stay, the history, the days; what stood there is kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from portal.beredskap.routes.felles import feltverdi
from portal.core.aktor import Aktor
from portal.core.clock import som_om
from portal.core.db import db
from portal.core.errors import IkkeFunnet, PortalError, UgyldigData, UgyldigOvergang, Utdatert
from portal.plasser.forloep import Holdstatus, Tilstand
from portal.plasser.historikk import Plassdoegn, Plassendring, Plassretting
from portal.plasser.models import Opphold, Reservasjon
from portal.plasser.rettelser import Rad, Tidsrom, nye_rader
from portal.plasser.service import doegn, drift, reservasjoner, retting
from portal.varsler.models import Varsel
from tests.bygg import Scene, revisjon
from tests.plasser.hjelp import DAG, Folk, T, lag_folk, lag_plassenhet, les_opphold, les_plasser, les_tall

Som = Callable[[Aktor], FlaskClient]
#: A Thursday at noon in Oslo.
NAA = datetime(2026, 3, 12, 11, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def klokka(app: object) -> Iterator[None]:
    with som_om(NAA):
        yield


@pytest.fixture
def enhet_id(scene: Scene) -> UUID:
    return lag_plassenhet(scene, 2, siden=NAA - 20 * DAG)


@pytest.fixture
def folk(scene: Scene, enhet_id: UUID) -> Folk:
    return lag_folk(scene, enhet_id, kvote=1)


def opphold(folk: Folk, enhet_id: UUID, inn: datetime, ut: datetime | None = None, nr: int = 0) -> UUID:
    """A stay in a bed, as the unit told of it: each thing when it happened."""
    plass = les_plasser(enhet_id)[nr]
    with som_om(inn):
        id_ = drift.legg_inn(
            folk.sykepleier, enhet_id, plass_id=plass.id, kommune_id=folk.sykepleier.organisasjon_id
        )
    if ut is not None:
        with som_om(ut):
            drift.skriv_ut(folk.sykepleier, id_, til_hvor="hjem")
        with som_om(ut + T):
            drift.sett_tilstand(folk.sykepleier, enhet_id, plass.id, tilstand=Tilstand.LEDIG)
    return id_


def rett(folk: Folk, enhet_id: UUID, id_: UUID, **felter: Any) -> None:
    o = les(id_)
    naa = {k: getattr(o, k) for k in retting.OPPHOLDSFELTER}
    retting.rett_opphold(
        folk.koordinator,
        enhet_id,
        id_,
        **{"lest": o.versjon, "begrunnelse": "Feil klokkeslett.", **naa, **felter},
    )


def les(id_: UUID) -> Opphold:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Opphold, id_)


def historie(enhet_id: UUID, nr: int = 0) -> list[tuple[datetime, str]]:
    """What the bed was, as the history has it now."""
    plass = les_plasser(enhet_id)[nr]
    rader = db.session.execute(
        sa.select(Plassendring.tidspunkt, Plassendring.tilstand)
        .where(Plassendring.plass_id == plass.id, Plassendring.rettet.is_(None))
        .order_by(Plassendring.tidspunkt, Plassendring.nr)
    )
    return [(r.tidspunkt, r.tilstand) for r in rader]


def dager(enhet_id: UUID) -> dict[str, tuple[float, int, int]]:
    """{day: (hours occupied, admitted, discharged)}."""
    db.session.rollback()
    return {
        str(d.dag): (d.belagt / 3600, d.innlagt, d.utskrevet)
        for d in db.session.scalars(sa.select(Plassdoegn).where(Plassdoegn.plassenhet_id == enhet_id))
    }


# --- a stay's times --------------------------------------------------------------------------------------


def test_innleggelsen_var_foer(enhet_id: UUID, folk: Folk) -> None:
    inn, ut = NAA - 3 * DAG, NAA - 2 * DAG
    id_ = opphold(folk, enhet_id, inn, ut)
    doegn.legg_sammen_dager()
    assert dager(enhet_id)["2026-03-09"] == (12.0, 1, 0)
    rett(folk, enhet_id, id_, inn=inn - 6 * T)
    assert les(id_).inn == inn - 6 * T
    assert historie(enhet_id)[1:] == [
        (inn - 6 * T, "belagt"),
        (ut, "rengjoeres"),
        (ut + T, "ledig"),
    ]
    assert dager(enhet_id)["2026-03-09"] == (18.0, 1, 0), "the day is added up again"
    assert dager(enhet_id)["2026-03-10"] == (12.0, 0, 1)
    assert "2026-03-11" in dager(enhet_id), "and so are the days since"


def test_det_som_sto_der_blir_staaende(enhet_id: UUID, folk: Folk) -> None:
    inn = NAA - 3 * DAG
    id_ = opphold(folk, enhet_id, inn, NAA - 2 * DAG)
    rett(folk, enhet_id, id_, inn=inn + 2 * T, begrunnelse="Kom to timer senere.")
    r = db.session.scalars(sa.select(Plassretting)).one()
    assert (r.hva, r.hva_id, r.begrunnelse) == ("opphold", str(id_), "Kom to timer senere.")
    assert (r.foer["inn"], r.etter["inn"]) == (inn.isoformat(), (inn + 2 * T).isoformat())
    assert r.rettet_av_id == folk.koordinator.person_id
    gammel = db.session.scalars(sa.select(Plassendring).where(Plassendring.rettet.is_not(None))).one()
    ny = db.session.scalars(sa.select(Plassendring).where(Plassendring.rettet_fra.is_not(None))).one()
    assert (gammel.tidspunkt, gammel.tilstand) == (inn, "belagt")
    assert (ny.tidspunkt, ny.tilstand, ny.rettet_fra, ny.aarsak) == (
        inn + 2 * T,
        "belagt",
        gammel.nr,
        "retting",
    )
    assert len(revisjon("plasser.rettet")) == 1


def test_utskrivningen_var_foer(enhet_id: UUID, folk: Folk) -> None:
    """The bed was to be cleaned from then on, and free when it was."""
    inn, ut = NAA - 3 * DAG, NAA - 2 * DAG
    id_ = opphold(folk, enhet_id, inn, ut)
    rett(folk, enhet_id, id_, ut=ut - 5 * T)
    assert historie(enhet_id)[1:] == [(inn, "belagt"), (ut - 5 * T, "rengjoeres"), (ut + T, "ledig")]


def test_utskrivningen_var_senere(enhet_id: UUID, folk: Folk) -> None:
    """Later than the bed was said to be free: that counts no more."""
    inn, ut = NAA - 3 * DAG, NAA - 2 * DAG
    id_ = opphold(folk, enhet_id, inn, ut)
    rett(folk, enhet_id, id_, ut=ut + 5 * T)
    assert historie(enhet_id)[1:] == [(inn, "belagt"), (ut + 5 * T, "ledig")]


def test_den_som_ligger_der_kom_foer(enhet_id: UUID, folk: Folk) -> None:
    id_ = opphold(folk, enhet_id, NAA - 5 * T)
    rett(folk, enhet_id, id_, inn=NAA - 8 * T)
    plass = les_plasser(enhet_id)[0]
    assert (plass.tilstand, plass.endret) == ("belagt", NAA - 8 * T)
    assert historie(enhet_id)[-1] == (NAA - 8 * T, "belagt")


def test_opplysningene(enhet_id: UUID, folk: Folk) -> None:
    id_ = opphold(folk, enhet_id, NAA - 3 * DAG, NAA - 2 * DAG)
    foer = historie(enhet_id)
    rett(
        folk,
        enhet_id,
        id_,
        kommune_id=folk.medlem.id,
        aldersgruppe="90+",
        aarsaksgruppe="fall",
        til_hvor="sykehus",
    )
    o = les(id_)
    assert (o.kommune_id, o.aldersgruppe, o.aarsaksgruppe, o.til_hvor) == (
        folk.medlem.id,
        "90+",
        "fall",
        "sykehus",
    )
    assert historie(enhet_id) == foer, "no time was wrong"
    r = db.session.scalars(sa.select(Plassretting)).one()
    assert r.etter == {
        "kommune_id": str(folk.medlem.id),
        "aldersgruppe": "90+",
        "aarsaksgruppe": "fall",
        "til_hvor": "sykehus",
    }


def test_minuttet_som_sto_der_er_ikke_endret(enhet_id: UUID, folk: Folk) -> None:
    inn = NAA - 3 * DAG + timedelta(seconds=42)
    id_ = opphold(folk, enhet_id, inn, NAA - 2 * DAG)
    rett(folk, enhet_id, id_, inn=inn.replace(second=0), fra_hvor="hjem")
    assert les(id_).inn == inn
    with pytest.raises(UgyldigData):
        rett(folk, enhet_id, id_)


@pytest.mark.parametrize(
    ("felt", "felter"),
    [
        ("inn", {"inn": NAA + timedelta(minutes=1)}),
        ("ut", {"ut": NAA + timedelta(minutes=1)}),
        ("ut", {"ut": NAA - 4 * DAG}),
        ("inn", {"inn": NAA - 14 * DAG - timedelta(minutes=1)}),
        ("ut", {"ut": None}),
        ("inn", {"inn": None}),
        ("kommune_id", {"kommune_id": uuid4()}),
    ],
)
def test_det_umulige_avvises(enhet_id: UUID, folk: Folk, felt: str, felter: dict[str, Any]) -> None:
    inn, ut = NAA - 3 * DAG, NAA - 2 * DAG
    id_ = opphold(folk, enhet_id, inn, ut)
    foer = historie(enhet_id)
    with pytest.raises(UgyldigData) as feil:
        rett(folk, enhet_id, id_, **felter)
    assert list(feil.value.detaljer["felter"]) == [felt]
    assert (les(id_).inn, les(id_).ut) == (inn, ut) and historie(enhet_id) == foer
    assert not revisjon("plasser.rettet") and db.session.scalars(sa.select(Plassretting)).first() is None


def test_to_laa_aldri_i_samme_seng(enhet_id: UUID, folk: Folk) -> None:
    foerste = opphold(folk, enhet_id, NAA - 4 * DAG, NAA - 3 * DAG)
    andre = opphold(folk, enhet_id, NAA - 2 * DAG, NAA - DAG)
    tredje = opphold(folk, enhet_id, NAA - 6 * T)
    for id_, felter, felt in (
        (andre, {"inn": NAA - 3 * DAG - T}, "inn"),
        (andre, {"ut": NAA - 5 * T}, "ut"),
        (foerste, {"ut": NAA - 2 * DAG + T}, "ut"),
        (tredje, {"inn": NAA - DAG - T}, "inn"),
    ):
        with pytest.raises(UgyldigData) as feil:
            rett(folk, enhet_id, id_, **felter)
        assert list(feil.value.detaljer["felter"]) == [felt]
    # Up to the moment is no overlap.
    rett(folk, enhet_id, andre, inn=NAA - 3 * DAG, ut=NAA - 6 * T)
    assert [t for t, s in historie(enhet_id) if s == "belagt"] == [
        NAA - 4 * DAG,
        NAA - 3 * DAG,
        NAA - 6 * T,
    ]


def test_naar_den_neste_kom_med_en_gang(enhet_id: UUID, folk: Folk) -> None:
    foerste = opphold(folk, enhet_id, NAA - 4 * DAG, NAA - 3 * DAG)
    andre = opphold(folk, enhet_id, NAA - 2 * DAG, NAA - DAG)
    rett(folk, enhet_id, andre, inn=NAA - 3 * DAG)
    rett(folk, enhet_id, foerste, ut=NAA - 3 * DAG - 5 * T)
    assert historie(enhet_id)[1:4] == [
        (NAA - 4 * DAG, "belagt"),
        (NAA - 3 * DAG - 5 * T, "rengjoeres"),
        (NAA - 3 * DAG, "belagt"),
    ]


def test_samme_seng_er_ikke_naboens(enhet_id: UUID, folk: Folk) -> None:
    opphold(folk, enhet_id, NAA - 4 * DAG, NAA - DAG, nr=1)
    id_ = opphold(folk, enhet_id, NAA - 2 * DAG, NAA - DAG)
    rett(folk, enhet_id, id_, inn=NAA - 3 * DAG)
    assert les(id_).inn == NAA - 3 * DAG


def test_den_som_ligger_der_skrives_ut_paa_enhetens_side(enhet_id: UUID, folk: Folk) -> None:
    id_ = opphold(folk, enhet_id, NAA - 5 * T)
    for felter, felt in (({"ut": NAA - T}, "ut"), ({"til_hvor": "hjem"}, "til_hvor")):
        with pytest.raises(UgyldigData) as feil:
            rett(folk, enhet_id, id_, **felter)
        assert list(feil.value.detaljer["felter"]) == [felt]


def test_etter_fjorten_dager_er_det_for_sent(enhet_id: UUID, folk: Folk) -> None:
    ferdig = opphold(folk, enhet_id, NAA - 16 * DAG, NAA - 15 * DAG)
    delvis = opphold(folk, enhet_id, NAA - 15 * DAG + 2 * T, NAA - 13 * DAG)
    with pytest.raises(UgyldigOvergang):
        rett(folk, enhet_id, ferdig, fra_hvor="hjem")
    with pytest.raises(UgyldigOvergang):
        retting.stryk_opphold(
            folk.koordinator, enhet_id, delvis, lest=les(delvis).versjon, begrunnelse="Feil."
        )
    with pytest.raises(UgyldigData):
        rett(folk, enhet_id, delvis, inn=NAA - 13 * DAG - 5 * T)
    rett(folk, enhet_id, delvis, ut=NAA - 13 * DAG + T)
    assert les(delvis).ut == NAA - 13 * DAG + T
    assert {o.id for o in retting.hent(folk.koordinator, enhet_id).opphold} == {delvis}


def test_en_gammel_side(enhet_id: UUID, folk: Folk) -> None:
    id_ = opphold(folk, enhet_id, NAA - 3 * DAG, NAA - 2 * DAG)
    lest = les(id_).versjon
    rett(folk, enhet_id, id_, fra_hvor="hjem")
    with pytest.raises(Utdatert):
        rett(folk, enhet_id, id_, fra_hvor="sykehjem", lest=lest)
    with pytest.raises(Utdatert):
        retting.stryk_opphold(folk.koordinator, enhet_id, id_, lest=lest, begrunnelse="Feil.")
    assert les(id_).fra_hvor == "hjem"


def test_ikke_gjennom_en_annen_enhet(scene: Scene, enhet_id: UUID, folk: Folk) -> None:
    id_ = opphold(folk, enhet_id, NAA - 3 * DAG, NAA - 2 * DAG)
    annen = lag_plassenhet(scene, 1)
    with pytest.raises(IkkeFunnet):
        rett(folk, annen, id_, fra_hvor="hjem")


def test_ikke_noe_foedselsnummer(enhet_id: UUID, folk: Folk) -> None:
    id_ = opphold(folk, enhet_id, NAA - 3 * DAG, NAA - 2 * DAG)
    with pytest.raises(UgyldigData) as feil:
        rett(folk, enhet_id, id_, fra_hvor="hjem", begrunnelse="Gjelder 13097248022.")
    assert feil.value.kode == "personnummer"
    rett(folk, enhet_id, id_, fra_hvor="hjem", begrunnelse="Konto 13097248022.", ikke_fnr=True)


# --- an admission that never was -------------------------------------------------------------------------


def test_innleggelsen_var_en_feil(enhet_id: UUID, folk: Folk) -> None:
    doegn.legg_sammen_dager()
    inn = NAA - DAG
    id_ = opphold(folk, enhet_id, inn)
    with som_om(NAA - 3 * T):
        doegn.legg_sammen_dager()
    retting.stryk_opphold(
        folk.koordinator, enhet_id, id_, lest=les(id_).versjon, begrunnelse="Trykket på feil plass."
    )
    assert les_opphold(enhet_id) == []
    assert les_plasser(enhet_id)[0].tilstand == "ledig"
    tall = les_tall(enhet_id)
    assert (tall.ledig, tall.belagt) == (2, 0)
    assert all(s == "ledig" for _t, s in historie(enhet_id))
    assert dager(enhet_id)["2026-03-11"] == (0.0, 0, 0)
    r = db.session.scalars(sa.select(Plassretting)).one()
    assert r.etter == {} and r.foer["inn"] == inn.isoformat(), "what stood there is kept"
    assert len(revisjon("plasser.opphold_stroeket")) == 1


def test_et_ferdig_opphold_strykes(enhet_id: UUID, folk: Folk) -> None:
    id_ = opphold(folk, enhet_id, NAA - 3 * DAG, NAA - 2 * DAG)
    opphold(folk, enhet_id, NAA - 5 * T)
    retting.stryk_opphold(folk.koordinator, enhet_id, id_, lest=les(id_).versjon, begrunnelse="Feil.")
    assert [s for _t, s in historie(enhet_id) if s == "belagt"] == ["belagt"]
    assert les_plasser(enhet_id)[0].tilstand == "belagt", "who lies there now lies there"


def test_det_som_ble_holdt(enhet_id: UUID, folk: Folk, opptak: Any) -> None:
    """An admission from a hold that never was: the hold gave the bed back, and whoever follows it is told."""
    with som_om(NAA - 2 * T):
        hold_id = reservasjoner.reserver(folk.sykepleier, enhet_id, klient_id=uuid4())
    with som_om(NAA - T):
        id_ = drift.legg_inn(folk.sykepleier, enhet_id, reservasjon_id=hold_id)
    retting.stryk_opphold(folk.koordinator, enhet_id, id_, lest=les(id_).versjon, begrunnelse="Kom aldri.")
    assert db.session.get_one(Reservasjon, hold_id).status == Holdstatus.FRIGITT
    assert les_plasser(enhet_id)[0].tilstand == "ledig"
    assert historie(enhet_id)[-2:] == [(NAA - 2 * T, "holdt"), (NAA - T, "ledig")]
    fortalt = db.session.scalars(sa.select(Varsel).where(Varsel.kode == "plasser.frigitt")).all()
    assert [v.person_id for v in fortalt] == [folk.sykepleier.person_id], "who held it, and nobody else"


# --- the moment of a bed's state -------------------------------------------------------------------------


def test_tidspunktet_for_en_tilstand(enhet_id: UUID, folk: Folk) -> None:
    inn, ut = NAA - 3 * DAG, NAA - 2 * DAG
    opphold(folk, enhet_id, inn, ut)
    plass = les_plasser(enhet_id)[0]
    (rad, _p), *_resten = retting.hent(folk.koordinator, enhet_id).endringer
    assert (rad.tilstand, rad.tidspunkt) == ("ledig", ut + T)
    retting.rett_endring(
        folk.koordinator, enhet_id, plass.id, rad.nr, tidspunkt=ut + 9 * T, begrunnelse="Vasket om kvelden."
    )
    assert historie(enhet_id)[1:] == [(inn, "belagt"), (ut, "rengjoeres"), (ut + 9 * T, "ledig")]
    assert les_plasser(enhet_id)[0].endret == ut + 9 * T
    with pytest.raises(Utdatert):
        retting.rett_endring(
            folk.koordinator, enhet_id, plass.id, rad.nr, tidspunkt=ut + 5 * T, begrunnelse="Igjen."
        )


def test_mellom_foer_og_etter(enhet_id: UUID, folk: Folk) -> None:
    ut = NAA - 2 * DAG
    opphold(folk, enhet_id, NAA - 3 * DAG, ut)
    opphold(folk, enhet_id, NAA - DAG)
    plass = les_plasser(enhet_id)[0]
    rad = next(e for e, _p in retting.hent(folk.koordinator, enhet_id).endringer if e.tidspunkt == ut + T)
    for tid in (ut - T, NAA - DAG + T, NAA + T, ut + T):
        with pytest.raises(UgyldigData):
            retting.rett_endring(
                folk.koordinator, enhet_id, plass.id, rad.nr, tidspunkt=tid, begrunnelse="Feil."
            )
    assert db.session.scalars(sa.select(Plassretting)).first() is None


def test_ikke_samtidig_med_den_neste(enhet_id: UUID, folk: Folk) -> None:
    """Free at the very minute at which the next was admitted would come after the admission, and count ever after."""
    neste = NAA - DAG
    opphold(folk, enhet_id, NAA - 3 * DAG, NAA - 2 * DAG)
    opphold(folk, enhet_id, neste, neste + 3 * T)
    plass = les_plasser(enhet_id)[0]
    rad = next(
        e for e, _p in retting.hent(folk.koordinator, enhet_id).endringer if e.tidspunkt == NAA - 2 * DAG + T
    )
    with pytest.raises(UgyldigData):
        retting.rett_endring(
            folk.koordinator, enhet_id, plass.id, rad.nr, tidspunkt=neste, begrunnelse="Feil."
        )
    doegn.legg_sammen_dager()
    assert dager(enhet_id)["2026-03-11"] == (3.0, 1, 1)


def test_det_som_foelger_av_et_opphold_rettes_med_oppholdet(enhet_id: UUID, folk: Folk) -> None:
    opphold(folk, enhet_id, NAA - 3 * DAG, NAA - 2 * DAG)
    plass = les_plasser(enhet_id)[0]
    rader = db.session.execute(
        sa.select(Plassendring.nr, Plassendring.aarsak).where(Plassendring.plass_id == plass.id)
    ).all()
    for nr, aarsak in rader:
        if aarsak in ("innlagt", "utskrevet"):
            with pytest.raises(IkkeFunnet):
                retting.hent_endring(folk.koordinator, enhet_id, plass.id, nr)
    with pytest.raises(IkkeFunnet):
        retting.hent_endring(folk.koordinator, enhet_id, plass.id, 2**40)


# --- the pages -------------------------------------------------------------------------------------------


def tekst(svar: Any) -> str:
    assert svar.status_code in (200, 409, 422), svar.status_code
    hoved = svar.get_data(as_text=True).split('<main id="innhold"', 1)[1].split("</main>", 1)[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", hoved)).split())


def test_sidene(enhet_id: UUID, folk: Folk, som: Som) -> None:
    ekte = datetime.now(UTC)
    with som_om(ekte):
        id_ = opphold(folk, enhet_id, ekte - 3 * DAG, ekte - 2 * DAG)
        k = som(folk.koordinator)
        liste = f"/plasser/{enhet_id}/forvalt/rett"
        assert "Ingenting er rettet ennå." in tekst(k.get(liste))
        side = k.get(f"{liste}/opphold/{id_}")
        felter = dict(re.findall(r'name="(inn|ut|lest)"[^>]*value="([^"]*)"', side.get_data(as_text=True)))
        assert felter["inn"] == feltverdi(les(id_).inn)
        data = {**felter, "kommune_id": str(folk.medlem.id), "begrunnelse": ""}
        svar = k.post(f"{liste}/opphold/{id_}", data=data)
        assert svar.status_code == 422 and "Dette må fylles ut." in tekst(svar)
        assert re.search(rf'value="{folk.medlem.id}" selected', svar.get_data(as_text=True)), (
            "the choice stays"
        )
        svar = k.post(f"{liste}/opphold/{id_}", data={**data, "begrunnelse": "Feil kommune."})
        assert svar.status_code == 303
        ord_ = tekst(k.get(liste))
        assert "Begrunnelse: Feil kommune." in ord_ and "Medlemskommunen" in ord_
        # What was read is old now.
        svar = k.post(f"{liste}/opphold/{id_}", data={**data, "begrunnelse": "En gang til."})
        assert svar.status_code == 409 and "En gang til." in svar.get_data(as_text=True)
        lest = les(id_).versjon
        svar = k.post(f"{liste}/opphold/{id_}/stryk", data={"begrunnelse": "", "lest": str(lest)})
        assert svar.status_code == 422 and "<details" in svar.get_data(as_text=True)
        assert (
            k.post(
                f"{liste}/opphold/{id_}/stryk", data={"begrunnelse": "Aldri her.", "lest": str(lest)}
            ).status_code
            == 303
        )
        assert "Innleggelsen er strøket" in tekst(k.get(liste))
        assert k.get(f"{liste}/opphold/{id_}").status_code == 404


def test_siden_for_et_tidspunkt(enhet_id: UUID, folk: Folk, som: Som) -> None:
    ekte = datetime.now(UTC)
    with som_om(ekte):
        opphold(folk, enhet_id, ekte - 3 * DAG, ekte - 2 * DAG)
        (rad, plass), *_resten = retting.hent(folk.koordinator, enhet_id).endringer
        k = som(folk.koordinator)
        adresse = f"/plasser/{enhet_id}/forvalt/rett/plass/{plass.id}/{rad.nr}"
        assert "er satt til «Ledig»" in tekst(k.get(adresse))
        ny = feltverdi(ekte - DAG)
        svar = k.post(adresse, data={"tidspunkt": ny, "begrunnelse": ""})
        assert svar.status_code == 422 and f'value="{ny}"' in svar.get_data(as_text=True)
        assert k.post(adresse, data={"tidspunkt": ny, "begrunnelse": "Senere."}).status_code == 303
        assert "Tidspunkt rettet: Ledig" in tekst(k.get(f"/plasser/{enhet_id}/forvalt/rett"))


# --- the rule itself -------------------------------------------------------------------------------------

_TIDER = st.integers(0, 40)


def _naar(n: int) -> datetime:
    return NAA + n * T


@st.composite
def _saker(trekk: st.DrawFn) -> tuple[list[Rad], Tidsrom, Tidsrom | None]:
    """A bed with a stay in it among other states, and where the stay really was (where there is room)."""
    a = trekk(st.integers(10, 18))
    b = trekk(st.none() | st.integers(a + 1, 24))
    foer = trekk(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["ledig", "stengt", "rengjoeres"]))))
    under = trekk(st.lists(st.integers(a, (b or 30) - 1)))
    etter = trekk(st.lists(st.tuples(st.integers(b, 30), st.sampled_from(["ledig", "stengt"])))) if b else []
    hendelser = [(0, "ledig"), *sorted(foer, key=lambda p: p[0]), (a, "belagt")]
    hendelser += [(t, "belagt") for t in sorted(under)]
    hendelser += ([(b, "rengjoeres")] if b else []) + sorted(etter, key=lambda p: p[0])
    bemannet = trekk(st.lists(st.booleans(), min_size=len(hendelser), max_size=len(hendelser)))
    rader = [
        Rad(nr, _naar(t), s, "rom" if s == "stengt" else "", ok, True)
        for nr, ((t, s), ok) in enumerate(zip(hendelser, bemannet, strict=True), 1)
    ]
    if trekk(st.booleans()):
        return rader, Tidsrom(_naar(a), _naar(b) if b else None), None
    c = trekk(st.integers(1, 24))
    d = trekk(st.integers(c, 30)) if b else None
    return (
        rader,
        Tidsrom(_naar(a), _naar(b) if b else None),
        Tidsrom(_naar(c), None if d is None else _naar(d)),
    )


def _ved(rader: list[tuple[datetime, int, str, bool]], tid: datetime) -> tuple[str, bool] | None:
    gjelder = [r for r in rader if r[0] <= tid]
    return (gjelder[-1][2], gjelder[-1][3]) if gjelder else None


@given(_saker())
def test_historien_er_belagt_naar_pasienten_laa_der(sak: tuple[list[Rad], Tidsrom, Tidsrom | None]) -> None:
    rader, gammel, ny = sak
    strykes, nye = nye_rader(rader, gammel, ny)
    gamle = [(r.tidspunkt, r.nr, r.tilstand, r.bemannet) for r in rader]
    etter = sorted(
        [r for r in gamle if r[1] not in strykes]
        + [(n.tidspunkt, 1000 + i, n.tilstand, n.bemannet) for i, n in enumerate(nye)]
    )
    assert {n.rettet_fra for n in nye} <= {r.nr for r in rader}
    for halv in range(82):
        tid = NAA + halv * timedelta(minutes=30)
        foer_, naa_ = _ved(gamle, tid), _ved(etter, tid)
        assert foer_ is not None and naa_ is not None
        assert naa_[1] == foer_[1], "staffing stays as it was said"
        if ny is not None and ny.rommer(tid):
            assert naa_[0] == "belagt"
        elif gammel.rommer(tid):
            assert naa_[0] != "belagt"
        else:
            assert naa_ == foer_, "what was not corrected stands"


def test_feil_lar_ingenting_ligge(
    enhet_id: UUID, folk: Folk, opptak: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = opphold(folk, enhet_id, NAA - 3 * DAG, NAA - 2 * DAG)
    foer = historie(enhet_id)

    def brist(*_a: object, **_k: object) -> None:
        raise PortalError()

    monkeypatch.setattr(retting.steps, "tell", brist)
    with pytest.raises(PortalError):
        rett(folk, enhet_id, id_, inn=NAA - 3 * DAG + T)
    assert historie(enhet_id) == foer and les(id_).inn == NAA - 3 * DAG
    assert not revisjon("plasser.rettet")
