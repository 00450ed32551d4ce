"""The timeline of a discharge (utskrivningsforskriften §§ 8–11): deadlines, whose each step is, and what is written."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import OSLO, now, oslo, som_om
from portal.core.db import db
from portal.core.errors import (
    IkkeFunnet,
    IkkeTilgang,
    Konflikt,
    PortalError,
    UgyldigData,
    UgyldigOvergang,
    Utdatert,
)
from portal.core.web import les
from portal.henvendelser import utskrivningsregler as regler
from portal.henvendelser.forloep import Side
from portal.henvendelser.models import Utskrivning
from portal.henvendelser.schemas import UtskrivningInn, UtskrivningSteg
from portal.henvendelser.service import flyt, innsending, lesing, utskrivning
from portal.henvendelser.utskrivningsregler import Steg, Tilstand
from tests.bygg import Opptak, Scene, lag_aktor, logg_over, om, revisjon, uten_spor

Som = Callable[[Aktor], FlaskClient]
A_TIL_E = regler.VURDERINGER


# --- the rules -------------------------------------------------------------------------------------------


@dataclass
class Rad:
    """A row without a database."""

    innlagt: datetime
    varslet: datetime | None = None
    forventet: date | None = None
    usikker: bool = False
    vurdert_a: datetime | None = None
    vurdert_b: datetime | None = None
    vurdert_c: datetime | None = None
    vurdert_d: datetime | None = None
    vurdert_e: datetime | None = None
    utskrivningsklar: datetime | None = None
    besvart: datetime | None = None


INNLAGT = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)


def _tilstand(rad: Rad, steg: Steg, naa: datetime) -> Tilstand:
    return {p.steg: p.tilstand for p in regler.tidslinje(rad, naa)}[steg]


def test_stegene_i_rekkefoelge() -> None:
    punkter = regler.tidslinje(Rad(INNLAGT), INNLAGT)
    assert [(p.steg, p.paragraf) for p in punkter] == [
        ("varsel", "§ 8"),
        *[(v, f"§ 9 {v}") for v in A_TIL_E],
        ("klar", "§ 10"),
        ("svar", "§ 11"),
    ]
    assert [p.steg for p in punkter if p.side == Side.MOTTAKER] == ["svar"]


@pytest.mark.parametrize(
    ("varslet", "naa", "ventet"),
    [
        (None, timedelta(hours=24), Tilstand.VENTER),
        (None, timedelta(hours=24, seconds=1), Tilstand.FORSINKET),
        (timedelta(hours=24), timedelta(hours=90), Tilstand.GJORT),
        (timedelta(hours=24, seconds=1), timedelta(hours=90), Tilstand.GJORT_FOR_SENT),
    ],
)
def test_varselet_innen_24_timer(varslet: timedelta | None, naa: timedelta, ventet: Tilstand) -> None:
    rad = Rad(INNLAGT, varslet=INNLAGT + varslet if varslet else None)
    assert _tilstand(rad, Steg.VARSEL, INNLAGT + naa) == ventet


@pytest.mark.parametrize(
    ("innlagt", "frist"),
    [
        # The night the clocks go forward: the day after at 13, not at 12.
        (datetime(2026, 3, 28, 12, 0, tzinfo=OSLO), datetime(2026, 3, 29, 13, 0, tzinfo=OSLO)),
        # The night they go back: at 11.
        (datetime(2026, 10, 24, 12, 0, tzinfo=OSLO), datetime(2026, 10, 25, 11, 0, tzinfo=OSLO)),
        # An ordinary night.
        (datetime(2026, 11, 20, 12, 0, tzinfo=OSLO), datetime(2026, 11, 21, 12, 0, tzinfo=OSLO)),
    ],
)
def test_24_timer_er_24_timer_ogsaa_naar_klokka_stilles(innlagt: datetime, frist: datetime) -> None:
    regnet = regler.varselfrist(innlagt)
    assert regnet.astimezone(OSLO).replace(tzinfo=None) == frist.replace(tzinfo=None)
    assert regnet.astimezone(UTC) - innlagt.astimezone(UTC) == timedelta(hours=24)


def test_klar_naar_alt_er_vurdert_og_svar_naar_det_er_meldt() -> None:
    rad = Rad(INNLAGT, varslet=INNLAGT)
    for nummer, v in enumerate(A_TIL_E):
        assert _tilstand(rad, Steg.KLAR, INNLAGT) == _tilstand(rad, Steg.SVAR, INNLAGT) == Tilstand.SENERE
        assert _tilstand(rad, Steg(v), INNLAGT) == Tilstand.VENTER
        setattr(rad, f"vurdert_{v}", INNLAGT + timedelta(hours=nummer))
        assert _tilstand(rad, Steg(v), INNLAGT) == Tilstand.GJORT
    assert _tilstand(rad, Steg.KLAR, INNLAGT) == Tilstand.STRAKS
    (klar,) = [p for p in regler.tidslinje(rad, INNLAGT) if p.steg == Steg.KLAR]
    # «At once» has no number: it tells from when, and no deadline is made up.
    assert (klar.straks_fra, klar.frist) == (INNLAGT + timedelta(hours=4), None)
    rad.utskrivningsklar = INNLAGT + timedelta(hours=5)
    assert _tilstand(rad, Steg.SVAR, INNLAGT + timedelta(days=9)) == Tilstand.STRAKS
    rad.besvart = INNLAGT + timedelta(hours=6)
    assert {p.tilstand for p in regler.tidslinje(rad, INNLAGT)} == {Tilstand.GJORT}


@pytest.mark.parametrize(
    ("felt", "verdier"),
    [
        ("innlagt", {"innlagt": INNLAGT + timedelta(minutes=1), "forventet": date(2026, 11, 21)}),
        ("innlagt", {"innlagt": INNLAGT - timedelta(days=731)}),
        ("varslet", {"varslet": INNLAGT + timedelta(minutes=1)}),
        ("varslet", {"varslet": INNLAGT - timedelta(days=3)}),
        ("forventet", {"forventet": None, "usikker": False}),
        ("forventet", {"forventet": date(2026, 11, 17)}),
        ("forventet", {"forventet": date(2036, 11, 17)}),
    ],
)
def test_tider_som_ikke_kan_vaere(felt: str, verdier: dict[str, Any]) -> None:
    rett: dict[str, Any] = {"innlagt": INNLAGT - timedelta(days=2), "forventet": date(2026, 11, 18)}
    regler.kontroller(INNLAGT, **rett)
    regler.kontroller(INNLAGT, **{**rett, "forventet": None, "usikker": True})
    with pytest.raises(UgyldigData) as info:
        regler.kontroller(INNLAGT, **{**rett, **verdier})
    assert list(info.value.detaljer["felter"]) == [felt]


@pytest.mark.parametrize(
    ("skrevet", "ventet"),
    [
        ("2026-11-20T14:30", datetime(2026, 11, 20, 13, 30, tzinfo=UTC)),
        ("2026-07-01T14:30", datetime(2026, 7, 1, 12, 30, tzinfo=UTC)),
        # Twice on that night: the first of them.
        ("2026-10-25T02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-10-25T02:30:00+01:00", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("2026-11-20T13:30:00Z", datetime(2026, 11, 20, 13, 30, tzinfo=UTC)),
    ],
)
def test_klokkeslett_i_oslo(skrevet: str, ventet: datetime, app: object) -> None:
    lest = les(UtskrivningInn, {"innlagt": skrevet})["innlagt"]
    assert lest == ventet and lest.tzinfo is UTC


@pytest.mark.parametrize(
    "skrevet", ["2026-03-29T02:30", "i går", "2026-13-01T10:00", "", "14:30", None, 17, "9" * 400]
)
def test_klokkeslett_som_ikke_finnes(skrevet: object, app: object) -> None:
    with pytest.raises(UgyldigData) as info:
        les(UtskrivningInn, {"innlagt": skrevet})
    assert list(info.value.detaljer["felter"]) == ["innlagt"]


def test_et_tomt_valg_er_ikke_nei(app: object) -> None:
    assert les(UtskrivningSteg, {"versjon": "1", "steg": "svar", "kan_ta_imot": ""})["kan_ta_imot"] is None
    assert les(UtskrivningSteg, {"versjon": "1", "steg": "svar", "kan_ta_imot": "0"})["kan_ta_imot"] is False


# --- the use cases ---------------------------------------------------------------------------------------


class Utskrivningen:
    """A case about a discharge, from the scene's specialist to a nurse of the kommune."""

    def __init__(self, scene: Scene, **om_den: Any) -> None:
        self.scene = scene
        self.sykehus = scene.spesialist
        self.kommune = lag_aktor(
            Rolle.HELSEPERSONELL, scene.kommune, scene.annen_enhet, ("utskrivning",), "Elle Tar Imot"
        )
        self.innlagt = now() - timedelta(hours=30)
        om_den = {"innlagt": self.innlagt, "forventet": oslo(now()).date(), "usikker": False, **om_den}
        self.data = scene.henvendelse(
            mottaker_id=scene.kommune.id,
            fagomraade="utskrivning",
            plan_uten_raad="skrive_ut",
            utskrivning=om_den,
        )
        self.id = innsending.opprett(self.sykehus, self.data)

    @property
    def rad(self) -> Utskrivning:
        db.session.rollback()
        db.session.expire_all()
        return db.session.get_one(Utskrivning, self.id)

    def gjoer(self, aktor: Aktor, steg: str, **mer: Any) -> None:
        utskrivning.oppdater(aktor, self.id, self.rad.versjon, steg, **mer)

    def vurder_alt(self) -> None:
        for v in A_TIL_E:
            self.gjoer(self.sykehus, v)

    def koder(self) -> list[tuple[str, str]]:
        return [(h.data["kode"], h.side) for h in logg_over(self.id) if h.type == "utskrivning"]


