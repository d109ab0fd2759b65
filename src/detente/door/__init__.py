"""What every verb needs at the door: the list of verbs, arguments, the terminal, files written whole.

Only ``__main__`` and the rooms' ``commands.py`` (and writers that they call) use this package.
A bug here makes a message or an exit code wrong; it cannot change what was found or recorded.
"""
