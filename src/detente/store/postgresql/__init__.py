"""Records on a PostgreSQL server: the second store behind ``detente.store.interface``.

Only this package imports the driver (``pip install detente[postgresql]``), and nothing imports this package before
a home names such a store.
"""
