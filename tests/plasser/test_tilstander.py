"""Random sequences of all that can be done with beds, by random people, against a simple model (`modell.py`).

Whatever the model refuses, the portal refuses and leaves no trace of; whatever it allows, the portal does, and tells it
once. After each act the rows read as the model says, and what must always hold is asked of the rows alone: the counts
are the beds, the history played again gives the beds and the stays, and a board with its changes is the board.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from random import Random
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now, som_om
from portal.core.db import db
from portal.core.errors import IkkeFunnet, IkkeTilgang, PortalError
from portal.plasser import steps
from portal.plasser.forloep import Avslagsgrunn, Holdstatus, Stengtgrunn, Tilstand
from portal.plasser.historikk import Plassendring
from portal.plasser.models import Avslag, Opphold, Plass, Plassenhet, Plasstall, Reservasjon
from portal.plasser.service import drift, forvaltning, reservasjoner, tavle
from portal.revisjon.models import Revisjon
from tests.bygg import Opptak, Scene, lag_aktor, lag_enhet, lag_kommune
from tests.plasser import modell
from tests.plasser.modell import AVSLAG, JA, NEI, Folk, Modell, samlet

KOMMUNER = ("nord", "soer", "vest")
#: Two units: one that nord hosts with room for soer, one that soer hosts alone.
ENHETER = {"fjord": "nord", "vidda": "soer"}
KOOR = modell.KOORDINATOR
FOLK = [
    Folk("fjord-lege", "nord", "lege_kommune", "fjord"),
    Folk("fjord-spl", "nord", "helsepersonell", "fjord"),
    Folk("vidda-spl", "soer", "helsepersonell", "vidda"),
    Folk("nord-lege", "nord", "lege_kommune", "legevakta"),
    Folk("soer-lege", "soer", "lege_kommune"),
    Folk("vest-overlege", "vest", "kommuneoverlege"),
    Folk("nord-koor", "nord", KOOR),
    Folk("soer-koor", "soer", KOOR),
    Folk("vest-koor", "vest", KOOR),
    Folk("spesialist", "hf", "spesialist"),
]
HVEM = (*FOLK[:3] * 3, *FOLK)
KOORDINATORER = (*[f for f in FOLK if f.rolle == KOOR] * 3, *FOLK)
EVNER = (0, 0, 0, 0, 0, 0, 1, 2, 3)
#: When something happened that is told of now: minutes ago; below 0: it has not.
SIDEN = (0, 0, 0, 0, 10, 45, 200, -5)
GRUNNER = (*Stengtgrunn, *Stengtgrunn, None)
STRAKS = (True, True, True, True, False)
BEGGE = (True, False)
FJORD = ("fjord", "fjord", "vidda")
TILSTANDER = ("ledig", "ledig", "ledig", "rengjoeres", "stengt", "stengt", "holdt", "belagt")
#: {act: (how often, {argument: its values})}. Drawn here and not as rules of their own: Hypothesis would leave out some
#: kinds of act from each sequence, and without holds most of the others come to nothing.
HANDLINGER: dict[str, tuple[int, dict[str, Sequence[Any]]]] = {
    "reserver": (
        7,
        {"hvem": HVEM, "enhet": FJORD, "evner": EVNER, "over_kvote": STRAKS, "igjen": (*[False] * 6, True)},
    ),
    "svar_paa_hold": (4, {"hvem": HVEM, "slag": ("forleng", "forleng", "frigi", "avvis")}),
    "legg_inn_fra_hold": (4, {"hvem": HVEM, "siden": SIDEN}),
    "legg_inn": (3, {"hvem": HVEM, "siden": SIDEN, "fersk": STRAKS}),
    "skriv_ut": (5, {"hvem": HVEM, "siden": SIDEN, "rengjoeres": BEGGE, "fersk": STRAKS}),
    "sett_tilstand": (6, {"hvem": HVEM, "tilstand": TILSTANDER, "grunn": GRUNNER, "fersk": STRAKS}),
    "bemann": (2, {"hvem": HVEM, "bemannet": BEGGE, "fersk": STRAKS}),
    "ingen_endring": (2, {"hvem": HVEM, "enhet": FJORD}),
    "ny_seng": (2, {"hvem": KOORDINATORER, "evner": EVNER, "normert": BEGGE, "bemannet": STRAKS}),
    "endre_seng": (2, {"hvem": KOORDINATORER, "evner": EVNER, "normert": BEGGE, "fersk": STRAKS}),
    "nedlegg_seng": (2, {"hvem": KOORDINATORER}),
    "nye_kvoter": (2, {"hvem": KOORDINATORER, "enhet": FJORD, "med_vert": STRAKS, "fersk": STRAKS}),
    "nedlegg": (1, {"hvem": KOORDINATORER, "enhet": ("vidda", "vidda", "vidda", "fjord")}),
    "tiden_gaar": (4, {"minutter": (1, 10, 10, 60, 119, 120, 121, 300), "arbeider": BEGGE}),
}


class Verden:
    """The people of the house, made once: each sequence has units of its own."""

    def __init__(self, scene: Scene, opptak: Opptak) -> None:
        self.scene, self.opptak = scene, opptak
        self.org = {"nord": scene.kommune, "soer": scene.annen_kommune, "vest": lag_kommune("Vestkommunen")}
        self.navn = {o.id: n for n, o in self.org.items()}
        self.utfall: Counter[str] = Counter()


class Plassenes(RuleBasedStateMachine):
    """A life of two units."""

    verden: Verden

    @property
    def tid(self) -> datetime:
        return self.klokka(self.m.tid)

    def klokka(self, minutt: int) -> datetime:
        return self.start + timedelta(minutes=minutt)

    @initialize(valg=st.randoms(use_true_random=True), antall=st.integers(1, 4), kvote=st.integers(0, 2))
    def begynn(self, valg: Random, antall: int, kvote: int) -> None:
        v, self.valg = self.verden, valg
        self.start = now().replace(microsecond=0)
        hus = {n: lag_enhet(v.org[vert], "oehd_enhet") for n, vert in ENHETER.items()}
        hus["legevakta"] = v.scene.enhet
        self.folk: dict[str, Aktor] = {
            f.navn: lag_aktor(
                Rolle(f.rolle), v.org.get(f.org, v.scene.hf), hus[f.enhet] if f.enhet else None, navn=f.navn
            )
            for f in FOLK
        }
        self.m = Modell([modell.Enhet(n, vert, {}) for n, vert in ENHETER.items()])
        self.id: dict[str, UUID] = {}
        #: What the board said of these units at each of its versions since they were made.
        self.tavler: dict[int, dict[str, Any]] = {}
        with som_om(self.tid):
            for e, plasser in zip(self.m.enheter.values(), (antall, 1), strict=True):
                koor = self.folk[f"{e.vert}-koor"]
                self.id[e.navn] = forvaltning.opprett(
                    koor, hus[e.navn].id, legedekning="doegn", plasser=plasser
                )
                e.kvoter = {e.vert: plasser}
                for p in steps.i_bruk(self.id[e.navn]):
                    e.senger.append(modell.Seng(e, p.rekkefoelge, 0, id=p.id))
        self.enhetsnavn = {id_: n for n, id_ in self.id.items()}
        fjord = self.m.enheter["fjord"]
        nord, andre = FOLK[6], min(kvote, antall)
        self.sett_kvoter(nord, fjord, {"nord": antall - andre, "soer": andre})
        for s in fjord.senger[: valg.choice([1, 9, 9])]:
            self.sett(FOLK[0], s, "ledig", None)
        self.sjekk()

    def _spor(self) -> tuple[Any, ...]:
        """What an act that is refused must leave as it was."""

        def antall(tabell: Any, *hvor: Any) -> sa.ScalarSelect[int]:
            return sa.select(sa.func.count()).select_from(tabell).where(*hvor).scalar_subquery()

        db.session.rollback()
        svar = db.session.execute(
            sa.select(
                # Those of the clock beside it are judged by `sjekk`.
                antall(Revisjon, Revisjon.utfall == "ok", Revisjon.handling != "plasser.utloept"),
                antall(Revisjon, Revisjon.utfall == "avslag"),
                antall(Plassendring),
                antall(Reservasjon),
                antall(Opphold),
            )
        ).one()
        return (*svar, tavle.versjon(), len(self.verden.opptak.hendelser))

    def _gjoer(
        self, hva: str, hvem: Folk, ventet: str, gjoer: Callable[[Aktor], Any], *, nytt: bool = True
    ) -> Any:
        """Does it, at the time of the model; it must go as the model says. `nytt`: it changes something."""
        foer, svar, feil = self._spor(), None, None
        with som_om(self.tid):
            try:
                svar = gjoer(self.folk[hvem.navn])
            except PortalError as e:
                feil = e
        etter = self._spor()
        nektet = etter[1] - foer[1]
        gikk = JA if feil is None else AVSLAG if nektet else NEI
        self.verden.utfall[f"{hva} {gikk}"] += 1
        grunn = f"{feil.kode}: {feil.melding}" if feil else "ja"
        assert gikk == ventet, f"{hva} av {hvem.navn}: modellen sier {ventet}, portalen {grunn}"
        if gikk == JA and nytt:
            assert (etter[0] - foer[0], nektet, etter[5] - foer[5]) == (1, 0, 1), hva
            nye = self.verden.opptak.hendelser[foer[6] :]
            tavler = [d for n, d in nye if n == "plasser.endret"]
            assert [d["versjon"] for d in tavler] == [etter[5]], nye
            assert set(tavler[0]["enheter"]) <= {str(i) for i in self.id.values()}
        else:
            assert (*foer[:1], *foer[2:]) == (*etter[:1], *etter[2:]), f"{hva} etterlot noe"
            assert nektet == (gikk == AVSLAG)
            assert gikk != AVSLAG or isinstance(feil, IkkeTilgang | IkkeFunnet)
        return svar

    # --- what there is to choose from ---

    def _senger(self) -> list[modell.Seng]:
        """Those in use, and now and then one that was taken out."""
        alle = [s for e in self.m.enheter.values() for s in e.senger]
        borte = [s for s in alle if s.nedlagt]
        return borte if borte and not self.valg.randrange(8) else [s for s in alle if not s.nedlagt] or borte

    def _versjon(self, tabell: Any, id_: UUID | None, fersk: bool) -> int:
        db.session.rollback()
        naa = db.session.scalar(sa.select(tabell.versjon).where(tabell.id == id_)) or 1
        return int(naa) if fersk else int(naa) - 1

    def _deres(self, hvem: Folk, e: modell.Enhet) -> Folk:
        """Mostly one whose act it is: else most of a sequence is refusals."""
        return self.valg.choice([*(f for f in FOLK if self.m.driver(f, e)), hvem, hvem])

    @rule()
    def steg(self) -> None:
        hva = self.valg.choices(list(HANDLINGER), [ofte for ofte, _ in HANDLINGER.values()])[0]
        mangler = {"skriv_ut": self.m.opphold, "svar_paa_hold": self.m.hold, "legg_inn_fra_hold": self.m.hold}
        if not mangler.get(hva, True):
            hva = "reserver"
        getattr(self, hva)(**{k: self.valg.choice(v) for k, v in HANDLINGER[hva][1].items()})

    def _forvalter(self, hvem: Folk, e: modell.Enhet) -> Folk:
        return self.valg.choice([*[f for f in FOLK if self.m.forvalter(f, e)] * 2, hvem])

    # --- holds ---

    def reserver(self, hvem: Folk, enhet: str, evner: int, over_kvote: bool, igjen: bool) -> None:
        m, e = self.m, self.m.enheter[enhet]
        hvem = self.valg.choice([*[f for f in FOLK if m.kan_reservere(f, e)] * 2, hvem])
        seng = self.valg.choice([None] * 6 + e.senger)
        kommune = self.valg.choice([None] * 6 + list(KOMMUNER))
        gamle = [h.klient for h in m.hold if h.org == hvem.org]
        klient = self.valg.choice(gamle) if igjen and gamle else uuid4()
        kjent = m.kjent(hvem, klient)
        ventet, hold = m.reserver(
            hvem, e, klient=klient, seng=seng, evner=evner, kommune=kommune, over_kvote=over_kvote
        )
        svar = self._gjoer(
            "reserver",
            hvem,
            ventet,
            lambda a: reservasjoner.reserver(
                a,
                self.id[enhet],
                klient_id=klient,
                kommune_id=self.verden.org[kommune].id if kommune else None,
                plass_id=seng.id if seng else None,
                evner=evner,
                over_kvote=over_kvote,
            ),
            nytt=kjent is None,
        )
        if hold is not None:
            assert hold.id in (None, svar)
            hold.id = svar
        self.sjekk()

    def _et_hold(self) -> modell.Hold:
        loepende = [h for h in self.m.hold if h.status == "aktiv"]
        return self.valg.choice(loepende if loepende and self.valg.randrange(4) else self.m.hold)

    def svar_paa_hold(self, hvem: Folk, slag: str) -> None:
        self._svar_paa_hold(hvem, slag, 0)

    def legg_inn_fra_hold(self, hvem: Folk, siden: int) -> None:
        self._svar_paa_hold(hvem, "legg inn", siden)

    def _svar_paa_hold(self, hvem: Folk, slag: str, siden: int) -> None:
        m, h = self.m, self._et_hold()
        hvem = self._deres(hvem, h.seng.enhet)
        assert h.id is not None
        id_ = h.id
        if slag == "forleng":
            self._gjoer(slag, hvem, m.forleng(hvem, h), lambda a: reservasjoner.forleng(a, id_))
        elif slag == "frigi":
            self._gjoer(slag, hvem, m.frigi(hvem, h), lambda a: reservasjoner.frigi(a, id_))
        elif slag == "avvis":
            self._gjoer(
                slag, hvem, m.avvis(hvem, h), lambda a: drift.avvis(a, id_, grunn=Avslagsgrunn.KRITERIER)
            )
        else:
            inn = m.tid - siden
            ventet, opphold = m.legg_inn_fra(hvem, h, inn)
            svar = self._gjoer(
                "legg inn fra hold",
                hvem,
                ventet,
                lambda a: drift.legg_inn(
                    a, self.id[h.seng.enhet.navn], reservasjon_id=id_, inn=self.klokka(inn)
                ),
            )
            if opphold is not None:
                opphold.id = svar
        self.sjekk()

    # --- stays and beds ---

    def legg_inn(self, hvem: Folk, siden: int, fersk: bool) -> None:
        s = self.valg.choice(self._senger())
        hvem, inn = self._deres(hvem, s.enhet), self.m.tid - siden
        kommune = self.valg.choice([*list(s.enhet.kvoter) * 3, *KOMMUNER])
        lest = self._versjon(Plass, s.id, fersk)
        ventet, opphold = self.m.legg_inn(hvem, s, kommune, inn, fersk=fersk)
        svar = self._gjoer(
            "legg inn",
            hvem,
            ventet,
            lambda a: drift.legg_inn(
                a,
                self.id[s.enhet.navn],
                plass_id=s.id,
                kommune_id=self.verden.org[kommune].id,
                inn=self.klokka(inn),
                lest=lest,
                aldersgruppe="67-79",
            ),
        )
        if opphold is not None:
            opphold.id = svar
        self.sjekk()

    def skriv_ut(self, hvem: Folk, siden: int, rengjoeres: bool, fersk: bool) -> None:
        ligger = [o for o in self.m.opphold if o.ut is None]
        o = self.valg.choice(ligger if ligger and self.valg.randrange(4) else self.m.opphold)
        hvem, ut = self._deres(hvem, o.seng.enhet), self.m.tid - siden
        assert o.id is not None
        id_, lest = o.id, self._versjon(Opphold, o.id, fersk)
        self._gjoer(
            "skriv ut",
            hvem,
            self.m.skriv_ut(hvem, o, ut, rengjoeres=rengjoeres, fersk=fersk),
            lambda a: drift.skriv_ut(a, id_, ut=self.klokka(ut), rengjoeres=rengjoeres, lest=lest),
        )
        self.sjekk()

    def sett_tilstand(self, hvem: Folk, tilstand: str, grunn: Stengtgrunn | None, fersk: bool) -> None:
        s = self.valg.choice(self._senger())
        if tilstand != "stengt":
            grunn = self.valg.choice([None] * 9 + [grunn])
        self.sett(self._deres(hvem, s.enhet), s, tilstand, grunn, fersk=fersk)
        self.sjekk()

    def sett(
        self, hvem: Folk, s: modell.Seng, tilstand: str, grunn: Stengtgrunn | None, *, fersk: bool = True
    ) -> None:
        assert s.id is not None
        id_, lest = s.id, self._versjon(Plass, s.id, fersk)
        self._gjoer(
            f"sett {tilstand}",
            hvem,
            self.m.sett(hvem, s, tilstand, str(grunn or ""), fersk=fersk),
            lambda a: drift.sett_tilstand(
                a, self.id[s.enhet.navn], id_, tilstand=Tilstand(tilstand), grunn=grunn, lest=lest
            ),
        )

    def bemann(self, hvem: Folk, bemannet: bool, fersk: bool) -> None:
        s = self.valg.choice(self._senger())
        assert s.id is not None
        hvem, id_, lest = self._deres(hvem, s.enhet), s.id, self._versjon(Plass, s.id, fersk)
        self._gjoer(
            "bemann",
            hvem,
            self.m.bemann(hvem, s, bemannet, fersk=fersk),
            lambda a: drift.bemann(a, self.id[s.enhet.navn], id_, bemannet=bemannet, lest=lest),
        )
        self.sjekk()

    def ingen_endring(self, hvem: Folk, enhet: str) -> None:
        hvem = self._deres(hvem, self.m.enheter[enhet])
        ventet = self.m.ingen_endring(hvem, self.m.enheter[enhet])
        self._gjoer("ingen endring", hvem, ventet, lambda a: drift.ingen_endring(a, self.id[enhet]))
        self.sjekk()

    # --- the unit ---

    def ny_seng(self, hvem: Folk, evner: int, normert: bool, bemannet: bool) -> None:
        e = self.valg.choice(
            [x for x in self.m.enheter.values() if not x.nedlagt] * 8 + list(self.m.enheter.values())
        )
        ventet, s = self.m.ny_seng(hvem, e, evner=evner, normert=normert, bemannet=bemannet)
        svar = self._gjoer(
            "ny plass",
            hvem,
            ventet,
            lambda a: forvaltning.legg_til_plass(
                a, self.id[e.navn], navn=f"Ny {uuid4().hex}", normert=normert, bemannet=bemannet, evner=evner
            ),
        )
        if s is not None:
            s.id = svar
        self.sjekk()

    def endre_seng(self, hvem: Folk, evner: int, normert: bool, fersk: bool) -> None:
        s = self.valg.choice(self._senger())
        assert s.id is not None
        id_, lest = s.id, self._versjon(Plass, s.id, fersk)
        hvem = self._forvalter(hvem, s.enhet)
        ventet = self.m.endre_seng(hvem, s, evner=evner, normert=normert, fersk=fersk)
        self._gjoer(
            "endre plass",
            hvem,
            ventet,
            lambda a: forvaltning.endre_plass(
                a, self.id[s.enhet.navn], id_, lest=lest, navn=f"Seng {id_.hex}", normert=normert, evner=evner
            ),
        )
        self.sjekk()

    def nedlegg_seng(self, hvem: Folk) -> None:
        s = self.valg.choice(self._senger())
        assert s.id is not None
        hvem = self._forvalter(hvem, s.enhet)
        id_, ventet = s.id, self.m.nedlegg_seng(hvem, s)
        self._gjoer(
            "legg ned plass",
            hvem,
            ventet,
            lambda a: forvaltning.nedlegg_plass(a, self.id[s.enhet.navn], id_),
        )
        self.sjekk()

    def nye_kvoter(self, hvem: Folk, enhet: str, med_vert: bool, fersk: bool) -> None:
        e, valg = self.m.enheter[enhet], self.valg
        hvem = self._forvalter(hvem, e)
        kvoter = {
            k: valg.choice([0, 0, 0, 0, 1, 1, 2, -1]) for k in valg.sample(KOMMUNER, valg.randint(1, 3))
        }
        self.sett_kvoter(hvem, e, {e.vert: 0, **kvoter} if med_vert else kvoter, fersk=fersk)
        self.sjekk()

    def sett_kvoter(self, hvem: Folk, e: modell.Enhet, kvoter: dict[str, int], *, fersk: bool = True) -> None:
        with som_om(self.tid):
            lest = forvaltning.kvotelest(steps.medlemmer(self.id[e.navn])) if fersk else "gammelt"
        self._gjoer(
            "kvoter",
            hvem,
            self.m.sett_kvoter(hvem, e, kvoter, fersk=fersk),
            lambda a: forvaltning.sett_kvoter(
                a,
                self.id[e.navn],
                {self.verden.org[k].id: n for k, n in kvoter.items()},
                lest=lest,
                bekreftet=True,
            ),
        )

    def nedlegg(self, hvem: Folk, enhet: str) -> None:
        ventet = self.m.nedlegg(hvem, self.m.enheter[enhet])
        self._gjoer("legg ned enhet", hvem, ventet, lambda a: forvaltning.nedlegg(a, self.id[enhet]))
        self.sjekk()

    # --- time, and the worker ---

    def tiden_gaar(self, minutter: int, arbeider: bool) -> None:
        """The worker may be asleep: what a hold is worth is read from the clock."""
        self.m.tid += minutter
        if arbeider:
            self._arbeideren_gaar()
        self.sjekk()

    def _arbeideren_gaar(self) -> None:
        foer = len(self.verden.opptak.hendelser)
        berort = {str(self.id[e.navn]) for e in self.m.enheter.values() if self.m.loes_ut(e)}
        with som_om(self.tid):
            reservasjoner.loes_ut_forfalte()
        self.verden.utfall["arbeider " + (JA if berort else NEI)] += 1
        # Holds of earlier sequences may run out at the same time.
        meldt = [d["enheter"] for n, d in self.verden.opptak.hendelser[foer:] if n == "plasser.endret"]
        mine = {str(i) for i in self.id.values()}
        assert sorted(e for enheter in meldt for e in enheter if e in mine) == sorted(berort)

    # --- how it is ---

    def sjekk(self) -> None:
        """The rows read as the model says, and keep what they promise whatever it says."""
        db.session.rollback()
        db.session.expire_all()
        with som_om(self.tid):
            mine = list(self.id.values())
            plasser = db.session.scalars(sa.select(Plass).where(Plass.plassenhet_id.in_(mine))).all()
            hold = db.session.scalars(sa.select(Reservasjon).where(Reservasjon.plassenhet_id.in_(mine))).all()
            opphold = db.session.scalars(sa.select(Opphold).where(Opphold.plassenhet_id.in_(mine))).all()
            self._som_modellen(plasser, hold, opphold)
            utloept = sa.select(Revisjon.objekt_id).where(Revisjon.handling == "plasser.utloept")
            egne = {str(r.id): r.status for r in hold}
            assert sorted(i for i in db.session.scalars(utloept) if i in egne) == sorted(
                i for i, status in egne.items() if status == "utloept"
            )
            self._enhetene(plasser)
            self._en_om_hver(plasser, hold, opphold)
            self._historien(plasser, opphold)
            self._tavla()

    def _som_modellen(self, plasser: Any, hold: Any, opphold: Any) -> None:
        m, navn = self.m, self.verden.navn
        assert {
            p.id: (p.tilstand, p.stengt_grunn, p.bemannet, p.normert, p.evner, bool(p.nedlagt))
            for p in plasser
        } == {
            s.id: (s.tilstand, s.grunn, s.bemannet, s.normert, s.evner, s.nedlagt)
            for e in m.enheter.values()
            for s in e.senger
        }
        assert {
            r.id: (r.plass_id, r.status, navn[r.kommune_id], r.utloeper, bool(r.forlenget)) for r in hold
        } == {h.id: (h.seng.id, h.status, h.kommune, self.klokka(h.utloeper), h.forlenget) for h in m.hold}
        assert {o.id: (o.plass_id, navn[o.kommune_id], o.inn, o.ut) for o in opphold} == {
            o.id: (o.seng.id, o.kommune, self.klokka(o.inn), None if o.ut is None else self.klokka(o.ut))
            for o in m.opphold
        }

    def _enhetene(self, plasser: Any) -> None:
        for e in self.m.enheter.values():
            id_ = self.id[e.navn]
            rad, tall = db.session.get_one(Plassenhet, id_), db.session.get_one(Plasstall, id_)
            kvoter = {self.verden.navn[x.kommune_id]: x.kvote for x in steps.medlemmer(id_)}
            bekreftet = None if e.bekreftet is None else self.klokka(e.bekreftet)
            assert (kvoter, rad.bekreftet, bool(rad.nedlagt)) == (e.kvoter, bekreftet, e.nedlagt)
            assert {k: getattr(tall, k) for k in self.m.tall(e)} == self.m.tall(e)
            egne = [p for p in plasser if p.plassenhet_id == id_ and p.nedlagt is None]
            assert (tall.antall, tall.normert, tall.bemannet) == (
                len(egne),
                sum(p.normert for p in egne),
                sum(p.bemannet for p in egne),
            )
            ledige = Counter(str(p.evner) for p in egne if p.tilstand == "ledig" and p.bemannet)
            assert tall.ledige_evner == ledige
            avslag = sa.select(sa.func.count()).select_from(Avslag).where(Avslag.plassenhet_id == id_)
            assert db.session.scalar(avslag) == self.m.avslag(e)

    def _en_om_hver(self, plasser: Any, hold: Any, opphold: Any) -> None:
        """Held: one hold, and occupied: one stay. Asked of the rows alone."""
        holdt = Counter(r.plass_id for r in hold if r.status == Holdstatus.AKTIV)
        ligger = Counter(o.plass_id for o in opphold if o.ut is None)
        for p in plasser:
            assert (p.tilstand == "holdt", p.tilstand == "belagt") == (holdt[p.id] == 1, ligger[p.id] == 1)
        assert max([*holdt.values(), *ligger.values()], default=0) <= 1

    def _historien(self, plasser: Any, opphold: Any) -> None:
        """Played again, it ends in the beds as they are, and who lay when is what the stays say."""
        rader = db.session.scalars(
            sa.select(Plassendring)
            .where(Plassendring.plassenhet_id.in_(self.id.values()), Plassendring.rettet.is_(None))
            .order_by(Plassendring.plass_id, Plassendring.tidspunkt, Plassendring.nr)
        ).all()
        for plass_id, gruppe in groupby(rader, lambda r: r.plass_id):
            egne, p = list(gruppe), next(p for p in plasser if p.id == plass_id)
            sist = egne[-1]
            naa = "nedlagt" if p.nedlagt else p.tilstand
            assert (sist.tilstand, sist.stengt_grunn, sist.bemannet) == (naa, p.stengt_grunn, p.bemannet)
            ender = [r.tidspunkt for r in egne[1:]] + [None]
            laa = [(r.tidspunkt, til) for r, til in zip(egne, ender, strict=True) if r.tilstand == "belagt"]
            sagt = [(max(o.inn, p.opprettet), o.ut) for o in opphold if o.plass_id == plass_id]
            assert samlet(laa) == samlet(sagt), f"historien sier {laa}, oppholdene {sagt}"
        assert {r.plass_id for r in rader} == {p.id for p in plasser}

    def _tavla(self) -> None:
        """The whole board is any earlier one with the changes since."""
        mine = [str(i) for i in self.id.values()]
        naa = {r["id"]: r for r in tavle.rader(Plassenhet.id.in_(self.id.values())) if not r["nedlagt"]}
        leser = self.folk["spesialist"]
        for gammel in {min(self.tavler, default=0), max(self.tavler, default=0)} - {0}:
            delta = tavle.hent_tavle(leser, gammel)
            brett = dict(self.tavler[gammel])
            for r in delta["enheter"]:
                if r["id"] in mine:
                    brett[r["id"]] = r
            vist = {i: r for i, r in brett.items() if not r["nedlagt"]}
            ulike = {
                i: {k: (x, naa[i][k]) for k, x in r.items() if naa[i][k] != x}
                for i, r in vist.items()
                if i in naa
            }
            assert vist.keys() == naa.keys() and not any(ulike.values()), (gammel, ulike)
        self.tavler[tavle.versjon()] = naa


def test_tilfeldige_forloep(scene: Scene, opptak: Opptak) -> None:
    verden = Verden(scene, opptak)
    run_state_machine_as_test(
        type("Forloep", (Plassenes,), {"verden": verden}),
        settings=settings(
            max_examples=30,
            stateful_step_count=24,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            # Sequences this long take minutes to make shorter, and the act that went wrong says enough.
            phases=[Phase.generate],
        ),
    )
    # The sequences reach what they are for: a model that allowed nothing would agree with a portal that did nothing.
    for hva in (
        *("reserver", "forleng", "frigi", "avvis", "legg inn fra hold", "legg inn", "skriv ut", "bemann"),
        *("sett ledig", "sett rengjoeres", "sett stengt", "ingen endring", "legg ned enhet"),
        *("ny plass", "endre plass", "legg ned plass", "kvoter"),
    ):
        nei = verden.utfall[f"{hva} {AVSLAG}"] + verden.utfall[f"{hva} {NEI}"]
        assert min(verden.utfall[f"{hva} {JA}"], nei) > 0, (hva, dict(verden.utfall))
    assert verden.utfall["arbeider ja"] > 0, dict(verden.utfall)
