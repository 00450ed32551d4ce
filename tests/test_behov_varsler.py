"""Notices hold no clinical text, whatever happens to a case, on any channel and in any language.

Mail, text messages, calls and lock screens are no safe place for it. Every notice that a case can give is driven here,
with canaries in all its texts: words that stand nowhere else, so that one of them in a notice is a leak.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.sprak import SPRAAK
from portal.henvendelser.eskalering import kanari, service, tekster, vaktskifte
from portal.henvendelser.service import (
    deling,
    flyt,
    innsending,
    innsyn,
    lesing,
    meldinger,
    oppfoelging,
    plasser,
)
from portal.identitet.models import MedlemskapFagomraade, Person
from portal.plasser.forloep import Avslagsgrunn
from portal.plasser.service import drift, reservasjoner
from portal.vakt.models import Nivaa, Vaktplan
from portal.vakt.service import vakter
from portal.varsler.models import HASTEGRADER, Kanal, Utsending, Varsel, Varselvalg
from portal.varsler.service import kvittering, levering
from tests.bygg import Scene, lag_aktor, lagre
from tests.henvendelser.eskaleringshjelp import kl, vaktlag
from tests.plasser.hjelp import lag_plassenhet
from tests.relasjoner import kanari as kanariord
from tests.test_husregler import PORTAL
from tests.vakthjelp import lag_kanal, lag_vakt, lag_vaktplan, lag_vakttelefon
from tests.varsler.tjenere import porten, posttjener, pushtjenesten

#: Where cases are told of. A new place must be driven here too.
FORTELLER = {
    *("eskalering/steps.py", "eskalering/service.py", "eskalering/vaktskifte.py", "eskalering/kanari.py"),
    *("service/deling.py", "service/innsyn.py", "service/oppfoelging.py", "service/plasser.py"),
}


class Sak:
    """A case with canaries in all its texts, at a hospital whose people are told by every channel."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.ord: list[str] = []
        with kl(-60):
            self.plan: Vaktplan = vaktlag(
                scene, vakthavende=scene.spesialist, bakvakt=scene.spesialist2, vaktleder=scene.vaktleder
            )
            lag_vakttelefon(self.plan, Nivaa.VAKTHAVENDE, "+4799999999", tale=True)
            folk = (scene.spesialist, scene.spesialist2, scene.vaktleder, scene.lege, scene.koordinator)
            for nummer, aktor in enumerate(folk):
                self._naas_overalt(aktor, [*SPRAAK][nummer % len(SPRAAK)])

    def _naas_overalt(self, aktor: Aktor, spraak: str) -> None:
        assert aktor.person_id
        for kanal in (Kanal.SMS, Kanal.TALE):
            lag_kanal(aktor, kanal)
        lag_kanal(aktor, Kanal.PUSH, f"https://push.eksempel.example/{aktor.person_id}")
        person_id = aktor.person_id

        @transactional
        def velg() -> None:
            lagre(
                *(
                    Varselvalg(person_id=person_id, hastegrad=h, kanaler=[str(k) for k in Kanal])
                    for h in HASTEGRADER
                )
            )
            db.session.get_one(Person, person_id).spraak = spraak

        velg()

    def tekst(self, sted: str) -> str:
        self.ord.append(kanariord(sted))
        return f"Hun er {self.ord[-1]} og kvinne 87"

    def send(self, **endret: Any) -> UUID:
        tekster_ = {f: self.tekst(f) for f in innsending.FRITEKST}
        self.ord.append("911 22 333")
        return self.scene.send(
            **{
                "tilbakeringing": "911 22 333",
                "aldersgruppe": "80_pluss",
                "hastegrad": "akutt",
                **tekster_,
                **endret,
            }
        )

    def skriv(self, aktor: Aktor, sak: UUID) -> None:
        meldinger.send_melding(aktor, sak, uuid4(), self.tekst("melding"))


def arbeid(fra: int, til: int, hver: int = 1) -> None:
    """The worker's lane, minute by minute."""
    for minutt in range(fra, til, hver):
        with kl(minutt):
            service.kjoer_forfalte()
            service.finn_ubesvarte()
            service.nye_paa_vakt()
            vaktskifte.lag_skifter()


def koder_i_bruk() -> set[str]:
    """The codes of the notices about cases."""
    egne = {v for v in vars(tekster).values() if isinstance(v, str) and v.startswith("henvendelse.")}
    return egne | {"vaktskifte.venter", "kanari", "kanari.brutt", "kanari.hel"}


