"""What stands behind an incident: the draft of a notice about an encounter, and all that its figures rest on.

spec/evidence.md says every file byte by byte, so that the other side recomputes the figures with a program of its own.
Only the two movers of the encounter are in it, and never one that a humanitarian notice names.
"""
