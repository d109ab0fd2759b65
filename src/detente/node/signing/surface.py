"""What a home asks of its signer and of whoever keeps the head file: the same here and over a socket."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from detente.line.checkpoint import Checkpoint, Cosignature, Head, Origin
from detente.line.effects import HeadFile, Role, Sign, Signed
from detente.line.statement import Statement

__all__ = ["KeeperLike", "SignerLike"]


class SignerLike(Protocol):
    """A signer, as ``detente.node.signer.Signer`` describes it."""

    @property
    def generation(self) -> int: ...  # noqa: D102 - the signer says what each means
    @property
    def generations(self) -> frozenset[int]: ...  # noqa: D102
    @property
    def has_head_file(self) -> bool: ...  # noqa: D102
    @property
    def has_officers(self) -> bool: ...  # noqa: D102
    def begin_run(self, line: str) -> None: ...  # noqa: D102
    def sign(self, request: Sign) -> Signed: ...  # noqa: D102
    def check_release(self, statement: Statement, release: bytes) -> None: ...  # noqa: D102
    def note_touch(self, statement: Statement, release: bytes) -> None: ...  # noqa: D102
    def durable(self, own: Sequence[tuple[Origin, int, bytes]]) -> None: ...  # noqa: D102
    def head_file(self) -> HeadFile | None: ...  # noqa: D102
    def recorded(self, origin: Origin) -> int: ...  # noqa: D102
    def knows(self, origin: Origin, size: int, root: bytes) -> bool: ...  # noqa: D102
    def adopt(self, origin: Origin, edge: Sequence[bytes], leaves: Iterable[bytes]) -> None: ...  # noqa: D102
    def found_own(  # noqa: D102
        self, checkpoint: Checkpoint, edge: Sequence[bytes], last: bytes, released: Sequence[str] = ()
    ) -> None: ...
    def found_cosigned(self, head: Head, one: Cosignature, role: Role) -> None: ...  # noqa: D102
    def use_generation(self, generation: int) -> None: ...  # noqa: D102


class KeeperLike(Protocol):
    """Whoever keeps the head file and the sealing keys, as ``keeping.Keeping`` describes it."""

    @property
    def machine_changed(self) -> bool: ...  # noqa: D102 - Keeping says what each means
    def confirm_machine(self) -> None: ...  # noqa: D102
    def note_acts(self) -> None: ...  # noqa: D102
    def found_head(self) -> None: ...  # noqa: D102
    def founded(self) -> None: ...  # noqa: D102
    def open_seal(self, info: bytes, sealed: bytes) -> bytes: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102
