"""For every kind of test."""

from hypothesis import settings

# A busy machine is no failure: how long a thing takes is for benchmarks.
settings.register_profile("belwatch", deadline=None)
settings.load_profile("belwatch")