@pytest.fixture
def u(scene: Scene) -> Utskrivningen:
    return Utskrivningen(scene)


def test_hele_tidslinja(u: Utskrivningen, opptak: Opptak) -> None:
    i_morgen = oslo(now()).date() + timedelta(days=1)
    u.vurder_alt()
    u.gjoer(u.sykehus, "klar")
    u.gjoer(u.kommune, "svar", kan_ta_imot=True, fra=i_morgen)
    rad = u.rad
    assert rad.utskrivningsklar and rad.besvart and (rad.kan_ta_imot, rad.kan_ta_imot_fra) == (True, i_morgen)
    assert u.koder() == [*((v, "innmelder") for v in A_TIL_E), ("klar", "innmelder"), ("svar_ja", "mottaker")]
    # Live for both: each step is a row of the log, told of like any other.
    sendt = [d["hendelse"]["data"]["steg"] for n, d in opptak.hendelser if n == "henvendelse.hendelse"]
    assert sendt == [*A_TIL_E, "klar", "svar"]
    for innslag in revisjon("henvendelse.utskrivning"):
        assert innslag.kjede == f"sak:{u.id}" and i_morgen.isoformat() not in innslag.detaljer
    visning = utskrivning.hent_tidslinje(u.kommune, u.scene.les(u.id))
    assert visning is not None
    assert visning.hvem["a"].startswith("Siri Spesialist") and visning.hvem["svar"].startswith(
        "Elle Tar Imot"
    )
    assert visning.egne == {"svar"} and not visning.kan_gi_betaling
    # Whoever answers for it takes part in it.
    assert u.kommune.medlemskap_id in {d.medlemskap_id for d in lesing.hent_deltakere(u.id)}


