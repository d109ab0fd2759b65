"""The verbs ``encounters`` and ``predict``."""
