"""Search in the register, telephone numbers and units."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.core.aktor import Aktor, Rolle
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, IkkeTilgang, PortalError, UgyldigData, Utdatert
from portal.identitet import steps
from portal.identitet.models import Enhet, Enhetstype, Fagtelefon, Organisasjon
from portal.identitet.service import oppslag, organisasjoner
from portal.identitet.service.organisasjoner import Enhetsfelter
from portal.identitet.service.register import oppdater
from portal.revisjon.models import Revisjon
from tests.bygg import Scene, lag_aktor, lag_enhet, lag_hf, lag_kommune
from tests.identitet.hjelp import SYSTEM, revisjon


@pytest.fixture
def land(app: Flask) -> None:
    oppdater(SYSTEM)


def navn(tekst: str, **kw: Any) -> list[str]:
    return [t.kortnavn for t in oppslag.sok(SYSTEM, tekst, **kw).treff]


def etter_kode(kode: str) -> Organisasjon:
    return db.session.scalars(sa.select(Organisasjon).where(Organisasjon.kode == kode)).one()


# --- search ----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("land")
class TestSok:
    @pytest.mark.parametrize(
        ("tekst", "foerst"),
        [
            ("alta", "Alta"),
            ("ÅLESUND", "Ålesund"),
            ("alesund", "Ålesund"),
            ("tromso", "Tromsø"),
            ("Kárášjohka", "Karasjok"),
            ("karasjohka", "Karasjok"),
            ("KÁRÁŠJOHKA", "Karasjok"),
            ("ka\u0301ra\u0301s\u030cjohka", "Karasjok"),
            ("unjarga", "Nesseby"),
            ("porsáŋgu", "Porsanger"),
            ("5601", "Alta"),
            ("0301", "Oslo"),
            ("944588132", "Alta"),
            ("944 588 132", "Alta"),
            ("kommune alta", "Alta"),
            ("Finnmarkssykehuset", "Finnmarkssykehuset"),
            ("voss herad", "Voss"),
            ("  moss  ", "Moss"),
        ],
    )
    def test_finner(self, tekst: str, foerst: str) -> None:
        assert navn(tekst)[0] == foerst

    def test_aas_er_ikke_as(self) -> None:
        assert navn("ås")[0] == "Ås"
        assert all("å" in n.lower() or "å" in n for n in navn("ås"))
        assert "Askim" not in navn("ås") and "Asker" not in navn("ås")

    def test_like_navn_kommer_begge(self) -> None:
        assert navn("herøy") == ["Herøy", "Herøy"]

    def test_norsk_rekkefoelge(self) -> None:
        alle = [t.kortnavn for s in range(1, 9) for t in oppslag.sok(SYSTEM, slag="kommune", side=s).treff]
        assert len(alle) == 357
        assert alle[-1] == "Åsnes"
        assert alle.index("Voss") < alle.index("Øksnes") < alle.index("Ålesund")

    def test_filter_og_sider(self) -> None:
        side = oppslag.sok(SYSTEM, slag="kommune")
        assert (side.antall, side.antall_sider, len(side.treff)) == (357, 8, 50)
        assert oppslag.sok(SYSTEM, slag="kommune", side=99).side == 8
        nord = db.session.scalars(
            sa.select(Organisasjon.id).where(Organisasjon.kortnavn == "Helse Nord")
        ).one()
        i_nord = oppslag.sok(SYSTEM, rhf_id=nord)
        # 41 in Nordland, 21 in Troms, 18 in Finnmark, four trusts and the RHF itself.
        assert i_nord.antall == 41 + 21 + 18 + 4 + 1
        assert oppslag.sok(SYSTEM, rhf_id=nord, slag="hf").antall == 4

    @pytest.mark.parametrize("tekst", ["%", "_", "' OR 1=1", "\\", "xyzzy", "9" * 50])
    def test_tull_gir_tomt_svar(self, tekst: str) -> None:
        assert oppslag.sok(SYSTEM, tekst).antall == 0

    def test_valglistene(self) -> None:
        kommuner = steps.kommuner_for_valg()
        assert len(kommuner) == 357
        tekster = [n for _, n in kommuner]
        assert {"Herøy (Nordland)", "Herøy (Møre og Romsdal)", "Karasjok / Kárášjohka"} <= set(tekster)
        assert len(set(tekster)) == 357
        assert len(steps.sykehus_for_valg()) == 23
        alta = next(i for i, n in kommuner if n == "Alta")
        assert (
            dict(steps.sykehus_for_valg())[steps.foreslaatt_mottaker(alta) or uuid4()] == "Finnmarkssykehuset"
        )


def test_nedlagte_bare_naar_en_ber_om_dem(land: None) -> None:
    @transactional
    def legg_ned() -> None:
        from datetime import date

        etter_kode("5601").nedlagt = date(2025, 1, 1)

    legg_ned()
    assert "Alta" not in navn("alta")
    assert "Alta" in navn("alta", nedlagte=True)
    assert "Alta" not in [n for _, n in steps.kommuner_for_valg()]


def test_bare_innloggede_ser_registeret(app: Flask) -> None:
    with pytest.raises(IkkeTilgang):
        oppslag.sok(Aktor(navn="utenfor"))


# --- telephone numbers -----------------------------------------------------------------------------------


def versjon(o: Organisasjon) -> int:
    return db.session.scalars(sa.select(Organisasjon.versjon).where(Organisasjon.id == o.id)).one()


def test_telefon_for_fagomraadet_ellers_sykehusets_ellers_ingen(scene: Scene) -> None:
    hf = scene.hf
    assert steps.telefon_for(hf.id, "geriatri") is None
    organisasjoner.sett_telefon(scene.administrator, hf.id, versjon(hf), "78 00 00 00")
    assert steps.telefon_for(hf.id, "geriatri") == "78 00 00 00"
    organisasjoner.sett_fagtelefoner(
        scene.administrator, hf.id, versjon(hf), {"geriatri": "78 11 11 11", "rus": ""}
    )
    assert steps.telefon_for(hf.id, "geriatri") == "78 11 11 11"
    assert steps.telefon_for(hf.id, "rus") == "78 00 00 00"
    assert steps.telefon_for(uuid4(), "rus") is None
    assert steps.fagtelefoner([hf.id, scene.annet_hf.id]) == {
        hf.id: {"geriatri": "78 11 11 11"},
        scene.annet_hf.id: {},
    }
    assert steps.sykehustelefoner([hf.id, scene.annet_hf.id]) == {hf.id: "78 00 00 00"}
    organisasjoner.sett_fagtelefoner(scene.administrator, hf.id, versjon(hf), {"geriatri": ""})
    organisasjoner.sett_telefon(scene.administrator, hf.id, versjon(hf), "")
    assert steps.telefon_for(hf.id, "geriatri") is None
    assert [r.objekt_id for r in revisjon("organisasjon.telefon_endret")] == [str(hf.id)] * 2
    assert len(revisjon("organisasjon.fagtelefoner_endret")) == 2


def test_foreldet_skjema_avvises(scene: Scene) -> None:
    gammel = versjon(scene.hf)
    organisasjoner.sett_fagtelefoner(scene.administrator, scene.hf.id, gammel, {"geriatri": "12345678"})
    assert versjon(scene.hf) == gammel + 1
    for handling in (
        lambda: organisasjoner.sett_telefon(scene.administrator, scene.hf.id, gammel, "87654321"),
        lambda: organisasjoner.sett_fagtelefoner(scene.administrator, scene.hf.id, gammel, {"geriatri": ""}),
    ):
        with pytest.raises(Utdatert):
            handling()
    assert steps.telefon_for(scene.hf.id, "geriatri") == "12345678"


def test_uendret_skriver_ingenting(scene: Scene) -> None:
    v = versjon(scene.hf)
    organisasjoner.sett_telefon(scene.administrator, scene.hf.id, v, "")
    organisasjoner.sett_fagtelefoner(scene.administrator, scene.hf.id, v, {"geriatri": " "})
    assert versjon(scene.hf) == v
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Revisjon)) == 0


def test_ett_galt_nummer_lagrer_ingen(scene: Scene) -> None:
    with pytest.raises(UgyldigData) as info:
        organisasjoner.sett_fagtelefoner(
            scene.administrator,
            scene.hf.id,
            versjon(scene.hf),
            {"geriatri": "12345678", "rus": "ring", "magi": "1"},
        )
    assert set(info.value.detaljer["felter"]) == {"fag_rus", "fag_magi"}
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Fagtelefon)) == 0


ROLLER = [
    "lege", "sykepleier", "spesialist", "vaktleder", "kommuneoverlege", "koordinator", "innsyn", "administrator",
    "systemadministrator",
]  # fmt: skip


@pytest.mark.parametrize("hvem", ROLLER)
@pytest.mark.parametrize("egen", [True, False])
def test_hvem_som_kan_endre(scene: Scene, hvem: str, egen: bool) -> None:
    aktor: Aktor = getattr(scene, hvem)
    sted = db.session.get_one(Organisasjon, aktor.organisasjon_id) if egen else scene.annet_hf
    tillatt = hvem == "systemadministrator" or (hvem == "administrator" and egen)
    enhet = lag_enhet(sted, "avdeling", "Avdelingen")
    type_ = Enhetstype.AVDELING
    gjoeremaal = [
        lambda: organisasjoner.sett_telefon(aktor, sted.id, versjon(sted), "12345678"),
        lambda: organisasjoner.endre_enhet(aktor, enhet.id, 1, Enhetsfelter("Ny", type_)),
        lambda: oppslag.hent_enhet(aktor, enhet.id),
        lambda: oppslag.hent_for_redigering(aktor, sted.id),
    ]
    if sted.type == "hf":
        gjoeremaal.append(
            lambda: organisasjoner.sett_fagtelefoner(aktor, sted.id, versjon(sted), {"rus": "12345678"})
        )
        gjoeremaal.append(lambda: organisasjoner.legg_til_enhet(aktor, sted.id, Enhetsfelter("Til", type_)))
    for handling in gjoeremaal:
        if tillatt:
            handling()
        else:
            with pytest.raises(IkkeTilgang):
                handling()
    if not tillatt:
        assert {r.utfall for r in db.session.scalars(sa.select(Revisjon))} == {"avslag"}
    visning = oppslag.hent_visning(aktor, sted.id)
    assert visning.kan_redigere is tillatt


def test_ukjent_organisasjon_og_enhet(scene: Scene) -> None:
    for handling in (
        lambda: oppslag.hent_visning(scene.lege, uuid4()),
        lambda: organisasjoner.sett_telefon(scene.systemadministrator, uuid4(), 1, ""),
        lambda: organisasjoner.endre_enhet(
            scene.systemadministrator, uuid4(), 1, Enhetsfelter("x", Enhetstype.AVDELING)
        ),
    ):
        with pytest.raises(IkkeFunnet):
            handling()


# --- units -----------------------------------------------------------------------------------------------


@pytest.fixture
def admin(scene: Scene) -> Aktor:
    return lag_aktor(Rolle.ADMINISTRATOR, scene.kommune)


def test_interkommunal_enhet(scene: Scene, admin: Aktor) -> None:
    felter = Enhetsfelter(
        "Legevakten i nord",
        Enhetstype.LEGEVAKT,
        telefon="116 117",
        kommuner=frozenset({scene.annen_kommune.id}),
    )
    enhet = organisasjoner.legg_til_enhet(admin, scene.kommune.id, felter)
    hos_annen = oppslag.hent_visning(scene.fremmed_lege, scene.annen_kommune.id)
    assert [e.id for e in hos_annen.betjenes_av] == [enhet.id]
    # Itself is no other kommune; and the list can be emptied.
    felter = Enhetsfelter("Legevakten i nord", Enhetstype.LEGEVAKT, kommuner=frozenset({scene.kommune.id}))
    endret = organisasjoner.endre_enhet(admin, enhet.id, 1, felter)
    assert (endret.kommuner, endret.versjon, endret.telefon) == ([], 2, "")
    assert len(revisjon("enhet.endret")) == 1


def test_samtidig_endring_av_en_enhet(scene: Scene, admin: Aktor) -> None:
    felter = Enhetsfelter("A", Enhetstype.LEGEVAKT, kommuner=frozenset({scene.annen_kommune.id}))
    organisasjoner.endre_enhet(admin, scene.enhet.id, 1, felter)
    with pytest.raises(Utdatert):
        organisasjoner.endre_enhet(admin, scene.enhet.id, 1, Enhetsfelter("B", Enhetstype.LEGEVAKT))
    assert db.session.get_one(Enhet, scene.enhet.id, populate_existing=True).navn == "A"


@pytest.mark.parametrize(
    ("felt", "felter"),
    [
        ("navn", lambda s: Enhetsfelter(" ", Enhetstype.SYKEHJEM)),
        ("navn", lambda s: Enhetsfelter("Legevakta", Enhetstype.SYKEHJEM)),
        ("telefon", lambda s: Enhetsfelter("x", Enhetstype.SYKEHJEM, telefon="ring")),
        (
            "organisasjonsnummer",
            lambda s: Enhetsfelter("x", Enhetstype.SYKEHJEM, organisasjonsnummer="123456789"),
        ),
        ("kommuner", lambda s: Enhetsfelter("x", Enhetstype.LEGEVAKT, kommuner=frozenset({s.hf.id}))),
        ("kommuner", lambda s: Enhetsfelter("x", Enhetstype.LEGEVAKT, kommuner=frozenset({uuid4()}))),
    ],
)
def test_ugyldig_enhet(scene: Scene, admin: Aktor, felt: str, felter: Any) -> None:
    with pytest.raises(UgyldigData) as info:
        organisasjoner.legg_til_enhet(admin, scene.kommune.id, felter(scene))
    assert list(info.value.detaljer["felter"]) == [felt]
    assert revisjon("enhet.opprettet") == []


def test_sykehus_har_ikke_sykehjem(scene: Scene) -> None:
    with pytest.raises(UgyldigData) as info:
        organisasjoner.legg_til_enhet(
            scene.administrator, scene.hf.id, Enhetsfelter("x", Enhetstype.SYKEHJEM)
        )
    assert list(info.value.detaljer["felter"]) == ["type"]


def test_enhet_ute_av_bruk_ser_bare_administratoren(scene: Scene, admin: Aktor) -> None:
    felter = Enhetsfelter("Legevakta", Enhetstype.LEGEVAKT, aktiv=False)
    organisasjoner.endre_enhet(admin, scene.enhet.id, 1, felter)

    def ser(aktor: Aktor) -> set[UUID]:
        return {e.id for e in oppslag.hent_visning(aktor, scene.kommune.id).enheter}

    assert scene.enhet.id in ser(admin)
    assert scene.enhet.id not in ser(scene.lege)


def test_nedlagt_organisasjon_endres_ikke(app: Flask) -> None:
    from datetime import date

    ny = lag_kommune("Nye")
    gammel = lag_kommune("Gamle", nedlagt=date(2024, 1, 1), etterfolger_id=ny.id)
    admin = lag_aktor(Rolle.SYSTEMADMINISTRATOR, lag_hf())
    with pytest.raises(PortalError) as info:
        organisasjoner.sett_telefon(admin, gammel.id, 1, "12345678")
    assert info.value.kode == "nedlagt"
    assert oppslag.hent_visning(admin, ny.id).forgjengere[0].id == gammel.id
    assert oppslag.hent_visning(admin, gammel.id).kan_redigere is False