def test_henvendelsen_er_ikke_det_lovpaalagte_varselet(scene: Scene) -> None:
    """§ 8 is met by the regulated message: the portal mirrors it, and never stands in for it."""
    for_sent = Utskrivningen(scene)
    assert for_sent.rad.varslet is None
    visning = utskrivning.hent_tidslinje(for_sent.sykehus, scene.les(for_sent.id))
    assert visning is not None and visning.punkter[0].tilstand == Tilstand.FORSINKET
    varslet = now() - timedelta(hours=20)
    i_tide = Utskrivningen(scene, varslet=varslet)
    assert i_tide.rad.varslet == varslet
    visning = utskrivning.hent_tidslinje(i_tide.sykehus, scene.les(i_tide.id))
    assert visning is not None and visning.hvem["varsel"].startswith("Siri Spesialist")
    # The time can be put right, or taken away, and each leaves a row.
    for_sent.gjoer(for_sent.sykehus, "varsel", varslet=varslet)
    visning = utskrivning.hent_tidslinje(for_sent.sykehus, scene.les(for_sent.id))
    assert visning is not None and visning.punkter[0].tilstand == Tilstand.GJORT
    for_sent.gjoer(for_sent.sykehus, "varsel", angre=True)
    assert for_sent.rad.varslet is None
    assert [k for k, _ in for_sent.koder()] == ["varsel", "varsel_angret"]
    with pytest.raises(UgyldigData) as info:
        for_sent.gjoer(for_sent.sykehus, "varsel", varslet=now() + timedelta(hours=1))
    assert list(info.value.detaljer["felter"]) == ["varslet"]


