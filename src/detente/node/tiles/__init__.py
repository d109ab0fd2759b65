"""Statements of each log in tiles, as other tools read logs: to members, observers and named auditors, or a folder."""
