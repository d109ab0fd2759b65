"""The units and the container file: understood by systemd, hardened, and naming only what there is."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from detente.door.verbs import VERBS
from tests.conftest import ROOT
from tests.stories.program import run

FOLDER = ROOT / "docs" / "systemd"
UNITS = sorted([*FOLDER.glob("*.service"), *FOLDER.glob("*.timer")])
HARDENED = {
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectKernelModules": "yes",
    "ProtectControlGroups": "yes",
    "RestrictNamespaces": "yes",
    "RestrictSUIDSGID": "yes",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "SystemCallArchitectures": "native",
    "UMask": "0077",
    "User": "detente",
    "LimitCORE": "0",
}
OF_THE_WATCH = {"User": "detente-watch", "MemoryDenyWriteExecute": "no"}
"""It parses strangers' radio, so it is another user than the keys'; and its kernels are compiled while it runs."""
KNOWN = {  # of systemd.unit(5), systemd.service(5), systemd.exec(5), systemd.timer(5), systemd.resource-control(5)
    "Unit": "Description Documentation Wants After ConditionPathExists",
    "Service": "Type NotifyAccess ExecStart WatchdogSec Restart RestartSec RestartPreventExitStatus TimeoutStartSec "
    "TimeoutStopSec KillMode User Group UMask StateDirectory StateDirectoryMode WorkingDirectory LoadCredential "
    "AmbientCapabilities ProtectClock ProtectHostname ProtectKernelLogs ProtectProc ProcSubset PrivateNetwork "
    "RestrictAddressFamilies RestrictRealtime RemoveIPC SystemCallFilter SystemCallErrorNumber LimitNOFILE TasksMax "
    "MemoryMax OOMPolicy ReadWritePaths Environment EnvironmentFile StandardOutput CacheDirectory InaccessiblePaths "
    + " ".join(HARDENED),
    "Timer": "OnCalendar RandomizedDelaySec Persistent",
    "Install": "WantedBy",
}


def directives(path: Path) -> list[tuple[str, str, str]]:
    """Return section, name and value of every line of a unit."""
    found, section = [], ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            name, sign, value = line.partition("=")
            assert sign, line
            found.append((section, name, value))
    return found


def container_words(instruction: str) -> list[str]:
    """Return the words of ENTRYPOINT or CMD."""
    text = (FOLDER / "Containerfile").read_text(encoding="utf-8")
    (words,) = re.findall(rf"^{instruction} (\[.*\])$", text, re.MULTILINE)
    return list(json.loads(words))


def test_every_directive_is_one_that_systemd_knows() -> None:
    assert len(UNITS) == 4
    for path in UNITS:
        for section, name, _ in directives(path):
            assert name in KNOWN[section].split(), f"{path.name}: [{section}] {name}"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.service")), ids=lambda path: path.stem)
def test_services_are_hardened(path: Path) -> None:
    found = {name: value for section, name, value in directives(path) if section == "Service"}
    expected = HARDENED | (OF_THE_WATCH if path.stem == "detente-watch@" else {})
    assert {name: found.get(name) for name in HARDENED} == expected
    filters = [value for _, name, value in directives(path) if name == "SystemCallFilter"]
    assert filters[0] == "@system-service"
    assert "AF_NETLINK" not in found["RestrictAddressFamilies"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")
def test_systemd_finds_nothing_wrong_with_them(tmp_path: Path) -> None:
    program = tmp_path / "detente"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    for path in UNITS:
        text = path.read_text(encoding="utf-8").replace("/usr/lib/detente/bin/detente", str(program))
        (tmp_path / path.name).write_text(text, encoding="utf-8")
        (tmp_path / path.name.replace("@.", "@west.")).symlink_to(path.name)
    for path in UNITS:
        unit = f"./{path.name.replace('@.', '@west.')}"
        ended = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", unit],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        ours = [line for line in ended.stderr.splitlines() if "detente" in line]
        assert ours == [], ended.stderr


def test_the_commands_that_they_start_exist_with_these_options() -> None:
    commands = [
        shlex.split(value) for path in UNITS for _, name, value in directives(path) if name == "ExecStart"
    ]
    started = [words if words[0] != "/bin/sh" else shlex.split(words[2]) for words in commands]
    started.append([*container_words("ENTRYPOINT"), *container_words("CMD")])
    assert len(started) == 4
    for program, verb, *rest in started:
        assert program in {"/usr/lib/detente/bin/detente", "detente"}
        assert verb in {one.name for one in VERBS}
        told = run(verb, "--help")
        assert told.code == 0
        for option in (word for word in rest if word.startswith("--")):
            assert option in told.out, option


def test_the_page_and_the_container_file_name_files_that_are_there() -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", page):
        assert (FOLDER / target).exists(), target
    for name in re.findall(r"docs/systemd/[A-Za-z@.-]+[a-z]", page):
        assert (ROOT / name).is_file(), name
    container = (FOLDER / "Containerfile").read_text(encoding="utf-8")
    for name in re.findall(r"--requirement (\S+)", container):
        assert (ROOT / name).is_file(), name
    assert container.count("--require-hashes") == 2
    assert "USER detente" in container


def test_what_the_units_rely_on_is_what_the_program_does() -> None:
    """The credential's name, the notify protocol and the exit code for a mistake of the person who started it."""
    service = {name: value for _, name, value in directives(FOLDER / "detente@.service")}
    assert service["Type"] == "notify"
    assert service["LoadCredential"].partition(":")[0] == "passphrase"
    source = ROOT / "src" / "detente" / "node"
    assert '"CREDENTIALS_DIRECTORY"' in (source / "signing" / "__main__.py").read_text(encoding="utf-8")
    assert int(service["WatchdogSec"]) >= 2 * 15  # twice as long as the supervisor waits for a silent child
    assert service["RestartPreventExitStatus"] == "2"
    assert run("serve", ROOT).code == 2