def test_det_som_maa_sies_ved_sending(u: Utskrivningen, opptak: Opptak) -> None:
    s = u.scene
    with uten_spor(opptak):
        for feil, felt in (
            ({"utskrivning": None}, "innlagt"),
            ({"utskrivning": {"innlagt": now() + timedelta(hours=1), "usikker": True}}, "innlagt"),
            ({"utskrivning": {"innlagt": u.innlagt}}, "forventet"),
        ):
            with pytest.raises(UgyldigData) as info:
                innsending.opprett(u.sykehus, {**u.data, "klient_id": uuid4(), **feil})
            assert list(info.value.detaljer["felter"]["utskrivning"]) == [felt]
        with pytest.raises(UgyldigData) as info:
            s.send(utskrivning={"innlagt": u.innlagt, "usikker": True})
        assert list(info.value.detaljer["felter"]) == ["utskrivning"]
    # Any other service may be asked about a discharge, or about none.
    lag_aktor(Rolle.LEGE_KOMMUNE, s.kommune, fag=("fastlege",))
    data = {**u.data, "fagomraade": "fastlege"}
    med = innsending.opprett(u.sykehus, {**data, "klient_id": uuid4()})
    uten = innsending.opprett(u.sykehus, {**data, "klient_id": uuid4(), "utskrivning": None})
    assert utskrivning.hent_tidslinje(u.sykehus, s.les(med)) is not None
    assert utskrivning.hent_tidslinje(u.sykehus, s.les(uten)) is None


def test_sendt_to_ganger(u: Utskrivningen, opptak: Opptak) -> None:
    with uten_spor(opptak):
        assert innsending.opprett(u.sykehus, u.data) == u.id
        for endret in (None, {**u.data["utskrivning"], "usikker": True}):
            with pytest.raises(Konflikt):
                innsending.opprett(u.sykehus, {**u.data, "utskrivning": endret})
    u.gjoer(u.sykehus, "forventet", forventet=None, usikker=True)
    assert innsending.opprett(u.sykehus, u.data) == u.id


@pytest.mark.parametrize("steg", list(Steg))
def test_hver_side_har_sine_steg(steg: Steg, u: Utskrivningen, opptak: Opptak) -> None:
    u.vurder_alt()
    if steg == Steg.SVAR:
        u.gjoer(u.sykehus, "klar")
    feil_side = u.sykehus if steg == Steg.SVAR else u.kommune
    versjon = u.rad.versjon
    for angre in (False, True):
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
            utskrivning.oppdater(
                feil_side,
                u.id,
                versjon,
                steg,
                angre=angre,
                kan_ta_imot=True,
                fra=oslo(now()).date(),
                usikker=True,
            )
    avslag = revisjon("henvendelse.utskrivning", objekt=u.id)
    assert [a.person_id for a in avslag if a.utfall == "avslag"] == [feil_side.person_id] * 2


def test_andre_naar_den_ikke(u: Utskrivningen, opptak: Opptak) -> None:
    s = u.scene
    versjon = u.rad.versjon
    for hvem in (
        s.lege,
        s.kommuneoverlege,
        s.fremmed_lege,
        s.spesialist2,
        s.koordinator,
        s.systemadministrator,
    ):
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeFunnet):
            utskrivning.oppdater(hvem, u.id, versjon, "a")
    # The hospital's vaktleder may, as in every case of it.
    utskrivning.oppdater(s.vaktleder, u.id, versjon, "a")
    # In a case that is about no discharge there is no such act.
    uten = s.send()
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
        utskrivning.oppdater(s.lege, uten, 1, "a")


def test_en_utdatert_side_endrer_ingenting(u: Utskrivningen, opptak: Opptak) -> None:
    versjon = u.rad.versjon
    u.gjoer(u.sykehus, "a")
    with uten_spor(opptak), pytest.raises(Utdatert) as info:
        utskrivning.oppdater(u.sykehus, u.id, versjon, "b")
    assert info.value.detaljer == {"versjon": versjon + 1}


