"""The tests in parts: every test in one, several at once, and a failure shown last and whole."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from scripts import parts
from scripts.console import Failure
from scripts.parts import Part, all_parts, cores, lanes, run_parts
from tests.scripts.test_checks import Recorded

ROOT = Path(__file__).resolve().parents[2]


def fake_pytest(root: Path, code: str) -> Recorded:
    """An environment whose .venv has a Python that does `code` in place of pytest."""
    environment = Recorded(root)
    (root / "pytest.py").write_text(code)
    environment.python.parent.mkdir(parents=True)
    environment.python.symlink_to(sys.executable)
    return environment


def both(name: str = "huset") -> list[Part]:
    return [Part(name, database, (f"tests/{name}",)) for database in ("sqlite", "postgresql")]


def test_every_test_file_is_in_one_part_on_each_database() -> None:
    once = {
        str(file.relative_to(ROOT))
        for folder in ("nettleser", "scripts")
        for file in (ROOT / "tests" / folder).rglob("test_*.py")
    }
    every = {str(file.relative_to(ROOT)) for file in (ROOT / "tests").rglob("test_*.py")}
    for database, wanted in (("sqlite", every), ("postgresql", every - once)):
        found = [
            str(file.relative_to(ROOT))
            for part in all_parts(ROOT)
            if part.database == database
            for path in part.paths
            for file in ([ROOT / path] if path.endswith(".py") else (ROOT / path).rglob("test_*.py"))
        ]
        assert len(found) == len(set(found)) and set(found) == wanted


def test_the_rooms_are_shared_out_by_size(tmp_path: Path) -> None:
    sizes = {"avtaler": 300, "henvendelser": 500, "identitet": 240, "vakt": 260, "nettleser": 900}
    for name, size in sizes.items():
        (tmp_path / "tests" / name).mkdir(parents=True)
        (tmp_path / "tests" / name / "test_en.py").write_bytes(b"#" * size * 1000)
    (tmp_path / "tests" / "data").mkdir()
    (tmp_path / "tests" / "test_huset.py").touch()
    found = [part.paths for part in all_parts(tmp_path) if part.database == "postgresql"]
    assert found == [
        ("tests/test_huset.py",),
        ("tests/levende",),
        ("tests/henvendelser",),
        ("tests/identitet", "tests/vakt"),
        ("tests/avtaler",),
    ]


def test_both_databases_are_tested_and_a_failure_is_shown_last_and_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = fake_pytest(
        tmp_path,
        "import os, sys\ndatabase = os.environ['PORTAL_TEST_DB']\n"
        "print(f'output of {database} {sys.argv[1:]}')\nsys.exit(database == 'sqlite')\n",
    )
    with pytest.raises(Failure, match=r"failed: huset on sqlite\."):
        run_parts(environment, os.environ, both(), 2)
    output = capsys.readouterr().out
    assert 0 < output.index("output of postgresql") < output.index("output of sqlite")
    assert output.count("'tests/huset'") == 2
    caches = {word for word in output.split("'") if word.startswith("cache_dir=")}
    assert caches == {
        "cache_dir=.pytest_cache/huset-on-sqlite",
        "cache_dir=.pytest_cache/huset-on-postgresql",
    }
    assert "huset on postgresql: ok" in output and "huset on sqlite: FAILED" in output


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_so_many_go_at_once_and_no_more(tmp_path: Path, at_once: int) -> None:
    environment = fake_pytest(
        tmp_path,
        "import os, sys, time\nfrom pathlib import Path\n"
        "me = Path(f'gaar-{os.getpid()}')\nme.touch()\ntime.sleep(0.3)\n"
        "with open('sett', 'a') as f: print(len(list(Path().glob('gaar-*'))), file=f)\n"
        "time.sleep(0.3)\nme.unlink()\n",
    )
    run_parts(environment, os.environ, [*both("en"), *both("to")], at_once)
    seen = [int(line) for line in (tmp_path / "sett").read_text().split()]
    assert len(seen) == 4 and max(seen) == at_once


def test_no_test_at_all_is_a_failure(tmp_path: Path) -> None:
    """Pytest ends with 5 when it found nothing to run."""
    with pytest.raises(Failure, match="failed: huset on sqlite; huset on postgresql"):
        run_parts(fake_pytest(tmp_path, "raise SystemExit(5)"), os.environ, both(), 2)


def test_tests_that_hang_are_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PYTEST_MINUTES", 0.01)
    began = time.monotonic()
    with pytest.raises(Failure, match=r"failed: huset on sqlite\..* Not run: huset on postgresql\."):
        run_parts(fake_pytest(tmp_path, "import time; time.sleep(60)"), os.environ, both(), 1)
    assert time.monotonic() - began < 30


def test_there_are_lanes_for_those_who_wait() -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)
    assert lanes() == cores() + 1
