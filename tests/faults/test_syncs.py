"""How often a notice sent singly waits for the disk, over both sides: counted on the disk itself."""

from __future__ import annotations

from pathlib import Path

from tests.faults.disk import mounted
from tests.faults.world import two_nodes
from tests.store.pair import exchange

NOTICES = 20


def test_one_notice_and_its_receipt_cost_three_commits_and_two_syncs_of_head_files(tmp_path: Path) -> None:
    with mounted("west-counted") as west_disk, mounted("east-counted") as east_disk:
        west, east = (node.desk for node in two_nodes(tmp_path, (west_disk, east_disk)))
        assert west is not None
        assert east is not None
        west.send("the first one opens the files")
        exchange(west, east)
        west_disk.syncs.clear()
        east_disk.syncs.clear()
        for number in range(NOTICES):
            west.send(f"notice {number}")
            exchange(west, east)
            assert dict(west.took[-1].new)["receipt"] == 2
        syncs = west_disk.syncs + east_disk.syncs
        heads = [name for name in syncs if "head.sqlite3" in name]
        assert len(syncs) - len(heads) <= 3 * NOTICES
        assert len(heads) <= 2 * NOTICES
        west.home.close()
        east.home.close()
