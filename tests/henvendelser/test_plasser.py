"""An emergency bed held from within a conversation: one gets it, both sides see it, and the case tells its fate."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, IkkeTilgang, Konflikt, Opptatt, UgyldigData, UgyldigOvergang
from portal.henvendelser.forloep import Aldersgruppe, Hendelsestype, Raad, Status
from portal.henvendelser.journaltekst import klokkeslett, lag_dokument, ordbok, som_tekst
from portal.henvendelser.models import Henvendelse, Plassreservasjonsak
from portal.henvendelser.plassbehov import foreslaa
from portal.henvendelser.service import flyt, journal, plasser
from portal.plasser.forloep import Avslagsgrunn, Evne, Holdstatus
from portal.plasser.models import Avslag, Plassenhet, Reservasjon
from portal.plasser.service import drift, reservasjoner
from portal.varsler.models import Varsel
from tests.bygg import PERSONNUMMER, Opptak, Scene, lag_aktor, lag_enhet, logg_over, om, revisjon, uten_spor
from tests.plasser import hjelp
from tests.samtidig import samtidig
from tests.skjemaer import skjema

Som = Callable[[Aktor], FlaskClient]
T = Hendelsestype


def lag_plassenhet(scene: Scene, antall: int | list[str] = 1, **mer: Any) -> UUID:
    """A unit with a name and a telephone: «ØHD-enheten», and the next ones by number."""
    nummer = scene.__dict__["enheter"] = scene.__dict__.get("enheter", 0) + 1
    navn = "ØHD-enheten" if nummer == 1 else f"ØHD {nummer}"
    enhet = lag_enhet(mer.get("vert") or scene.kommune, "oehd_enhet", navn, telefon="78 48 00 10")
    return hjelp.lag_plassenhet(scene, antall, enhet=enhet, **mer)


def hold(aktor: Aktor, sak: UUID, enhet: UUID, **mer: Any) -> UUID:
    return plasser.hold_plass(aktor, sak, enhet, **{"klient_id": uuid4(), **mer})


def les(reservasjon_id: UUID) -> Reservasjon:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Reservasjon, reservasjon_id)


def typer(sak: UUID) -> list[str]:
    return [h.type for h in logg_over(sak) if h.type.startswith("plass_")]


def vis(aktor: Aktor, sak: UUID) -> list[plasser.Plassvisning]:
    db.session.rollback()
    return plasser.hent_plasser(db.session.get_one(Henvendelse, sak))


# --- holding ---------------------------------------------------------------------------------------------


def test_en_plass_holdes_fra_samtalen(scene: Scene) -> None:
    enhet, sak = lag_plassenhet(scene), scene.sak(Status.AKSEPTERT)
    reservasjon_id = hold(scene.lege, sak, enhet, evner=0, merknad="Kommer ca. 21.")
    rad = les(reservasjon_id)
    saksnummer = scene.les(sak).saksnummer
    assert (rad.status, rad.referanse, rad.saksnummer) == ("aktiv", f"henvendelse:{sak}", saksnummer)
    (siste,) = [h for h in logg_over(sak) if h.type == T.PLASS_HOLDT]
    assert (siste.side, siste.avsender_id, siste.tekst) == (
        "innmelder",
        scene.lege.person_id,
        "Kommer ca. 21.",
    )
    assert siste.data["enhet"] == "ØHD-enheten" and siste.data["telefon"] == "78 48 00 10"
    assert siste.data["utloeper"] == les(reservasjon_id).utloeper.isoformat()
    # Nothing that somebody wrote stands in the audit log.
    assert all("Kommer" not in str(r.detaljer) for r in revisjon())


def test_samme_klikk_gir_samme_plass(scene: Scene) -> None:
    enhet, annen = lag_plassenhet(scene, 3), lag_plassenhet(scene)
    sak, klient_id = scene.sak(Status.AKSEPTERT), uuid4()
    foerste = hold(scene.lege, sak, enhet, klient_id=klient_id)
    assert hold(scene.lege, sak, enhet, klient_id=klient_id) == foerste
    assert typer(sak) == [T.PLASS_HOLDT]
    for hvor, i in ((annen, sak), (enhet, scene.send())):
        with pytest.raises(Konflikt) as feil:
            hold(scene.lege, i, hvor, klient_id=klient_id)
        assert feil.value.status == 409
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Reservasjon)) == 1


def test_en_sak_har_en_plass(scene: Scene) -> None:
    enhet, sak = lag_plassenhet(scene, 3), scene.send()
    foerste = hold(scene.lege, sak, enhet)
    with pytest.raises(Konflikt) as feil:
        hold(scene.kollega, sak, enhet)
    assert feil.value.kode == "har_plass" and "ØHD-enheten" in feil.value.melding
    plasser.frigi_plass(scene.kollega, sak, foerste)
    assert hold(scene.kollega, sak, enhet) != foerste
    assert typer(sak) == [T.PLASS_HOLDT, T.PLASS_FRIGITT, T.PLASS_HOLDT]


def test_to_i_samme_sak_holder_en(scene: Scene, app: Flask) -> None:
    enhet, sak = lag_plassenhet(scene, 8), scene.send()
    for _ in range(3):
        svar = samtidig(app, *[partial(hold, a, sak, enhet) for a in (scene.lege, scene.kollega) * 3])
        vant = [s for s in svar if isinstance(s, UUID)]
        assert len(vant) == 1 and all(isinstance(s, Konflikt) for s in svar if s not in vant), svar
        plasser.frigi_plass(scene.lege, sak, vant[0])


def test_mange_saker_om_en_plass(scene: Scene, app: Flask) -> None:
    """From cases and from the unit's page at once: one wins, the others are told who, and nobody waits crosswise."""
    enhet = lag_plassenhet(scene)
    saker = [scene.send() for _ in range(4)]
    for _ in range(3):
        svar = samtidig(
            app,
            *[partial(hold, scene.lege, s, enhet) for s in saker],
            *[partial(reservasjoner.reserver, scene.kollega, enhet, klient_id=uuid4()) for _ in range(3)],
        )
        vant = [s for s in svar if isinstance(s, UUID)]
        assert len(vant) == 1 and all(isinstance(s, Opptatt) for s in svar if s not in vant), svar
        tapte = [s for s in svar if isinstance(s, Opptatt)]
        assert all(s.detaljer["holder"]["organisasjon"] == scene.kommune.kortnavn for s in tapte)
        reservasjoner.frigi(scene.lege, vant[0])
    assert db.session.scalar(sa.select(sa.func.count()).where(Reservasjon.status == Holdstatus.AKTIV)) == 0


