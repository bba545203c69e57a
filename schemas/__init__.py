"""The nouns of belwatch: frozen pydantic models, one file each.

Outside in: `article`, `event`, `review`, `tick` are what source topics carry;
`report` (with its `indication`s) and `source_seen` are what `observe` makes of them;
`assessment` is what `assess` concludes; `rejection` is what could not be read, and why;
`catalogue` is what an analyst writes.
"""
