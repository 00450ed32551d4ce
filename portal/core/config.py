"""Settings, read from the environment once. README lists them all; a test compares the two."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import click
from environs import Env, EnvError

ROT = Path(__file__).resolve().parents[2]
STANDARD_HEMMELIGHET = "bare-for-demo"


class Oppsettsfeil(click.ClickException):
    """The settings contradict each other or are unsafe: the portal refuses to start. The text says the mend.

    A ClickException, so that the command line shows the sentence and no traceback.
    """


@dataclass(frozen=True)
class Innstillinger:
    """All settings of one process."""

    modus: str
    database_url: str
    redis_url: str
    hemmelighet: str
    revisjonsnoekkel: str
    host: str
    port: int
    debug: bool
    opphav: frozenset[str]
    bak_proxy: int
    instans: Path
    sesjon_timer: int
    regel_2032: bool
    tikk_sekunder: float
    arbeider_i_web: bool
    loggformat: str
    laases_etter_minutter: float = 30.0
    #: The second factor: krev, frivillig or av.
    tofaktor: str = "frivillig"
    #: Empty: e-mail becomes files in `utboks` of the instance folder.
    smtp_url: str = ""
    epost_fra: str = "portalen@localhost"
    #: The gateways to the telephone network, for text messages and for calls. Empty: that channel does not exist.
    sms_url: str = ""
    tale_url: str = ""
    #: What the portal and the gateways prove themselves to each other with.
    varselnoekkel: str = ""
    #: The address that links in e-mail begin with.
    adresse: str = "http://127.0.0.1:5000"
    #: Where attachments stand; None: `vedlegg` in the instance folder.
    vedlegg: Path | None = None
    #: The virus scanner, clamd: host:port or unix:/path. Empty: none.
    clamav: str = ""
    #: An outside monitor that alarms when it is not asked for so many seconds. Empty: none.
    hjerteslag_url: str = ""
    hjerteslag_sekunder: float = 60.0

    @property
    def demo(self) -> bool:
        return self.modus == "demo"

    @property
    def vedleggsmappe(self) -> Path:
        return self.vedlegg or self.instans / "vedlegg"

    @property
    def sikker_kapsel(self) -> bool:
        """Whether cookies demand https: always in production."""
        return self.modus == "produksjon"


_gjeldende: Innstillinger | None = None


def innstillinger() -> Innstillinger:
    """The settings of this process, as the factory set them."""
    if _gjeldende is None:
        raise RuntimeError("The settings are read by the factory (create_app) first")
    return _gjeldende


def sett_innstillinger(nye: Innstillinger) -> None:
    """Makes these the settings of the process. Called by the factory alone."""
    global _gjeldende
    _gjeldende = nye


def les_innstillinger() -> Innstillinger:
    """Reads and checks the environment. Raises Oppsettsfeil with a sentence that says what to mend."""
    try:
        innstillinger = _les(Env())
    except EnvError as feil:
        raise Oppsettsfeil(f"{str(feil).rstrip('.')}. See the table of settings in the README.") from feil
    _krev_rimelig(innstillinger)
    if innstillinger.modus == "produksjon":
        _krev_trygt(innstillinger)
    return innstillinger


def _les(env: Env) -> Innstillinger:
    modus = env.str("PORTAL_MODUS", "demo")
    if modus not in ("demo", "test", "produksjon"):
        raise Oppsettsfeil(f"PORTAL_MODUS is «{modus}»; it must be demo, test or produksjon.")
    instans = Path(env.str("PORTAL_INSTANS", str(ROT / "instance"))).resolve()
    hemmelighet = env.str("PORTAL_HEMMELIGHET", "") or _lokal_hemmelighet(instans, modus)
    host, port, opphav = env.str("PORTAL_HOST", "127.0.0.1"), env.int("PORTAL_PORT", 5000), _opphav(env)
    adresse = opphav[0] if opphav else f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"  # noqa: S104
    return Innstillinger(
        modus=modus,
        database_url=env.str("PORTAL_DATABASE_URL", f"sqlite:///{instans / 'portal.db'}"),
        redis_url=env.str("PORTAL_REDIS_URL", ""),
        hemmelighet=hemmelighet,
        revisjonsnoekkel=env.str("PORTAL_REVISJONSNOEKKEL", "")
        or hashlib.sha256(b"revisjon:" + hemmelighet.encode()).hexdigest(),
        host=host,
        port=port,
        debug=env.bool("PORTAL_DEBUG", env.bool("FLASK_DEBUG", False)),
        opphav=frozenset(opphav),
        bak_proxy=env.int("PORTAL_BAK_PROXY", 0),
        instans=instans,
        sesjon_timer=env.int("PORTAL_SESJON_TIMER", 12),
        laases_etter_minutter=env.float("PORTAL_LAASES_ETTER_MINUTTER", 30.0),
        regel_2032=env.bool("PORTAL_REGEL_2032", False),
        tikk_sekunder=env.float("PORTAL_TIKK_SEKUNDER", 15.0),
        arbeider_i_web=env.bool("PORTAL_ARBEIDER_I_WEB", modus != "produksjon"),
        loggformat=env.str("PORTAL_LOGGFORMAT", "json" if modus == "produksjon" else "tekst"),
        tofaktor=env.str("PORTAL_TOFAKTOR", "krev" if modus == "produksjon" else "frivillig"),
        smtp_url=env.str("PORTAL_SMTP_URL", ""),
        epost_fra=env.str("PORTAL_EPOST_FRA", "") or f"portalen@{urlsplit(adresse).hostname or 'localhost'}",
        sms_url=env.str("PORTAL_SMS_URL", ""),
        tale_url=env.str("PORTAL_TALE_URL", ""),
        varselnoekkel=env.str("PORTAL_VARSELNOEKKEL", ""),
        adresse=adresse,
        vedlegg=Path(vedlegg).resolve() if (vedlegg := env.str("PORTAL_VEDLEGG", "")) else None,
        clamav=env.str("PORTAL_CLAMAV", ""),
        hjerteslag_url=env.str("PORTAL_HJERTESLAG_URL", ""),
        hjerteslag_sekunder=env.float("PORTAL_HJERTESLAG_SEKUNDER", 60.0),
    )


def _opphav(env: Env) -> list[str]:
    return [o.strip().rstrip("/") for o in env.str("PORTAL_OPPHAV", "").split(",") if o.strip()]


def _krev_rimelig(i: Innstillinger) -> None:
    for navn, verdi, fra, til in (
        ("PORTAL_PORT", i.port, 0, 65535),
        ("PORTAL_SESJON_TIMER", i.sesjon_timer, 1, 24 * 7),
        ("PORTAL_LAASES_ETTER_MINUTTER", i.laases_etter_minutter, 0.05, 12 * 60),
        ("PORTAL_TIKK_SEKUNDER", i.tikk_sekunder, 0.1, 3600),
        ("PORTAL_BAK_PROXY", i.bak_proxy, 0, 10),
        ("PORTAL_HJERTESLAG_SEKUNDER", i.hjerteslag_sekunder, 1, 3600),
    ):
        if not fra <= verdi <= til:
            raise Oppsettsfeil(f"{navn} is {verdi}; it must be from {fra} to {til}.")
    if i.loggformat not in ("tekst", "json"):
        raise Oppsettsfeil(f"PORTAL_LOGGFORMAT is «{i.loggformat}»; it must be tekst or json.")
    if i.tofaktor not in ("krev", "frivillig", "av"):
        raise Oppsettsfeil(f"PORTAL_TOFAKTOR is «{i.tofaktor}»; it must be krev, frivillig or av.")
    _krev_post(i)
    _krev_port(i)
    if i.vedleggsmappe.is_relative_to(ROT / "static"):
        raise Oppsettsfeil(
            f"PORTAL_VEDLEGG is {i.vedleggsmappe}, where anybody can fetch files. Choose a folder outside static/."
        )
    if i.hjerteslag_url and not _er_nettadresse(i.hjerteslag_url):
        # Without the address itself, which is the monitor's secret.
        raise Oppsettsfeil("PORTAL_HJERTESLAG_URL is no address: write it as https://host/path.")
    if i.clamav and not re.fullmatch(r"unix:/.+|[^\s:/]+:[0-9]{1,5}|\[[0-9a-fA-F:]+\]:[0-9]{1,5}", i.clamav):
        raise Oppsettsfeil(f"PORTAL_CLAMAV is «{i.clamav}»; it must be host:port or unix:/path/to/clamd.ctl.")


def _er_nettadresse(adresse: str) -> bool:
    try:
        url = urlsplit(adresse)
        return bool(
            url.scheme in ("http", "https")
            and url.hostname
            and (url.port or 443) > 0
            and adresse.isascii()
            and adresse.isprintable()
            and " " not in adresse
        )
    except ValueError:
        return False


def _krev_post(i: Innstillinger) -> None:
    try:
        url = urlsplit(i.smtp_url)
        riktig = not i.smtp_url or (
            url.scheme in ("smtp", "smtps", "smtp+starttls") and url.hostname and (url.port or 25) > 0
        )
    except ValueError:
        riktig = False
    if not riktig:
        # Without the address itself, which may hold a password.
        raise Oppsettsfeil(
            "PORTAL_SMTP_URL is no address of a mail server: write it as smtp://user:password@host:port "
            "(or smtps://, or smtp+starttls://), with special signs in the password as %XX."
        )
    navn, _, vert = i.epost_fra.partition("@")
    if (
        not navn
        or not vert
        or not i.epost_fra.isascii()
        or not i.epost_fra.isprintable()
        or " " in i.epost_fra
    ):
        raise Oppsettsfeil(f"PORTAL_EPOST_FRA is «{i.epost_fra}»; it must be an e-mail address.")


def _krev_port(i: Innstillinger) -> None:
    for navn, adresse in (("PORTAL_SMS_URL", i.sms_url), ("PORTAL_TALE_URL", i.tale_url)):
        if adresse and not (_er_nettadresse(adresse) and urlsplit(adresse).username is None):
            # Without the address itself, which may hold a key of the supplier's.
            raise Oppsettsfeil(
                f"{navn} is no address of a gateway: write it as https://host/path, without user and password "
                "(the portal proves itself with PORTAL_VARSELNOEKKEL)."
            )
    if (i.sms_url or i.tale_url) and (len(i.varselnoekkel) < 32 or not i.varselnoekkel.isascii()):
        raise Oppsettsfeil(
            "PORTAL_VARSELNOEKKEL is missing, shorter than 32 characters, or has other letters than ASCII: the portal "
            "and the gateway of PORTAL_SMS_URL or PORTAL_TALE_URL prove themselves to each other with it. Make one "
            "with `python -c 'import secrets; print(secrets.token_urlsafe(48))'`."
        )


def _krev_trygt(i: Innstillinger) -> None:
    if i.hemmelighet == STANDARD_HEMMELIGHET or len(i.hemmelighet) < 32:
        raise Oppsettsfeil(
            "PORTAL_HEMMELIGHET is missing, the default, or shorter than 32 characters. Make one with "
            "`python -c 'import secrets; print(secrets.token_urlsafe(48))'` and keep it out of the repository."
        )
    if i.debug:
        raise Oppsettsfeil(
            "Debug is on (PORTAL_DEBUG or FLASK_DEBUG). Production never runs with it: unset it."
        )
    if not i.opphav:
        raise Oppsettsfeil(
            "PORTAL_OPPHAV is missing: the address people use, such as https://portal.example.no."
        )
    for navn, adresse in (("PORTAL_SMS_URL", i.sms_url), ("PORTAL_TALE_URL", i.tale_url)):
        if adresse and not adresse.startswith("https://"):
            raise Oppsettsfeil(
                f"{navn} must be an https:// address in production: telephone numbers and the key go there."
            )
    if i.hjerteslag_url and not i.hjerteslag_url.startswith("https://"):
        raise Oppsettsfeil("PORTAL_HJERTESLAG_URL must be an https:// address in production.")
    if any(not o.startswith("https://") for o in i.opphav):
        raise Oppsettsfeil(
            "PORTAL_OPPHAV must be https:// addresses in production: cookies are sent over https only."
        )


def _lokal_hemmelighet(instans: Path, modus: str) -> str:
    """Outside production a random secret is kept in the instance folder, so that logins survive a restart."""
    if modus != "demo":
        return STANDARD_HEMMELIGHET
    fil = instans / "hemmelighet"
    try:
        if not fil.exists():
            instans.mkdir(parents=True, exist_ok=True)
            fil.touch(mode=0o600)
            fil.write_text(secrets.token_urlsafe(48))
        return fil.read_text().strip() or STANDARD_HEMMELIGHET
    except OSError as feil:
        raise Oppsettsfeil(
            f"The folder {instans} cannot be written to ({feil.strerror}). "
            "Give it write access, or set PORTAL_INSTANS to a folder of your own."
        ) from feil
