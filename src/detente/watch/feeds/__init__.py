"""Live sources, one module a kind: each connects, decodes with detente.tracks and yields batches."""
