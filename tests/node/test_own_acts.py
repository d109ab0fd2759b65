"""Own root acts of a home: its head file counts them, so that a copy of an old home is found out and made whole."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from detente.line.bundle import Parser, write
from detente.line.checkpoint import Origin
from detente.line.effects import Arrived, CourierReady, Draft, RecordedActs, Submitted
from detente.line.errors import LineMistake, OutOfPlace
from detente.line.load import join_parts
from detente.line.opening import first_opening
from detente.line.rootact import Keyring
from detente.line.state import Run
from detente.node import home as home_module
from detente.node.audit import audit_line
from detente.node.ceremony import Proposal
from detente.node.home import Home, head_folder
from detente.node.host import Host
from detente.node.keychange import commit_act, own_heads, propose
from detente.store.headfile import HeadRecord
from tests.line.memory import Member
from tests.store.pair import PASSPHRASE, found_homes, open_home

NOW_MS = 1_700_000_000_000


@contextmanager
def running(path: Path) -> Iterator[tuple[Home, list[Host]]]:
    """A home and the hosts of all its lines, each with the clock standing still."""
    with open_home(path) as home:
        hosts = [Host(home, line, clock=lambda: NOW_MS) for line in home.lines()]
        for host in hosts:
            host.open()
        yield home, hosts


def proposed(home: Home, kind: str, clock_ms: int = NOW_MS) -> Proposal:
    """A root act of west's that enough of its keepers approved."""
    heads = own_heads(home, home.lines()) if kind == "generation" else ()
    proposal = propose(home, kind, clock_ms=clock_ms, passphrase=PASSPHRASE, heads=heads)
    for key in Member.make(home.member).roots[:2]:
        proposal = proposal.approve(key)
    return proposal


def commit(home: Home, hosts: Sequence[Host], proposal: Proposal) -> None:
    commit_act(home, hosts, proposal, PASSPHRASE)


def exchange(one: Host, other: Host, times: int = 1) -> None:
    for _ in range(times):
        for sender, receiver in ((one, other), (other, one)):
            sender.sent.clear()
            sender.give(CourierReady(receiver.home.member, 10_000_000))
            if sender.sent:
                octets = b"".join(write(sender.sent[0].records))
                receiver.give(Arrived(tuple(Parser().feed(octets)), last=True))


def send(host: Host, text: str) -> None:
    host.give(
        Submitted((Draft("notice", "text/plain", text.encode(), hashlib.sha256(text.encode()).hexdigest()[:32]),))
    )


def recorded(path: Path) -> RecordedActs | None:
    record = HeadRecord(head_folder(path) / "head.sqlite3", read_only=True)
    try:
        return record.acts
    finally:
        record.close()


def counted(path: Path) -> int:
    found = recorded(path)
    assert found is not None
    return found.count


def alarms(host: Host) -> list[str]:
    return [one.name for one in host.alarms]


def test_a_home_copied_from_before_new_keys_is_made_whole_by_its_mirror_and_signs_with_them(
    tmp_path: Path,
) -> None:
    line = found_homes(tmp_path)
    west, old = tmp_path / "west", tmp_path / "old"
    with running(tmp_path / "east") as (_, (east,)):
        with running(west) as (home, (host,)):
            exchange(host, east)
            shutil.copytree(west, old)
            commit(home, [host], proposed(home, "generation"))
            exchange(host, east)
            keys = (west / "keys" / "operational.json").read_bytes()
        shutil.rmtree(west)
        shutil.copytree(old, west)  # by hand: nothing says that it was restored
        (west / "keys" / "operational.json").write_bytes(keys)
        with running(west) as (home, (host,)):
            assert not home.restored
            assert (host.state.run, host.state.reason) == (Run.REFILLING, "root-acts-missing")
            assert "fewer root acts of this home than the head file says" in audit_line(home, line).faults
            with pytest.raises(LineMistake):
                send(host, "too early")
            with pytest.raises(LineMistake, match="all 2 root acts"):
                proposed(home, "anchor")
            exchange(host, east)
            assert host.state.run is Run.RUNNING
            assert "own-root-act-from-outside" not in alarms(host)
            assert len(home.acts()) == counted(west) == 2
            send(host, "with the new keys")
            exchange(host, east, 2)
            assert home.signer.generation == 1
            assert not audit_line(home, line).faults
        assert east.record.size(Origin(line, 1, "west", 1)) == 1
        assert east.record.size(Origin(line, 1, "west", 0)) == 0


