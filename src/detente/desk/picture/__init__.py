"""The live picture that a desk shows: movers, encounters with their alarms, feeds, and what they were a while ago.

Pure: no clock, no socket, no node; moments are arguments, in milliseconds since 1970 UTC. What machines post is a
stranger's text: it is bounded here and shown as text. Nothing here computes where to aim, lead or intercept.
"""