def test_rekkefoelgen(u: Utskrivningen, opptak: Opptak) -> None:
    i_dag = oslo(now()).date()
    for nummer, v in enumerate(A_TIL_E):
        with uten_spor(opptak), pytest.raises(UgyldigOvergang) as info:
            u.gjoer(u.sykehus, "klar")
        assert info.value.kode == "ikke_vurdert", nummer
        with uten_spor(opptak), pytest.raises(UgyldigOvergang) as info:
            u.gjoer(u.kommune, "svar", kan_ta_imot=True, fra=i_dag)
        assert info.value.kode == "ikke_klar"
        u.gjoer(u.sykehus, v)
    u.gjoer(u.sykehus, "klar")
    for v in A_TIL_E:
        with uten_spor(opptak), pytest.raises(UgyldigOvergang) as info:
            u.gjoer(u.sykehus, v, angre=True)
        assert info.value.kode == "meldt_klar"


def test_en_feil_rettes_og_etterlater_en_rad(u: Utskrivningen, opptak: Opptak) -> None:
    u.gjoer(u.sykehus, "a")
    u.gjoer(u.sykehus, "a", angre=True)
    assert u.rad.vurdert_a is None
    assert u.koder() == [("a", "innmelder"), ("a_angret", "innmelder")]
    u.vurder_alt()
    u.gjoer(u.sykehus, "klar")
    u.gjoer(u.kommune, "svar", kan_ta_imot=False)
    visning = utskrivning.hent_tidslinje(u.sykehus, u.scene.les(u.id))
    assert visning is not None and visning.kan_gi_betaling
    # A changed answer is one more row; a withdrawn notice takes its answer along.
    u.gjoer(u.kommune, "svar", kan_ta_imot=True, fra=oslo(now()).date() + timedelta(days=3))
    u.gjoer(u.kommune, "svar", angre=True)
    assert u.rad.besvart is None
    u.gjoer(u.kommune, "svar", kan_ta_imot=False)
    u.gjoer(u.sykehus, "klar", angre=True)
    rad = u.rad
    assert (rad.utskrivningsklar, rad.besvart, rad.kan_ta_imot, rad.kan_ta_imot_fra) == (None,) * 4
    assert [k for k, _ in u.koder()][-6:] == [
        "klar",
        "svar_nei",
        "svar_ja",
        "svar_angret",
        "svar_nei",
        "klar_angret",
    ]
    u.gjoer(u.sykehus, "e", angre=True)
    assert u.rad.vurdert_e is None and u.rad.vurdert_d is not None


def test_om_igjen_endrer_ingenting(u: Utskrivningen, opptak: Opptak) -> None:
    u.vurder_alt()
    u.gjoer(u.sykehus, "klar")
    u.gjoer(u.kommune, "svar", kan_ta_imot=False)
    rad = u.rad
    with uten_spor(opptak):
        u.gjoer(u.sykehus, "klar")
        u.gjoer(u.kommune, "svar", kan_ta_imot=False)
        u.gjoer(u.sykehus, "forventet", forventet=rad.forventet, usikker=rad.usikker)
        u.gjoer(u.sykehus, "varsel", angre=True)
    varslet = now() - timedelta(hours=2)
    u.gjoer(u.sykehus, "varsel", varslet=varslet)
    with uten_spor(opptak):
        u.gjoer(u.sykehus, "varsel", varslet=varslet)


@pytest.mark.parametrize(
    ("svar", "felter"),
    [
        ({}, {"kan_ta_imot"}),
        ({"kan_ta_imot": True}, {"fra"}),
        ({"kan_ta_imot": True, "fra": date(2020, 1, 1)}, {"fra"}),
        ({"kan_ta_imot": False, "fra": date(2020, 1, 1)}, {"fra"}),
        ({"kan_ta_imot": True, "fra": date(2099, 1, 1)}, {"fra"}),
    ],
)
def test_svaret_maa_vaere_et_svar(
    svar: dict[str, Any], felter: set[str], u: Utskrivningen, opptak: Opptak
) -> None:
    u.vurder_alt()
    u.gjoer(u.sykehus, "klar")
    with uten_spor(opptak), pytest.raises(UgyldigData) as info:
        u.gjoer(u.kommune, "svar", **svar)
    assert set(info.value.detaljer["felter"]) == felter


def test_i_en_lukket_sak_staar_tidslinja_stille(u: Utskrivningen, opptak: Opptak) -> None:
    u.gjoer(u.sykehus, "a")
    flyt.tiden_er_ute(u.sykehus, u.id)
    with uten_spor(opptak), pytest.raises(UgyldigOvergang) as info:
        u.gjoer(u.sykehus, "b")
    assert info.value.kode == "stengt"
    flyt.gjenaapne(u.kommune, u.id)
    u.gjoer(u.sykehus, "b")


