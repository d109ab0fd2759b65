"""How it is said: statements, logs, heads, receipts, key events, fork proofs.

Pure: no socket, file, thread, clock or randomness. Knows nothing of what a statement means.
A bug here can lose or fork the record: hence simulation, planted bugs and full branch coverage.
"""
