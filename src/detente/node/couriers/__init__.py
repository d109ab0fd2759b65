"""Couriers: how bundles reach the other parties of a line by themselves, over HTTPS or as files in folders.

A courier is never trusted with more than carrying: every record is checked by its own signature or hash.
"""