def test_basen_tar_vare_paa_tidspunktene(scene: Scene) -> None:
    """Over a night when the clocks change, through the database and back."""
    for innlagt in (datetime(2026, 3, 28, 23, 30, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)):
        with som_om(innlagt + timedelta(hours=24)):
            u = Utskrivningen(scene, innlagt=innlagt, varslet=innlagt + timedelta(hours=24))
            assert (u.rad.innlagt, u.rad.varslet) == (innlagt, innlagt + timedelta(hours=24))
            visning = utskrivning.hent_tidslinje(u.sykehus, scene.les(u.id))
            assert visning is not None and visning.punkter[0].tilstand == Tilstand.GJORT
        with som_om(innlagt + timedelta(hours=24, seconds=1)):
            v = Utskrivningen(scene, innlagt=innlagt, varslet=innlagt + timedelta(hours=24, seconds=1))
            visning = utskrivning.hent_tidslinje(v.sykehus, scene.les(v.id))
            assert visning is not None and visning.punkter[0].tilstand == Tilstand.GJORT_FOR_SENT


# --- over HTTP -------------------------------------------------------------------------------------------


def _steg_i(side: str) -> dict[str, str]:
    """{step: state} as the page shows it."""
    return dict(
        re.findall(
            r'<li class="(?:tidspunkt|utskrivningspunkt)" data-steg="(\w+)" data-tilstand="(\w+)"', side
        )
    )


def _skjemaer(side: str) -> set[str]:
    return set(re.findall(r'data-skjemanavn="utskrivning_(\w+)"', side))


def test_tidslinja_paa_siden(u: Utskrivningen, som: Som) -> None:
    sykehus, kommune = som(u.sykehus), som(u.kommune)
    sti = f"/henvendelser/{u.id}"

    def gjoer(klient: FlaskClient, steg: str, **mer: str) -> int:
        svar = klient.post(f"{sti}/utskrivning", data={"versjon": str(u.rad.versjon), "steg": steg, **mer})
        return svar.status_code

    side = sykehus.get(sti).text
    assert (
        "Speiler de lovpålagte meldingene (PLO), erstatter dem ikke." in side
        and "Portalen regner ikke ut" in side
    )
    assert _steg_i(side) == {
        "varsel": "forsinket", "vurdering": "venter", **dict.fromkeys(A_TIL_E, "venter"),
        "klar": "senere", "svar": "senere",
    }  # fmt: skip
    assert _skjemaer(side) == {"forventet", "varsel", *A_TIL_E}
    assert _skjemaer(kommune.get(sti).text) == set()
    for v in A_TIL_E:
        assert gjoer(sykehus, v) == 303
    side = sykehus.get(sti).text
    assert _steg_i(side)["klar"] == "straks" and _skjemaer(side) == {"forventet", "varsel", "klar", *A_TIL_E}
    assert gjoer(kommune, "klar") == 403
    assert gjoer(sykehus, "klar") == 303
    side = kommune.get(sti).text
    assert _steg_i(side)["svar"] == "straks" and _skjemaer(side) == {"svar"} and "data-gjelder" in side
    avvist = kommune.post(
        f"{sti}/utskrivning", data={"versjon": str(u.rad.versjon), "steg": "svar", "kan_ta_imot": "1"}
    )
    assert avvist.status_code == 422 and "Velg datoen dere kan ta imot fra." in avvist.text
    assert 'data-handling="utskrivning_svar" open' in avvist.text
    assert (
        gjoer(kommune, "svar", kan_ta_imot="1", fra=(oslo(now()).date() + timedelta(days=1)).isoformat())
        == 303
    )
    side = sykehus.get(sti).text
    assert _steg_i(side)["svar"] == "gjort" and "Kan ta imot fra" in side and "data-gjelder" not in side
    # The changing parts, as the live client fetches them, have it too; and the log its rows.
    assert _steg_i(sykehus.get(f"{sti}/status").text) == _steg_i(side)
    assert "kommunen kan ta imot (§ 11), fra" in side
    # A stale page is told, and changes nothing.
    svar = sykehus.post(
        f"{sti}/utskrivning", data={"versjon": "1", "steg": "klar", "angre": "1"}, follow_redirects=True
    )
    assert svar.status_code == 200 and "Noen har endret dette" in svar.text and u.rad.besvart is not None