def test_bare_saksens_kommune_holder(scene: Scene, opptak: Opptak) -> None:
    enhet = lag_plassenhet(scene, 9, kvoter={scene.kommune.id: 5, scene.annen_kommune.id: 4})
    sak = scene.sak(Status.AKSEPTERT)
    for aktor, feil in (
        (scene.spesialist, IkkeTilgang),
        (scene.fremmed_lege, IkkeFunnet),
        (scene.koordinator, IkkeFunnet),
        (scene.vaktleder, IkkeTilgang),
    ):
        with uten_spor(opptak, avslag=1), pytest.raises(feil):
            hold(aktor, sak, enhet)
    egen = hold(scene.sykepleier, sak, enhet)
    for gjoer in (plasser.forleng_plass, plasser.frigi_plass):
        with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
            gjoer(scene.spesialist, sak, egen)
        # A hold of another case is none of this one's.
        with pytest.raises(IkkeFunnet):
            gjoer(scene.lege, scene.send(), egen)


def test_en_sykehushenvendelse_holdes_av_kommunen(scene: Scene) -> None:
    """A hospital asks whether the kommune can take the patient: the kommune holds the bed."""
    enhet = lag_plassenhet(scene)
    tildeler = lag_aktor(Rolle.HELSEPERSONELL, scene.kommune, fag=("utskrivning",))
    sak = scene.send(
        scene.spesialist,
        mottaker_id=scene.kommune.id,
        fagomraade="utskrivning",
        plan_uten_raad="skrive_ut",
        oppholdssted="sykehus",
        utskrivning={"innlagt": now(), "usikker": True},
    )
    with pytest.raises(IkkeTilgang):
        hold(scene.spesialist, sak, enhet)
    hold(tildeler, sak, enhet)
    assert [h.side for h in logg_over(sak) if h.type == T.PLASS_HOLDT] == ["mottaker"]


