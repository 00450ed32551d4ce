"""A simple model of an agreement's life: who may do what when, and what comes of it, from the words of the rules alone.

It knows nothing of the portal's code. Organisations and people are names, a text is a tuple of clauses, days are
numbers. Each act gives whether it is allowed; when it is, it is done. What is approved is the text itself: an approval
holds for exactly that one.
"""

from __future__ import annotations

from copy import deepcopy

from tests.avtaler.modelldeler import (
    AAPNE,
    ADMINISTRATOR,
    EIER,
    I_ARBEID,
    I_KRAFT,
    KOORDINATOR,
    OVERLEGE,
    Folk,
    Part,
    Rad,
    Utspill,
    Versjon,
)


class Modell:
    """One agreement. `kjeder`: {organisation: [(the people a link names, whether it demands a vedtak)]}."""

    def __init__(
        self, kjeder: dict[str, list[tuple[tuple[str, ...], bool]]], tekst: tuple[str, ...], av: str
    ) -> None:
        self.kjeder = kjeder
        self.dag = 0
        self.parter = [Part(EIER, "deltar")]
        self.versjoner = [Versjon(1, "utkast", tekst, forfattere={av})]
        #: The open proposals of the version that is negotiated.
        self.aapne_forslag: list[Utspill] = []
        #: The day on which the owner's notice, that runs, takes effect.
        self.varsler: list[int] = []

    # --- what there is ---

    def arbeid(self) -> Versjon | None:
        return next((v for v in self.versjoner if v.status in I_ARBEID), None)

    def gjelder(self) -> Versjon | None:
        return next(
            (
                v
                for v in self.versjoner
                if v.fra is not None and v.fra <= self.dag and (v.til is None or v.til > self.dag)
            ),
            None,
        )

    def part(self, organisasjon: str) -> Part | None:
        return next(
            (p for p in self.parter if p.organisasjon == organisasjon and p.status in ("invitert", "deltar")),
            None,
        )

    def delt(self) -> bool:
        return any(v.delt or v.fra is not None for v in self.versjoner)

    def forfattere(self, versjon: Versjon) -> set[str]:
        """Since the text that was in force before it."""
        forrige = max(
            (v.nummer for v in self.versjoner if v.nummer < versjon.nummer and v.fra is not None), default=0
        )
        hvem = {f for v in self.versjoner if forrige < v.nummer <= versjon.nummer for f in v.forfattere}
        return hvem | ({versjon.sendt_av} if versjon.sendt_av else set())

    # --- rights ---

    def eier(self, hvem: Folk) -> bool:
        return hvem.organisasjon == EIER and hvem.rolle == KOORDINATOR

    def innenfor(self, hvem: Folk) -> bool:
        """Sees the work on it at a party."""
        return (
            hvem.rolle in (KOORDINATOR, ADMINISTRATOR, OVERLEGE)
            and self.part(hvem.organisasjon) is not None
            and (hvem.organisasjon == EIER or self.delt())
        )

    def aapen(self) -> bool:
        """Parties can come and go."""
        arbeid = self.arbeid()
        if arbeid is self.gjelder():
            # Approved, and its day has come: it holds, whether the worker has been here or not.
            arbeid = None
        return arbeid.status in AAPNE if arbeid else self.gjelder() is not None

    # --- the draft, and its parties ---

    def skriv(self, hvem: Folk, plass: int | None, tekst: str) -> bool:
        v = self.arbeid()
        if not self.eier(hvem) or v is None or v.status != "utkast":
            return False
        linjer = list(v.tekst)
        if plass is None:
            linjer.append(tekst)
        elif linjer[plass] == tekst:
            return True
        else:
            linjer[plass] = tekst
        v.tekst = tuple(linjer)
        v.forfattere.add(hvem.navn)
        return True

    def endre(self, hvem: Folk, medvirkning: str, oensket: int | None) -> bool:
        v = self.arbeid()
        if not self.eier(hvem) or v is None or v.status not in AAPNE:
            return False
        if oensket is not None and oensket != v.oensket and oensket < self.dag:
            return False
        if medvirkning != v.medvirkning:
            v.forfattere.add(hvem.navn)
        v.medvirkning, v.oensket = medvirkning, oensket
        return True

    def inviter(self, hvem: Folk, organisasjon: str) -> bool:
        gjelder = self.gjelder()
        if not self.eier(hvem) or not self.aapen():
            return False
        if self.arbeid() is None and gjelder is not None and gjelder.status == "oppsagt":
            return False
        if self.part(organisasjon) is None:
            self.parter.append(Part(organisasjon))
        return True

    def svar(self, hvem: Folk, ja: bool) -> bool:
        part = self.part(hvem.organisasjon)
        if hvem.rolle != KOORDINATOR or not self.innenfor(hvem) or part is None:
            return False
        if part.organisasjon == EIER or part.fra is not None:
            return False
        nytt = "deltar" if ja else "takket_nei"
        if part.status == nytt:
            return True
        if (ja or part.status == "deltar") and not self.aapen():
            return False
        part.status = nytt
        if not ja:
            self._forlat(part.organisasjon)
        gjelder = self.gjelder()
        if gjelder is not None:
            if ja:
                self._spoer(gjelder, part)
            else:
                self._opphev(gjelder, part.organisasjon)
        return True

    def trekk(self, hvem: Folk, organisasjon: str) -> bool:
        part = self.part(organisasjon)
        if not self.eier(hvem) or part is None or organisasjon == EIER or part.fra is not None:
            return False
        if part.status == "deltar" and not self.aapen():
            return False
        self.parter.remove(part)
        self._forlat(organisasjon)
        gjelder = self.gjelder()
        if gjelder is not None:
            self._opphev(gjelder, organisasjon)
        return True

    def send_til_forhandling(self, hvem: Folk) -> bool:
        v = self.arbeid()
        med = [p for p in self.parter if p.organisasjon != EIER and p.status in ("invitert", "deltar")]
        if not self.eier(hvem) or v is None or v.status != "utkast" or not v.tekst or not med:
            return False
        v.status, v.delt = "til_forhandling", True
        return True

    # --- the negotiation ---

    def kan_forhandle(self, hvem: Folk) -> bool:
        """May comment and propose: coordinators and kommuneoverleger of who takes part."""
        v, part = self.arbeid(), self.part(hvem.organisasjon)
        return (
            hvem.rolle in (KOORDINATOR, OVERLEGE)
            and v is not None
            and v.status == "til_forhandling"
            and part is not None
            and part.status == "deltar"
        )

    def foreslaa(self, hvem: Folk, forslag: Utspill, paa: Utspill | None) -> bool:
        v = self.arbeid()
        if not self.kan_forhandle(hvem) or v is None:
            return False
        if paa is not None and (paa.fra == EIER) == (hvem.organisasjon == EIER):
            return False
        if forslag.type == "endre" and forslag.plass is not None and v.tekst[forslag.plass] == forslag.tekst:
            return False
        if any(f.som(forslag) for f in self.aapne_forslag):
            return False
        v.forfattere.add(hvem.navn)
        self.aapne_forslag.append(forslag)
        return True

    def svar_forslag(self, hvem: Folk, forslag: Utspill, ja: bool) -> bool:
        """One yes of the other side is enough; the no of all is needed. Never by who proposed it."""
        v = self.arbeid()
        if not self.kan_forhandle(hvem) or hvem.rolle != KOORDINATOR or v is None:
            return False
        if (forslag.fra == EIER) == (hvem.organisasjon == EIER) or forslag.av == hvem.navn:
            return False
        if not ja:
            if hvem.organisasjon in forslag.nei:
                return False
            forslag.nei.add(hvem.organisasjon)
            self._avgjoer()
            return True
        v.forfattere.add(hvem.navn)
        self.aapne_forslag.remove(forslag)
        linjer, plass = list(v.tekst), forslag.plass
        if plass is None:
            linjer.append(forslag.tekst)
        else:
            # The others about the clause were about another text.
            self.aapne_forslag = [f for f in self.aapne_forslag if f.plass != plass]
            linjer[plass : plass + 1] = [forslag.tekst] if forslag.type == "endre" else []
            for f in self.aapne_forslag:
                if forslag.type == "stryk" and f.plass is not None and f.plass > plass:
                    f.plass -= 1
        v.tekst = tuple(linjer)
        return True

    def trekk_forslag(self, hvem: Folk, forslag: Utspill) -> bool:
        if not self.kan_forhandle(hvem) or hvem.organisasjon != forslag.fra:
            return False
        self.aapne_forslag.remove(forslag)
        return True

    def _forlat(self, organisasjon: str) -> None:
        """Who has gone takes its proposals along, and is waited for no more."""
        self.aapne_forslag = [f for f in self.aapne_forslag if f.fra != organisasjon]
        self._avgjoer()

    def _avgjoer(self) -> None:
        med = {p.organisasjon for p in self.parter if p.status == "deltar"}

        def avslaatt(f: Utspill) -> bool:
            spurte = {o for o in med if (o == EIER) != (f.fra == EIER)}
            return bool(spurte) and spurte <= f.nei

        self.aapne_forslag = [f for f in self.aapne_forslag if not avslaatt(f)]

    # --- the version ---

    def forkast(self, hvem: Folk) -> bool:
        v = self.arbeid()
        if not self.eier(hvem) or v is None or not self._ta_tilbake(v):
            return False
        gjelder = self.gjelder()
        if gjelder is not None and gjelder.status == "under_revisjon":
            gjelder.status = "gjeldende"
        return True

    def ny_versjon(self, hvem: Folk) -> bool:
        gjelder = self.gjelder()
        if not self.eier(hvem):
            return False
        if self.arbeid() is not None and self.arbeid() is gjelder:
            # Its day has come, however late the worker is.
            self.arbeider()
        if self.arbeid() is not None:
            return False
        if gjelder is None and any(v.fra is not None for v in self.versjoner):
            return False
        fra = gjelder or self.versjoner[-1]
        oensket = fra.oensket if fra.status == "forkastet" else None
        self.versjoner.append(Versjon(len(self.versjoner) + 1, "utkast", fra.tekst, fra.medvirkning, oensket))
        if gjelder is not None and gjelder.status == "gjeldende":
            gjelder.status = "under_revisjon"
        return True

    # --- approval ---

    def foerste_dag(self, v: Versjon) -> int:
        fra = max(v.oensket or self.dag, self.dag)
        gammel = self._i_kraft(v)
        if gammel is not None and gammel.til is not None and gammel.til >= self.dag:
            fra = min(fra, gammel.til)
        return fra

    def send(self, hvem: Folk, riktig_tekst: bool) -> bool:
        v = self.arbeid()
        if not self.eier(hvem) or v is None or v.status not in AAPNE or not riktig_tekst:
            return False
        med = self.bindes(self.foerste_dag(v))
        if (
            not v.tekst
            or not v.medvirkning
            or self.aapne_forslag
            or not any(p.organisasjon != EIER for p in med)
        ):
            return False
        v.status, v.delt, v.sendt_av = "til_godkjenning", True, hvem.navn
        for p in med:
            self._spoer(v, p)
        return True

    def kan_gi(self, hvem: Folk, v: Versjon, rad: Rad) -> bool:
        """Whether the link is the person's to give or send back now."""
        part = self.part(rad.organisasjon)
        return (
            hvem.organisasjon == rad.organisasjon
            and self.innenfor(hvem)
            and (not rad.nevnt or hvem.navn in rad.nevnt)
            and not rad.opphevet
            and rad.gitt_av is None
            and part is not None
            and part.status == "deltar"
            and (v.status == "til_godkjenning" or v is self.gjelder())
            and rad in v.tur()
        )

    def godkjenn(self, hvem: Folk, v: Versjon, rad: Rad, *, riktig_tekst: bool, med_vedtak: bool) -> bool:
        andre_siden = {
            r.gitt_av
            for r in v.gyldige()
            if (r.organisasjon == EIER) != (rad.organisasjon == EIER) and r.gitt_av
        }
        if (
            not self.kan_gi(hvem, v, rad)
            or hvem.navn in self.forfattere(v) | andre_siden
            or not riktig_tekst
            or (rad.vedtak and not med_vedtak)
        ):
            return False
        rad.gitt_av, rad.tekst, rad.avvist = hvem.navn, v.innhold, False
        if any(r.gitt_av is None for r in v.gyldige(rad.organisasjon)):
            return True
        if v.status != "til_godkjenning":
            part = self.part(rad.organisasjon)
            assert part is not None
            part.fra = self.dag
        elif all(r.gitt_av for r in v.gyldige()):
            self._alle_har_godkjent(v)
        return True

    def avvis(self, hvem: Folk, v: Versjon, rad: Rad) -> bool:
        if not self.kan_gi(hvem, v, rad) or rad.avvist:
            return False
        rad.avvist = True
        return True

    def aapne(self, hvem: Folk) -> bool:
        v = self.arbeid()
        if not self.eier(hvem) or v is None or v.status not in ("til_godkjenning", "godkjent"):
            return False
        if not self._ta_tilbake(v):
            return False
        self.versjoner.append(
            Versjon(len(self.versjoner) + 1, "til_forhandling", v.tekst, v.medvirkning, v.oensket, delt=True)
        )
        return True

    # --- the days ---

    def arbeider(self) -> None:
        """The worker: what the dates say."""
        ny = next(
            (v for v in self.versjoner if v.status == "godkjent" and v.fra is not None and v.fra <= self.dag),
            None,
        )
        gammel = next(
            (v for v in self.versjoner if v.status in I_KRAFT and v.til is not None and v.til <= self.dag),
            None,
        )
        if gammel is not None:
            for r in gammel.gyldige():
                r.opphevet = r.gitt_av is None
            erstattet = ny is not None and ny.fra == gammel.til
            if not erstattet or gammel.status == "oppsagt":
                self.varsler = []
            gammel.status = "erstattet" if erstattet else "utloept"
            # Ended for all, and nothing after it: who would have left later, ended with the others.
            if not erstattet and not any(v.status == "godkjent" for v in self.versjoner):
                for p in self.parter:
                    if p.status == "deltar" and p.til is not None and p.til > gammel.til:
                        p.til = None
        if ny is not None:
            ny.status = "gjeldende"
        ute = [p for p in self.parter if p.status == "deltar" and p.til is not None and p.til <= self.dag]
        for p in ute:
            p.status = "utmeldt"
            self._forlat(p.organisasjon)
            for r in [r for v in self.versjoner for r in v.gyldige(p.organisasjon)]:
                r.opphevet = r.gitt_av is None
        if ute:
            self._vent_ikke_lenger()

    # --- notice ---

    def si_opp(self, hvem: Folk, dager: int, enige: bool) -> bool:
        """The owner's ends the whole, a kommune's its own place. A year, or as soon as all have agreed to."""
        etter = deepcopy(self)
        etter.arbeider()
        gjelder, part = etter.gjelder(), etter.part(hvem.organisasjon)
        if hvem.rolle != KOORDINATOR or not self.innenfor(hvem) or gjelder is None or part is None:
            return False
        if part.status != "deltar" or part.fra is None or part.fra > self.dag or part.til is not None:
            return False
        if (hvem.organisasjon == EIER and etter.varsler) or dager <= 0 or (dager < 365 and not enige):
            return False
        self.arbeider()
        virkning = self.dag + dager
        if hvem.organisasjon != EIER:
            self._part(hvem).til = virkning
            return True
        arbeid = self.arbeid()
        holder = self.gjelder()
        assert holder is not None
        holder.status = "oppsagt"
        holder.til = virkning if holder.til is None else min(holder.til, virkning)
        self.varsler = [virkning]
        if arbeid is not None and arbeid.status == "til_godkjenning":
            self._spoer_resten(arbeid)
        return True

    def trekk_oppsigelse(self, hvem: Folk, organisasjon: str) -> bool:
        """Takes back the last notice of an organisation, while it runs."""
        etter = deepcopy(self)
        etter.arbeider()
        part = etter.part(organisasjon)
        if hvem.rolle != KOORDINATOR or not self.innenfor(hvem) or hvem.organisasjon != organisasjon:
            return False
        loeper = etter.varsler if organisasjon == EIER else [part.til] if part and part.til else []
        if etter.gjelder() is None or not loeper or loeper[0] <= self.dag:
            return False
        if organisasjon != EIER:
            if not etter._bli_likevel(etter._part(hvem)):
                return False
            self.arbeider()
            return self._bli_likevel(self._part(hvem))
        self.arbeider()
        holder, arbeid = self.gjelder(), self.arbeid()
        assert holder is not None
        holder.status = "under_revisjon" if arbeid else "gjeldende"
        holder.til = arbeid.fra if arbeid else None
        self.varsler = []
        return True

    def _part(self, hvem: Folk) -> Part:
        part = self.part(hvem.organisasjon)
        assert part is not None
        return part

    # --- parts of these ---

    def bindes(self, fra: int) -> list[Part]:
        """Whom what begins on that day would bind."""
        return [p for p in self.parter if p.status == "deltar" and (p.til is None or p.til > fra)]

    def uten_godkjenning(self, v: Versjon, fra: int) -> list[Part]:
        """Whom it would bind without the whole of their chain."""
        return [
            p
            for p in self.bindes(fra)
            if not (ledd := v.gyldige(p.organisasjon)) or any(r.gitt_av is None for r in ledd)
        ]

    def _bli_likevel(self, part: Part) -> bool:
        """Not leaving after all: asked about what the others were asked about meanwhile, if that leaves no gap."""
        part.til = None
        v, holder = self.arbeid(), self.gjelder()
        assert holder is not None
        if v is None or v is holder:
            return True
        if v.status == "godkjent" and v.fra is not None and self.uten_godkjenning(v, v.fra):
            if holder.status == "oppsagt":
                return False
            self._uten_dag(v)
            v.status = "til_godkjenning"
        if v.status == "til_godkjenning":
            self._spoer_resten(v)
        return True

    def _spoer_resten(self, v: Versjon) -> bool:
        """Nobody is bound unasked; whether anybody is waited for."""
        mangler = self.uten_godkjenning(v, self.foerste_dag(v))
        for p in mangler:
            if not v.gyldige(p.organisasjon):
                self._spoer(v, p)
        return bool(mangler)

    def _vent_ikke_lenger(self) -> None:
        """Who has gone is waited for no more; a kommune must be among those who have approved."""
        v = self.arbeid()
        igjen = {p.organisasjon for p in self.parter if p.status == "deltar" and p.organisasjon != EIER}
        if v is None or v.status != "til_godkjenning" or v.tur():
            return
        if any(r.organisasjon in igjen for r in v.gyldige()):
            self._alle_har_godkjent(v)

    def _i_kraft(self, unntatt: Versjon) -> Versjon | None:
        return next((v for v in self.versjoner if v is not unntatt and v.status in I_KRAFT), None)

    def _spoer(self, v: Versjon, part: Part) -> None:
        foer = max((r.plass for r in v.rader if r.organisasjon == part.organisasjon), default=0)
        for n, (nevnt, vedtak) in enumerate(self.kjeder[part.organisasjon], foer + 1):
            v.rader.append(Rad(part.organisasjon, n, nevnt, vedtak))

    def _opphev(self, v: Versjon, organisasjon: str | None = None) -> None:
        for r in v.gyldige(organisasjon):
            r.opphevet = True

    def _ta_tilbake(self, v: Versjon) -> bool:
        """Drops a version; the one before goes on as long as it would have. Not once its day has come."""
        if v.fra is not None:
            if v.fra <= self.dag:
                return False
            self._uten_dag(v)
        v.status = "forkastet"
        self._opphev(v)
        self.aapne_forslag = []
        return True

    def _uten_dag(self, v: Versjon) -> None:
        """Approved, its day is taken back: the one before goes on."""
        for p in self.parter:
            if p.fra == v.fra:
                p.fra = None
        for forrige in self.versjoner:
            if forrige is not v and forrige.til == v.fra and forrige.status in I_KRAFT:
                forrige.til = min(self.varsler, default=None)
        v.fra = None

    def _alle_har_godkjent(self, v: Versjon) -> None:
        if self._spoer_resten(v):
            return
        fra = self.foerste_dag(v)
        gammel = self._i_kraft(v)
        if gammel is not None and (gammel.til is None or gammel.til > fra):
            gammel.til = fra
        v.status, v.fra = "godkjent", fra
        spurte = {r.organisasjon for r in v.gyldige()}
        for p in self.parter:
            if p.status == "deltar" and p.fra is None and p.organisasjon in spurte:
                p.fra = fra
        self.arbeider()
