"""The signer as a process of its own: it alone has the keys and the head file of a running node."""
