"""What is played: scenarios as readable files, on real nodes and a training line, for exercises at a table.

A scenario says who there is, what moves where, what is told, what breaks, and what must then be true. Playing it starts
the same programs that commands use, checks every expectation, and says what it found.
"""