def test_a_whole_home_copied_from_before_new_keys_asks_for_newer_ones_and_blames_nobody(tmp_path: Path) -> None:
    line = found_homes(tmp_path)
    west, old = tmp_path / "west", tmp_path / "old"
    with running(tmp_path / "east") as (_, (east,)):
        with running(west) as (home, (host,)):
            send(east, "to be confirmed")
            exchange(host, east)
            shutil.copytree(west, old)
            commit(home, [host], proposed(home, "generation"))
            exchange(host, east)
        shutil.rmtree(west)
        shutil.copytree(old, west)  # with the old keys, too: the new ones are nowhere any more
        for _ in range(2):
            with running(west) as (home, (host,)):
                exchange(host, east, 3)
                assert host.state.run is Run.RUNNING
                assert "keys-missing" in alarms(host)
                assert not {"fork-offered", "halted", "own-root-act-from-outside"} & {*alarms(host)}
                with pytest.raises(LineMistake, match="keys of generation 1 that are not here"):
                    send(host, "with no keys")
        with running(west) as (home, (host,)):
            commit(home, [host], proposed(home, "generation"))
            send(host, "with the newest keys")
            exchange(host, east, 2)
        assert east.record.size(Origin(line, 1, "west", 2)) == 1


def test_who_dies_between_the_home_and_its_head_file_is_brought_up_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = found_homes(tmp_path)
    west = tmp_path / "west"
    assert counted(west) == 1
    with running(west) as (home, hosts):
        proposal = proposed(home, "anchor")
        with monkeypatch.context() as dying:
            dying.setattr(HeadRecord, "put_acts", _dies)
            with pytest.raises(KeyboardInterrupt):
                commit(home, hosts, proposal)
        assert len(home.acts()) == 2
    assert counted(west) == 1
    with running(west) as (home, hosts):
        assert counted(west) == 2
        assert hosts[0].state.run is Run.RUNNING
        assert len(home.record(line).acts("west")) == 2
        commit(home, hosts, proposal)  # again: nothing happens
    assert counted(west) == 2


def test_who_dies_between_the_head_file_and_the_line_goes_on_with_the_act(tmp_path: Path) -> None:
    line = found_homes(tmp_path)
    west = tmp_path / "west"
    with running(west) as (home, _):
        commit(home, (), proposed(home, "anchor"))  # it died before it told the line
        assert len(home.record(line).acts("west")) == 1
    with running(west) as (home, hosts):
        assert hosts[0].state.run is Run.RUNNING
        assert "refilling" not in alarms(hosts[0])
        assert len(home.record(line).acts("west")) == 2


def test_who_dies_before_the_home_has_what_a_mirror_gave_back_has_it_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found_homes(tmp_path)
    west, old = tmp_path / "west", tmp_path / "old"
    with running(tmp_path / "east") as (_, (east,)):
        with running(west) as (home, (host,)):
            exchange(host, east)
            shutil.copytree(west, old)
            commit(home, [host], proposed(home, "anchor"))
            exchange(host, east)
        shutil.rmtree(west)
        shutil.copytree(old, west)
        with running(west) as (home, (host,)), monkeypatch.context() as dying:
            dying.setattr(home_module, "write_small", _dies)
            with pytest.raises(KeyboardInterrupt):
                exchange(host, east)
            assert len(home.acts()) == 1
        with running(west) as (home, (host,)):
            assert len(home.acts()) == 2
            exchange(host, east)
            assert host.state.run is Run.RUNNING
            commit(home, [host], proposed(home, "anchor"))
        assert counted(west) == 3


