"""Build hook: compiles the word catalogues (.po, text for translators) into what gettext loads (.mo), and the picture.

The picture is built for a wheel that is carried elsewhere, when its sources changed since it was last built; an
editable wheel shows what ``make web`` built.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent))
from build_web import build, is_built
from compile_words import compile_all


class WordsHook(BuildHookInterface):
    """Compiles every catalogue before the wheel (also the editable one) is made."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Compile; hatchling then finds the .mo files and the static ones as declared artefacts."""
        compile_all(Path(self.root) / "src" / "detente" / "words")
        if version != "editable" and not is_built():
            build()
