"""The node's own process: lines in a thread, the local socket and the couriers on an asyncio loop."""

from __future__ import annotations

import sys

from detente.node.serving.program import main

__all__: list[str] = []

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
