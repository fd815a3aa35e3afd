"""The page: a second door to the verbs, for a browser on this machine; without logic of its own.

Handlers show and enqueue, worker processes do. Pictures that come from outside are decoded by workers alone.
"""
