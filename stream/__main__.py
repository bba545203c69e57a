"""`python -m stream` is `belwatch`."""

from stream.cli import main

main()