def _kjoer_alt(s: Sak) -> None:
    """Everything that a case can be told of."""
    scene = s.scene
    # Nobody takes it: the whole ladder, to its end, and one who comes on call meanwhile.
    with kl(0):
        sak = s.send()
        s.send(fagomraade="kirurgi")
    arbeid(0, 20)
    with kl(20):
        avloeser = lag_aktor(Rolle.SPESIALIST, scene.hf)
        assert avloeser.medlemskap_id
        en_time = (now(), now() + timedelta(hours=1))
        vakter.overstyr(scene.koordinator, s.plan.id, "vakthavende", avloeser.medlemskap_id, *en_time)
    arbeid(20, 40)
    with kl(40):
        flyt.videresend(scene.vaktleder, sak, scene.hf.id, "geriatri", s.tekst("hvorfor"))
        flyt.videresend(scene.vaktleder, sak, scene.hf.id, "indremedisin", s.tekst("hvorfor"))
    arbeid(41, 160)
    # Taken, and forgotten; asked about, and not answered.
    with kl(160):
        flyt.aksepter(scene.spesialist, sak)
    arbeid(161, 700, 5)
    with kl(700):
        flyt.gi_tilbake(scene.spesialist, sak, s.tekst("gitt_tilbake"))
        flyt.aksepter(scene.spesialist, sak)
        s.skriv(scene.spesialist, sak)
        s.skriv(scene.lege, sak)
    arbeid(701, 1300, 5)
    with kl(1300):
        assert scene.kirurg.medlemskap_id
        deling.inviter(scene.spesialist, sak, scene.kirurg.medlemskap_id)
        innsyn.aapne_med_grunn(
            scene.annen_lege, scene.les(sak).saksnummer, "konsultert", s.tekst("grunnen til innsyn")
        )
        flyt.besvar(scene.spesialist, sak, "behandles_i_kommunen", s.tekst("svaret"))
        flyt.be_om_mer(scene.lege, sak, s.tekst("mer"))
        # A bed that the unit refuses, and one that nobody came to.
        enhet = lag_plassenhet(scene, 2)
        holdt = plasser.hold_plass(scene.lege, sak, enhet, klient_id=uuid4(), merknad=s.tekst("til enheten"))
        drift.avvis(
            lag_aktor(Rolle.KOORDINATOR, scene.kommune),
            holdt,
            grunn=Avslagsgrunn.ANNET,
            merknad=s.tekst("avslaget"),
        )
        # One that the unit gives back, too.
        holdt = plasser.hold_plass(scene.lege, sak, enhet, klient_id=uuid4(), merknad=s.tekst("enda en"))
        reservasjoner.frigi(lag_aktor(Rolle.KOORDINATOR, scene.kommune), holdt)
        plasser.hold_plass(scene.kollega, sak, enhet, klient_id=uuid4())
    with kl(1300 + 180):
        reservasjoner.loes_ut_forfalte()
    # The shift ends (48 hours after T0), and the next one reads it back.
    with kl(47 * 60):
        lag_vakt(s.plan, scene.spesialist2, Nivaa.VAKTHAVENDE, now() + timedelta(hours=1))
        venter = s.send()
    arbeid(48 * 60 + 1, 48 * 60 + 40)
    with kl(48 * 60 + 40):
        (rad,) = vaktskifte.hent_mine_skifter(scene.spesialist2).til_meg
        vaktskifte.godta(scene.spesialist2, rad.vaktskifte_id, rad.henvendelse_id, s.tekst("lest_tilbake"))
        flyt.trekk(scene.lege, venter)
    # Closed, and asked about afterwards.
    with kl(50 * 60):
        flyt.besvar(scene.spesialist2, sak, "behandles_i_kommunen", s.tekst("svaret"))
        flyt.lukk(scene.lege, sak, "behandles_i_kommunen")
    with kl(8 * 24 * 60):
        assert oppfoelging.spoer_forfalte()
    # The test of the way: broken, whole, and the test itself.
    with kl(200 * 60):
        id_ = kanari.sett(scene.koordinator, "indremedisin", 15, aktiv=True)
        kanari.kjoer_planlagte()
    with kl(200 * 60 + 20):
        lag_vakt(s.plan, scene.spesialist2, Nivaa.BAKVAKT, now() - timedelta(hours=1))
        kanari.kjoer_naa(scene.koordinator, id_)
        kanari.kjoer_planlagte()
        service.kjoer_forfalte()
        transactional(
            lambda: db.session.execute(
                sa.update(Utsending)
                .where(Utsending.varsel_id.in_(sa.select(Varsel.id).where(Varsel.kode == "kanari")))
                .values(sendt=now())
            )
        )()
        kanari.fullfoer()


def test_ingen_varsler_har_klinisk_tekst(scene: Scene) -> None:
    s = Sak(scene)
    _kjoer_alt(s)
    db.session.rollback()
    varslene = list(db.session.scalars(sa.select(Varsel)))
    utsendinger = list(db.session.scalars(sa.select(Utsending)))
    # All kinds, on all channels, in all languages: else the rest says nothing.
    assert {v.kode for v in varslene} >= koder_i_bruk(), koder_i_bruk() - {v.kode for v in varslene}
    assert {u.kanal for u in utsendinger} == {str(k) for k in Kanal}
    spraak = {p.id: p.spraak for p in db.session.execute(sa.select(Person.id, Person.spraak))}
    assert {spraak[v.person_id] for v in varslene} == set(SPRAAK)
    assert len(set(s.ord)) > 20
    for rad in (*varslene, *utsendinger):
        alt = " ".join(str(getattr(rad, k.key)) for k in sa.inspect(type(rad)).column_attrs)
        assert [o for o in s.ord if o in alt] == [], alt
        # Neither what points to a person: age and sex, in a small kommune.
        tekst = alt if isinstance(rad, Varsel) else f"{rad.emne} {rad.tekst}"
        assert not re.search(r"\b(kvinne|woman|80_pluss|87)\b", tekst), tekst


