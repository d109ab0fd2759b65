"""The coast as maps draw it: Natural Earth's 1:10m land, and what of it a map of one place needs.

No borders: land is land, whoever's. For orientation, not for navigation (positions are good to about 200 m).
"""
