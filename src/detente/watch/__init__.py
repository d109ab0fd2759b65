"""What keeps watch: live feeds in, encounters found while they happen, drafts handed to the desk.

A process of its own. It holds no key and no record, parses what strangers send by radio, and can leave positions,
encounters, feeds and drafts at a desk and nothing else: taken over, it can cry wolf, not speak.
"""
