"""A simple model of who should be told what, and when: minute by minute, from the words of the rules alone.

It knows nothing of the portal's code: rosters are lists of shifts, a ladder is a list of (level, minutes), and
each minute everything is asked anew. A queue is (organisation, fagområde) by its number.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

VAKTHAVENDE, BAKVAKT, VAKTLEDER, ANSVARLIG = "vakthavende", "bakvakt", "vaktleder", "ansvarlig"
NIVAAER = (VAKTHAVENDE, BAKVAKT, VAKTLEDER)
SVARFRIST = {"akutt": 15, "haster": 120, "vanlig": 1440}
STANDARD = {"akutt": 5, "haster": 30, "vanlig": 240}
#: The pause between reminders never grows past this.
LENGSTE_PAUSE = 240


@dataclass
class Policy:
    """Steps as (level, minutes from the first), how many more climbs, and the pause before each and before the end."""

    ledd: list[tuple[str, int]]
    gjentakelser: int
    pause: int


def standard(hastegrad: str) -> Policy:
    m = STANDARD[hastegrad]
    return Policy([(VAKTHAVENDE, 0), (BAKVAKT, m), (VAKTLEDER, 2 * m)], 3, m)


@dataclass
class Vakt:
    koe: int
    nivaa: str
    hvem: str
    fra: int
    til: int
    avlyst: bool = False


@dataclass
class Varsel:
    tid: int
    kode: str
    hvem: str
    om: object
    gjelder: bool = True


@dataclass
class Timer:
    slag: str
    policy: Policy
    neste: int
    trinn: int = 0
    klatring: int = 0
    ringt: set[str] = field(default_factory=set)
    #: When each level was first asked, or found empty.
    spurte_nivaaer: dict[str, int] = field(default_factory=dict)
    #: Whom the ladder has told, and who has heard of it when they came on call.
    spurte_folk: set[str] = field(default_factory=set)
    hoert: set[str] = field(default_factory=set)
    #: The level that it waits for; None after everybody has heard that nobody is there, or that it is at its end.
    venter_paa: str | None = None
    #: For a message: when the first unanswered one came.
    siden: int | None = None


@dataclass
class Sak:
    nummer: int
    koe: int
    hastegrad: str
    status: str = "ny"
    ansvarlig: str | None = None
    ubesvart: int | None = None
    ventet_fra: int = 0
    timere: dict[str, Timer] = field(default_factory=dict)


_TIL_VAKT = {"aksept": "ny", "svar": "svar_mangler", "melding": "melding_ubesvart"}
_TIL_LEDER = {"aksept": "ikke_tatt", "svar": "svar_mangler", "melding": "melding_ubesvart"}
_RING = ("ingen_paa_vakt", "ingen_svarer")
_ALARMER = {
    "aksept": ("ny", "ikke_tatt", "venter", *_RING),
    "svar": ("svar_mangler", *_RING),
    "melding": ("melding_ubesvart", *_RING),
}
INNMELDER = "innmelder"


class Modell:
    """The world as it should be. `hus` gives the organisation of each queue; `leder` the vaktleder of each, and
    `koordinatorer` those who keep its rosters, where it has such."""

    def __init__(
        self, hus: list[int], leder: dict[int, str], koordinatorer: dict[int, list[str]] | None = None
    ) -> None:
        self.hus, self.leder, self.koordinatorer = hus, leder, koordinatorer or {}
        self.vakter: list[Vakt] = []
        #: (person, organisation, from, to)
        self.fravaer: list[tuple[str, int, int, int]] = []
        self.policyer: dict[tuple[int, str], Policy] = {}
        #: Who has left, and when.
        self.sluttet: dict[str, int] = {}
        self.saker: list[Sak] = []
        self.varsler: list[Varsel] = []
        self.naa = 0

    # --- who is there ---

    def paa_vakt(self, koe: int) -> dict[str, tuple[str, Vakt]]:
        funnet = {}
        for v in self.vakter:
            borte = any(
                p == v.hvem and o == self.hus[koe] and fra <= self.naa < til
                for p, o, fra, til in self.fravaer
            )
            if (
                v.koe == koe
                and v.fra <= self.naa < v.til
                and not (v.avlyst or borte or v.hvem in self.sluttet)
            ):
                funnet[v.nivaa] = (v.hvem, v)
        return funnet

    def ansvarlig_er_der(self, sak: Sak) -> bool:
        return sak.ansvarlig is not None and sak.ansvarlig not in self.sluttet

    # --- telling and falling silent ---

    def fortell(self, kode: str, hvem: str, om: object) -> None:
        self.varsler.append(Varsel(self.naa, kode, hvem, om))

    def stopp(self, om: object, koder: tuple[str, ...] | None = None, hvem: str | None = None) -> None:
        for v in self.varsler:
            if v.om == om and (koder is None or v.kode in koder) and hvem in (None, v.hvem):
                v.gjelder = False

    def avslutt(self, sak: Sak, slag: str | None = None) -> None:
        for s in [slag] if slag else list(sak.timere):
            sak.timere.pop(s, None)
        self.stopp(sak.nummer, _ALARMER[slag] if slag else None)

    # --- what people do ---

    def send(self, koe: int, hastegrad: str) -> Sak:
        sak = Sak(len(self.saker), koe, hastegrad)
        self.saker.append(sak)
        self._vent(sak)
        return sak

    def aksepter(self, sak: Sak, hvem: str) -> None:
        sak.status, sak.ansvarlig, sak.ubesvart = "akseptert", hvem, None
        self._ut_av_koen(sak)
        self.avslutt(sak)
        self.fortell("akseptert", INNMELDER, sak.nummer)
        self._svarfrist(sak)

    def gi_tilbake(self, sak: Sak) -> None:
        sak.status, sak.ansvarlig = "ny", None
        self.avslutt(sak)
        self._vent(sak)

    def videresend(self, sak: Sak, koe: int) -> None:
        if sak.status == "ny":
            self._ut_av_koen(sak)
        self.avslutt(sak)
        sak.status, sak.ansvarlig, sak.koe = "ny", None, koe
        self._vent(sak)

    def overlever(self, sak: Sak, hvem: str) -> None:
        # Asked, and answered at once: it need not be told any more.
        self.fortell("overlevering", hvem, ("spurt", sak.nummer))
        self.stopp(("spurt", sak.nummer))
        # That an answer is missing, is the former's no more.
        self.stopp(sak.nummer, ("svar_mangler", "melding_ubesvart"), sak.ansvarlig)
        sak.ansvarlig = hvem

    def besvar(self, sak: Sak) -> None:
        sak.status, sak.ubesvart = "besvart", None
        self.avslutt(sak)
        self.fortell("besvart", INNMELDER, sak.nummer)

    def spoer_igjen(self, sak: Sak) -> None:
        """Needs more, or opens a closed case again."""
        sak.status = "akseptert"
        self.avslutt(sak, "svar")
        self._svarfrist(sak)
        assert sak.ansvarlig is not None
        self.fortell("trenger_mer", sak.ansvarlig, sak.nummer)

    def slutt(self, sak: Sak, status: str) -> None:
        if sak.status == "ny":
            self._ut_av_koen(sak)
        sak.status, sak.ubesvart = status, None
        self.avslutt(sak)

    def melding(self, sak: Sak, *, fra_innmelder: bool) -> None:
        if not fra_innmelder:
            sak.ubesvart = None
        elif sak.ubesvart is None:
            sak.ubesvart = self.naa

    # --- the ladders ---

    def _policy(self, sak: Sak) -> Policy:
        return self.policyer.get((sak.koe, sak.hastegrad)) or standard(sak.hastegrad)

    def _for_ansvarlig(self, sak: Sak) -> Policy:
        p = self._policy(sak)
        # Then the whole ladder. The responsible has as long as the vakthavende would have, before the next is told.
        skyv = p.ledd[1][1] if p.ledd[0][0] == VAKTHAVENDE and len(p.ledd) > 1 else p.pause
        return Policy([(ANSVARLIG, 0), *((n, m + skyv) for n, m in p.ledd)], p.gjentakelser, p.pause)

    def _vent(self, sak: Sak) -> None:
        sak.ventet_fra = self.naa
        sak.timere["aksept"] = Timer("aksept", self._policy(sak), self.naa)
        self._ta_trinn(sak, sak.timere["aksept"])

    def _svarfrist(self, sak: Sak) -> None:
        frist = self.naa + SVARFRIST[sak.hastegrad]
        sak.timere["svar"] = Timer("svar", self._for_ansvarlig(sak), frist, venter_paa=ANSVARLIG)

    def _ut_av_koen(self, sak: Sak) -> None:
        """What was told of several that wait, stops when all of those that waited then are gone."""
        resten = [s.ventet_fra for s in self.saker if s is not sak and s.koe == sak.koe and s.status == "ny"]
        for v in self.varsler:
            if v.om == ("koe", sak.koe) and v.tid <= min(resten, default=v.tid):
                v.gjelder = False

    def _ta_trinn(self, sak: Sak, t: Timer) -> None:
        p = t.policy
        t.venter_paa = None
        if t.trinn == len(p.ledd):
            self._ved_enden(sak, t)
            return
        paa = {n: hvem for n, (hvem, _v) in self.paa_vakt(sak.koe).items()}
        egne: set[str] = set()
        if t.slag != "aksept" and self.ansvarlig_er_der(sak):
            assert sak.ansvarlig is not None
            # Told as the responsible, and not once more for a shift.
            egne = {n for n, hvem in paa.items() if hvem == sak.ansvarlig}
            paa[ANSVARLIG] = sak.ansvarlig
        der = paa.keys() - egne
        leder = self.leder[self.hus[sak.koe]]
        if not any(n in der for n, _ in p.ledd):
            for nivaa, _ in p.ledd[t.trinn :]:
                t.spurte_nivaaer.setdefault(nivaa, self.naa)
            self._ring(sak, t, "ingen_paa_vakt")
            self.fortell(_TIL_LEDER[t.slag], leder, sak.nummer)
            self._til_toppen(t)
            return
        om_igjen = False
        while p.ledd[t.trinn][0] not in der:
            t.spurte_nivaaer.setdefault(p.ledd[t.trinn][0], self.naa)
            t.trinn += 1
            if t.trinn == len(p.ledd):
                # Nobody above: on from below, at once.
                om_igjen = True
                self._til_toppen(t)
                if t.trinn == len(p.ledd):
                    self._ved_enden(sak, t)
                    return
        nivaa, minutt = p.ledd[t.trinn]
        self.fortell(_TIL_VAKT[t.slag], paa[nivaa], sak.nummer)
        if om_igjen and leder != paa[nivaa]:
            self.fortell(_TIL_LEDER[t.slag], leder, sak.nummer)
        t.spurte_nivaaer.setdefault(nivaa, self.naa)
        t.spurte_folk.add(paa[nivaa])
        t.venter_paa = nivaa
        t.trinn += 1
        if t.trinn < len(p.ledd):
            t.neste = self.naa + p.ledd[t.trinn][1] - minutt
        else:
            self._til_toppen(t)

    def _til_toppen(self, t: Timer) -> None:
        """The last step is taken: another climb, or the end, after the pause."""
        t.neste, t.trinn = self.naa + t.policy.pause, len(t.policy.ledd)
        if t.klatring < t.policy.gjentakelser:
            t.klatring, t.trinn = t.klatring + 1, 0

    def _ved_enden(self, sak: Sak, t: Timer) -> None:
        hus = self.hus[sak.koe]
        for hvem in (self.leder[hus], *self.koordinatorer.get(hus, ())):
            self.fortell(_TIL_LEDER[t.slag], hvem, sak.nummer)
        self._ring(sak, t, "ingen_svarer")
        if t.slag != "aksept":
            del sak.timere[t.slag]
            if t.slag == "melding":
                sak.ubesvart = None
            return
        ganger = t.klatring - t.policy.gjentakelser
        t.klatring += 1
        t.neste = self.naa + max(t.policy.pause, min(t.policy.pause * 2**ganger, LENGSTE_PAUSE))

    def _ring(self, sak: Sak, t: Timer, kode: str) -> None:
        if kode not in t.ringt:
            t.ringt.add(kode)
            self.fortell(kode, INNMELDER, sak.nummer)

    # --- the worker ---

    def arbeid(self, *, krasjer: bool) -> bool:
        """A look at everything at this minute; whether something came of it. `krasjer`: no step can be taken."""
        gjorde = False
        for sak in self.saker:
            t = sak.timere.get("melding")
            if t is not None and t.siden != sak.ubesvart:
                self.avslutt(sak, "melding")
                gjorde = True
            if (
                sak.ubesvart is not None
                and sak.status in ("akseptert", "besvart")
                and "melding" not in sak.timere
            ):
                frist = sak.ubesvart + SVARFRIST[sak.hastegrad]
                policy = self._for_ansvarlig(sak)
                sak.timere["melding"] = Timer(
                    "melding", policy, frist, venter_paa=ANSVARLIG, siden=sak.ubesvart
                )
                gjorde = True
            for t in list(sak.timere.values()):
                if t.neste > self.naa and t.venter_paa is not None and not self._er_der(sak, t.venter_paa):
                    # Nobody is there to wait for.
                    t.neste = self.naa
                if t.neste <= self.naa:
                    gjorde = True
                    if not krasjer:
                        self._ta_trinn(sak, t)
        return self._nye_paa_vakt() or gjorde

    def _er_der(self, sak: Sak, nivaa: str) -> bool:
        if nivaa != ANSVARLIG:
            return nivaa in self.paa_vakt(sak.koe)
        # Whoever left a moment ago, may come back in another role.
        return sak.ansvarlig is not None and self.naa - self.sluttet.get(sak.ansvarlig, self.naa) < 2

    def _nye_paa_vakt(self) -> bool:
        """Whoever is on call hears of the cases that wait at a level that was asked before this minute."""
        gjorde = False
        for koe in range(len(self.hus)):
            paa = self.paa_vakt(koe)
            for hvem in {hvem for hvem, _vakt in paa.values()}:
                egne = [n for n, (p, _vakt) in paa.items() if p == hvem]
                venter = [
                    s
                    for s in self.saker
                    if s.koe == koe
                    and s.status == "ny"
                    and any(s.timere["aksept"].spurte_nivaaer.get(n, self.naa) < self.naa for n in egne)
                    and hvem not in s.timere["aksept"].spurte_folk
                ]
                if any(hvem not in s.timere["aksept"].hoert for s in venter):
                    gjorde = True
                    self.fortell("venter", hvem, ("koe", koe) if len(venter) > 1 else venter[0].nummer)
                    for s in venter:
                        s.timere["aksept"].hoert.add(hvem)
        return gjorde

    # --- what is compared ---

    def fortalt(self) -> Counter[tuple[int, str, str]]:
        return Counter((v.tid, v.kode, v.hvem) for v in self.varsler)

    def gjeldende(self) -> Counter[tuple[int, str, str]]:
        return Counter((v.tid, v.kode, v.hvem) for v in self.varsler if v.gjelder)

    def frister(self) -> dict[tuple[int, str], int]:
        """(case, kind) → when its next step is due."""
        return {(s.nummer, slag): t.neste for s in self.saker for slag, t in s.timere.items()}
