"""All beds at once, in a form or by a file: impossible is refused, surprising is asked about, all or nothing."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from portal.core.db import db, transactional
from portal.core.errors import Konflikt, UgyldigData
from portal.plasser import rimelighet, tilstandsfil
from portal.plasser.forloep import Holdstatus, Stengtgrunn, Tilstand
from portal.plasser.historikk import Plassendring
from portal.plasser.models import Plassenhet, Plassmedlem, Reservasjon
from portal.plasser.service import drift, registrering, reservasjoner
from portal.plasser.service.registrering import Ny
from tests.bygg import Opptak, Scene, om, revisjon, uten_spor
from tests.plasser.hjelp import Folk, lag_folk, lag_plassenhet, les_opphold, les_plasser, les_tall
from tests.plasser.test_enhetsside import side, tekst
from tests.skjemaer import skjema

Som = Callable[[Aktor], FlaskClient]
L, B, R, S, H, U = (
    Tilstand.LEDIG,
    Tilstand.BELAGT,
    Tilstand.RENGJOERES,
    Tilstand.STENGT,
    Tilstand.HOLDT,
    Tilstand.UKJENT,
)


def _enhet(scene: Scene, *tilstander: str) -> tuple[UUID, Folk]:
    enhet_id = lag_plassenhet(scene, list(tilstander))
    return enhet_id, lag_folk(scene, enhet_id, kvote=0)


def _alene(scene: Scene, *tilstander: str) -> tuple[UUID, Folk]:
    """A unit in which the host alone has a place."""
    enhet_id, folk = _enhet(scene, *tilstander)
    _bare_verten(enhet_id)
    return enhet_id, folk


def _bare_verten(enhet_id: UUID) -> None:
    transactional(
        lambda: db.session.execute(
            sa.delete(Plassmedlem).where(Plassmedlem.plassenhet_id == enhet_id, Plassmedlem.kvote == 0)
        )
    )()


def _tilstander(enhet_id: UUID) -> list[str]:
    return [p.tilstand for p in les_plasser(enhet_id)]


def _nye(enhet_id: UUID, *tilstander: str, grunn: Stengtgrunn | None = None) -> list[Ny]:
    return [
        Ny(p.id, Tilstand(t), grunn if t == S else None, p.versjon)
        for p, t in zip(les_plasser(enhet_id), tilstander, strict=True)
    ]


# --- what surprises --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("foer", "etter", "ventet"),
    [
        # up to twenty beds: more than seven more or fewer
        ({"ledig": 0, "belagt": 9}, {"ledig": 8, "belagt": 1}, ["ledig", "belagt"]),
        ({"ledig": 0, "belagt": 9}, {"ledig": 7, "belagt": 2}, []),
        ({"ledig": 9}, {"ledig": 1, "stengt": 8}, ["ledig"]),
        ({"ledig": 4, "belagt": 16}, {"ledig": 12, "belagt": 8}, ["ledig", "belagt"]),
        # above: doubled or halved
        ({"ledig": 5, "belagt": 16}, {"ledig": 10, "belagt": 11}, ["ledig"]),
        ({"ledig": 5, "belagt": 16}, {"ledig": 9, "belagt": 12}, []),
        ({"ledig": 10, "belagt": 20}, {"ledig": 5, "belagt": 25}, ["ledig"]),
        ({"ledig": 10, "belagt": 20}, {"ledig": 6, "belagt": 24}, []),
        ({"ledig": 0, "belagt": 30}, {"ledig": 3, "belagt": 27}, ["ledig"]),
        ({"ledig": 10, "belagt": 20}, {"ledig": 20, "belagt": 10}, ["ledig", "belagt"]),
        # one or two beds never
        ({"ledig": 1, "belagt": 24}, {"ledig": 3, "belagt": 22}, []),
        # what nobody had said anything of can be anything
        ({"ukjent": 9}, {"ledig": 9}, []),
        ({"ukjent": 30}, {"ledig": 12, "belagt": 18}, []),
        ({"ukjent": 1, "belagt": 9}, {"ledig": 10}, ["ledig", "belagt"]),
    ],
)
def test_hva_som_overrasker(foer: dict[str, int], etter: dict[str, int], ventet: list[str]) -> None:
    assert [o.tall for o in rimelighet.overraskelser(foer, etter)] == ventet


@pytest.mark.parametrize(
    ("foer", "etter", "rart"),
    [(6, 18, True), (6, 13, False), (6, 14, True), (0, 40, False), (20, 39, False), (20, 40, True)],
)
def test_mange_flere_normerte_plasser_overrasker(foer: int, etter: int, rart: bool) -> None:
    assert bool(rimelighet.normhopp(foer, etter)) is rart


# --- the form --------------------------------------------------------------------------------------------


def test_alle_plasser_i_ett_skjema(som: Som, scene: Scene) -> None:
    enhet_id, folk = _alene(scene, L, B, R, S, U)
    klient = som(folk.sykepleier)
    data = skjema(klient.get(side(enhet_id, "registrering")), "/registrering")
    assert len([k for k in data if k.startswith("lest-")]) == 5
    ledig, belagt, _rengjoeres, stengt, ukjent = les_plasser(enhet_id)
    assert f"tilstand-{ukjent.id}" not in data
    data |= {
        f"tilstand-{ledig.id}": "stengt",
        f"grunn-{ledig.id}": "personell",
        f"tilstand-{belagt.id}": "ledig",
        f"grunn-{stengt.id}": "smitte",
        f"tilstand-{ukjent.id}": "belagt",
    }
    svar = klient.post(side(enhet_id, "registrering"), data=data)
    assert svar.status_code == 303, tekst(svar)
    assert "4 plasser er endret" in tekst(klient.get(side(enhet_id)))
    assert _tilstander(enhet_id) == [S, L, R, S, B]
    assert [p.stengt_grunn for p in les_plasser(enhet_id)] == ["personell", "", "", "smitte", ""]
    foer, etter = sorted(les_opphold(enhet_id), key=lambda o: o.ut is None)
    assert foer.ut is not None and foer.til_hvor is None
    assert (etter.plass_id, etter.ut, etter.kommune_id) == (ukjent.id, None, scene.kommune.id)
    assert db.session.get_one(Plassenhet, enhet_id).bekreftet_av_id == folk.sykepleier.person_id
    assert "registrert" in revisjon("plasser.registrert")[0].handling


def test_uendret_skjema_bekrefter_tallene(som: Som, scene: Scene) -> None:
    enhet_id, folk = _alene(scene, L, B)
    klient = som(folk.sykepleier)
    data = skjema(klient.get(side(enhet_id, "registrering")), "/registrering")
    endringer = db.session.scalar(sa.select(sa.func.count()).select_from(Plassendring))
    assert klient.post(side(enhet_id, "registrering"), data=data).status_code == 303
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Plassendring)) == endringer
    assert db.session.get_one(Plassenhet, enhet_id).bekreftet_av_id == folk.sykepleier.person_id


@pytest.mark.parametrize(
    ("fra", "til", "felt", "sier"),
    [
        (B, S, "tilstand", "Skriv ut pasienten først"),
        (H, L, "tilstand", "Frigi eller avvis"),
        (H, S, "tilstand", "Frigi eller avvis"),
        (L, H, "tilstand", "ikke holdt nå"),
        (L, U, "tilstand", "Velg hvordan"),
        (U, U, "tilstand", "Velg hvordan"),
    ],
)
def test_det_umulige_avvises_med_feltet(
    scene: Scene, opptak: Opptak, fra: str, til: str, felt: str, sier: str
) -> None:
    enhet_id, folk = _alene(scene, L, fra)
    nye = _nye(enhet_id, R, til, grunn=Stengtgrunn.ROM)
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        registrering.registrer(folk.sykepleier, enhet_id, nye)
    felter = feil.value.detaljer["felter"]
    assert list(felter) == [f"{felt}-{nye[1].plass_id}"] and sier in str(felter.popitem()[1][0])


def test_en_grunn_hoerer_til_stengt(scene: Scene, opptak: Opptak) -> None:
    enhet_id, folk = _alene(scene, L)
    plass = les_plasser(enhet_id)[0]
    for tilstand, grunn in ((S, None), (R, Stengtgrunn.ROM)):
        with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
            registrering.registrer(folk.sykepleier, enhet_id, [Ny(plass.id, tilstand, grunn, plass.versjon)])
        assert list(feil.value.detaljer["felter"]) == [f"grunn-{plass.id}"]


def test_alle_plassene_maa_vaere_med(scene: Scene, opptak: Opptak) -> None:
    enhet_id, folk = _alene(scene, L, L)
    nye = _nye(enhet_id, R, R)
    with uten_spor(opptak), pytest.raises(UgyldigData) as feil:
        registrering.registrer(folk.sykepleier, enhet_id, nye[:1])
    assert list(feil.value.detaljer["felter"]) == [f"tilstand-{nye[1].plass_id}"]


def test_et_gammelt_skjema_viser_hva_som_er_endret(som: Som, scene: Scene) -> None:
    enhet_id, folk = _alene(scene, L, L)
    klient = som(folk.sykepleier)
    data = skjema(klient.get(side(enhet_id, "registrering")), "/registrering")
    en, to = les_plasser(enhet_id)
    drift.sett_tilstand(folk.lege, enhet_id, en.id, tilstand=R)
    data |= {f"tilstand-{to.id}": "stengt", f"grunn-{to.id}": "utstyr"}
    svar = klient.post(side(enhet_id, "registrering"), data=data)
    assert svar.status_code == 409 and "endret imens: rengjøres" in tekst(svar)
    assert _tilstander(enhet_id) == [R, L]
    # What was chosen of the others stands, and sent once more it is done; the one that has changed shows how it is.
    paa_nytt = skjema(svar, "/registrering")
    assert (paa_nytt[f"tilstand-{to.id}"], paa_nytt[f"grunn-{to.id}"]) == ("stengt", "utstyr")
    assert paa_nytt[f"tilstand-{en.id}"] == "rengjoeres"
    assert klient.post(side(enhet_id, "registrering"), data=paa_nytt).status_code == 303
    assert _tilstander(enhet_id) == [R, S]


@pytest.mark.parametrize("feil_i_naboen", [False, True])
def test_to_trykk_skriver_ingen_ut(som: Som, scene: Scene, feil_i_naboen: bool) -> None:
    """Whoever was admitted meanwhile lies there after the second click too, whatever the first was refused for."""
    enhet_id, folk = _alene(scene, L, L)
    klient = som(folk.sykepleier)
    data = skjema(klient.get(side(enhet_id, "registrering")), "/registrering")
    en, to = les_plasser(enhet_id)
    drift.legg_inn(folk.lege, enhet_id, plass_id=en.id, kommune_id=scene.kommune.id)
    if feil_i_naboen:
        data |= {f"tilstand-{to.id}": "stengt", f"grunn-{to.id}": "krig"}
    svar = klient.post(side(enhet_id, "registrering"), data=data)
    assert svar.status_code == (422 if feil_i_naboen else 409)
    assert "endret imens: belagt. Du sendte: ledig. Det er ikke lagret." in tekst(svar)
    paa_nytt = skjema(svar, "/registrering")
    assert paa_nytt[f"tilstand-{en.id}"] == "belagt"
    if feil_i_naboen:
        paa_nytt |= {f"grunn-{to.id}": "rom"}
    assert klient.post(side(enhet_id, "registrering"), data=paa_nytt).status_code == 303
    assert _tilstander(enhet_id) == [B, S if feil_i_naboen else L]
    (opphold,) = les_opphold(enhet_id)
    assert opphold.ut is None


def test_et_stort_hopp_maa_bekreftes(som: Som, scene: Scene, opptak: Opptak) -> None:
    enhet_id, folk = _alene(scene, *[L] * 9)
    klient = som(folk.sykepleier)
    data = skjema(klient.get(side(enhet_id, "registrering")), "/registrering")
    for p in les_plasser(enhet_id)[:8]:
        data |= {f"tilstand-{p.id}": "stengt", f"grunn-{p.id}": "personell"}
    with uten_spor(opptak):
        svar = klient.post(side(enhet_id, "registrering"), data=data)
    assert svar.status_code == 409 and "Ledig: fra 9 til 1 plasser" in tekst(svar)
    paa_nytt = skjema(svar, "/registrering")
    assert {k: paa_nytt.get(k) for k in data if k != "csrf_token"} == {
        k: v for k, v in data.items() if k != "csrf_token"
    }
    assert klient.post(side(enhet_id, "registrering"), data=paa_nytt).status_code == 409
    svar = klient.post(side(enhet_id, "registrering"), data={**paa_nytt, "bekreftet": "1"})
    assert svar.status_code == 303 and les_tall(enhet_id).stengt == 8
    assert '"bekreftet":true' in revisjon("plasser.registrert")[0].detaljer


def test_nye_pasienters_kommune_gjettes_ikke(som: Som, scene: Scene) -> None:
    """Several kommuner have a place here: whose inhabitant has come is asked, not guessed."""
    enhet_id, folk = _enhet(scene, L, L)
    with pytest.raises(UgyldigData) as feil:
        registrering.registrer(folk.sykepleier, enhet_id, _nye(enhet_id, B, L))
    assert list(feil.value.detaljer["felter"]) == ["kommune_id"]
    with pytest.raises(UgyldigData):
        registrering.registrer(
            folk.sykepleier, enhet_id, _nye(enhet_id, B, L), kommune_id=folk.fremmed.organisasjon_id
        )
    nye = _nye(enhet_id, B, L)
    assert (
        registrering.registrer(folk.sykepleier, enhet_id, nye, kommune_id=folk.medlem.id, bekreftet=True) == 1
    )
    assert les_opphold(enhet_id)[0].kommune_id == folk.medlem.id


def _kvoter(enhet_id: UUID, *kvoter: int) -> None:
    """The host's quota, and the member's."""
    vert = db.session.get_one(Plassenhet, enhet_id).vertskommune_id

    @transactional
    def sett() -> None:
        for m in db.session.scalars(sa.select(Plassmedlem).where(Plassmedlem.plassenhet_id == enhet_id)):
            m.kvote = kvoter[m.kommune_id != vert]

    sett()


@pytest.mark.parametrize("fra_fil", [False, True])
def test_flere_enn_kvoten_maa_bekreftes(som: Som, scene: Scene, opptak: Opptak, fra_fil: bool) -> None:
    enhet_id, folk = _enhet(scene, *[L] * 5)
    _kvoter(enhet_id, 3, 2)
    klient, medlem = som(folk.sykepleier), folk.medlem
    hva = "import" if fra_fil else "registrering"

    def send(antall: int, **felter: str) -> Any:
        if fra_fil:
            linjer = "".join(f"{n + 1};belagt\n" for n in range(antall))
            return _send(klient, enhet_id, f"plass;tilstand\n{linjer}".encode(), **felter)
        data = skjema(klient.get(side(enhet_id, hva)), f"/{hva}")
        data |= {f"tilstand-{p.id}": "belagt" for p in les_plasser(enhet_id)[:antall]}
        return klient.post(side(enhet_id, hva), data={**data, **felter})

    hvem = {"kommune_id": str(medlem.id)}
    with uten_spor(opptak):
        svar = send(3, **hvem)
    assert svar.status_code == 409
    assert f"{medlem.kortnavn} får 3 av 2 plasser. Lagre likevel?" in tekst(svar)
    assert les_opphold(enhet_id) == []
    # Everything stands as it was typed.
    paa_nytt = skjema(svar, f"/{hva}")
    paa_nytt.pop("fil", None)
    assert paa_nytt["kommune_id"] == str(medlem.id)
    svar = klient.post(side(enhet_id, hva), data={**paa_nytt, "bekreftet": "1"})
    assert svar.status_code == 303 and {o.kommune_id for o in les_opphold(enhet_id)} == {medlem.id}
    assert '"over_kvote":true' in revisjon("plasser.registrert")[0].detaljer
    siden = tekst(klient.get(side(enhet_id)))
    assert f"{medlem.kortnavn} 3 over kvoten 2" in siden and siden.count("over kvoten") == 1


def test_innenfor_kvoten_spoerres_ingen(scene: Scene) -> None:
    enhet_id, folk = _enhet(scene, L, L, L)
    _kvoter(enhet_id, 1, 2)
    nye = _nye(enhet_id, B, B, L)
    assert registrering.registrer(folk.sykepleier, enhet_id, nye, kommune_id=folk.medlem.id) == 2
    # One goes and another comes: no more than before.
    _kvoter(enhet_id, 3, 0)
    nye = _nye(enhet_id, B, L, B)
    assert registrering.registrer(folk.sykepleier, enhet_id, nye, kommune_id=folk.medlem.id) == 2
    with pytest.raises(Konflikt) as feil:
        registrering.registrer(folk.sykepleier, enhet_id, _nye(enhet_id, B, B, B), kommune_id=folk.medlem.id)
    assert (feil.value.kode, feil.value.detaljer["over_kvote"]) == (
        "overraskende",
        [{"kommune": folk.medlem.kortnavn, "antall": 3, "kvote": 0}],
    )


def test_holdt_blir_belagt_med_den_som_var_paa_vei(scene: Scene) -> None:
    enhet_id, folk = _enhet(scene, L, L)
    hold = reservasjoner.reserver(folk.lege, enhet_id, klient_id=uuid4())
    holdt = next(i for i, t in enumerate(_tilstander(enhet_id)) if t == H)
    tilstander = [L, L]
    tilstander[holdt] = B
    assert registrering.registrer(folk.sykepleier, enhet_id, _nye(enhet_id, *tilstander)) == 1
    opphold = les_opphold(enhet_id)[0]
    assert (opphold.reservasjon_id, opphold.kommune_id) == (hold, scene.kommune.id)
    assert db.session.get_one(Reservasjon, hold).status == Holdstatus.INNLAGT


def test_et_utloept_hold_i_skjemaet(scene: Scene) -> None:
    """The worker stands still: what was held when the form was made can be said to be anything that a free bed can."""
    enhet_id, folk = _enhet(scene, L, L)
    reservasjoner.reserver(folk.lege, enhet_id, klient_id=uuid4())
    with om(hours=3):
        nye = _nye(enhet_id, *[R if t == H else L for t in _tilstander(enhet_id)])
        assert registrering.registrer(folk.sykepleier, enhet_id, nye) == 1
    assert sorted(_tilstander(enhet_id)) == sorted([R, L])


def test_rengjoeres_og_belagt_paa_en_gang(scene: Scene) -> None:
    """In between it was free: the history has an edge for each."""
    enhet_id, folk = _alene(scene, R, S)
    registrering.registrer(folk.sykepleier, enhet_id, _nye(enhet_id, B, B))
    assert _tilstander(enhet_id) == [B, B] and les_tall(enhet_id).belagt == 2
    for plass in les_plasser(enhet_id):
        rader = db.session.scalars(
            sa.select(Plassendring.tilstand)
            .where(Plassendring.plass_id == plass.id)
            .order_by(Plassendring.nr)
        ).all()
        assert rader[-2:] == [L, B]


# --- the file --------------------------------------------------------------------------------------------


def _send(klient: FlaskClient, enhet_id: UUID, innhold: bytes, **felter: str) -> Any:
    return klient.post(
        side(enhet_id, "import"),
        data={**felter, "fil": (io.BytesIO(innhold), "plasser.csv")},
        content_type="multipart/form-data",
    )


def test_nedlastet_fil_kan_leses_inn_igjen(som: Som, scene: Scene) -> None:
    enhet_id, folk = _enhet(scene, L, B, R, S, H)
    klient = som(folk.sykepleier)
    fil = klient.get(side(enhet_id, "plasser.csv"))
    assert fil.status_code == 200 and fil.mimetype == "text/csv"
    assert "attachment" in fil.headers["Content-Disposition"]
    assert fil.data.decode("utf-8").splitlines()[0] == "\ufeffplass;tilstand;grunn;kommune"
    assert "4;stengt;rom" in fil.text
    foer = _tilstander(enhet_id)
    assert _send(klient, enhet_id, fil.data).status_code == 303
    assert _tilstander(enhet_id) == foer


@pytest.mark.parametrize(
    "innhold",
    [
        "plass;tilstand;grunn\n1;stengt;smitte\n2;rengjøres;\n".encode(),
        "\ufeffplass,tilstand,grunn\r\n2,Rengjøres,\r\n1,STENGT,Smitte\r\n".encode(),
        "Grunn;Plass;Tilstand\nsmitte;1;stengt\n;2;rengjøres\n".encode("latin-1"),
        b"\n\nplass\ttilstand\tgrunn\n1\tstengt\tsmitte\n2\trengjoeres\n",
    ],
)
def test_filer_slik_regneark_skriver_dem(som: Som, scene: Scene, innhold: bytes) -> None:
    enhet_id, folk = _enhet(scene, L, L, L)
    svar = _send(som(folk.sykepleier), enhet_id, innhold)
    assert svar.status_code == 303, tekst(svar)
    assert _tilstander(enhet_id) == [S, R, L]
    assert les_plasser(enhet_id)[0].stengt_grunn == "smitte"


def test_en_gal_linje_og_ingenting_er_lest_inn(som: Som, scene: Scene, opptak: Opptak) -> None:
    enhet_id, folk = _enhet(scene, L, L, B, H)
    innhold = "\n".join(
        [
            "plass;tilstand;grunn",
            "1;rengjøres;",
            "2;opptatt kanskje;",
            "Rom 99;ledig;",
            "",
            "3;stengt;rom",
            "4;ledig;",
            "1;ledig;",
            "2;stengt;",
        ]
    ).encode()
    klient = som(folk.sykepleier)
    klient.get(side(enhet_id, "import"))
    with uten_spor(opptak):
        svar = _send(klient, enhet_id, innhold)
    ord_ = tekst(svar)
    assert svar.status_code == 422
    # What cannot be read at all is told first, all of it.
    assert (
        "Linje 3 : «opptatt kanskje» er ingen tilstand" in ord_
        and "Linje 8 : Plassen står også på linje 2" in ord_
    )
    assert "2 linjer må rettes. Ingenting er lagret." in ord_ and "1;rengjøres;" in svar.text
    rettet = (
        innhold.replace(b"opptatt kanskje", b"ledig").replace(b"\n1;ledig;", b"").replace(b"\n2;stengt;", b"")
    )
    with uten_spor(opptak):
        ord_ = tekst(_send(klient, enhet_id, rettet))
    assert "Linje 4 : Enheten har ingen plass som heter «Rom 99»" in ord_
    assert "Linje 6 : Det ligger en pasient" in ord_ and "Linje 7 : Plassen er holdt" in ord_
    assert "3 linjer må rettes" in ord_


@pytest.mark.parametrize(
    ("innhold", "sier"),
    [
        (b"", "Fila er tom"),
        (b"navn;hva\n1;ledig", "overskriftene plass;tilstand;grunn"),
        (b"plass;tilstand;grunn\n", "bare overskrifter"),
        (b'plass;tilstand\n"1;ledig\n', "anførselstegn"),
        (b"PK\x03\x04\x00\x00", "ikke en CSV-fil"),
        (b"plass;tilstand\n" + b"x" * tilstandsfil.STOERST, "for stor"),
        (b"plass;tilstand;grunn\n1;ledig;;;mer", "flere felter enn overskriftene"),
        (b"plass;tilstand;grunn\n1;stengt;lyst", "ingen grunn"),
        (b"plass;tilstand;grunn\n;stengt;rom", "Plassen mangler"),
    ],
)
def test_filer_som_ikke_er_slik(som: Som, scene: Scene, innhold: bytes, sier: str) -> None:
    enhet_id, folk = _enhet(scene, L)
    svar = _send(som(folk.sykepleier), enhet_id, innhold)
    assert svar.status_code == 422 and sier in tekst(svar)
    assert _tilstander(enhet_id) == [L]


def test_fila_spoer_ogsaa_om_det_overraskende(som: Som, scene: Scene) -> None:
    enhet_id, folk = _enhet(scene, *[L] * 9)
    klient = som(folk.sykepleier)
    innhold = "plass;tilstand;grunn\n" + "".join(f"{n};stengt;personell\n" for n in range(1, 9))
    svar = _send(klient, enhet_id, innhold.encode())
    assert svar.status_code == 409 and "Ja, tallene stemmer" in tekst(svar)
    assert les_tall(enhet_id).ledig == 9
    data = skjema(svar, "/import")
    data.pop("fil")
    assert klient.post(side(enhet_id, "import"), data={**data, "bekreftet": "1"}).status_code == 303
    assert les_tall(enhet_id).stengt == 8


def test_navn_som_ligner_formler_gaar_fram_og_tilbake() -> None:
    fil = tilstandsfil.skriv([("=1+1", "ledig", ""), ("'A", "ledig", ""), ("Rom 1", "stengt", "rom")])
    assert "'=1+1;ledig;" in fil
    assert [li.plass for li in tilstandsfil.les(fil)] == ["=1+1", "'A", "Rom 1"]


def test_andre_kommer_ikke_til(som: Som, scene: Scene, opptak: Opptak) -> None:
    enhet_id, folk = _enhet(scene, L)
    for aktor in (folk.medlemslege, folk.fremmed_koordinator, scene.innsyn):
        klient = som(aktor)
        for adresse in ("registrering", "import", "plasser.csv"):
            assert klient.get(side(enhet_id, adresse)).status_code == 403
        with uten_spor(opptak, avslag=2):
            assert _send(klient, enhet_id, b"plass;tilstand\n1;stengt;rom\n").status_code == 403
            assert klient.post(side(enhet_id, "registrering"), data={}).status_code == 403


def test_en_overraskelse_er_en_konflikt_med_tall(scene: Scene) -> None:
    enhet_id, folk = _alene(scene, *[B] * 8)
    with pytest.raises(Konflikt) as feil:
        registrering.registrer(folk.sykepleier, enhet_id, _nye(enhet_id, *[L] * 8))
    assert feil.value.kode == "overraskende"
    assert {t["tall"]: (t["foer"], t["etter"]) for t in feil.value.detaljer["tall"]} == {
        "ledig": (0, 8),
        "belagt": (8, 0),
    }
