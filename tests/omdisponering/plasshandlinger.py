"""What the people at the units with beds can do, each as an `Akt` that has not been done yet (see `handlinger.py`)."""

from __future__ import annotations

from functools import partial
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.db import db
from portal.omdisponering import steps
from portal.omdisponering.forloep import Status
from portal.omdisponering.models import Omdisponering
from portal.plasser import steps as plassteg
from portal.plasser.forloep import Holdstatus, Stengtgrunn, Tilstand
from portal.plasser.models import Opphold, Plass, Reservasjon
from portal.plasser.service import drift, forvaltning, reservasjoner
from tests.omdisponering.modell import JA, NEI, Akt, Livet, Plassted
from tests.plasser.hjelp import les_plasser


class Plasshandlingene(Livet):
    """The beds are held, filled, staffed by hand, closed and retired."""

    def paa_vei(self, omd: Omdisponering | None = None) -> Akt | None:
        """Somebody is on the way to a bed that borrowed staff keeps open."""
        omder = [omd] if omd else self._i(Status.IVERKSATT)
        ledige = [
            p
            for omd in omder
            for p in plassteg.laant(steps.gjelder(omd.id))
            if p.laan == "inn" and p.tilstand == "ledig"
        ]
        if not ledige:
            return None
        plass = self.valg.choice(ledige)
        return self.reserver(next(s for s in self.steder if s.id == plass.plassenhet_id), plass.id)

    def _sted(self) -> Plassted:
        """More often than not one where staff is lent or borrowed."""
        laante = [s for s in self.steder if any(p.laan for p in les_plasser(s.id))]
        return self.valg.choice(laante if laante and self.valg.random() < 0.7 else self.steder)

    def _plass(self, sted: Plassted, plass_id: UUID | None, *tilstand: str) -> Plass | None:
        plasser = les_plasser(sted.id)
        if plass_id is not None:
            return next((p for p in plasser if p.id == plass_id), None)
        rette = [p for p in plasser if not tilstand or p.tilstand in tilstand]
        return self.valg.choice(rette or plasser) if plasser else None

    def reserver(self, sted: Plassted | None = None, plass_id: UUID | None = None) -> Akt | None:
        sted = sted or self._sted()
        plass = self._plass(sted, plass_id, Tilstand.LEDIG)
        if plass is None:
            return None
        return Akt(
            "reserver",
            partial(
                reservasjoner.reserver,
                self.valg.choice(sted.pleiere),
                sted.id,
                klient_id=uuid4(),
                plass_id=plass.id,
                over_kvote=True,
            ),
            spor=("plasser.reservert",),
            gir=self.hold.append,
        )

    def svar_paa_hold(self, sted: Plassted | None = None, _plass_id: UUID | None = None) -> Akt | None:
        aktive = [
            h
            for h in db.session.scalars(
                sa.select(Reservasjon)
                .where(Reservasjon.id.in_(self.hold), Reservasjon.status == Holdstatus.AKTIV)
                .order_by(Reservasjon.opprettet, Reservasjon.id)
            )
            if sted is None or h.plassenhet_id == sted.id
        ]
        if not aktive:
            return None
        hold = self.valg.choice(aktive)
        hvem = self.valg.choice(next(s for s in self.steder if s.id == hold.plassenhet_id).pleiere)
        if self.valg.random() < 0.5:
            return Akt(
                "frigi", partial(reservasjoner.frigi, hvem, hold.id), spor=("plasser.frigitt",), om=hold.id
            )
        return Akt(
            "legg inn fra hold",
            partial(drift.legg_inn, hvem, hold.plassenhet_id, reservasjon_id=hold.id),
            spor=("plasser.innlagt",),
            gir=self.opphold.append,
        )

    def legg_inn(self, sted: Plassted | None = None, plass_id: UUID | None = None) -> Akt | None:
        sted = sted or self._sted()
        plass = self._plass(sted, plass_id, Tilstand.LEDIG)
        if plass is None:
            return None
        hvem, kommune = self.valg.choice(sted.pleiere), sted.org.id
        return Akt(
            "legg inn",
            partial(drift.legg_inn, hvem, sted.id, plass_id=plass.id, kommune_id=kommune),
            spor=("plasser.innlagt",),
            gir=self.opphold.append,
        )

    def skriv_ut(self) -> Akt | None:
        aapne = db.session.scalars(
            sa.select(Opphold)
            .where(Opphold.id.in_(self.opphold), Opphold.ut.is_(None))
            .order_by(Opphold.inn, Opphold.id)
        ).all()
        if not aapne:
            return None
        o = self.valg.choice(aapne)
        hvem = self.valg.choice(next(s for s in self.steder if s.id == o.plassenhet_id).pleiere)
        return Akt(
            "skriv ut",
            partial(drift.skriv_ut, hvem, o.id, rengjoeres=self.valg.random() < 0.5),
            spor=("plasser.utskrevet",),
            om=o.id,
        )

    def bemann(self, sted: Plassted | None = None, plass_id: UUID | None = None) -> Akt | None:
        sted = sted or self._sted()
        plass = self._plass(sted, plass_id)
        if plass is None:
            return None
        id_, ny = plass.id, self.valg.random() < 0.4
        if plass_id is not None:
            # One who clicks wants something changed.
            ny = not plass.bemannet if self.valg.random() < 0.8 else plass.bemannet

        def kan() -> str:
            rad = db.session.get_one(Plass, id_, populate_existing=True)
            loeper = db.session.scalar(
                sa.select(
                    sa.exists().where(
                        Reservasjon.plass_id == id_,
                        Reservasjon.status == Holdstatus.AKTIV,
                        Reservasjon.utloeper > self.tid,
                    )
                )
            )
            if rad.nedlagt or (loeper and not ny):
                return NEI
            # A loan stands in the way: of one that has ended, only until the hold is over.
            laan = rad.laan and (rad.laan_slutt is None or loeper)
            return "UgyldigOvergang" if laan and ny != rad.bemannet else JA

        return Akt(
            "bemann",
            partial(drift.bemann, self.valg.choice(sted.pleiere), sted.id, id_, bemannet=ny),
            spor=("plasser.bemannet",),
            om=id_,
            ventet=kan,
        )

    def sett_tilstand(self, sted: Plassted | None = None, plass_id: UUID | None = None) -> Akt | None:
        sted = sted or self._sted()
        plass = self._plass(sted, plass_id, Tilstand.LEDIG, Tilstand.RENGJOERES, Tilstand.STENGT)
        if plass is None:
            return None
        til = self.valg.choice((Tilstand.LEDIG, Tilstand.RENGJOERES, Tilstand.STENGT))
        grunn = self.valg.choice((Stengtgrunn.PERSONELL, Stengtgrunn.ROM)) if til == Tilstand.STENGT else None
        return Akt(
            "sett tilstand",
            partial(
                drift.sett_tilstand,
                self.valg.choice(sted.pleiere),
                sted.id,
                plass.id,
                tilstand=til,
                grunn=grunn,
            ),
            spor=("plasser.tilstand",),
            om=plass.id,
        )

    def legg_ned_plass(self, sted: Plassted | None = None, plass_id: UUID | None = None) -> Akt | None:
        sted = sted or self._sted()
        plasser = les_plasser(sted.id)
        if len(plasser) < 3:
            return None
        laante = [p for p in plasser if p.laan]
        plass = self._plass(sted, plass_id) if plass_id else self.valg.choice(laante or plasser)
        assert plass is not None
        return Akt(
            "legg ned",
            partial(forvaltning.nedlegg_plass, sted.koor, sted.id, plass.id),
            spor=("plasser.plass_nedlagt",),
            om=plass.id,
        )
