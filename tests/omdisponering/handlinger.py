"""What those of the world can do, each as an `Akt` that has not been done yet: drawn by chance, or about what is given.

Whether an act goes is reckoned from the rows, apart from how the portal does it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.core.aktor import Aktor
from portal.core.clock import oslo, som_om
from portal.core.db import db
from portal.omdisponering.forloep import KAN_ENDRES, LOVFELT, Samtykke, Slag, Status
from portal.omdisponering.models import Behov, Omdisponering, Omdisponeringslinje, Tilbud
from portal.omdisponering.ressursmodeller import Lokale, Ressursfravaer, Ressursperson, Vedtak
from portal.omdisponering.service import flyt, klokke, lokaler, ressurser, samtykke, utkast
from portal.omdisponering.service import vedtak as vedtaksbruk
from portal.plasser.service import reservasjoner
from tests.omdisponering.hjelp import LOV, lag_tilbud
from tests.omdisponering.modell import JA, NEI, UTEBLE, Akt, Avgiver, T, Ting
from tests.omdisponering.plasshandlinger import Plasshandlingene
from tests.plasser.hjelp import les_plasser

OPPTATT = "Opptatt"
OMD = "omdisponering."


class Handlingene(Plasshandlingene):
    """The acts. Who draws one gets None where there is nothing to do it with."""

    # --- needs, offers, drafts ---

    def nytt_behov(self) -> None:
        self.gjort = True
        with som_om(self.tid):
            self._behov(
                self.valg.choice(self.steder[1:]),
                self.valg.choice((Slag.PERSONELL, Slag.PERSONELL, Slag.LOKALE)),
            )

    def nytt_tilbud(self) -> None:
        self.gjort = True
        ting = self.valg.choice([*self.personer, *self.lokaler])
        hva = db.session.get(Ressursperson if ting.slag == Slag.PERSONELL else Lokale, ting.id)
        behov = db.session.get_one(Behov, self.valg.choice(self.behov))
        if hva is not None:
            with som_om(self.tid):
                lag_tilbud(hva, behov, rettet=self.valg.random() < 0.5, andel=self.valg.choice((50, 100)))

    def nytt_utkast(self, hvem: Ting | None = None) -> Akt | None:
        """By the lender from its register, or by the receiver from what is offered. `hvem`: of that one alone."""
        valg = self.valg
        db.session.rollback()
        alle = [db.session.get_one(Behov, i) for i in self.behov]
        aapne = [b for b in alle if b.til > self.tid and b.status == "aapent"]
        if hvem is not None:
            alle = aapne = [b for b in aapne if b.slag == hvem.slag]
            if not aapne:
                return None
        behov = valg.choice(aapne if aapne and valg.random() < 0.95 else alle)
        # Now and then somebody who is promised already, for the same hours.
        tatt = [
            li
            for omd in self._alle()
            for li in omd.linjer
            if li.opptar and li.til > self.tid and li.omdisponering.behov in aapne
        ]
        andres = valg.choice(tatt) if hvem is None and tatt and valg.random() < 0.3 else None
        behov = andres.omdisponering.behov if andres else behov
        sted = next(s for s in self.steder if s.org.id == behov.organisasjon_id)
        avgiver = valg.choice(
            [
                a
                for a in self.avgivere
                if (andres is None or a.org.id == andres.omdisponering.avgiver_id)
                and (hvem is None or a.org.id == hvem.org_id)
            ]
        )
        egne = [
            t
            for t in (self.personer if behov.slag == Slag.PERSONELL else self.lokaler)
            if t.org_id == avgiver.org.id and (hvem is None or t == hvem)
        ]
        if andres:
            egne = [t for t in egne if t.id in (andres.ressursperson_id, andres.lokale_id)]
        if not egne:
            return None
        av_mottaker = andres is None and hvem is None and valg.random() < 0.25
        linjer = []
        for t in valg.sample(egne, valg.randint(1, len(egne))):
            fra = andres.fra if andres else behov.fra + valg.choice((0, 0, 0, 2, 6)) * T
            til = andres.til if andres else min(behov.til, fra + valg.choice((4, 12, 100, 100)) * T)
            felt: dict[str, Any] = {
                "fra": fra,
                "til": til,
                "andel": valg.choice((20, 30, 50, 60, 60, 60, 100)),
            }
            if av_mottaker:
                tilbud = db.session.scalars(
                    sa.select(Tilbud.id)
                    .where(
                        (Tilbud.ressursperson_id if t.slag == Slag.PERSONELL else Tilbud.lokale_id) == t.id
                    )
                    .order_by(Tilbud.opprettet)
                ).first()
                if tilbud is None:
                    continue
                linjer.append(utkast.Ny(tilbud_id=tilbud))
            elif t.slag == Slag.LOKALE:
                linjer.append(utkast.Ny(lokale_id=t.id, **{**felt, "andel": 100}))
            else:
                linjer.append(
                    utkast.Ny(
                        ressursperson_id=t.id,
                        samtykket=valg.random() < 0.9,
                        beordret=valg.random() < 0.1,
                        **felt,
                    )
                )
        felter: dict[str, Any] = {k: v for k, v in LOV.items() if valg.random() < 0.98}
        felter["bestemmelse_id"] = avgiver.klausul[behov.organisasjon_id].id if valg.random() < 0.95 else None
        felter["aapnes"] = valg.choice((0, 1, 2, 4)) if behov.slag == Slag.PERSONELL else 0
        stenges = valg.choice((0, 1, 1, 2)) if avgiver is self.avgivere[1] and not av_mottaker else 0
        felter["stenges"] = stenges if behov.slag == Slag.PERSONELL else 0
        if not av_mottaker and any(ny.beordret for ny in linjer):
            felter["vedtak_id"] = self.vedtak[avgiver.org.id][-1]
        return Akt(
            "utkast",
            partial(
                utkast.opprett,
                self._hvem(sted.org.id if av_mottaker else avgiver.org.id),
                behov.id,
                linjer,
                **felter,
            ),
            spor=(f"{OMD}opprettet",),
            gir=self.omder.append,
        )

    def endre(self, omd: Omdisponering | None = None) -> Akt | None:
        omd = omd or self._en(Status.UTKAST, Status.FORESLAATT, Status.GODKJENT_AVGIVER)
        if omd is None:
            return None
        hvem = self._hvem(self.valg.choice((omd.avgiver_id, omd.mottaker_id)))
        felt: dict[str, Any] = self.valg.choice(
            [{"merknad": f"{self.valg.random()}"}, {"aapnes": self.valg.randint(0, 3)}, {**LOV}]
            if omd.slag == Slag.PERSONELL
            else [{"merknad": f"{self.valg.random()}"}]
        )
        linjer = None
        if self.valg.random() < 0.5:
            # As the form does: the lines come back with it, often with nothing changed at all.
            linjer = [
                utkast.Ny(
                    ressursperson_id=li.ressursperson_id,
                    lokale_id=li.lokale_id,
                    fra=li.fra,
                    til=li.til,
                    andel=li.andel,
                    samtykket=li.samtykket is not None,
                    beordret=li.beordret,
                )
                for li in omd.linjer
                if li.gjelder
            ]
            felt = self.valg.choice([felt, {}])
        return Akt(
            "endre",
            partial(utkast.endre, hvem, omd.id, linjer, lest=self._lest(omd), **felt),
            spor=(f"{OMD}endret",),
            om=omd.id,
            kan_tie=True,
        )

    def merk(self, omd: Omdisponering) -> Akt:
        """Changes what is agreed on by a remark, whatever it was."""
        hvem, lest, id_ = (
            self._hvem(self.valg.choice((omd.avgiver_id, omd.mottaker_id))),
            self._lest(omd),
            omd.id,
        )

        def kan() -> str:
            rad = self._les(id_)
            rett = hvem.organisasjon_id in (rad.avgiver_id, rad.mottaker_id) and lest == rad.innhold_hash
            return JA if rett and Status(rad.status) in KAN_ENDRES else NEI

        return Akt(
            "endre",
            partial(utkast.endre, hvem, id_, lest=lest, merknad=f"{uuid4()}"),
            spor=(f"{OMD}endret",),
            om=id_,
            ventet=kan,
        )

    # --- the way ---

    def foreslaa(self, omd: Omdisponering | None = None) -> Akt | None:
        omd = omd or self._en(Status.UTKAST)
        if omd is None:
            return None
        hvem = self._hvem(omd.avgiver_id if omd.foreslaatt_side == "avgiver" else omd.mottaker_id)
        return Akt("foreslå", partial(flyt.foreslaa, hvem, omd.id), spor=(f"{OMD}foreslaatt",), om=omd.id)

    def godkjenn_avgiver(self, omd: Omdisponering | None = None) -> Akt | None:
        omd = omd or self._en(Status.FORESLAATT)
        if omd is None:
            return None
        valg, hvem, lest, id_ = self.valg, self._hvem(omd.avgiver_id), self._lest(omd), omd.id
        if omd.status == Status.GODKJENT_AVGIVER and hvem.organisasjon_id == omd.mottaker_id:
            return None
        gjelder = [li for li in omd.linjer if li.gjelder]
        svar: dict[str, Any] = {"behold": None, "beordret": None}
        if valg.random() < 0.3:
            svar["behold"] = [li.id for li in valg.sample(gjelder, valg.randint(0, len(gjelder)))]
        svar["ja"] = None if valg.random() < 0.2 else [li.id for li in gjelder if valg.random() < 0.95]
        if omd.slag == Slag.PERSONELL and valg.random() < 0.3:
            svar["beordret"] = [li.id for li in gjelder if valg.random() < 0.7]
            svar["vedtak_id"] = valg.choice(self.vedtak[omd.avgiver_id][-2:])
        return Akt(
            "avgiver",
            partial(flyt.godkjenn, hvem, id_, lest=lest, **svar),
            spor=(f"{OMD}godkjent_avgiver",),
            om=id_,
            ventet=lambda: self._gaar(id_, hvem, lest, **svar),
        )

    def _gaar(
        self,
        id_: UUID,
        hvem: Aktor,
        lest: str,
        *,
        behold: Collection[UUID] | None,
        ja: Collection[UUID] | None,
        beordret: Collection[UUID] | None,
        vedtak_id: UUID | None = None,
    ) -> str:
        """Whether the lender may approve just that: counted at each beginning, from the rows of all that is taken."""
        omd = self._les(id_)
        linjer = [li for li in omd.linjer if li.gjelder and (behold is None or li.id in behold)]
        rett = hvem.organisasjon_id == omd.avgiver_id and omd.status == Status.FORESLAATT
        if not rett or lest != omd.innhold_hash or not linjer or max(li.til for li in linjer) <= self.tid:
            return NEI
        if any(not getattr(omd, f) for f in LOVFELT) or omd.bestemmelse_id is None:
            return NEI
        for li in linjer:
            if li.ressursperson is None:
                continue
            if not li.ressursperson.kan_brukes or li.andel > li.ressursperson.prosent:
                return NEI
            if li.beordret if beordret is None else li.id in beordret:
                if not self._kan_beordres(li, vedtak_id or omd.vedtak_id):
                    return NEI
            elif not (li.samtykket if ja is None else li.id in ja):
                return NEI
        tatt = db.session.scalars(sa.select(Omdisponeringslinje).where(Omdisponeringslinje.opptar)).all()
        for li in linjer:
            if self._er_borte(li):
                return OPPTATT
            for tid in [x.fra for x in (*tatt, *linjer) if li.fra <= x.fra < li.til] + [li.fra]:
                samtidig = [x for x in (*tatt, *linjer) if x.fra <= tid < x.til]
                if li.lokale_id and sum(x.lokale_id == li.lokale_id for x in samtidig) > 1:
                    return OPPTATT
                sum_ = sum(x.andel for x in samtidig if x.ressursperson_id == li.ressursperson_id)
                if li.ressursperson and sum_ > li.ressursperson.prosent:
                    return OPPTATT
        return JA

    def _kan_beordres(self, li: Omdisponeringslinje, vedtak_id: UUID | None) -> bool:
        vedtak = db.session.get(Vedtak, vedtak_id) if vedtak_id else None
        assert li.ressursperson is not None
        return (
            vedtak is not None
            and not li.ressursperson.fritatt
            and vedtak.opphevet is None
            and vedtak.fra <= oslo(li.fra).date()
            and oslo(li.til).date() <= vedtak.til
            and oslo(self.tid).date() <= vedtak.til
        )

    def _er_borte(self, li: Omdisponeringslinje) -> bool:
        hvem = li.ressursperson_id or li.lokale_id
        return any(fra < li.til and li.fra < til for fra, til in self._fravaer(hvem))

    @staticmethod
    def _fravaer(hvem: UUID | None) -> list[tuple[Any, Any]]:
        rader = db.session.execute(
            sa.select(Ressursfravaer.fra, Ressursfravaer.til).where(
                sa.or_(Ressursfravaer.ressursperson_id == hvem, Ressursfravaer.lokale_id == hvem)
            )
        )
        return [(r.fra, r.til) for r in rader]

    def godkjenn_mottaker(self, omd: Omdisponering | None = None) -> Akt | None:
        omd = omd or self._en(Status.GODKJENT_AVGIVER)
        if omd is None:
            return None
        hvem, lest, id_ = self._hvem(omd.mottaker_id), self._lest(omd), omd.id
        if hvem.organisasjon_id == omd.avgiver_id:
            return None
        return Akt(
            "mottaker",
            partial(flyt.godkjenn, hvem, id_, lest=lest),
            spor=(f"{OMD}godkjent_mottaker",),
            om=id_,
            ventet=lambda: self._mottaker_kan(id_, hvem, lest),
        )

    def _mottaker_kan(self, id_: UUID, hvem: Aktor, lest: str) -> str:
        """What the lender has approved may hold no more: who is away since, or exempt, or a decision that is lifted."""
        omd = self._les(id_)
        rett = hvem.organisasjon_id == omd.mottaker_id and lest == omd.innhold_hash
        if not rett or omd.status != Status.GODKJENT_AVGIVER or omd.til <= self.tid:
            return NEI
        linjer = [li for li in omd.linjer if li.gjelder]
        if any(li.beordret and not self._kan_beordres(li, omd.vedtak_id) for li in linjer):
            return NEI
        return OPPTATT if any(self._er_borte(li) for li in linjer) else JA

    def lukk(self, omd: Omdisponering | None = None) -> Akt | None:
        omd = omd or self._en(Status.FORESLAATT, Status.GODKJENT_AVGIVER, Status.GODKJENT_MOTTAKER)
        if omd is None:
            return None
        gjoer = self.valg.choice((flyt.avslaa, flyt.trekk))
        # Who proposed takes it back, the other side declines.
        av_mottaker = (omd.foreslaatt_side == "mottaker") == (gjoer is flyt.trekk)
        hvem, id_ = self._hvem(omd.mottaker_id if av_mottaker else omd.avgiver_id), omd.id
        trekkes = gjoer is flyt.trekk
        return Akt(
            "trekk" if trekkes else "avslå",
            partial(gjoer, hvem, id_, grunn="Trengs ikke lenger."),
            spor=(f"{OMD}trukket" if trekkes else f"{OMD}avslaatt",),
            om=id_,
            ventet=lambda: self._kan_lukkes(id_, hvem, trekkes),
        )

    def _kan_lukkes(self, id_: UUID, hvem: Aktor, trekkes: bool) -> str:
        omd = self._les(id_)
        if hvem.organisasjon_id not in (omd.avgiver_id, omd.mottaker_id):
            return NEI
        side = "avgiver" if hvem.organisasjon_id == omd.avgiver_id else "mottaker"
        match Status(omd.status):
            case Status.UTKAST:
                gaar = trekkes and side == omd.foreslaatt_side
            case Status.FORESLAATT:
                gaar = (side == omd.foreslaatt_side) == trekkes
            case Status.GODKJENT_AVGIVER:
                gaar = side == ("avgiver" if trekkes else "mottaker")
            case Status.GODKJENT_MOTTAKER:
                gaar = trekkes
            case _:
                gaar = False
        return JA if gaar else NEI

    def iverksett(self, omd: Omdisponering | None = None) -> Akt | None:
        omd = omd or self._en(Status.GODKJENT_MOTTAKER)
        if omd is None:
            return None
        hvem, id_ = self._hvem(self.valg.choice((omd.avgiver_id, omd.mottaker_id))), omd.id

        def kan() -> str:
            rad = self._les(id_)
            rett = hvem.organisasjon_id in (rad.avgiver_id, rad.mottaker_id)
            return JA if rett and rad.status == Status.GODKJENT_MOTTAKER and rad.fra <= self.tid else NEI

        # With nobody left who can be lent it falls instead.
        return Akt(
            "iverksett",
            partial(flyt.iverksett, hvem, id_),
            spor=(f"{OMD}iverksatt", f"{OMD}trukket"),
            om=id_,
            ventet=kan,
        )

    def avslutt(self, omd: Omdisponering | None = None) -> Akt | None:
        alene = omd is None
        omd = omd or self._en(Status.IVERKSATT)
        if omd is None:
            return None
        if alene and self.valg.random() < 0.6 and (foerst := self.paa_vei(omd)) is not None:
            self._gjoer(foerst)
        hvem, id_ = self._hvem(self.valg.choice((omd.avgiver_id, omd.mottaker_id))), omd.id
        grunn = "" if self.valg.random() < 0.3 else "Toppen er over."

        def kan() -> str:
            rad = self._les(id_)
            rett = hvem.organisasjon_id in (rad.avgiver_id, rad.mottaker_id)
            tiden = bool(grunn) or rad.til <= self.tid
            return JA if rett and tiden and rad.status == Status.IVERKSATT else NEI

        return Akt(
            "avslutt",
            partial(flyt.avslutt, hvem, id_, grunn=grunn),
            spor=(f"{OMD}avsluttet",),
            om=id_,
            ventet=kan,
        )

    # --- those who are lent ---

    def meld_borte(self, hvem: Ting | None = None) -> Akt | None:
        egne = [t for t in (*self.personer, *self.lokaler) if not t.noekkel]
        lovet = {li.ressursperson_id or li.lokale_id for o in self._alle() for li in o.linjer if li.opptar}
        hvem = hvem or self.valg.choice([t for t in egne if t.id in lovet] or egne)
        fra = self.tid + self.valg.choice((-1, 0, 2, 6)) * T
        til = fra + self.valg.choice((2, 4, 8)) * T
        av = self._hvem(hvem.org_id)
        gjoer = ressurser.meld_borte if hvem.slag == Slag.PERSONELL else lokaler.meld_borte
        return Akt(
            "meld borte",
            partial(gjoer, av, hvem.id, fra=fra, til=til),
            spor=(f"{OMD}fravaer_registrert",),
            om=hvem.id,
        )

    def fjern_borte(self) -> Akt | None:
        egne = {t.id: t for t in (*self.personer, *self.lokaler)}
        rader = [
            f
            for f in db.session.scalars(sa.select(Ressursfravaer).order_by(Ressursfravaer.fra))
            if (f.ressursperson_id or f.lokale_id) in egne
        ]
        if not rader:
            return None
        rad = self.valg.choice(rader)
        hvem = egne[rad.ressursperson_id or rad.lokale_id]  # type: ignore[index]
        gjoer = ressurser.fjern_borte if hvem.slag == Slag.PERSONELL else lokaler.fjern_borte
        return Akt(
            "fjern borte",
            partial(gjoer, self._hvem(hvem.org_id), hvem.id, rad.id),
            spor=(f"{OMD}fravaer_fjernet",),
            om=hvem.id,
        )

    def fritta(self, hvem: Ting | None = None) -> Akt | None:
        """Exempt from being ordered, or not any more."""
        hvem = hvem or self.valg.choice([p for p in self.personer if not p.noekkel])
        er = db.session.get_one(Ressursperson, hvem.id).fritatt
        return Akt(
            "frita",
            partial(ressurser.endre, self._hvem(hvem.org_id), hvem.id, fritatt=not er),
            spor=(f"{OMD}person_endret",),
            om=hvem.id,
            kan_tie=True,
        )

    def svar_for_seg(self, hvem: Ting | None = None, ja: bool | None = None) -> Akt | None:
        """Yes or no by the link of who is in the reserve."""
        reserver = [p for p in self.personer if p.noekkel]
        if hvem is None and not reserver:
            return None
        hvem = hvem or self.valg.choice(reserver)
        if ja is None:
            rad = db.session.get_one(Ressursperson, hvem.id)
            ja = (rad.samtykke != Samtykke.GITT) == (self.valg.random() < 0.9)
        return Akt(
            "svar ja" if ja else "svar nei",
            partial(samtykke.svar, hvem.noekkel, ja),
            spor=(f"{OMD}reserve_svart",),
            om=hvem.id,
        )

    def slett_seg(self, hvem: Ting | None = None) -> Akt | None:
        reserver = [p for p in self.personer if p.noekkel]
        if hvem is None and not reserver:
            return None
        hvem = hvem or self.valg.choice(reserver)
        return Akt(
            "slett seg",
            partial(samtykke.slett, hvem.noekkel),
            spor=(f"{OMD}reserve_slettet",),
            om=hvem.id,
            gir=lambda _svar: self.personer.remove(hvem) if hvem in self.personer else None,
        )

    def nytt_vedtak(self, avgiver: Avgiver | None = None) -> Akt | None:
        avgiver = avgiver or self.valg.choice(self.avgivere)
        dag = oslo(self.tid).date()
        return Akt(
            "vedtak",
            partial(
                vedtaksbruk.registrer,
                self._hvem(avgiver.org.id),
                hjemmel="helseberedskapsloven § 4-1",
                besluttet_av="Departementet",
                vedtatt=dag,
                referanse="26/1234",
                omfang="Sykepleiere.",
                fra=dag,
                til=dag + timedelta(days=self.valg.choice((0, 5, 30))),
            ),
            spor=(f"{OMD}vedtak_registrert",),
            # Registered by another's coordinator it is another's.
            gir=lambda id_: self.vedtak.setdefault(
                db.session.get_one(Vedtak, id_).organisasjon_id, []
            ).append(id_),
        )

    def opphev(self, vedtak_id: UUID | None = None) -> Akt | None:
        org = self.valg.choice(self.avgivere).org.id
        if vedtak_id is None:
            vedtak_id = self.valg.choice(self.vedtak[org])
        else:
            org = next(o for o, egne in self.vedtak.items() if vedtak_id in egne)
        return Akt(
            "opphev",
            partial(vedtaksbruk.opphev, self._hvem(org), vedtak_id),
            spor=(f"{OMD}vedtak_opphevet",),
            om=vedtak_id,
        )

    # --- time ---

    def tiden_gaar(self) -> None:
        self.tid += self.valg.choice((timedelta(minutes=20), T, T, T, 3 * T, 9 * T))
        self.gjort = True
        if self.valg.random() < 0.4:
            with som_om(self.tid):
                self.verden.utfall["klokka"] += klokke.sett_i_gang_og_avslutt()
                klokke.la_forfalle()
                reservasjoner.loes_ut_forfalte()

    # --- one after the other ---

    def en_av(self, vekter: dict[str, int]) -> None:
        """Does one of these, as often as they say: the first that there is something to do it with."""
        self.gjort = False
        for hva in self.valg.choices(list(vekter), list(vekter.values()), k=20):
            akt = getattr(self, hva)()
            if akt is not None:
                self.utfoer(akt)
            if self.gjort:
                return

    def utfoer(self, akt: Akt) -> None:
        """Does it, alone, and what belongs to it."""
        svar, feil = self._gjoer(akt)
        if feil is not None:
            return
        if akt.hva == "utkast" and self.valg.random() < 0.5:
            omd = self._les(svar)
            hvem = self.verden.koor[omd.avgiver_id if omd.foreslaatt_side == "avgiver" else omd.mottaker_id]
            self._gjoer(
                Akt("foreslå", partial(flyt.foreslaa, hvem, svar), spor=(f"{OMD}foreslaatt",), om=svar)
            )
        if akt.hva == "iverksett" and akt.om is not None:
            self._saa_mange_som_det_gikk(akt.om)

    def _saa_mange_som_det_gikk(self, id_: UUID) -> None:
        """Fewer beds than agreed only where no more could be had. Right after it has begun."""
        omd = self._les(id_)
        if omd.status != Status.IVERKSATT:
            self.verden.utfall["falt da den skulle begynne"] += 1
            return
        for enhet_id, avtalt, gjort, bemannet in (
            (omd.mottaker_enhet_id, omd.aapnes, omd.ble_aapnet, False),
            (omd.avgiver_enhet_id, omd.stenges, omd.ble_stengt, True),
        ):
            assert gjort is not None and gjort <= avtalt
            # Who can no longer be lent when it begins takes the beds along.
            if gjort < avtalt and not any(li.stroeket_grunn in UTEBLE for li in omd.linjer):
                self.verden.utfall["færre enn avtalt"] += 1
                sted = next(s for s in self.steder if s.enhet.id == enhet_id)
                for p in les_plasser(sted.id):
                    stengt = p.tilstand == "stengt" and p.stengt_grunn != "personell" and not bemannet
                    assert p.laan or p.bemannet != bemannet or stengt or p.tilstand == "holdt", p.navn
