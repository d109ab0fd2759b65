"""What the processes of a node take from its settings, with what the command line says instead."""

from __future__ import annotations
