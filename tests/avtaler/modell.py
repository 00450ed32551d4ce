"""A simple model of an agreement's life: who may do what when, and what comes of it, from the words of the rules alone.

It knows nothing of the portal's code. Organisations and people are names, a text is a tuple of clauses, days are
numbers. Each act gives whether it is allowed; when it is, it is done. What is approved is the text itself: an approval
holds for exactly that one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

EIER = "foretaket"
KOORDINATOR, ADMINISTRATOR, OVERLEGE = "koordinator", "administrator", "kommuneoverlege"
AAPNE = ("utkast", "til_forhandling")
I_ARBEID = (*AAPNE, "til_godkjenning", "godkjent")
I_KRAFT = ("gjeldende", "under_revisjon", "oppsagt")


@dataclass(frozen=True)
class Folk:
    navn: str
    organisasjon: str
    rolle: str


@dataclass
class Rad:
    """A link of a party's chain for one version."""

    organisasjon: str
    plass: int
    #: Who may give it; empty: whoever has a role for it.
    nevnt: tuple[str, ...]
    vedtak: bool
    gitt_av: str | None = None
    tekst: object = None
    avvist: bool = False
    opphevet: bool = False


@dataclass
class Part:
    organisasjon: str
    status: str = "invitert"
    fra: int | None = None
    til: int | None = None


@dataclass
class Versjon:
    nummer: int
    status: str
    tekst: tuple[str, ...]
    medvirkning: str = ""
    oensket: int | None = None
    fra: int | None = None
    til: int | None = None
    delt: bool = False
    sendt_av: str | None = None
    #: Who wrote, proposed or accepted a word of it.
    forfattere: set[str] = field(default_factory=set)
    rader: list[Rad] = field(default_factory=list)

    @property
    def innhold(self) -> object:
        return (self.medvirkning, self.tekst)

    def gyldige(self, organisasjon: str | None = None) -> list[Rad]:
        return [r for r in self.rader if not r.opphevet and organisasjon in (None, r.organisasjon)]

    def tur(self) -> list[Rad]:
        foerste: dict[str, Rad] = {}
        for r in self.gyldige():
            if r.gitt_av is None:
                foerste.setdefault(r.organisasjon, r)
        return list(foerste.values())


class Modell:
    """One agreement. `kjeder`: {organisation: [(the people a link names, whether it demands a vedtak)]}."""

    def __init__(
        self, kjeder: dict[str, list[tuple[tuple[str, ...], bool]]], tekst: tuple[str, ...], av: str
    ) -> None:
        self.kjeder = kjeder
        self.dag = 0
        self.parter = [Part(EIER, "deltar")]
        self.versjoner = [Versjon(1, "utkast", tekst, forfattere={av})]
        #: The open proposals of the version that is negotiated, as who drives the model names them.
        self.aapne_forslag: list[Any] = []
        #: The days on which the owner's notices, not taken back, take effect.
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
        if not self.eier(hvem) or self.arbeid() is not None:
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
        med = [
            p for p in self.parter if p.status == "deltar" and (p.til is None or p.til > self.foerste_dag(v))
        ]
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
            if erstattet and gammel.status == "oppsagt":
                self.varsler = []
            gammel.status = "erstattet" if erstattet else "utloept"
        if ny is not None:
            ny.status = "gjeldende"
        for p in self.parter:
            if p.status == "deltar" and p.til is not None and p.til <= self.dag:
                p.status = "utmeldt"

    # --- parts of these ---

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
            for p in self.parter:
                if p.fra == v.fra:
                    p.fra = None
            for forrige in self.versjoner:
                if forrige is not v and forrige.til == v.fra and forrige.status in I_KRAFT:
                    forrige.til = min(self.varsler, default=None)
            v.fra = None
        v.status = "forkastet"
        self._opphev(v)
        self.aapne_forslag = []
        return True

    def _alle_har_godkjent(self, v: Versjon) -> None:
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
