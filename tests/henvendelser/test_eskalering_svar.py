"""Taken and then forgotten, messages that nobody answers, and who comes on call while cases wait."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.henvendelser.eskalering import service
from portal.henvendelser.eskalering.models import Slutt
from portal.henvendelser.forloep import FRIST_SVAR, Hastegrad, Status
from portal.henvendelser.service import deling, flyt, meldinger
from portal.identitet.models import Medlemskap
from portal.vakt.models import Nivaa
from portal.varsler.models import Varsel
from tests.bygg import Opptak, Scene, lag_aktor, uten_spor
from tests.henvendelser.eskaleringshjelp import (
    T0,
    eskaleringer,
    eskalert,
    fortalt,
    fullt_lag,
    kl,
    loepende,
    minutt_for_minutt,
    trinn,
    vaktlag,
    ved,
)
from tests.vakthjelp import lag_policy, lag_vakt, lag_vakttelefon

SVAR, MELDING = "henvendelse.svar_mangler", "henvendelse.melding_ubesvart"
VENTER = "henvendelse.venter"


def tatt(scene: Scene, minutter: float = 0, **endret: object) -> UUID:
    """A case that the spesialist took at that minute."""
    with kl(minutter):
        return scene.sak(Status.AKSEPTERT, **{"hastegrad": "akutt", **endret})


def skriv(aktor: Aktor, sak: UUID, minutter: float) -> int:
    with kl(minutter):
        return meldinger.send_melding(aktor, sak, uuid4(), "Hvordan går det?")[0]


def let(minutter: float) -> int:
    with kl(minutter):
        return service.finn_ubesvarte()


# --- taken and forgotten ---------------------------------------------------------------------------------


@pytest.mark.parametrize("hastegrad", list(Hastegrad))
def test_tatt_og_glemt(hastegrad: Hastegrad, scene: Scene) -> None:
    """No advice within the svarfrist: the responsible first, then those above, at last the vaktledere."""
    fullt_lag(scene)
    lag_policy(
        scene.hf.id, hastegrad, [("vakthavende", 0), ("bakvakt", 5), ("vaktleder", 15)], gjenta_etter=9
    )
    id_ = tatt(scene, hastegrad=hastegrad)
    frist = FRIST_SVAR[hastegrad] / timedelta(minutes=1)
    assert loepende(id_) == {"svar": frist}
    foer = len(fortalt())
    assert minutt_for_minutt(int(frist) - 1, int(frist) + 60) == [frist, frist + 5, frist + 15, frist + 24]
    assert fortalt()[foer:] == [
        (frist, SVAR, scene.spesialist.navn),
        (frist + 5, SVAR, scene.spesialist2.navn),
        (frist + 15, SVAR, scene.vaktleder.navn),
        (frist + 24, "henvendelse.ingen_svarer", scene.lege.navn),
        # At the end those who keep the rosters hear of it too.
        *((frist + 24, SVAR, n) for n in sorted([scene.vaktleder.navn, scene.koordinator.navn])),
    ]
    assert [h.data["nivaa"] for h in eskalert(id_)[1:]] == ["ansvarlig", "bakvakt", "vaktleder", ""]
    assert eskaleringer(id_)[-1].utfall == Slutt.UTTOEMT


def test_raadet_stopper_det_og_innmelderen_faar_vite(scene: Scene) -> None:
    fullt_lag(scene)
    id_ = tatt(scene)
    ved(15)
    with kl(16):
        flyt.besvar(scene.spesialist, id_, "oehd_plass", "Legg henne på ØHD.")
    assert fortalt(bare_gjeldende=True) == [(16, "henvendelse.besvart", scene.lege.navn)]
    assert loepende(id_) == {} and minutt_for_minutt(17, 80) == []
    db.session.rollback()
    varsel = db.session.scalars(sa.select(Varsel).where(Varsel.kode == "henvendelse.besvart")).one()
    assert varsel.utsendinger and "ØHD" not in varsel.tittel + varsel.tekst


def test_trenger_mer_gir_ny_frist(scene: Scene) -> None:
    fullt_lag(scene)
    with kl(0):
        id_ = scene.sak(Status.BESVART, hastegrad="akutt")
    with kl(10):
        flyt.be_om_mer(scene.lege, id_, "Hun blir dårligere.")
    assert fortalt("henvendelse.trenger_mer") == [(10, "henvendelse.trenger_mer", scene.spesialist.navn)]
    assert loepende(id_) == {"svar": 25}
    assert minutt_for_minutt(11, 25) == [25]
    with kl(26):
        flyt.besvar(scene.spesialist, id_, "innleggelse", "Inn.")
    assert loepende(id_) == {}


@pytest.mark.parametrize("hvem", ["lege", "spesialist"])
def test_gjenaapnet(hvem: str, scene: Scene) -> None:
    """A new deadline. Who opens their own case again is not told of it."""
    fullt_lag(scene)
    with kl(0):
        id_ = scene.sak(Status.LUKKET, hastegrad="akutt")
    assert fortalt(bare_gjeldende=True) == []
    with kl(60):
        flyt.gjenaapne(getattr(scene, hvem), id_)
    assert loepende(id_) == {"svar": 75}
    assert len(fortalt("henvendelse.trenger_mer")) == (hvem == "lege")


def test_den_ansvarlige_er_den_som_har_saken_naar_det_skjer(scene: Scene) -> None:
    """A hand-over moves no deadline: the first who is told is whoever has the case by then."""
    fullt_lag(scene)
    id_ = tatt(scene)
    assert scene.kirurg.medlemskap_id is not None
    with kl(5):
        deling.tilby_overlevering(scene.spesialist, id_, scene.kirurg.medlemskap_id)
        (invitasjon,) = deling.invitasjoner_til(scene.kirurg)
        deling.svar_invitasjon(scene.kirurg, invitasjon.id, ja=True)
    assert loepende(id_) == {"svar": 15}
    ved(15)
    assert fortalt(SVAR) == [(15, SVAR, scene.kirurg.navn)]


def test_en_ansvarlig_som_har_sluttet_hoppes_over(scene: Scene) -> None:
    fullt_lag(scene)
    id_ = tatt(scene)
    _slutt(scene.spesialist, 3)
    ved(15)
    assert trinn(id_)[1:] == [
        (15, "ansvarlig", "tomt", ""),
        (15, "vakthavende", "tomt", ""),
        (15, "bakvakt", "varslet", scene.spesialist2.navn),
    ]
    assert fortalt(SVAR) == [(15, SVAR, scene.spesialist2.navn)]


@transactional
def _slutt(aktor: Aktor, minutter: float) -> None:
    db.session.get_one(Medlemskap, aktor.medlemskap_id).gyldig_til = T0 + timedelta(minutes=minutter)


def test_ingen_ansvarlig_og_ingen_over(scene: Scene) -> None:
    vaktlag(scene, vakthavende=scene.spesialist)
    id_ = tatt(scene)
    _slutt(scene.spesialist, 3)
    ved(15)
    assert trinn(id_)[-1][:3] == (15, "", "ingen")
    assert fortalt()[-2:] == [
        (15, "henvendelse.ingen_paa_vakt", scene.lege.navn),
        (15, SVAR, scene.vaktleder.navn),
    ]


# --- a message that nobody answers -----------------------------------------------------------------------


def test_en_ubesvart_melding(scene: Scene) -> None:
    """Counted from the first one; an answer ends it, and its notices with it."""
    fullt_lag(scene)
    with kl(0):
        id_ = scene.sak(Status.BESVART, hastegrad="akutt")
    assert let(1) == 0
    foerste = skriv(scene.lege, id_, 2)
    assert let(2.1) == 1 and let(2.2) == 0
    skriv(scene.lege, id_, 9)
    assert let(9.1) == 0
    assert loepende(id_) == {"melding": 17} and eskaleringer(id_)[-1].sekvens == foerste
    assert minutt_for_minutt(10, 22) == [17, 22]
    assert fortalt(MELDING) == [(17, MELDING, scene.spesialist.navn), (22, MELDING, scene.spesialist2.navn)]
    skriv(scene.spesialist2, id_, 23)
    assert let(23.1) == 1
    assert fortalt(MELDING, bare_gjeldende=True) == [] and loepende(id_) == {}
    assert eskaleringer(id_)[-1].utfall == Slutt.BESVART
    # A new one is a new wait.
    skriv(scene.kollega, id_, 30)
    assert let(30.1) == 1 and loepende(id_) == {"melding": 45}


def test_besvart_like_foer_fristen_varsles_aldri(scene: Scene) -> None:
    """Judged again when it is due: nobody need have noted that it was answered."""
    fullt_lag(scene)
    with kl(0):
        id_ = scene.sak(Status.BESVART, hastegrad="akutt")
    skriv(scene.lege, id_, 0)
    assert let(0) == 1
    skriv(scene.spesialist, id_, 14.9)
    assert ved(15) == 0 and fortalt(MELDING) == []
    assert loepende(id_) == {}


def test_svaret_og_neste_spoersmaal_mellom_to_blikk(scene: Scene) -> None:
    """The wait of the later message begins with it, not with the answered one."""
    fullt_lag(scene)
    with kl(0):
        id_ = scene.sak(Status.BESVART, hastegrad="akutt")
    skriv(scene.lege, id_, 0)
    assert let(0) == 1
    skriv(scene.spesialist, id_, 3)
    ny = skriv(scene.lege, id_, 3.05)
    assert let(3.1) == 2 and let(3.2) == 0
    assert loepende(id_) == {"melding": pytest.approx(18.05)} and eskaleringer(id_)[-1].sekvens == ny
    assert ved(15) == 0


def test_meldinger_foer_noen_har_tatt_saken(scene: Scene) -> None:
    """Whoever takes a case has what is written in it; until then the ladder of the case itself climbs."""
    fullt_lag(scene)
    with kl(0):
        id_ = scene.send(hastegrad="akutt")
    skriv(scene.lege, id_, 1)
    assert let(1) == 0
    with kl(2):
        flyt.aksepter(scene.spesialist, id_)
    assert let(2.1) == 0
    skriv(scene.lege, id_, 3)
    assert let(3.1) == 1 and loepende(id_) == {"svar": 17, "melding": 18}
    with kl(4):
        flyt.besvar(scene.spesialist, id_, "innleggelse", "Inn.")
    assert loepende(id_) == {} and let(4.1) == 0


def test_en_melding_til_ende(scene: Scene) -> None:
    """Climbed to its end it is not climbed for again; the next message is."""
    vaktlag(scene)
    lag_policy(scene.hf.id, "akutt", [("vakthavende", 0)], gjenta_etter=10)
    with kl(0):
        id_ = scene.sak(Status.BESVART, hastegrad="akutt")
    skriv(scene.lege, id_, 0)
    let(0)
    assert minutt_for_minutt(1, 60) == [15, 25]
    assert eskaleringer(id_)[-1].utfall == Slutt.UTTOEMT
    assert let(61) == 0
    siste = skriv(scene.lege, id_, 62)
    assert let(62) == 1 and loepende(id_) == {"melding": 77}
    assert eskaleringer(id_)[-1].sekvens == siste


def test_takk_foer_lukking_er_ikke_et_spoersmaal_etter_gjenaapning(scene: Scene) -> None:
    fullt_lag(scene)
    with kl(0):
        id_ = scene.sak(Status.BESVART, hastegrad="akutt")
    skriv(scene.lege, id_, 1)
    with kl(2):
        flyt.lukk(scene.lege, id_, "oehd_plass")
    with kl(600):
        flyt.gjenaapne(scene.lege, id_)
    assert let(601) == 0 and loepende(id_) == {"svar": 615}


@pytest.mark.parametrize("hva", ["lukk", "gi_tilbake"])
def test_flyttet_eller_lukket_venter_ingen_melding(hva: str, scene: Scene) -> None:
    fullt_lag(scene)
    with kl(0):
        id_ = scene.sak(Status.BESVART if hva == "lukk" else Status.AKSEPTERT, hastegrad="akutt")
    skriv(scene.lege, id_, 1)
    assert let(1) == 1
    with kl(2):
        if hva == "lukk":
            flyt.lukk(scene.lege, id_, "oehd_plass")
        else:
            flyt.gi_tilbake(scene.spesialist, id_, "Opptatt.")
    assert set(loepende(id_)) == ({"aksept"} if hva == "gi_tilbake" else set())
    assert let(3) == 0


# --- coming on call while cases wait ---------------------------------------------------------------------


def se(minutter: float) -> int:
    with kl(minutter):
        return service.nye_paa_vakt()


def test_den_som_gaar_paa_vakt_faar_vite_hva_som_venter(scene: Scene) -> None:
    """Once a shift, with how many; the number's telephone too. The one whom the ladder told, is told nothing more."""
    plan = vaktlag(scene, vakthavende=scene.spesialist, bakvakt=scene.vaktleder, timer=1)
    lag_vakttelefon(plan, Nivaa.VAKTHAVENDE)
    with kl(0):
        lag_vakt(plan, scene.spesialist2, fra=T0 + timedelta(minutes=60), til=T0 + timedelta(hours=9))
        scene.send(hastegrad="vanlig")
        haster = scene.send(hastegrad="haster")
    assert se(59) == 0
    assert se(60) == 1 and se(60.4) == 0
    assert fortalt(VENTER) == [(60, VENTER, scene.spesialist2.navn)]
    db.session.rollback()
    varsel = db.session.scalars(sa.select(Varsel).where(Varsel.kode == VENTER)).one()
    assert varsel.tittel.startswith("2 henvendelser til Indremedisin") and varsel.hastegrad == "haster"
    assert varsel.lenke == "/koe" and {u.til for u in varsel.utsendinger} >= {"+4790000001"}
    # Taken, one by one: as long as one waits, it stands.
    with kl(61):
        flyt.aksepter(scene.spesialist2, haster)
    assert fortalt(VENTER, bare_gjeldende=True)
    with kl(62):
        for sak in _nye(scene):
            flyt.aksepter(scene.spesialist2, sak)
    assert fortalt(VENTER, bare_gjeldende=True) == []


