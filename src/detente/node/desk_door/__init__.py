"""What a desk may ask of the running node: views of the record, drafts and their release, people, the trail of acts.

The desk is a process of its own without keys and without the store. It reaches the node through one local socket and
speaks the questions of this package; ``ask.DeskLink`` asks them, ``door.DeskDoor`` answers.
"""
