"""What speaks: couriers, clock, the use of the keys, the loop that joins line and store.

Holds the use of the keys: whoever owns it speaks for the command. Acts on nothing without a person.
"""
