"""Root acts that a home proposes, and what committing one changes: keys, the member's chain, every line's log.

A new generation's private keys are made when it is proposed and wait, encrypted, in HOME/keys/pending.json.
They are put beside the old ones before the act is added: if we die in between, the act can simply be committed
again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from detente import words
from detente.line import merkle
from detente.line.checkpoint import Origin
from detente.line.errors import LineMistake
from detente.line.load import load
from detente.line.rootact import Act, ClosedLog, Keyring, RootKeys
from detente.line.state import Settings
from detente.node.ceremony import Proposal, next_act
from detente.node.home import Home, found
from detente.node.host import Host
from detente.node.keyfile import SEALING_KEPT_MS, Keys, SealingKey, read_keys, without_old_sealing, write_keys

__all__ = ["KINDS", "SEALING_KEPT_MS", "commit_act", "commit_card", "destroy_old_sealing", "own_heads", "propose"]

say = words.speaker("node")

KINDS = ("anchor", "generation", "revoke", "roots", "seal", "leave")


def own_heads(home: Home, lines: Sequence[str], *, close_at: tuple[Origin, int] | None = None) -> list[ClosedLog]:
    """Return the heads of the member's own open logs on these lines, in the order that an act has.

    close_at: a log, and the size at which it is to be closed instead of where it stands.
    """
    heads = []
    ring = home.ring()
    for line in lines:
        state = load(home.member, home.record(line), Settings())
        own = {origin for origin in state.logs if origin.member == home.member}
        for origin in own | ({state.own_origin} if state.writes else set()):
            if (line, origin.epoch, origin.generation) in ring.closed:
                continue
            size = state.logs[origin].durable if origin in state.logs else 0
            if close_at is not None and close_at[0] == origin:
                size = close_at[1]
            root = state.root_at(origin, size) if size else merkle.EMPTY_ROOT
            heads.append(ClosedLog(origin.epoch, origin.generation, line, root.hex(), size))
    return sorted(heads, key=lambda one: (one.line, one.epoch, one.generation))


def propose(
    home: Home,
    kind: str,
    *,
    clock_ms: int,
    passphrase: bytes,
    reason: str = "rotation",
    heads: Sequence[ClosedLog] = (),
    root: RootKeys | None = None,
) -> Proposal:
    """Return the proposal of the member's next root act; new private keys wait in the home until it is committed.

    kind: one of KINDS; "revoke" is a generation without keys. Raises Refused for an act that breaks the rules,
    LineMistake while the home lacks acts that it held before: what followed would be a second act in their place.
    """
    ring = home.ring()
    _check_complete(home, len(ring.acts))
    act = Act(
        act="generation" if kind == "revoke" else kind,  # type: ignore[arg-type]  # one of KINDS
        clock_ms=clock_ms,
        format=1,
        heads=tuple(heads) if kind in {"anchor", "generation", "revoke", "leave"} else (),
        index=len(ring.acts),
        keys=None,
        member=home.member,
        previous=ring.hashes[-1],
        reason=reason if kind in {"generation", "revoke"} else "routine",  # type: ignore[arg-type]
        root=root if kind == "roots" else None,
        seal=None,
    )
    waiting: dict[int, Keys] = {}
    if kind == "generation":
        waiting[ring.generation + 1] = Keys.make(clock_ms)
        act = msgspec.structs.replace(act, keys=waiting[ring.generation + 1].public())
    elif kind == "seal":
        current = home.keys[ring.generation]
        waiting[ring.generation] = replace(current, sealing=(*current.sealing, SealingKey.make(clock_ms)))
        act = msgspec.structs.replace(act, seal=waiting[ring.generation].sealing[-1].public())
    proposal = next_act(ring, act)
    if waiting:
        write_keys(_pending(home.path), waiting, passphrase)
    return proposal


def commit_card(path: Path, pending: Path, proposal: Proposal, passphrase: bytes) -> None:
    """Found a home whose card was approved elsewhere; the keys waited beside it."""
    keys = read_keys(pending, passphrase)
    found(path, keys[0], proposal.envelope(), passphrase)
    pending.unlink()


def commit_act(home: Home, hosts: Sequence[Host], proposal: Proposal, passphrase: bytes) -> None:
    """Make an approved act the member's next: its keys first, then the chain, then every line.

    Raises LineMistake when approvals are missing, its keys are not here, or it is not the next act any more.
    """
    envelope, act = proposal.envelope(), proposal.act
    ring = home.ring()
    committed = act.index < len(ring.acts) and ring.acts[act.index] == act
    if act.member != home.member or not (
        committed or (act.index == len(ring.acts) and act.previous == ring.hashes[-1])
    ):
        raise _mistake(say("the next root act of {member}", member=home.member), say("another one"))
    _take_keys(home, ring, act, passphrase)
    if not committed:
        home.add_act(envelope)
    if act.keys is not None:
        home.use_generation(home.ring().generation)
    for host in hosts:
        host.give_acts()
    _pending(home.path).unlink(missing_ok=True)


def destroy_old_sealing(home: Home, passphrase: bytes, now_ms: int) -> int:
    """Destroy sealing keys whose successor is older than 90 days; returns how many.

    Bundles sealed for them cannot be opened any more, by nobody: that is their purpose.
    """
    kept = without_old_sealing(home.keys, now_ms)
    old = _sealing_keys(home.keys) - _sealing_keys(kept)
    if old:
        home.store_keys(kept, passphrase)
    return old


def _check_complete(home: Home, held: int) -> None:
    head_file = home.head_file()
    recorded = head_file.acts if head_file is not None else None
    if recorded is not None and held < recorded.count:
        raise LineMistake(
            expected=say("all {count} root acts that this home held before", count=recorded.count),
            came=str(held),
            remedy=say(
                "let it take bundles of the others, or commit the proposals again; if nobody has them, move the head "
                "file away, then let a keeper confirm: detente line confirm"
            ),
        )


def _sealing_keys(generations: Mapping[int, Keys]) -> int:
    return sum(len(own.sealing) for own in generations.values())


def _take_keys(home: Home, ring: Keyring, act: Act, passphrase: bytes) -> None:
    """Put the private keys that an act names beside those in use; they wait since it was proposed."""
    if act.keys is None and act.seal is None:
        return
    generation = ring.generation if act.seal is not None or act.index < len(ring.acts) else ring.generation + 1
    held = home.keys.get(generation)
    if held is not None and (
        held.public() == act.keys or (held.sealing and held.sealing[-1].public() == act.seal)
    ):
        return
    pending = _pending(home.path)
    waiting = read_keys(pending, passphrase) if pending.exists() else {}
    keys = waiting.get(generation)
    if keys is None or (act.keys is not None and keys.public() != act.keys):
        raise _mistake(say("the private keys that were made with this proposal"), say("none here"))
    if act.seal is not None and keys.sealing[-1].public() != act.seal:
        raise _mistake(say("the private keys that were made with this proposal"), say("others"))
    home.store_keys({**home.keys, generation: keys}, passphrase)


def _pending(home: Path) -> Path:
    return home / "keys" / "pending.json"


def _mistake(expected: str, came: str) -> LineMistake:
    return LineMistake(
        expected=expected, came=came, remedy=say("propose it again on this machine; nothing was changed")
    )
