"""The systemd unit and the container image: what can be said of them without systemd or Docker running."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import click
import pytest
from tests.conftest import ROOT
from tests.serving import Server

from iomld.cli.main import iomld
from iomld.config import read_settings

DEPLOY = ROOT / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
DOCKERFILE = DEPLOY / "Dockerfile"
MOST_EXPOSURE = 2.0  # of 10, by `systemd-analyze security`


@pytest.fixture(scope="module")
def analyze() -> str:
    """The program that checks units."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("no systemd on this machine; install the package 'systemd' to run this test")
    return program


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile in order, each with what follows it."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text(encoding="utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    lines = (line.strip().partition(" ") for line in text.splitlines() if line.strip())
    return [(name, " ".join(rest.split())) for name, _, rest in lines]


@pytest.mark.parametrize("source", UNITS, ids=lambda path: path.name)
def test_the_unit_is_valid(analyze: str, source: Path, tmp_path: Path) -> None:
    """Each line of it is read, with a command that is there."""
    unit = tmp_path / source.name
    unit.write_text(source.read_text().replace("/opt/iomld/bin/iomld", str(Path(sys.executable).parent / "iomld")))
    done = subprocess.run([analyze, "verify", unit], check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_the_unit_can_do_little(analyze: str, unit: Path) -> None:
    """The measure that systemd has of what a service could do to the machine is low."""
    command = [analyze, "security", "--offline=true", f"--threshold={MOST_EXPOSURE * 10:.0f}", unit]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd-analyze does not rate unit files; 250 or newer does")
    assert done.returncode == 0, done.stdout.splitlines()[-1]


def test_commands_and_settings_are_known() -> None:
    """The options of the units and the containers are those of their commands, and their settings can be read."""
    unit = "\n".join(path.read_text(encoding="utf-8") for path in UNITS)
    started = [line.split() for line in re.findall(r"^ExecStart=\S+/iomld (.+)$", unit, re.MULTILINE)]
    assert len(started) == len(UNITS)
    image = json.loads(dict(instructions())["CMD"])
    other = re.search(r"# command: \[(.+)\]", (DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    assert other
    for command, *arguments in (*started, image, other[1].replace('"', "").split(", ")):
        known = iomld.get_command(click.Context(iomld), command)
        assert known is not None
        known.make_context(command, list(arguments)).close()
    given = re.findall(r"\b(IOMLD_\w+)=(\S+)", unit + DOCKERFILE.read_text(encoding="utf-8"))
    given += re.findall(
        r"^ +#? ?(IOMLD_\w+): (\S+)", (DEPLOY / "compose.yaml").read_text(encoding="utf-8"), re.MULTILINE
    )
    for name, value in given:
        if name != "IOMLD_SERVER":  # where Caddy finds the server
            assert getattr(read_settings({name: value}), name.removeprefix("IOMLD_").lower())


def test_the_image_runs_as_nobody_in_particular() -> None:
    """Packages come with their hashes, and the last user is neither root nor unnamed."""
    said = instructions()
    installs = [rest for name, rest in said if name == "RUN" and "pip install" in rest]
    assert all("--require-hashes" in rest or "--no-deps" in rest for rest in installs)
    user = [rest for name, rest in said if name == "USER"][-1]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)


def test_what_is_copied_makes_the_package(tmp_path: Path) -> None:
    """From the files that the Dockerfile copies, which its ignore file lets pass, a wheel with all files is built."""
    sources = [name for rest in (rest for name, rest in instructions() if name == "COPY") for name in rest.split()[:-1]]
    copied = [name for name in sources if not name.startswith(("--from", "/"))]
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert sorted(copied) == sorted(line[1:] for line in ignored if line.startswith("!"))
    for name in copied:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, tmp_path)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    done = subprocess.run(build, cwd=tmp_path, check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(next((tmp_path / "dist").glob("*.whl"))) as wheel:
        names = wheel.namelist()
    for name in ("cli/main.py", "web/static/site.css", "files/ontology/iomld.ttl", "files/shapes/project.ttl"):
        assert f"iomld/{name}" in names


@pytest.mark.server
def test_the_health_of_a_container_is_that_of_its_server(bundled_server: Server) -> None:
    """The command in HEALTHCHECK ends with 0 where a server answers, else not."""
    check = dict(instructions())["HEALTHCHECK"]
    _, _, code = json.loads(check[check.index("CMD") + 3 :])
    port = bundled_server.address.rpartition(":")[2]
    for number, is_healthy in ((port, True), ("1", False)):
        command = [sys.executable, "-c", code.replace(":8000/", f":{number}/")]
        done = subprocess.run(command, check=False, capture_output=True, timeout=60)
        assert (done.returncode == 0) == is_healthy


def test_the_image_passes_hadolint() -> None:
    """There is nothing that hadolint would change."""
    program = shutil.which("hadolint")
    if program is None:
        pytest.skip("no hadolint on this machine; Debian does not have it")
    done = subprocess.run([program, DOCKERFILE], check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")
