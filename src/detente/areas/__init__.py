"""What is announced: NOTAM, navigational warnings and GeoJSON read into danger areas in space and time, and back.

Reading has three outcomes. Read: every word that bears on place or time was placed. Doubtful: values are given
together with the doubt and the words that raise it. Refused: the words that could not be placed are named and
no area is given. Nothing is guessed, and nothing is dropped silently.
May be fed lies; can at worst invent or miss an area, never touch the line.
"""
