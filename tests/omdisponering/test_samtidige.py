"""Random lives as in `test_modell.py`, in which two, three or four act at the same moment on the same reallocations,
people, rooms and beds: both sides' coordinators, the units' nurses, those in the reserve, and the clock. Real threads,
each on its own connection.

After each wave the rows are asked what must always hold, and the books are gone through in the order of the commits:
that order alone must explain how everything stands. Each act has been done, and the log says so once; or it was refused
with a reason that is one still, or was one before, and the log knows nothing of it. Nobody who could have won both
before and after loses.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import rule, run_state_machine_as_test

from portal.core import enkeltvis
from portal.core.clock import som_om
from portal.core.db import db
from portal.core.errors import PortalError
from portal.omdisponering.forloep import Slag, Status
from portal.omdisponering.models import Behov, Omdisponering
from portal.omdisponering.ressursmodeller import Ressursperson
from portal.omdisponering.service import flyt, klokke, utkast
from portal.revisjon.models import Revisjon
from tests.bygg import Opptak, Scene
from tests.omdisponering.handlinger import Handlingene
from tests.omdisponering.hjelp import LOV
from tests.omdisponering.modell import JA, Akt, Plassted, T, Ting, Verden
from tests.plasser.hjelp import les_plasser
from tests.samtidig import samtidig

#: Between the waves, one at a time: {act: how often}. So the world gets somewhere.
HANDLINGER = {
    "nytt_tilbud": 2,
    "nytt_utkast": 4,
    "foreslaa": 3,
    "godkjenn_avgiver": 3,
    "godkjenn_mottaker": 3,
    "iverksett": 2,
    "paa_vei": 3,
    "legg_inn": 1,
    "skriv_ut": 2,
    "bemann": 1,
    "sett_tilstand": 1,
    "fjern_borte": 3,
    "svar_for_seg": 2,
    "nytt_vedtak": 2,
    "tiden_gaar": 2,
}
#: What a wave is about: {what: how often}.
BOELGER = {
    "om_svaret": 8,
    "om_de_samme": 5,
    "om_avtalen": 6,
    "naar_den_begynner": 7,
    "naar_den_slutter": 7,
    "om_plassene": 3,
    "om_den_som_slettes": 1,
    "om_hva_som_helst": 2,
}
#: What the log says beside, of what an act takes with it.
FOELGER = frozenset({"omdisponering.stroeket", "plasser.utloept"})
KLOKKA = "klokka"
#: Which side closes it follows from who proposed it.
SLAG = {"avslå": "lukk", "trekk": "lukk"}


#: Some take longer to what they meet at: in most of the waves whoever is slow gets a start, of so many seconds.
FORSPRANG = ((0,), (0, 0.01, 0.03), (0.03, 0.06, 0.12), (0.15, 0.3))


def _om_litt(sekunder: float, gjoer: Callable[[], Any]) -> Any:
    time.sleep(sekunder)
    return gjoer()


class Samtidige(Handlingene):
    """A life of two lenders and two receivers, several of whom act at once."""

    app: Flask
    #: What the jobs have logged as failed.
    feilet: list[str]
    #: What went wrong.
    foerst: list[Exception]

    @rule()
    def noe_og_saa_sammen(self) -> None:
        try:
            self._noe_og_saa_sammen()
        except Exception as feil:
            # What happened at the same moment may not do so again, and Hypothesis would tell of that instead.
            self.foerst.append(feil)
            raise

    def _noe_og_saa_sammen(self) -> None:
        self.en_av(HANDLINGER)
        for hva in self.valg.choices(list(BOELGER), list(BOELGER.values()), k=10):
            with som_om(self.tid):
                akter = getattr(self, hva)()
            if len(akter) >= 2:
                self._boelge(hva, akter)
                return

    def sjekk(self) -> None:
        super().sjekk()
        assert not self.feilet, self.feilet

    # --- a wave ---

    def _boelge(self, hva: str, akter: list[Akt]) -> None:
        # What led up to it goes into the books first.
        self.sjekk()
        # Approving takes longest to what the others meet at: with a start it is first there now and then.
        forsprang = self.valg.choice(FORSPRANG)
        akter = [*akter[:1], *self.valg.sample(akter[1:], len(akter) - 1)]
        if forsprang != FORSPRANG[-1]:
            self.valg.shuffle(akter)
        utfall = self.verden.utfall
        with som_om(self.tid):
            foer = [a.ventet() if a.ventet else None for a in akter]
            db.session.rollback()
            svar = samtidig(
                self.app,
                *(
                    partial(_om_litt, self.valg.choice(forsprang) if n else 0, a.gjoer)
                    for n, a in enumerate(akter)
                ),
            )
            etter = [a.ventet() if a.ventet else None for a in akter]
        vant = [not isinstance(s, PortalError) for s in svar]
        rader = self.verden.rekkefoelge.siden_sist(behold=True)
        utfall[hva] += 1
        utfall["bølge med vinnere og tapere"] += len(set(vant)) == 2
        for akt, s in zip(akter, svar, strict=True):
            utfall[f"{akt.hva} {'nei' if isinstance(s, PortalError) else 'ja'}"] += 1
            if akt.gir and not isinstance(s, PortalError):
                akt.gir(s)
        plass = self._i_loggen(akter, svar, vant, rader)
        self._hvem_foerst(akter, foer, etter, svar, plass)
        for akt in {
            (a.hva, a.om) for a in akter if a.hva in ("mottaker", "iverksett", "avslutt", "slett seg")
        }:
            antall = sum(v for a, v in zip(akter, vant, strict=True) if (a.hva, a.om) == akt)
            assert antall <= 1, f"{akt} ble gjort {antall} ganger"
        self.sjekk()

    def _i_loggen(
        self, akter: Sequence[Akt], svar: Sequence[Any], vant: Sequence[bool], rader: Sequence[Revisjon]
    ) -> list[int | None]:
        """Each that won stands in the log once, and nothing else does but what it takes with it. Gives where, in the
        order of the commits."""
        igjen = {i: r for i, r in enumerate(rader) if r.handling not in FOELGER}
        ut: list[int | None] = []
        for akt, s, v in zip(akter, svar, vant, strict=True):
            plass = None
            if v and akt.hva != KLOKKA:
                om = str(akt.om or s)
                sin = akt.gjoer.args[0] if isinstance(akt.gjoer, partial) else None
                person_id = getattr(sin, "person_id", None)
                plass = next(
                    (
                        i
                        for i, r in igjen.items()
                        if r.handling in akt.spor and r.objekt_id == om and r.person_id == person_id
                    ),
                    None,
                )
                assert plass is not None or akt.kan_tie, f"{akt.hva} ble gjort, og loggen vet ikke om det"
                igjen.pop(plass, None)  # type: ignore[arg-type]
            ut.append(plass)
        av_klokka = {r.objekt_id for r in igjen.values() if r.person_id is None and r.rolle == "system"}
        gjort = sum(s for a, s in zip(akter, svar, strict=True) if a.hva == KLOKKA)
        assert len(av_klokka) == gjort, (gjort, [r.handling for r in igjen.values()])
        uten_grunn = [r.handling for r in igjen.values() if r.objekt_id not in av_klokka]
        assert not uten_grunn, f"ingen vant dette: {uten_grunn}"
        if gjort:
            foerst = min(i for i, r in igjen.items() if r.objekt_id in av_klokka)
            ut = [foerst if a.hva == KLOKKA and s else p for a, s, p in zip(akter, svar, ut, strict=True)]
        return ut

    def _hvem_foerst(
        self,
        akter: Sequence[Akt],
        foer: Sequence[str | None],
        etter: Sequence[str | None],
        svar: Sequence[Any],
        plass: Sequence[int | None],
    ) -> None:
        """Who was first had all that it needed; and who lost, lost to somebody."""
        i_orden = sorted((p, n) for n, p in enumerate(plass) if p is not None)
        if i_orden and foer[i_orden[0][1]] is not None:
            n = i_orden[0][1]
            assert foer[n] == JA, f"{akter[n].hva} var først, og skulle vært nektet: {foer[n]}"
        for n, akt in enumerate(akter):
            tapte = isinstance(svar[n], PortalError)
            assert not (tapte and foer[n] == JA == etter[n]), (akt.hva, svar[n], svar[n].detaljer)
        for a, b in permutations(range(len(akter)), 2):
            if akter[a].hva == akter[b].hva or plass[a] is None:
                continue
            # It would have gone alone, so the other came before it; and to the clock there was nothing left to do.
            slo = isinstance(svar[b], PortalError) and foer[b] == JA
            slo |= akter[b].hva == KLOKKA and not svar[b] and akter[a].hva in ("iverksett", "avslutt")
            etterpaa = plass[b] is not None and plass[a] < plass[b]  # type: ignore[operator]
            if etterpaa or slo:
                foerst, sist = (SLAG.get(akter[n].hva, akter[n].hva) for n in (a, b))
                self.verden.utfall[f"{foerst} foran {sist}"] += 1

    # --- what they are about ---

    def _velg(
        self, *mulige: Callable[[], Akt | None], minst: Sequence[Callable[[], Akt | None]] = ()
    ) -> list[Akt]:
        """Two to four of what is possible, some more than once; `minst`: these in any case."""
        antall = self.valg.randint(2, 4) - len(minst)
        valgte = [*minst, *self.valg.choices(mulige, k=max(antall, 0))]
        return [akt for lag in valgte if (akt := lag()) is not None]

    def _om_folk(self, omd: Omdisponering) -> list[Callable[[], Akt | None]]:
        """What happens to those who are in it: away, exempt, withdrawn, and the decision that they go by lifted."""
        ider = {li.ressursperson_id or li.lokale_id for li in omd.linjer if li.gjelder}
        ut: list[Callable[[], Akt | None]] = []
        for ting in (t for t in (*self.personer, *self.lokaler) if t.id in ider):
            if ting.noekkel:
                ut += [partial(self.svar_for_seg, ting, False), partial(self.slett_seg, ting)]
            else:
                ut.append(partial(self.meld_borte, ting))
                if any(li.beordret for li in omd.linjer):
                    ut.append(partial(self.fritta, ting))
        if omd.vedtak_id is not None:
            ut += [partial(self.opphev, omd.vedtak_id)] * 2
        return ut

    def _skaff(self, status: Status, hvem: Ting | None = None) -> Omdisponering | None:
        """One that has come so far, found or made on the lawful way; of that one person or room, where it is given."""
        omder = [o for o in self._i(status) if o.til > self.tid]
        if hvem is None and omder and self.valg.random() < 0.5:
            return self.valg.choice(omder)
        id_ = self._skriv(hvem)
        if id_ is None:
            return None
        while (omd := self._les(id_)).status != status:
            av, til = self.verden.koor[omd.avgiver_id], self.verden.koor[omd.mottaker_id]
            neste = {
                Status.UTKAST: partial(flyt.foreslaa, av, id_),
                Status.FORESLAATT: partial(flyt.godkjenn, av, id_, lest=omd.innhold_hash),
                Status.GODKJENT_AVGIVER: partial(flyt.godkjenn, til, id_, lest=omd.innhold_hash),
                Status.GODKJENT_MOTTAKER: partial(flyt.iverksett, til, id_),
            }.get(Status(omd.status))
            if neste is None:
                return None
            if omd.status == Status.GODKJENT_MOTTAKER:
                self._til(omd.fra)
            try:
                with som_om(self.tid):
                    neste()
            except PortalError:
                # Taken by somebody, away, exempt, or beyond what the decision holds for.
                return None
        return omd

    def _skriv(self, hvem: Ting | None) -> UUID | None:
        valg = self.valg
        folk = [p for p in self.personer if db.session.get_one(Ressursperson, p.id).kan_brukes]
        ting = hvem or valg.choice([*folk, *folk, *self.lokaler])
        if ting not in folk and ting.slag == Slag.PERSONELL:
            return None
        sted = valg.choice(self.steder[1:])
        with som_om(self.tid):
            self._behov(sted, ting.slag)
        behov = db.session.get_one(Behov, self.behov[-1])
        avgiver = next(a for a in self.avgivere if a.org.id == ting.org_id)
        alle = [ting]
        if ting.slag == Slag.PERSONELL and hvem is None:
            alle += [p for p in folk if p.org_id == ting.org_id and p != ting and valg.random() < 0.4]
        fritatt = any(t.id in self.bok.fritatt for t in alle)
        beordres = ting.slag == Slag.PERSONELL and valg.random() < (0.1 if fritatt else 0.3)
        linjer = [
            utkast.Ny(
                ressursperson_id=t.id if t.slag == Slag.PERSONELL else None,
                lokale_id=t.id if t.slag == Slag.LOKALE else None,
                fra=behov.fra,
                til=behov.til,
                andel=valg.choice((20, 30, 60)) if t.slag == Slag.PERSONELL else 100,
                samtykket=not beordres,
                beordret=beordres and t.slag == Slag.PERSONELL,
            )
            for t in alle
        ]
        personell = ting.slag == Slag.PERSONELL
        if beordres and self.vedtak[avgiver.org.id][-1] in self.bok.opphevet:
            nytt = self.nytt_vedtak(avgiver)
            assert nytt is not None
            self._gjoer(nytt)
        felter = {
            **LOV,
            "bestemmelse_id": avgiver.klausul[sted.org.id].id,
            "aapnes": valg.choice((0, 1, 2, 2)) if personell else 0,
            "stenges": valg.choice((0, 1, 2)) if personell and avgiver is self.avgivere[1] else 0,
            "vedtak_id": self.vedtak[avgiver.org.id][-1] if beordres else None,
        }
        svar, _feil = self._gjoer(
            Akt(
                "utkast",
                partial(utkast.opprett, avgiver.koor, behov.id, linjer, **felter),
                gir=self.omder.append,
            )
        )
        return svar

    def om_svaret(self) -> list[Akt]:
        """Proposed: answered, changed and taken back, while those who are in it answer for themselves."""
        omd = self._skaff(Status.FORESLAATT)
        if omd is None:
            return []
        ja = partial(self.godkjenn_avgiver, omd)
        return self._velg(
            ja,
            ja,
            partial(self.lukk, omd),
            partial(self.lukk, omd),
            partial(self.merk, omd),
            *self._om_folk(omd),
            minst=[ja, partial(self.valg.choice((self.lukk, self.merk)), omd)],
        )

    def om_de_samme(self) -> list[Akt]:
        """Several proposals want the same person or room."""
        omder = self._i(Status.FORESLAATT)
        krever: dict[UUID, list[Omdisponering]] = {}
        for omd in omder:
            for li in omd.linjer:
                if li.gjelder and omd.til > self.tid:
                    krever.setdefault(li.ressursperson_id or li.lokale_id, []).append(omd)  # type: ignore[arg-type]
        felles = [egne for egne in krever.values() if len(egne) > 1]
        if felles:
            egne = self.valg.choice(felles)
        else:
            hvem = self.valg.choice([*self.personer, *self.lokaler])
            egne = [omd for _ in range(2) if (omd := self._skaff(Status.FORESLAATT, hvem)) is not None]
            if len(egne) < 2:
                return []
        a, b = self.valg.sample(egne, 2)
        return self._velg(
            *(partial(self.godkjenn_avgiver, o) for o in egne),
            *self._om_folk(a),
            minst=[partial(self.godkjenn_avgiver, a), partial(self.godkjenn_avgiver, b)],
        )

    def om_avtalen(self) -> list[Akt]:
        """Approved by the lender: the receiver approves while something of it is changed or taken back."""
        omd = self._skaff(Status.GODKJENT_AVGIVER)
        if omd is None:
            return []
        omder = self._i(Status.GODKJENT_AVGIVER)
        ja = partial(self.godkjenn_mottaker, omd)
        # For the same need, so that it is counted twice at once.
        andre = [
            partial(self.godkjenn_mottaker, o) for o in omder if o.behov_id == omd.behov_id and o.id != omd.id
        ]
        return self._velg(
            ja,
            partial(self.lukk, omd),
            partial(self.merk, omd),
            *andre,
            *self._om_folk(omd),
            minst=[ja, *(andre[:1] or [partial(self.lukk, omd)])],
        )

    def _klokka(self) -> Akt:
        return Akt(KLOKKA, klokke.sett_i_gang_og_avslutt)

    def _stedene(self, omd: Omdisponering) -> list[Callable[[], Akt | None]]:
        """At the units that it opens beds at, or closes some: what their people do with those that it takes or has."""
        ut: list[Callable[[], Akt | None]] = []
        for sted in self.steder:
            if sted.enhet.id in (omd.mottaker_enhet_id, omd.avgiver_enhet_id):
                ut += self._paa(sted)
        return ut

    def _paa(self, sted: Plassted) -> list[Callable[[], Akt | None]]:
        plasser = les_plasser(sted.id)
        inn = sted.org.id in {m.id for m in self.verden.mottakere}
        # Where a loan comes next, or is.
        naere = [p.id for p in plasser if p.laan or p.bemannet != inn] or [p.id for p in plasser]
        if not naere:
            return []
        en = self.valg.choice(naere)
        return [
            partial(self.bemann, sted, en),
            partial(self.bemann, sted, self.valg.choice(naere)),
            partial(self.bemann, sted, en),
            partial(self.reserver, sted, en),
            partial(self.legg_inn, sted, en),
            partial(self.sett_tilstand, sted, en),
            partial(self.svar_paa_hold, sted),
            partial(self.legg_ned_plass, sted, en),
        ]

    def naar_den_begynner(self) -> list[Akt]:
        """Its time has come: the click, the clock, somebody who takes it back, and the beds in use meanwhile."""
        omd = self._skaff(Status.GODKJENT_MOTTAKER)
        if omd is None:
            return []
        self._til(omd.fra)
        with som_om(self.tid):
            start = [self._klokka, partial(self.iverksett, omd)]
            self.valg.shuffle(start)
            stedene = self._stedene(omd)
            return self._velg(
                *start,
                partial(self.lukk, omd),
                *stedene,
                *self._om_folk(omd),
                minst=[start[0], self.valg.choice([start[1], *stedene[:3]])],
            )

    def naar_den_slutter(self) -> list[Akt]:
        """It ends, by hand or by the clock, while its beds are held, filled and answered for."""
        omd = self._skaff(Status.IVERKSATT)
        if omd is None:
            return []
        if self.valg.random() < 0.8 and (foerst := self.paa_vei(omd)) is not None:
            self._gjoer(foerst)
        if self.valg.random() < 0.5:
            self._til(omd.til)
        with som_om(self.tid):
            slutt = partial(self.avslutt, omd)
            stedene = self._stedene(omd)
            return self._velg(
                self._klokka,
                slutt,
                partial(self.paa_vei, omd),
                *stedene,
                *self._om_folk(omd),
                minst=[slutt, self._klokka if self.tid >= omd.til else self.valg.choice(stedene or [slutt])],
            )

    def _til(self, tid: Any) -> None:
        if tid > self.tid:
            self.tid = tid + self.valg.choice((0, 0, 1)) * T / 2

    def om_plassene(self) -> list[Akt]:
        return self._velg(*self._paa(self._sted()))

    def om_den_som_slettes(self) -> list[Akt]:
        """Erased while a draft is written that names the person for the first time, or the person is promised."""
        reserver = [t for t in self.personer if t.noekkel]
        if not reserver:
            return []
        hvem: Ting = self.valg.choice(reserver)
        ny = partial(self.nytt_utkast, hvem)
        return self._velg(
            ny,
            partial(self.slett_seg, hvem),
            partial(self.svar_for_seg, hvem),
            minst=[ny, partial(self.slett_seg, hvem)],
        )

    def om_hva_som_helst(self) -> list[Akt]:
        mulige = [h for h in HANDLINGER if h not in ("nytt_tilbud", "tiden_gaar")]
        return self._velg(*(getattr(self, h) for h in mulige), self._klokka)


#: What the waves must have come to, both of the orders of each race among it.
_NAADD = (
    *BOELGER,
    "bølge med vinnere og tapere",
    "åpnet",
    "stengt",
    "holdt da lånet sluttet",
    "beordret",
    "borte og lovet",
    *(
        f"{x} foran {y}"
        for a, b in (
            ("avgiver", "lukk"),
            ("avgiver", "endre"),
            ("mottaker", "lukk"),
            ("iverksett", KLOKKA),
            ("avslutt", KLOKKA),
            ("iverksett", "bemann"),
            ("avslutt", "bemann"),
        )
        for x, y in ((a, b), (b, a))
    ),
)


def test_flere_paa_en_gang(scene: Scene, opptak: Opptak, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    verden = Verden(scene, opptak)
    feilet: list[str] = []

    class Feil:
        """Jobs log what fails, and go on: here it is no less an error."""

        @staticmethod
        def exception(hendelse: str, /, **felt: Any) -> None:
            feilet.append(f"{hendelse} {felt} {traceback.format_exc()}")

    monkeypatch.setattr(enkeltvis, "logg", Feil)
    foerst: list[Exception] = []
    felt = {"verden": verden, "app": app, "feilet": feilet, "foerst": foerst}
    # Which sequences come depends on more than the seed: where the first have left something untried, more are made.
    with verden.rekkefoelge.hoer():
        for nummer in range(1, 17):
            try:
                run_state_machine_as_test(
                    seed(nummer)(type("Forloep", (Samtidige,), felt)),
                    settings=settings(
                        max_examples=4 if nummer == 1 else 2,
                        stateful_step_count=15,
                        deadline=None,
                        database=None,
                        suppress_health_check=list(HealthCheck),
                        # There is nothing to make shorter: it may not go wrong again.
                        phases=[Phase.generate],
                    ),
                )
            except Exception:
                if foerst:
                    raise foerst[0] from None
                raise
            if all(verden.utfall[hva] for hva in _NAADD):
                break
    assert not [hva for hva in _NAADD if not verden.utfall[hva]], dict(verden.utfall)
