"""What emergency beds should do, as simply as it can be said: units in memory, minutes for time, no database.

An act gives `JA`, `NEI` (refused) or `AVSLAG` (refused, and noted in the audit log: who asked had no right to). What it
changes it changes only on `JA`. A hold whose time is over counts as ended for everybody, whether or not anyone has
come by to write it down (`loes_ut`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

JA, NEI, AVSLAG = "ja", "nei", "avslag"
HOLD_MINUTTER = 120
KLINISKE = ("lege_kommune", "helsepersonell", "kommuneoverlege")
KOORDINATOR = "koordinator"
#: What a bed may be said to be by a click, and from what: also what it is already.
KLIKK = {
    "ledig": {"ledig", "ukjent", "rengjoeres", "stengt"},
    "rengjoeres": {"rengjoeres", "ukjent", "ledig", "stengt"},
    "stengt": {"ukjent", "ledig", "rengjoeres", "stengt"},
}


@dataclass(frozen=True)
class Folk:
    navn: str
    org: str
    rolle: str
    #: The unit of which they are, by the unit's name in the model.
    enhet: str = ""


@dataclass
class Enhet:
    navn: str
    vert: str
    kvoter: dict[str, int]
    senger: list[Seng] = field(default_factory=list)
    bekreftet: int | None = None
    nedlagt: bool = False

    def i_bruk(self) -> list[Seng]:
        return [s for s in self.senger if not s.nedlagt]


@dataclass
class Seng:
    enhet: Enhet
    nr: int
    opprettet: int
    evner: int = 0
    normert: bool = True
    bemannet: bool = True
    tilstand: str = "ukjent"
    grunn: str = ""
    nedlagt: bool = False
    id: UUID | None = None


@dataclass
class Hold:
    seng: Seng
    kommune: str
    org: str
    klient: UUID
    evner: int
    utloeper: int
    status: str = "aktiv"
    forlenget: bool = False
    id: UUID | None = None


@dataclass
class Opphold:
    seng: Seng
    kommune: str
    inn: int
    ut: int | None = None
    id: UUID | None = None


class Modell:
    def __init__(self, enheter: list[Enhet]) -> None:
        self.enheter = {e.navn: e for e in enheter}
        self.hold: list[Hold] = []
        self.opphold: list[Opphold] = []
        #: Clicks in vain (unit, for which kommune, the click), and holds that the unit refused, by unit.
        self.forgjeves: set[tuple[str, str, UUID]] = set()
        self.avvist = {e.navn: 0 for e in enheter}
        self.tid = 0

    # --- who may what ---

    def paa(self, f: Folk, e: Enhet) -> bool:
        return f.rolle in KLINISKE and f.org == e.vert and f.enhet == e.navn

    def forvalter(self, f: Folk, e: Enhet) -> bool:
        return f.rolle == KOORDINATOR and f.org == e.vert

    def driver(self, f: Folk, e: Enhet) -> bool:
        return self.paa(f, e) or self.forvalter(f, e)

    def kan_reservere(self, f: Folk, e: Enhet) -> bool:
        return self.paa(f, e) or (f.rolle in KLINISKE and f.org in e.kvoter)

    def ser_hold(self, f: Folk, h: Hold) -> bool:
        return self.driver(f, h.seng.enhet) or (f.rolle in KLINISKE and f.org == h.org)

    # --- time ---

    def loeper(self, h: Hold) -> bool:
        return h.status == "aktiv" and h.utloeper > self.tid

    def forfalt(self, e: Enhet) -> list[Hold]:
        return [h for h in self.hold if h.seng.enhet is e and h.status == "aktiv" and not self.loeper(h)]

    def staar(self, s: Seng) -> str:
        """What a bed is in truth: one whose hold is over is free."""
        over = any(h.seng is s for h in self.forfalt(s.enhet))
        return "ledig" if over else s.tilstand

    def loes_ut(self, e: Enhet) -> int:
        over = self.forfalt(e)
        for h in over:
            h.status, h.seng.tilstand = "utloept", "ledig"
        return len(over)

    # --- holds ---

    def avslag(self, e: Enhet) -> int:
        return self.avvist[e.navn] + sum(f[0] == e.navn for f in self.forgjeves)

    def brukt(self, e: Enhet, kommune: str) -> int:
        holdt = [h for h in self.hold if h.seng.enhet is e and self.loeper(h) and h.kommune == kommune]
        ligger = [o for o in self.opphold if o.seng.enhet is e and o.ut is None and o.kommune == kommune]
        return len(holdt) + len(ligger)

    def kjent(self, f: Folk, klient: UUID) -> Hold | None:
        return next((h for h in self.hold if (h.org, h.klient) == (f.org, klient)), None)

    def reserver(
        self,
        f: Folk,
        e: Enhet,
        *,
        klient: UUID,
        seng: Seng | None,
        evner: int,
        kommune: str | None,
        over_kvote: bool,
    ) -> tuple[str, Hold | None]:
        if not self.kan_reservere(f, e):
            return AVSLAG, None
        if gammelt := self.kjent(f, klient):
            return (JA, gammelt) if (gammelt.seng.enhet, gammelt.evner) == (e, evner) else (NEI, None)
        valgt = kommune or f.org
        if e.nedlagt or (valgt != f.org and not self.driver(f, e)) or valgt not in e.kvoter:
            return NEI, None
        ledige = [s for s in e.i_bruk() if self.staar(s) == "ledig" and s.bemannet]
        passer = [s for s in ledige if not evner & ~s.evner]
        if not passer and (seng is None or not seng.nedlagt):
            # The same click sent again is the same request; for another kommune it is not.
            self.forgjeves.add((e.navn, valgt, klient))
        if seng not in (None, *passer) or not passer:
            return NEI, None
        if seng is None:
            seng = min(passer, key=lambda s: (s.evner.bit_count(), s.nr))
        if self.brukt(e, valgt) >= e.kvoter[valgt] and not (self.driver(f, e) and over_kvote):
            return NEI, None
        self.loes_ut(e)
        nytt = Hold(seng, valgt, f.org, klient, evner, self.tid + HOLD_MINUTTER)
        seng.tilstand = "holdt"
        self.hold.append(nytt)
        self._sett_paa(f, e)
        return JA, nytt

    def forleng(self, f: Folk, h: Hold) -> str:
        if not self.ser_hold(f, h):
            return AVSLAG
        if not self.loeper(h) or h.forlenget:
            return NEI
        h.forlenget, h.utloeper = True, h.utloeper + HOLD_MINUTTER
        return JA

    def _slutt(self, h: Hold, status: str) -> None:
        h.status = status
        h.seng.tilstand = "belagt" if status == "innlagt" else "ledig"

    def frigi(self, f: Folk, h: Hold) -> str:
        if not self.ser_hold(f, h):
            return AVSLAG
        if not self.loeper(h):
            return NEI
        self._slutt(h, "frigitt")
        self._sett_paa(f, h.seng.enhet)
        return JA

    def avvis(self, f: Folk, h: Hold) -> str:
        if not self.driver(f, h.seng.enhet):
            return AVSLAG
        if not self.loeper(h):
            return NEI
        self._slutt(h, "avvist")
        self.avvist[h.seng.enhet.navn] += 1
        h.seng.enhet.bekreftet = self.tid
        return JA

    def _sett_paa(self, f: Folk, e: Enhet) -> None:
        """Who works there and does something to its beds has seen how they stand."""
        if self.driver(f, e):
            e.bekreftet = self.tid

    # --- stays ---

    def _laa_noen(self, s: Seng, inn: int) -> bool:
        return any(o.seng is s and o.ut is not None and o.ut > inn for o in self.opphold)

    def legg_inn_fra(self, f: Folk, h: Hold, inn: int) -> tuple[str, Opphold | None]:
        if inn > self.tid:
            return NEI, None
        if not self.driver(f, h.seng.enhet):
            return AVSLAG, None
        if not self.loeper(h) or self._laa_noen(h.seng, inn):
            return NEI, None
        self._slutt(h, "innlagt")
        return JA, self._ligger(h.seng, h.kommune, inn)

    def legg_inn(
        self, f: Folk, s: Seng, kommune: str, inn: int, *, fersk: bool
    ) -> tuple[str, Opphold | None]:
        if inn > self.tid:
            return NEI, None
        if not self.driver(f, s.enhet):
            return AVSLAG, None
        if s.nedlagt or not fersk or self.staar(s) not in ("ledig", "ukjent"):
            return NEI, None
        if kommune not in s.enhet.kvoter or self._laa_noen(s, inn):
            return NEI, None
        self.loes_ut(s.enhet)
        s.tilstand = "belagt"
        return JA, self._ligger(s, kommune, inn)

    def _ligger(self, s: Seng, kommune: str, inn: int) -> Opphold:
        nytt = Opphold(s, kommune, inn)
        self.opphold.append(nytt)
        s.enhet.bekreftet = self.tid
        return nytt

    def skriv_ut(self, f: Folk, o: Opphold, ut: int, *, rengjoeres: bool, fersk: bool) -> str:
        if not self.driver(f, o.seng.enhet):
            return AVSLAG
        if o.ut is not None or not fersk or not o.inn <= ut <= self.tid:
            return NEI
        o.ut = ut
        o.seng.tilstand = "rengjoeres" if rengjoeres else "ledig"
        o.seng.enhet.bekreftet = self.tid
        return JA

    # --- beds ---

    def sett(self, f: Folk, s: Seng, tilstand: str, grunn: str, *, fersk: bool) -> str:
        if tilstand not in KLIKK or (tilstand == "stengt") != bool(grunn):
            return NEI
        if not self.driver(f, s.enhet):
            return AVSLAG
        if s.nedlagt or not fersk or self.staar(s) not in KLIKK[tilstand]:
            return NEI
        self.loes_ut(s.enhet)
        s.tilstand, s.grunn, s.enhet.bekreftet = tilstand, grunn, self.tid
        return JA

    def bemann(self, f: Folk, s: Seng, bemannet: bool, *, fersk: bool) -> str:
        if not self.driver(f, s.enhet):
            return AVSLAG
        if s.nedlagt or not fersk or (self.staar(s) == "holdt" and not bemannet):
            return NEI
        self.loes_ut(s.enhet)
        s.bemannet, s.enhet.bekreftet = bemannet, self.tid
        return JA

    def ingen_endring(self, f: Folk, e: Enhet) -> str:
        if not self.driver(f, e):
            return AVSLAG
        if e.nedlagt or any(s.tilstand == "ukjent" for s in e.i_bruk()):
            return NEI
        self.loes_ut(e)
        e.bekreftet = self.tid
        return JA

    # --- the unit ---

    def _nok(self, e: Enhet, normerte: int) -> bool:
        return sum(e.kvoter.values()) <= normerte

    def _normerte(self, e: Enhet) -> int:
        return sum(s.normert for s in e.i_bruk())

    def ny_seng(
        self, f: Folk, e: Enhet, *, evner: int, normert: bool, bemannet: bool
    ) -> tuple[str, Seng | None]:
        if not self.forvalter(f, e):
            return AVSLAG, None
        if e.nedlagt:
            return NEI, None
        nr = max((s.nr for s in e.i_bruk()), default=-1) + 1
        ny = Seng(e, nr, self.tid, evner, normert, bemannet)
        e.senger.append(ny)
        return JA, ny

    def endre_seng(self, f: Folk, s: Seng, *, evner: int, normert: bool, fersk: bool) -> str:
        if not self.forvalter(f, s.enhet):
            return AVSLAG
        if s.nedlagt or not fersk:
            return NEI
        if s.normert and not normert and not self._nok(s.enhet, self._normerte(s.enhet) - 1):
            return NEI
        s.evner, s.normert = evner, normert
        return JA

    def nedlegg_seng(self, f: Folk, s: Seng) -> str:
        if not self.forvalter(f, s.enhet):
            return AVSLAG
        if s.nedlagt or self.staar(s) in ("holdt", "belagt"):
            return NEI
        if s.normert and not self._nok(s.enhet, self._normerte(s.enhet) - 1):
            return NEI
        self.loes_ut(s.enhet)
        s.nedlagt = True
        return JA

    def sett_kvoter(self, f: Folk, e: Enhet, kvoter: dict[str, int], *, fersk: bool) -> str:
        if not self.forvalter(f, e):
            return AVSLAG
        if e.nedlagt or not fersk or e.vert not in kvoter or min(kvoter.values()) < 0:
            return NEI
        if sum(kvoter.values()) > self._normerte(e):
            return NEI
        e.kvoter = dict(kvoter)
        return JA

    def nedlegg(self, f: Folk, e: Enhet) -> str:
        if not self.forvalter(f, e):
            return AVSLAG
        if e.nedlagt or any(self.staar(s) in ("holdt", "belagt") for s in e.i_bruk()):
            return NEI
        self.loes_ut(e)
        for s in e.i_bruk():
            s.nedlagt = True
        e.kvoter, e.nedlagt = {}, True
        return JA

    # --- what the board should say ---

    def tall(self, e: Enhet) -> dict[str, int]:
        """As it is written down: an overdue hold stands there until somebody comes by."""
        tall = dict.fromkeys(("ledig", "holdt", "belagt", "rengjoeres", "stengt", "ubemannet", "ukjent"), 0)
        for s in e.i_bruk():
            tom = s.tilstand in ("ledig", "rengjoeres")
            tall["ubemannet" if tom and not s.bemannet else s.tilstand] += 1
        return tall


def samlet(spenn: list[tuple[datetime, datetime | None]]) -> list[tuple[datetime, datetime | None]]:
    """Without those of no length, and with those joined that meet."""
    ut: list[tuple[datetime, datetime | None]] = []
    for fra, til in sorted(spenn, key=lambda s: (s[0], s[1] is None, s[1] or s[0])):
        if til is not None and til <= fra:
            continue
        if ut and ut[-1][1] == fra:
            ut[-1] = (ut[-1][0], til)
        else:
            ut.append((fra, til))
    return ut
