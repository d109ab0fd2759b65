"""What came close: pairs of movers in archives and in one picture, with time and distance.

Advises people; never acts. Nothing here computes an intercept.
"""