def test_det_som_forlater_portalen_har_ingen_klinisk_tekst(scene: Scene) -> None:
    """As it comes to the servers of others: letter, text message, call and push."""
    kanarier = {f: kanariord(f) for f in innsending.FRITEKST}
    with posttjener() as post, porten() as telenett, pushtjenesten() as pushen:
        leser = pushen.abonner()
        lag_kanal(scene.spesialist, Kanal.PUSH, leser.endepunkt, data=leser.data)
        for nummer, kanal in enumerate((Kanal.SMS, Kanal.TALE)):
            lag_kanal(scene.spesialist, kanal, f"+479000001{nummer}")
        lag_vakt(lag_vaktplan(scene.hf.id), scene.spesialist)
        scene.send(hastegrad="akutt", tilbakeringing="911 22 333", **kanarier)
        levering.lever()
        sendt = [
            *([str(brev) for brev in post.mottatt]),
            *(str(m) for kanal in ("sms", "tale") for m in telenett.meldinger(kanal)),
            *(str(m) for m in pushen.til(leser)),
        ]
    assert len(sendt) == 4 and all("akutt henvendelse til Indremedisin" in m for m in sendt[1:]), sendt
    for melding in sendt:
        assert [o for o in (*kanarier.values(), "911 22 333", "91122333") if o in melding] == []


def test_den_som_mister_omraadet_etter_varselet(scene: Scene, som: Callable[[Aktor], FlaskClient]) -> None:
    """What one was told stays told; the case behind it opens no more, and the notice says nothing of it."""
    s = Sak(scene)
    with kl(0):
        sak = s.send()
    with kl(6):
        service.kjoer_forfalte()
        assert lesing.hent_sak(scene.spesialist2, sak)

        @transactional
        def mister() -> None:
            db.session.execute(
                sa.delete(MedlemskapFagomraade).where(
                    MedlemskapFagomraade.medlemskap_id == scene.spesialist2.medlemskap_id
                )
            )

        mister()
        klient = som(scene.spesialist2)
        for adresse in (
            "/varsler",
            "/varsler/bjelle",
            "/api/v1/varsler",
            "/vakt",
            "/henvendelser/vaktskifte",
        ):
            svar = klient.get(adresse)
            assert svar.status_code == 200
            assert [o for o in s.ord if o in svar.text] == [], adresse
        varsel = db.session.scalars(
            sa.select(Varsel).where(
                Varsel.person_id == scene.spesialist2.person_id, Varsel.kode == tekster.NY
            )
        ).one()
        aapnet = klient.post(f"/varsler/{varsel.id}/aapne")
        assert (aapnet.status_code, aapnet.headers["Location"]) == (303, f"/henvendelser/{sak}")
        borte = klient.get(aapnet.headers["Location"])
        assert borte.status_code == 404 and [o for o in s.ord if o in borte.text] == []


def test_den_som_kvitterer_ser_bare_varselet(scene: Scene, klient: FlaskClient) -> None:
    """Whoever has the link of an e-mail is told its title, and where to log in for the rest."""
    s = Sak(scene)
    with kl(0):
        s.send()
        db.session.rollback()
        brev = db.session.scalars(
            sa.select(Utsending).where(Utsending.kanal == Kanal.EPOST, Utsending.til.startswith("person"))
        ).all()
        funnet = [m[1] for u in brev if (m := re.search(r"/kvitter/(\S+)", u.tekst))]
        assert funnet
        for token in funnet:
            side = klient.get(f"/kvitter/{token}")
            assert side.status_code == 200 and kvittering.hent_kvittering(token).tittel in side.text
            assert [o for o in s.ord if o in side.text] == []


@pytest.mark.parametrize("fil", sorted((PORTAL / "henvendelser").rglob("*.py")), ids=lambda f: f.name)
def test_saker_fortelles_bare_om_der_det_er_proevd(fil: Any) -> None:
    """No other file of the room that knows the texts tells anybody anything outside the portal."""
    kalt = {
        (n.func.attr if isinstance(n.func, ast.Attribute) else getattr(n.func, "id", ""))
        for n in ast.walk(ast.parse(fil.read_text()))
        if isinstance(n, ast.Call)
    }
    forteller = bool(kalt & {"varsle", "varsle_alle", "send_epost", "si_fra_til_koordinator", "fortell"})
    assert forteller == (fil.relative_to(PORTAL / "henvendelser").as_posix() in FORTELLER), fil
