"""The verb ``tracks``."""
