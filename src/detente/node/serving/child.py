"""Starts one process of a node under its supervisor: ``python -m detente.node.serving.child MODULE ARGUMENT...``.

The module runs as a program would; around it stands only that it dies with its supervisor and shows that it lives.
"""

from __future__ import annotations

import runpy
import sys

from detente.node.serving.watched import watched

__all__ = ["main"]


def main(argv: list[str]) -> None:
    """Run the module that ``argv`` names, with the rest of ``argv`` as its arguments."""
    watched()
    sys.argv = argv
    runpy.run_module(argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
