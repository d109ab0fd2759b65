"""The settings of a running node: one TOML file, every fault named with its line, every name documented."""