def test_nedtelling_til_varselet(scene: Scene, som: Som) -> None:
    u = Utskrivningen(scene)
    u.gjoer(u.sykehus, "varsel", angre=True)
    frist = (u.innlagt + timedelta(hours=24)).isoformat()
    side = som(u.sykehus).get(f"/henvendelser/{u.id}").text
    assert _steg_i(side)["varsel"] == "forsinket" and "Fristen er ute" in side
    assert f'data-frist="{frist}"' in side


def test_skjemaet_for_en_utskrivning(u: Utskrivningen, som: Som) -> None:
    klient = som(u.sykehus)
    innlagt = oslo(now() - timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M")
    skjema = {
        "klient_id": str(uuid4()),
        "bostedskommune_id": str(u.scene.kommune.id),
        "mottaker_id": "",
        "fagomraade": "utskrivning",
        "hastegrad": "vanlig",
        "tilbakeringing": "900 00 000",
        "plan_uten_raad": "skrive_ut",
        "situasjon": "Kan dere ta imot?",
        "utskrivning_innlagt": "",
        "utskrivning_varslet": "",
        "utskrivning_forventet": "",
    }
    avvist = klient.post("/henvendelser/ny", data=skjema)
    assert avvist.status_code == 422 and 'id="utskrivning_innlagt-feil"' in avvist.text
    avvist = klient.post("/henvendelser/ny", data={**skjema, "utskrivning_innlagt": innlagt})
    assert avvist.status_code == 422 and 'id="utskrivning_forventet-feil"' in avvist.text
    assert f'value="{innlagt}"' in avvist.text
    sendt = klient.post(
        "/henvendelser/ny", data={**skjema, "utskrivning_innlagt": innlagt, "utskrivning_usikker": "1"}
    )
    assert sendt.status_code == 303
    side = klient.get(sendt.location).text
    assert _steg_i(side)["varsel"] == "venter" and "Usikker" in side
    varslet = oslo(now() - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")
    skjema |= {
        "klient_id": str(uuid4()), "utskrivning_innlagt": innlagt, "utskrivning_usikker": "1",
        "utskrivning_varslet": varslet,
    }  # fmt: skip
    assert (
        _steg_i(klient.get(klient.post("/henvendelser/ny", data=skjema).location).text)["varsel"] == "gjort"
    )


def test_tidslinja_som_json(u: Utskrivningen, som: Som) -> None:
    sti = f"/api/v1/henvendelser/{u.id}/utskrivning"
    hentet = som(u.kommune).get(f"/api/v1/henvendelser/{u.id}").json["utskrivning"]
    assert (hentet["versjon"], hentet["steg"][0]["tilstand"]) == (1, "forsinket")
    assert som(u.scene.lege).get(f"/api/v1/henvendelser/{u.scene.send()}").json["utskrivning"] is None
    svar = som(u.sykehus).post(sti, json={"versjon": 1, "steg": "a"}).json["utskrivning"]
    assert svar["versjon"] == 2
    assert [s["steg"] for s in svar["steg"] if s["tilstand"] == "gjort"] == ["a"]
    for inn, status in (
        ({"versjon": 1, "steg": "b"}, 409),
        ({"versjon": 2, "steg": "svar", "kan_ta_imot": True}, 403),
        ({"versjon": 2, "steg": "z"}, 422),
        ({"versjon": 2}, 422),
        ({"versjon": 2, "steg": "a", "mer": 1}, 422),
        ({"versjon": "x", "steg": "a"}, 422),
    ):
        assert som(u.sykehus).post(sti, json=inn).status_code == status, inn
    assert som(u.scene.lege).post(sti, json={"versjon": 2, "steg": "b"}).status_code == 404


def test_feil_gir_ingen_rad(u: Utskrivningen, opptak: Opptak) -> None:
    """Whatever is refused leaves nothing: the whole family, one by one."""
    for steg, mer in (("klar", {}), ("forventet", {}), ("varsel", {"varslet": now() + timedelta(days=1)})):
        with uten_spor(opptak), pytest.raises(PortalError):
            u.gjoer(u.sykehus, steg, **mer)
    with om(hours=1):
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Utskrivning)) == 1
