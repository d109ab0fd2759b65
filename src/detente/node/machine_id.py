"""Which machine this is: enough to notice that a home and its head file were copied to another one.

Nobody is kept out by it: a changed machine only makes the node halt until a keeper confirms. Only what stays the
same over reboots, upgrades and network changes goes in, and what any user may read.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

__all__ = ["machine_identity"]

_HINTS = (
    "/etc/machine-id",
    "/sys/class/dmi/id/sys_vendor",
    "/sys/class/dmi/id/product_name",
    "/sys/class/dmi/id/board_name",
)


def machine_identity(head_folder: Path) -> str:
    """Return a hash of the operating system's id, the hardware's names and the head folder's inode, hexadecimal.

    A copy of the folder on the same machine has another inode; a hint that cannot be read counts as empty.
    """
    digest = hashlib.sha256()
    for hint in _HINTS:
        try:
            value = Path(hint).read_bytes()
        except OSError:
            value = b""
        digest.update(len(value).to_bytes(4, "big") + value)
    digest.update(head_folder.stat().st_ino.to_bytes(16, "big"))
    return digest.hexdigest()
