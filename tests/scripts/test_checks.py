"""The sections of the test command, and Chromium for the browser tests."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import checks
from scripts.checks import Section, ensure_chromium, run_sections
from scripts.console import CommandFailed, Failure, Progress
from scripts.environment import Environment


class Recorded(Environment):
    """An environment that writes down what it would run; `broken` is a word of the program that fails."""

    def __init__(self, root: Path, broken: str = "") -> None:
        self.said = io.StringIO()
        state = root / ".oppsett"
        state.mkdir(exist_ok=True)
        super().__init__(root, state, Progress(1, self.said), dev=True)
        self.ran: list[list[str]] = []
        self.broken = broken

    def run(self, *command: str | Path, extra_env: dict[str, str] | None = None) -> str:
        self.ran.append([str(word) for word in command])
        if self.broken and self.broken in command:
            raise CommandFailed(self.ran[-1], 100, "E: Unable to locate package chromium")
        return ""


def test_the_first_section_that_fails_ends_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    ran: list[str] = []

    def fail() -> None:
        raise Failure("ruff check . ended with exit code 1.")

    sections = [
        Section("Lint", lambda: ran.append("lint")),
        Section("Types", fail),
        Section("Tests", lambda: ran.append("tests")),
    ]
    with pytest.raises(Failure, match=r"^FAILED: Types\. ruff check .*Not run: Tests\.$"):
        run_sections(sections)
    assert ran == ["lint"]
    output = capsys.readouterr().out
    assert "== 1/3 Lint" in output
    assert "== 2/3 Types" in output
    assert "All is well" not in output


def test_all_is_well_names_every_section(capsys: pytest.CaptureFixture[str]) -> None:
    run_sections([Section("Lint", lambda: None), Section("Types", lambda: None)])
    assert "All is well (0 s): Lint, Types." in capsys.readouterr().out


def test_the_tests_never_see_a_database_of_the_callers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PORTAL_DATABASE_URL", "PORTAL_MODUS", "FLASK_DEBUG", "PORTAL_TEST_SPOR", "PORTAL_CHROMIUM"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    env = checks.test_env(Recorded(tmp_path), PORTAL_TEST_DB="sqlite")
    assert {name for name in env if name.startswith(("PORTAL_", "FLASK_"))} == {
        "PORTAL_TEST_SPOR",
        "PORTAL_TEST_DB",
        "PORTAL_CHROMIUM",
    }
    assert env["PATH"] == os.environ["PATH"]
    assert "PYTHONDONTWRITEBYTECODE" not in env


def test_a_program_that_fails_fails_its_section(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    environment = Recorded(tmp_path)
    checks.show(environment, sys.executable, "-c", "print('shown')")
    with pytest.raises(Failure, match="ended with exit code 7"):
        checks.show(environment, sys.executable, "-c", "raise SystemExit(7)")
    assert "shown\n" in capfd.readouterr().out


# --- Chromium ----------------------------------------------------------------------------------------------


@pytest.fixture
def no_browser(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A machine without a browser; the test puts programs into the answer."""
    programs: dict[str, str] = {}
    monkeypatch.delenv("PORTAL_CHROMIUM", raising=False)
    monkeypatch.setattr(checks, "which", programs.get)
    monkeypatch.setattr(checks.os, "geteuid", lambda: 0)
    return programs


def test_a_browser_on_the_system_is_used(tmp_path: Path, no_browser: dict[str, str]) -> None:
    no_browser["google-chrome"] = "/opt/chrome"
    environment = Recorded(tmp_path)
    ensure_chromium(environment)
    assert environment.ran == []
    assert environment.env["PORTAL_CHROMIUM"] == "/opt/chrome"


def test_root_installs_it_after_an_update(tmp_path: Path, no_browser: dict[str, str]) -> None:
    no_browser["apt-get"] = "/usr/bin/apt-get"

    class Installing(Recorded):
        def run(self, *command: str | Path, extra_env: dict[str, str] | None = None) -> str:
            if "install" in command:
                assert extra_env == {"DEBIAN_FRONTEND": "noninteractive"}
                no_browser["chromium"] = "/usr/bin/chromium"
            return super().run(*command, extra_env=extra_env)

    environment = Installing(tmp_path, broken="update")
    ensure_chromium(environment)
    # A broken list of some other source does not hinder it.
    assert [command[1] for command in environment.ran] == ["update", "install"]
    assert "chromium" in environment.ran[1]
    assert environment.env["PORTAL_CHROMIUM"] == "/usr/bin/chromium"


@pytest.mark.parametrize(("answer", "installs"), [(0, True), (1, False)])
def test_another_user_installs_it_when_sudo_asks_no_password(
    tmp_path: Path, no_browser: dict[str, str], monkeypatch: pytest.MonkeyPatch, answer: int, installs: bool
) -> None:
    no_browser.update({"apt-get": "/usr/bin/apt-get", "sudo": "/usr/bin/sudo"})
    monkeypatch.setattr(checks.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(
        checks.subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, answer)
    )
    environment = Recorded(tmp_path)
    with pytest.raises(Failure, match="not on PATH" if installs else "Install it yourself"):
        ensure_chromium(environment)
    assert [command[:3] for command in environment.ran[:1]] == (
        [["/usr/bin/sudo", "-n", "/usr/bin/apt-get"]] if installs else []
    )


def test_an_install_that_fails_shows_why(tmp_path: Path, no_browser: dict[str, str]) -> None:
    no_browser["apt-get"] = "/usr/bin/apt-get"
    with pytest.raises(Failure, match=r"could not install Chromium[\s\S]*Unable to locate package"):
        ensure_chromium(Recorded(tmp_path, broken="install"))


def test_the_chosen_browser_must_be_a_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_CHROMIUM", str(tmp_path / "finnes-ikke"))
    with pytest.raises(Failure, match="PORTAL_CHROMIUM"):
        ensure_chromium(Recorded(tmp_path))
