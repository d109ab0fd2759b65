"""The running node: the lines in one thread, the local socket of the command line, and who keeps it all running."""