def test_en_avsluttet_sak_holder_ingen_ny_men_gir_fri(scene: Scene) -> None:
    enhet, sak = lag_plassenhet(scene, 2), scene.sak(Status.BESVART)
    reservasjon_id = hold(scene.lege, sak, enhet)
    flyt.lukk(scene.lege, sak, "oehd_plass")
    with pytest.raises(UgyldigOvergang):
        hold(scene.lege, sak, enhet)
    plasser.forleng_plass(scene.lege, sak, reservasjon_id)
    plasser.frigi_plass(scene.lege, sak, reservasjon_id)
    assert typer(sak) == [T.PLASS_HOLDT, T.PLASS_FORLENGET, T.PLASS_FRIGITT]


def test_det_som_feiler_etterlater_ingenting(
    scene: Scene, opptak: Opptak, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, uten_kvote = lag_plassenhet(scene, ["belagt"]), lag_plassenhet(scene, kvoter={scene.kommune.id: 0})
    uten_plass = lag_plassenhet(scene, kvoter={scene.annen_kommune.id: 1})
    enhet, sak = lag_plassenhet(scene), scene.send()
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        hold(scene.lege, sak, enhet, merknad=f"Ola, {PERSONNUMMER}")
    assert feil.value.kode == "personnummer" and list(feil.value.detaljer["treff"]) == ["merknad"]
    with uten_spor(opptak), pytest.raises(Konflikt) as feil2:
        hold(scene.lege, sak, uten_kvote)
    assert feil2.value.kode == "kvote"
    with uten_spor(opptak, avslag=1), pytest.raises(IkkeTilgang):
        hold(scene.lege, sak, uten_plass)
    with uten_spor(opptak), pytest.raises(IkkeFunnet):
        hold(scene.lege, sak, uuid4())
    with pytest.raises(Opptatt):
        hold(scene.lege, sak, full)
    # That somebody asked in vain is counted all the same.
    assert db.session.scalars(sa.select(Avslag.grunn)).all() == [Avslagsgrunn.FULLT]
    reservasjon_id = hold(scene.lege, sak, enhet)

    def brist(*_: object, **__: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as m:
        m.setattr(plasser.steps, "skriv_hendelse", brist)
        for gjoer in (plasser.forleng_plass, plasser.frigi_plass):
            with uten_spor(opptak), pytest.raises(RuntimeError):
                gjoer(scene.lege, sak, reservasjon_id)
        with uten_spor(opptak), pytest.raises(RuntimeError):
            hold(scene.lege, scene.send(), lag_plassenhet(scene))


def test_forlenges_en_gang(scene: Scene) -> None:
    enhet, sak = lag_plassenhet(scene), scene.send()
    reservasjon_id = hold(scene.lege, sak, enhet)
    foer = les(reservasjon_id).utloeper
    plasser.forleng_plass(scene.kollega, sak, reservasjon_id)
    etter = les(reservasjon_id).utloeper
    assert (etter - foer).total_seconds() == 120 * 60
    with pytest.raises(UgyldigOvergang):
        plasser.forleng_plass(scene.lege, sak, reservasjon_id)
    assert typer(sak) == [T.PLASS_HOLDT, T.PLASS_FORLENGET]
    assert logg_over(sak)[-1].data["utloeper"] == etter.isoformat()
    (vist,) = vis(scene.lege, sak)
    assert vist.holdes and not vist.kan_forlenges


# --- what the unit and the clock do ----------------------------------------------------------------------


@pytest.fixture
def stum(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events are lost: the job alone tells."""
    monkeypatch.setattr(plasser, "foelg_plass", lambda *_: None)


def _lever_etter(scene: Scene, handling: str) -> tuple[UUID, UUID]:
    enhet, sak = lag_plassenhet(scene), scene.send()
    vakt = lag_aktor(Rolle.HELSEPERSONELL, scene.kommune, _enhet(enhet))
    reservasjon_id = hold(scene.lege, sak, enhet)
    if handling == "utloept":
        with om(hours=3):
            reservasjoner.loes_ut_forfalte()
    elif handling == "avvist":
        drift.avvis(vakt, reservasjon_id, grunn=Avslagsgrunn.BEMANNING, merknad="Bare én på vakt.")
    elif handling == "innlagt":
        drift.legg_inn(vakt, enhet, reservasjon_id=reservasjon_id)
    elif handling == "frigitt":
        reservasjoner.frigi(vakt, reservasjon_id)
    else:
        reservasjoner.forleng(scene.kollega, reservasjon_id)
    return sak, reservasjon_id


def _enhet(plassenhet_id: UUID) -> Any:
    return db.session.get_one(Plassenhet, plassenhet_id).enhet


ETTER = {
    "utloept": T.PLASS_UTLOEPT,
    "avvist": T.PLASS_AVVIST,
    "innlagt": T.PLASS_INNLAGT,
    "frigitt": T.PLASS_FRIGITT,
    "forlenget": T.PLASS_FORLENGET,
}


@pytest.mark.parametrize("handling", ETTER)
def test_det_enheten_gjoer_fortelles_straks(scene: Scene, handling: str) -> None:
    """The event of `plasser` tells it at once; the job finds nothing more to say."""
    sak, _ = _lever_etter(scene, handling)
    assert typer(sak) == [T.PLASS_HOLDT, ETTER[handling]]
    assert plasser.foelg_plasser() == 0


@pytest.mark.parametrize("handling", ETTER)
@pytest.mark.usefixtures("stum")
def test_en_tapt_hendelse_tas_igjen_av_jobben(scene: Scene, handling: str) -> None:
    sak, reservasjon_id = _lever_etter(scene, handling)
    assert typer(sak) == [T.PLASS_HOLDT]
    assert plasser.foelg_plasser() == 1
    assert plasser.foelg_plasser() == 0
    rad = logg_over(sak)[-1]
    assert (rad.type, rad.side, rad.avsender_navn) == (ETTER[handling], "system", "Samhandlingsportalen")
    assert rad.data["reservasjon"] == str(reservasjon_id)
    if handling == "avvist":
        assert (rad.data["grunn"], rad.tekst) == ("bemanning", "Bare én på vakt.")
    db.session.rollback()
    koblet = db.session.get_one(Plassreservasjonsak, reservasjon_id)
    assert koblet.fortalt == les(reservasjon_id).status


@pytest.mark.usefixtures("stum")
def test_to_jobber_samtidig_skriver_en_rad(scene: Scene, app: Flask) -> None:
    sak, _ = _lever_etter(scene, "utloept")
    svar = samtidig(app, *[plasser.foelg_plasser] * 4)
    assert sum(s for s in svar if isinstance(s, int)) == 1, svar
    assert typer(sak) == [T.PLASS_HOLDT, T.PLASS_UTLOEPT]


@pytest.mark.usefixtures("stum")
def test_en_sak_som_feiler_stanser_ingen_andre(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    saker = [_lever_etter(scene, "frigitt")[0] for _ in range(3)]
    ekte, kalt = plasser._fortell, []

    def en_feiler(reservasjon_id: UUID) -> int:
        kalt.append(reservasjon_id)
        if len(kalt) == 1:
            raise RuntimeError
        return ekte(reservasjon_id)

    monkeypatch.setattr(plasser, "_fortell", en_feiler)
    assert plasser.foelg_plasser() == 2
    monkeypatch.setattr(plasser, "_fortell", ekte)
    assert plasser.foelg_plasser() == 1
    assert all(typer(s) == [T.PLASS_HOLDT, T.PLASS_FRIGITT] for s in saker)


@pytest.mark.parametrize("handling", ["utloept", "avvist", "frigitt"])
def test_den_som_venter_paa_plassen_varsles(scene: Scene, handling: str) -> None:
    kode = f"plass_{handling}"
    sak, _ = _lever_etter(scene, handling)
    varsler = db.session.scalars(sa.select(Varsel).where(Varsel.kode == f"henvendelse.{kode}")).all()
    assert [(v.person_id, v.lenke) for v in varsler] == [(scene.lege.person_id, f"/henvendelser/{sak}")]
    assert scene.les(sak).saksnummer in varsler[0].tittel and "ØHD-enheten" in varsler[0].tekst
    plasser.foelg_plasser()
    assert db.session.scalar(sa.select(sa.func.count()).where(Varsel.kode == f"henvendelse.{kode}")) == 1


def test_en_kollega_som_holdt_plassen_varsles_ogsaa(scene: Scene) -> None:
    enhet, sak = lag_plassenhet(scene), scene.send()
    hold(scene.kollega, sak, enhet)
    with om(hours=3):
        reservasjoner.loes_ut_forfalte()
    folk = set(
        db.session.scalars(sa.select(Varsel.person_id).where(Varsel.kode == "henvendelse.plass_utloept"))
    )
    assert folk == {scene.lege.person_id, scene.kollega.person_id}


@pytest.mark.parametrize("handling", ["innlagt", "forlenget"])
def test_det_som_ventes_varsles_ikke(scene: Scene, handling: str) -> None:
    _lever_etter(scene, handling)
    assert not db.session.scalars(sa.select(Varsel).where(Varsel.kode.like("henvendelse.plass%"))).all()


def _varslet(kode: str) -> list[UUID]:
    return list(db.session.scalars(sa.select(Varsel.person_id).where(Varsel.kode == kode)))


def test_den_som_selv_gir_plassen_fri_varsles_ikke(scene: Scene) -> None:
    """In the case or on the unit's page; a colleague who does it tells who held it, once."""
    enhet, sak = lag_plassenhet(scene), scene.send()
    plasser.frigi_plass(scene.lege, sak, hold(scene.lege, sak, enhet))
    reservasjoner.frigi(scene.lege, hold(scene.lege, sak, enhet))
    assert not _varslet("henvendelse.plass_frigitt") and not _varslet("plasser.frigitt")
    plasser.frigi_plass(scene.kollega, sak, hold(scene.lege, sak, enhet))
    plasser.foelg_plasser()
    assert _varslet("henvendelse.plass_frigitt") == [scene.lege.person_id]
    assert not _varslet("plasser.frigitt")


def test_et_hold_utenom_saken_roerer_ingen_sak(scene: Scene) -> None:
    enhet, sak = lag_plassenhet(scene), scene.send()
    reservasjon_id = reservasjoner.reserver(scene.lege, enhet, klient_id=uuid4())
    reservasjoner.frigi(scene.lege, reservasjon_id)
    assert plasser.foelg_plasser() == 0 and typer(sak) == []


def test_utloept_vises_saa_snart_tiden_er_ute(scene: Scene) -> None:
    """The page does not wait for a worker, and another bed can be held."""
    enhet, sak = lag_plassenhet(scene, 2), scene.send()
    hold(scene.lege, sak, enhet)
    with om(hours=3):
        (vist,) = vis(scene.lege, sak)
        assert (vist.status, vist.holdes) == (Holdstatus.UTLOEPT, False)
        hold(scene.lege, sak, enhet)
    # The first one ended as the second was taken, and its case was told.
    assert sorted(typer(sak)) == [T.PLASS_HOLDT, T.PLASS_HOLDT, T.PLASS_UTLOEPT]


# --- choosing --------------------------------------------------------------------------------------------


def test_de_egne_foerst_og_de_naermeste(scene: Scene) -> None:
    _plasser_paa_kartet(scene)
    egen = lag_plassenhet(scene, 2)
    nabo = lag_plassenhet(
        scene, vert=scene.annen_kommune, kvoter={scene.annen_kommune.id: 1, scene.kommune.id: 1}
    )
    lag_plassenhet(scene, ["belagt"])
    fremmed = lag_plassenhet(scene, vert=scene.annen_kommune)
    brukt = lag_plassenhet(scene, 2, kvoter={scene.kommune.id: 0, scene.annen_kommune.id: 2})
    valg = plasser.hent_valg(scene.lege, scene.send())
    egne = [UUID(r["id"]) for r in valg.egne]
    assert set(egne[:2]) == {egen, brukt} and egne[2:] == [nabo]
    assert [UUID(r["id"]) for r in valg.andre] == [fremmed]
    assert [r["km"] for r in valg.egne] == sorted(r["km"] for r in valg.egne)
    igjen = {UUID(r["id"]): r["kvote"].igjen for r in valg.egne}
    assert igjen == {egen: 2, nabo: 1, brukt: 0}
    assert (valg.evner, valg.bor_i) == (0, "")


@transactional
def _plasser_paa_kartet(scene: Scene) -> None:
    from portal.identitet.models import Organisasjon

    db.session.get_one(Organisasjon, scene.kommune.id).kode = "5610"
    db.session.get_one(Organisasjon, scene.annen_kommune.id).kode = "5612"


def test_det_saken_sier_krysses_av(scene: Scene) -> None:
    lag_plassenhet(scene, evner=int(Evne.ISOLASJON))
    begge = lag_plassenhet(scene, evner=int(Evne.ISOLASJON | Evne.OKSYGEN))
    sak = scene.send(
        news2={"puls": 90, "oksygen": True},
        analyse="Bør ha isolasjon.",
        bostedskommune_id=scene.annen_kommune.id,
    )
    valg = plasser.hent_valg(scene.lege, sak)
    assert valg.evner == valg.foreslaatt == Evne.ISOLASJON | Evne.OKSYGEN
    assert [UUID(r["id"]) for r in valg.egne] == [begge]
    assert valg.bor_i == scene.annen_kommune.kortnavn
    assert len(plasser.hent_valg(scene.lege, sak, 0).egne) == 2
    with pytest.raises(UgyldigData):
        plasser.hent_valg(scene.lege, sak, 1 << 20)


@pytest.mark.parametrize(
    ("mer", "ventet"),
    [
        ({}, 0),
        ({"oksygen": False}, 0),
        ({"oksygen": True}, Evne.OKSYGEN),
        ({"aldersgruppe": Aldersgruppe.UNDER_16}, Evne.BARN),
        ({"aldersgruppe": Aldersgruppe.AAR_16_17}, 0),
        ({"fagomraade": "palliasjon"}, Evne.PALLIASJON),
        ({"fagomraade": "rus"}, Evne.RUS),
        ({"tekster": ["Trenger isolasjon."]}, Evne.ISOLASJON),
        ({"tekster": ["Dråpesmitteregime."]}, Evne.ISOLASJON),
        ({"tekster": ["Må isoleres til svar på PCR."]}, Evne.ISOLASJON),
        ({"tekster": ["Ikke behov for isolasjon."]}, 0),
        ({"tekster": ["Uten isolasjon."]}, 0),
        ({"tekster": ["Trenger ikkje vere på isolat."]}, 0),
        ({"tekster": ["Ingen feber. Har hatt influensa i tre dager og må ha isolasjon."]}, Evne.ISOLASJON),
        ({"tekster": ["Smittsom latter."]}, 0),
    ],
)
def test_behovet_leses_av_saken(mer: dict[str, Any], ventet: int) -> None:
    felter = {"oksygen": None, "aldersgruppe": None, "fagomraade": "indremedisin", "tekster": [], **mer}
    assert foreslaa(**felter) == ventet


# --- the page --------------------------------------------------------------------------------------------


def til(sak: UUID, hva: str = "") -> str:
    return f"/henvendelser/{sak}" + (f"/{hva}" if hva else "")


def test_raadet_oehd_leder_til_hold_plass(scene: Scene, som: Som) -> None:
    lag_plassenhet(scene)
    sak = scene.sak(Status.AKSEPTERT)
    assert "data-hold-plass" not in _saksplasser(som(scene.lege).get(til(sak)).text)
    flyt.besvar(scene.spesialist, sak, Raad.OEHD_PLASS, "Ta henne på ØHD.")
    side = _saksplasser(som(scene.lege).get(til(sak)).text)
    assert "Rådet er ØHD-plass." in side and f'href="{til(sak, "plass")}#plassvalg"' in side
    deres = _saksplasser(som(scene.spesialist).get(til(sak)).text)
    assert "Ingen plass er holdt ennå. Det gjør kommunen herfra." in deres
    assert "data-hold-plass" not in deres and "data-kan-holde" not in deres and "<form" not in deres


def _saksplasser(side: str) -> str:
    start = side.index('<section class="saksplasser')
    return side[start : side.index("</section>", start)]


def test_hold_plass_paa_siden_og_begge_sider_ser_den(scene: Scene, som: Som) -> None:
    enhet, sak = lag_plassenhet(scene, evner=int(Evne.OKSYGEN)), scene.sak(Status.AKSEPTERT)
    lege, spesialist = som(scene.lege), som(scene.spesialist)
    valget = lege.get(til(sak, "plass"))
    assert valget.status_code == 200 and "ØHD-enheten" in valget.text
    felter = skjema(valget, til(sak, "plass"))
    assert lege.get(til(sak, "plass/valg?sok=1&evner=2")).text.count("ØHD-enheten") == 1 + 1
    ingen = lege.get(til(sak, "plass/valg?sok=1&evner=1&evner=2")).text
    assert "ØHD-enheten" not in ingen and "Ingen ledig plass" in ingen
    svar = lege.post(til(sak, "plass"), data={**felter, "plassenhet_id": str(enhet)})
    assert (svar.status_code, svar.headers["Location"]) == (303, til(sak))
    for klient in (lege, spesialist):
        side = klient.get(til(sak)).text
        del_ = _saksplasser(side)
        assert "holdt--aktiv" in del_ and 'href="tel:78480010"' in del_ and "data-frist=" in del_
        assert "holdt ØHD-plass til" in side
    (rad,) = vis(scene.lege, sak)
    egen = _saksplasser(lege.get(til(sak)).text)
    for hva in ("forleng", "frigi"):
        assert til(sak, f"plass/{rad.id}/{hva}") in egen
        assert til(sak, f"plass/{rad.id}/{hva}") not in _saksplasser(spesialist.get(til(sak)).text)
        assert lege.post(til(sak, f"plass/{rad.id}/{hva}"), data={}).status_code == 303
    # Once more: nothing is held any more, and the page says so.
    igjen = lege.post(til(sak, f"plass/{rad.id}/frigi"), data={}, follow_redirects=True)
    assert "Plassen er ikke holdt lenger." in igjen.text
    assert typer(sak) == [T.PLASS_HOLDT, T.PLASS_FORLENGET, T.PLASS_FRIGITT]


def test_den_som_kom_for_sent_faar_vite_hvem_og_de_neste(scene: Scene, som: Som) -> None:
    _plasser_paa_kartet(scene)
    enhet = lag_plassenhet(scene)
    nabo = lag_plassenhet(
        scene, vert=scene.annen_kommune, kvoter={scene.annen_kommune.id: 1, scene.kommune.id: 1}
    )
    sak = scene.sak(Status.AKSEPTERT)
    lege = som(scene.lege)
    felter = skjema(lege.get(til(sak, "plass")), til(sak, "plass"))
    reservasjoner.reserver(scene.annen_lege, enhet, klient_id=uuid4())
    svar = lege.post(til(sak, "plass"), data={**felter, "plassenhet_id": str(enhet), "merknad": "Kl. 21."})
    assert svar.status_code == 409
    siste = rf"Siste plass ble holdt for {scene.kommune.kortnavn} kl\. \d\d:\d\d\."
    tapt = svar.text[svar.text.index("data-plasstapt") :].split("</div>", 1)[0]
    assert re.search(siste, tapt) and scene.annen_lege.navn not in tapt
    assert 'value="Kl. 21."' in svar.text
    assert f'name="plassenhet_id" value="{nabo}"' in svar.text
    assert f'value="{enhet}"' not in svar.text
    nye = skjema(svar, til(sak, "plass"))
    assert nye["klient_id"] != felter["klient_id"]
    assert lege.post(til(sak, "plass"), data={**nye, "plassenhet_id": str(nabo)}).status_code == 303
    assert [p.plassenhet_id for p in vis(scene.lege, sak)] == [nabo]
    # A choice that stands open somewhere else: one bed a case.
    svar = lege.post(til(sak, "plass"), data={**felter, "plassenhet_id": str(nabo)}, follow_redirects=True)
    assert "Saken har alt en plass" in svar.text


def test_et_foedselsnummer_til_enheten_stoppes(scene: Scene, som: Som) -> None:
    enhet, sak = lag_plassenhet(scene), scene.send()
    lege = som(scene.lege)
    felter = {**skjema(lege.get(til(sak, "plass")), til(sak, "plass")), "plassenhet_id": str(enhet)}
    svar = lege.post(til(sak, "plass"), data={**felter, "merknad": PERSONNUMMER})
    assert svar.status_code == 422 and 'id="hold_plass-merknad-feil"' in svar.text
    assert lege.post(til(sak, "plass"), data={**felter, "merknad": "x" * 301}).status_code == 422
    assert lege.post(til(sak, "plass"), data={**felter, "plassenhet_id": "tull"}).status_code == 422
    assert vis(scene.lege, sak) == []


def test_enheten_ser_bare_saksnummeret(scene: Scene) -> None:
    """The opaque reference and the number: the unit's people get no door into the case."""
    enhet, sak = lag_plassenhet(scene), scene.send(situasjon="Hemmelig situasjon")
    vakt = lag_aktor(Rolle.HELSEPERSONELL, scene.kommune, _enhet(enhet))
    rad = les(hold(scene.lege, sak, enhet))
    assert "Hemmelig" not in str({k.name: getattr(rad, k.name) for k in Reservasjon.__table__.columns})
    with pytest.raises(IkkeFunnet):
        plasser.hent_valg(vakt, sak)


def test_radene_staar_i_journalen(scene: Scene) -> None:
    sak, reservasjon_id = _lever_etter(scene, "avvist")
    lest = journal.eksporter(scene.lege, sak, "tekst")
    tekst = som_tekst(lag_dokument(lest, ordbok()))
    til_ = klokkeslett(les(reservasjon_id).utloeper)
    assert f"ØHD-plass holdt: ØHD-enheten, 1, til {til_}" in tekst
    assert "ØHD-plass avvist av enheten: ØHD-enheten, For lite bemanning" in tekst
    assert "Bare én på vakt." in tekst
    ord_ = ordbok()["hendelsestype"]
    assert all(ord_[str(t)] != str(t) for t in ETTER.values())


# --- live ------------------------------------------------------------------------------------------------


def test_begge_sider_hoerer_det_i_rommet(scene: Scene, som: Som, sokkel: Any) -> None:
    enhet, sak = lag_plassenhet(scene), scene.sak(Status.AKSEPTERT)
    klienter = [sokkel(som(a)) for a in (scene.lege, scene.spesialist)]
    for k in klienter:
        k.emit("henvendelse.abonner", {"id": str(sak), "etter": 0}, callback=True)
        k.get_received()
    reservasjon_id = hold(scene.lege, sak, enhet)
    with om(hours=3):
        reservasjoner.loes_ut_forfalte()
    for k in klienter:
        rader = [m["args"][0] for m in k.get_received() if m["name"] == "hendelse"]
        assert [r["type"] for r in rader] == [T.PLASS_HOLDT, T.PLASS_UTLOEPT]
        assert {r["data"]["reservasjon"] for r in rader} == {str(reservasjon_id)}
