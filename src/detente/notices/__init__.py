"""What is said: places, moments, quantities and parties, as plain checked values.

Pure: no clock, no input or output, no keys, no arrays. Every quantity carries its unit in its name.
A bug here makes two honest sides read one text differently.
"""
