"""What must be said: agreements as data, and what each of them asks about a plan, by when and of whom.

Pure but for ``commands.py`` and ``shelf.py``, which read files: time is an argument, no clock, no network, and an
agreement file holds no code. Every verdict carries its paragraph and how far that was verified.
A bug here makes a command break a promise unknowingly.
"""
