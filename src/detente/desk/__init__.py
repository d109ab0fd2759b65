"""What people see: the HTTP API of a member's desk, its pages, the picture, sign-in and roles.

A process without keys, without the record and without SQL: whatever it knows it asked of the node, whatever it changes
the node checks again. Whoever owns this process still needs an officer's fresh touch, which the signer checks, to send.
"""