def test_an_act_that_one_line_got_back_reaches_the_homes_other_lines_at_their_next_start(tmp_path: Path) -> None:
    first = found_homes(tmp_path)
    west, old = tmp_path / "west", tmp_path / "old"
    with open_home(west) as home, open_home(tmp_path / "east") as other:
        opening = first_opening("adriatic", [home.ring(), other.ring()])
        for joining in (home, other):
            joining.join(opening.line, join_parts(opening, [home.ring(), other.ring()]))
    with running(tmp_path / "east") as (_, others):
        east = next(host for host in others if host.line_id == first)
        with running(west) as (home, hosts):
            one = next(host for host in hosts if host.line_id == first)
            exchange(one, east)
            shutil.copytree(west, old)
            commit(home, hosts, proposed(home, "anchor"))
            exchange(one, east)
        shutil.rmtree(west)
        shutil.copytree(old, west)
        with running(west) as (home, hosts):
            assert [host.state.run for host in hosts] == [Run.REFILLING] * 2
            exchange(next(host for host in hosts if host.line_id == first), east)
            assert len(home.acts()) == 2
    with running(west) as (_, hosts):
        assert [len(host.state.rings["west"].acts) for host in hosts] == [2, 2]
        assert [host.state.run for host in hosts] == [Run.RUNNING] * 2


def test_another_act_in_the_place_of_a_lost_one_is_refused_before_the_home_keeps_it(tmp_path: Path) -> None:
    found_homes(tmp_path)
    west, old = tmp_path / "west", tmp_path / "old"
    with running(west) as (home, hosts):
        other = proposed(home, "anchor", NOW_MS + 1)
        shutil.copytree(west, old)
        true = proposed(home, "anchor")
        commit(home, hosts, true)
    shutil.rmtree(west)
    shutil.copytree(old, west)
    with running(west) as (home, hosts):
        with pytest.raises(OutOfPlace, match="index 1"):
            commit(home, hosts, other)
        assert len(home.acts()) == 1
        commit(home, hosts, true)
        assert len(home.acts()) == counted(west) == 2


def test_root_acts_that_the_head_file_contradicts_halt_and_the_audit_says_so(tmp_path: Path) -> None:
    line = found_homes(tmp_path)
    west, before = tmp_path / "west", tmp_path / "before"
    shutil.copytree(west, before)
    with running(west) as (home, hosts):
        commit(home, hosts, proposed(home, "anchor"))
    shutil.rmtree(west)
    shutil.copytree(before, west)
    head = head_folder(west)
    shutil.move(head, tmp_path / "set aside")
    head.mkdir()
    with running(west) as (home, hosts):
        assert home.confirm() is not None  # a keeper's word founds another head file
        assert counted(west) == 1
        commit(home, hosts, proposed(home, "anchor", NOW_MS + 1))
        assert counted(west) == 2
    shutil.rmtree(head)
    shutil.move(tmp_path / "set aside", head)
    with running(west) as (home, (host,)):
        assert host.state.reason == "database-and-head-file-disagree"
        assert "other root acts of this home than the head file says" in audit_line(home, line).faults


def test_a_head_file_of_before_acts_were_counted_counts_them_from_the_next_start_on(tmp_path: Path) -> None:
    found_homes(tmp_path)
    west = tmp_path / "west"
    record = HeadRecord(head_folder(west) / "head.sqlite3")
    record._connection.execute("DELETE FROM facts WHERE name = 'acts'")
    record.close()
    assert recorded(west) is None
    with running(west) as (home, hosts):
        assert hosts[0].state.run is Run.RUNNING
        ring: Keyring = home.ring()
    assert recorded(west) == RecordedActs(1, ring.card)


def _dies(*_: object) -> None:
    raise KeyboardInterrupt