def _nye(scene: Scene) -> list[UUID]:
    from portal.henvendelser.models import Henvendelse

    db.session.rollback()
    return list(db.session.scalars(sa.select(Henvendelse.id).where(Henvendelse.status == Status.NY)))


def test_den_som_ikke_er_spurt_ennaa_faar_fred(scene: Scene) -> None:
    """A new bakvakt is not woken for a case that the vakthavende has just been told of."""
    plan = vaktlag(scene, vakthavende=scene.spesialist, bakvakt=scene.spesialist2, timer=1)
    with kl(0):
        lag_vakt(plan, scene.spesialist, fra=T0 + timedelta(hours=1))
    with kl(55):
        id_ = scene.send(hastegrad="haster")
    with kl(60):
        ny = lag_aktor(Rolle.SPESIALIST, scene.hf, fag=("indremedisin",))
        lag_vakt(plan, ny, Nivaa.BAKVAKT, fra=now())
    assert se(61) == 0
    # The ladder comes to that level: the one who is there is told by it, and not twice.
    assert ved(85) == 1 and se(85.1) == 0
    assert fortalt("henvendelse.ny")[-1] == (85, "henvendelse.ny", ny.navn)
    with kl(86):
        flyt.videresend(scene.spesialist, id_, scene.hf.id, "kirurgi", "Kirurgens.")
    assert se(87) == 0


def test_et_hull_som_tettes(scene: Scene) -> None:
    """Nobody was on call; whoever takes the shift is told at once, wherever the shift says that it began."""
    plan = vaktlag(scene)
    with kl(0):
        id_ = scene.send(hastegrad="vanlig")
    assert se(1) == 0
    with kl(5):
        lag_vakt(plan, scene.spesialist, fra=T0 - timedelta(hours=1))
    assert se(5.3) == 1
    assert fortalt(VENTER) == [(pytest.approx(5.3), VENTER, scene.spesialist.navn)]
    db.session.rollback()
    assert (
        db.session.scalars(sa.select(Varsel.lenke).where(Varsel.kode == VENTER)).one()
        == f"/henvendelser/{id_}"
    )


def test_uten_noe_som_venter_skjer_ingenting(scene: Scene, opptak: Opptak) -> None:
    plan = fullt_lag(scene)
    tatt(scene)
    with kl(0):
        lag_vakt(plan, scene.kirurg, Nivaa.VAKTLEDER, fra=T0 + timedelta(days=3))
    with uten_spor(opptak):
        assert se(2) == 0 and let(2) == 0 and ved(2) == 0
        with kl(2):
            assert service.start_manglende() == 0 == service.kontroller()
